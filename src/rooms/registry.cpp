#include "rooms/registry.h"

#include "rooms/campaign/campaign.h"
#include "rooms/campaign_measure/campaign_measure.h"
#include "rooms/channel_divergence/channel_divergence.h"
#include "rooms/customer/customer.h"
#include "rooms/grade_change/grade_change.h"
#include "rooms/grade_forecast/grade_forecast.h"
#include "rooms/order_frequency/order_frequency.h"
#include "rooms/pay_share/pay_share.h"
#include "rooms/recommend/recommend.h"
#include "rooms/rfm/rfm.h"
#include "rooms/sales_trend/sales_trend.h"

namespace danggol::rooms {

const std::vector<Room>& all() {
  static const std::vector<Room> rooms = {sales_trend(),
                                          order_frequency(),
                                          rfm(),
                                          grade_change(),
                                          pay_share(),
                                          channel_divergence(),
                                          grade_forecast_train(),
                                          grade_forecast_backtest(),
                                          grade_forecast_random_split(),
                                          grade_forecast_predict(),
                                          recommend(),
                                          campaign(),
                                          campaign_backtest(),
                                          campaign_measure(),
                                          customer()};
  return rooms;
}

}  // namespace danggol::rooms
