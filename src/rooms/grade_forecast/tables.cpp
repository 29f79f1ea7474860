#include "rooms/grade_forecast/tables.h"

namespace danggol::rooms {
namespace {

// What is told of a class.
Columns reported(Columns classes) {
  return classes.share("precision").share("recall").share("f1").bounds("bootstrap").count("support");
}

}  // namespace

Columns importance_columns() {
  return Columns("forecast_importance").key("feature").real("gain").share("gain_share");
}

Columns test_columns() {
  return Columns("leaving_test")
      .key("origin", Type::date)
      .key("predictor")
      .count("customers")
      .count("leaves")
      .real("expected", "customers")
      .bounds("origins")
      .real("log_loss")
      .real("auc")
      .flag("used");
}

Columns forecast_columns() {
  return Columns("grade_forecast")
      .customer_key()
      .text("grade")
      .share("p_top")
      .share("p_good")
      .share("p_regular")
      .share("p_other")
      .share("p_leave")
      .bounds("origins")
      .text("predicted");
}

Columns metric_columns() {
  return Columns("forecast_metric")
      .key("cutoff", Type::date)
      .key("metric")
      .key("predictor")
      .real("value")
      .bounds("bootstrap");
}

Columns random_split_columns() {
  return Columns("forecast_random_split")
      .key("metric")
      .key("predictor")
      .real("value")
      .bounds("bootstrap")
      .real("across_time");
}

Columns class_columns() { return reported(Columns("forecast_class").key("grade")); }

Columns pair_columns(std::string_view table) {
  return reported(Columns(table).key("h1_grade").key("h2_grade"));
}

Columns confusion_columns() {
  return Columns("forecast_confusion").key("actual").key("predicted").count("customers");
}

Columns calibration_columns() {
  return Columns("forecast_calibration")
      .key("bin", Type::integer)
      .share("predicted")
      .share("observed")
      .bounds("wilson")
      .count("customers");
}

Columns lift_columns() {
  return Columns("forecast_lift")
      .key("top_share", Type::real, "share")
      .count("customers")
      .count("caught")
      .share("caught_share")
      .bounds("wilson")
      .real("lift");
}

Columns backtest_columns() {
  return Columns("forecast_backtest")
      .customer_key()
      .text("grade")
      .text("actual")
      .text("predicted")
      .share("p_leave")
      .bounds("origins");
}

}  // namespace danggol::rooms
