#include "rooms/sales_trend/month_sums.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "contract/action.h"
#include "learn/intervals.h"

namespace danggol::rooms {
namespace {

// One thread's sums, and what it knows of the receipt and of the customer's month it is at.
class Pass {
 public:
  Pass(const Sequences& sequences, const Slices& slices, std::vector<int32_t> month_of_day, Date first,
       int32_t months)
      : sequences_(&sequences),
        slices_(&slices),
        month_of_day_(std::move(month_of_day)),
        first_(first),
        sums_(static_cast<size_t>(months) * slices.all.size()),
        in_receipt_(slices.all.size()),
        in_month_(slices.all.size()) {}

  // What one customer did from the first month on.
  void add(std::span<const Event> events) {
    int32_t month = -1;
    each_receipt(events, [&](std::span<const Event> receipt) {
      Action action = sequences_->action(receipt[0]);
      if (action != Action::purchase && action != Action::partner_use) return;
      int32_t now = month_of_day_[static_cast<size_t>(receipt[0].day().days - first_.days)];
      if (now != month) end_month(month), month = now;
      add_receipt(receipt, action == Action::purchase);
    });
    end_month(month);
  }
  const std::vector<MonthSums>& sums() const { return sums_; }

 private:
  struct InReceipt {
    bool touched = false;
    Wide amount = 0;
  };
  struct InMonth {
    bool touched = false;
    int64_t receipts = 0, purchases = 0;
    Wide sales = 0, spent = 0;
  };
  MonthSums& sums(int32_t month, int32_t slice) {
    return sums_[static_cast<size_t>(month) * slices_->all.size() + static_cast<size_t>(slice)];
  }

  void add_receipt(std::span<const Event> receipt, bool is_purchase) {
    auto touch = [&](int32_t slice, int64_t amount) {
      if (slice < 0) return;
      InReceipt& in = in_receipt_[static_cast<size_t>(slice)];
      if (!in.touched) in.touched = true, receipt_slices_.push_back(slice);
      in.amount += amount;
    };
    for (const Event& event : receipt) {
      touch(0, event.amount);
      touch(slices_->partner[static_cast<size_t>(event.place)], event.amount);
      touch(slices_->channel[static_cast<size_t>(event.place)], event.amount);
      if (event.store_no >= 0) touch(slices_->region[static_cast<size_t>(event.store_no)], event.amount);
      if (event.product_no >= 0)
        touch(slices_->product_class[static_cast<size_t>(event.product_no)], event.amount);
    }
    for (int32_t slice : receipt_slices_) {
      InReceipt& in = in_receipt_[static_cast<size_t>(slice)];
      InMonth& buyer = in_month_[static_cast<size_t>(slice)];
      if (!buyer.touched) buyer.touched = true, month_slices_.push_back(slice);
      ++buyer.receipts, buyer.sales += in.amount;
      if (is_purchase) ++buyer.purchases, buyer.spent += in.amount;
      in = {};
    }
    receipt_slices_.clear();
  }

  void end_month(int32_t month) {
    for (int32_t slice : month_slices_) {
      InMonth& buyer = in_month_[static_cast<size_t>(slice)];
      MonthSums& of_all = sums(month, slice);
      ++of_all.buyers;
      of_all.sales.add(buyer.sales, buyer.receipts, Money::scale);
      if (buyer.purchases > 0) {
        ++of_all.product_buyers;
        of_all.purchases.add(buyer.purchases, 1, 1);
        of_all.spent.add(buyer.spent, 1, Money::scale);
      }
      buyer = {};
    }
    month_slices_.clear();
  }

  const Sequences* sequences_;
  const Slices* slices_;
  std::vector<int32_t> month_of_day_;
  Date first_;
  std::vector<MonthSums> sums_;
  std::vector<InReceipt> in_receipt_;
  std::vector<InMonth> in_month_;
  std::vector<int32_t> receipt_slices_, month_slices_;  // those touched
};

// One thread's sums over two periods.
class InTwoPeriods {
 public:
  InTwoPeriods(const Sequences& sequences, const std::vector<int32_t>& slice_of, size_t slices, Period a,
               Period b)
      : sequences_(&sequences), slice_of_(&slice_of), a_(a), b_(b), x_(slices), sums_(slices) {}

  void add(std::span<const Event> events) {
    Wide ta = 0, tb = 0;
    for (const Event& event : events) {
      int32_t slice = (*slice_of_)[static_cast<size_t>(event.place)];
      if (slice < 0 || !is_sale(sequences_->action(event))) continue;
      auto& [xa, xb, touched] = x_[static_cast<size_t>(slice)];
      Date day = event.day();
      bool in_a = a_.from <= day && day < a_.until, in_b = b_.from <= day && day < b_.until;
      if ((in_a || in_b) && !std::exchange(touched, true)) touched_.push_back(static_cast<size_t>(slice));
      if (in_a) xa += event.amount, ta += event.amount;
      if (in_b) xb += event.amount, tb += event.amount;
    }
    if (touched_.empty()) return;
    ++all_.customers, all_.ta += ta, all_.tb += tb;
    all_.ta_ta += ta * ta, all_.tb_tb += tb * tb, all_.ta_tb += ta * tb;
    for (size_t slice : touched_) {
      auto [xa, xb, touched] = std::exchange(x_[slice], {});
      TwoPeriods& of = sums_[slice];
      of.xa += xa, of.xb += xb, of.xa_xa += xa * xa, of.xb_xb += xb * xb, of.xa_xb += xa * xb;
      of.xa_ta += xa * ta, of.xa_tb += xa * tb, of.xb_ta += xb * ta, of.xb_tb += xb * tb;
    }
    touched_.clear();
  }
  // What does not depend on the slice is in `all`.
  const TwoPeriods& all() const { return all_; }
  const std::vector<TwoPeriods>& sums() const { return sums_; }

 private:
  struct X {
    Wide a = 0, b = 0;
    bool touched = false;
  };
  const Sequences* sequences_;
  const std::vector<int32_t>* slice_of_;
  Period a_, b_;
  std::vector<X> x_;  // of the customer at hand
  std::vector<size_t> touched_;
  TwoPeriods all_;
  std::vector<TwoPeriods> sums_;
};

void add(std::vector<Sold>& sold, int32_t number, const Event& event) {
  if (number < 0) return;
  size_t at = static_cast<size_t>(number);
  if (at >= sold.size()) sold.resize(at + 1);
  sold[at] += {event.amount, 1};
}

void add(std::vector<Sold>& sold, const std::vector<Sold>& more) {
  sold.resize(std::max(sold.size(), more.size()));
  for (size_t i = 0; i < more.size(); ++i) sold[i] += more[i];
}

}  // namespace

Result<Sales> sum_sales(const Sequences& sequences, Date first, Date last) {
  Sales sales;
  TRY(sequences.add_customers(
      first, last, Sales(),
      [&](Sales& own, std::span<const Event> events) {
        for (const Event& event : events) {
          Action action = sequences.action(event);
          if (action != Action::purchase && action != Action::partner_use) continue;
          add(own.place, event.place, event);
          add(own.product, event.product_no, event);
          add(own.store, event.store_no, event);
        }
      },
      [&](const Sales& own) {
        add(sales.place, own.place), add(sales.product, own.product), add(sales.store, own.store);
      }));
  return sales;
}

void Moments::add(Wide of_y, Wide of_x, Wide unit) {
  y += of_y, x += of_x, yy += of_y * of_y, yx += of_y * of_x, xx += of_x * of_x;
  // powers that fit into a word are multiplied as words: this is done for each slice of each customer's
  // months
  constexpr Wide most_y = 100'000'000, most_x = 10'000;
  auto whole = static_cast<int64_t>(std::clamp(of_y / unit, -most_y, most_y)),
       times = static_cast<int64_t>(std::min(of_x, most_x));
  int64_t ys[] = {1, whole, whole * whole}, xs[] = {1, times, times * times, times * times * times, 0};
  xs[4] = xs[2] * xs[2];
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; i + j < 5; ++j) coarse[i][j] += static_cast<Wide>(ys[i]) * xs[j];
  Wide cube = static_cast<Wide>(ys[2]) * whole;
  coarse[3][0] += cube, coarse[3][1] += cube * times, coarse[4][0] += static_cast<Wide>(ys[2]) * ys[2];
}

Moments& Moments::operator+=(const Moments& more) {
  y += more.y, x += more.x, yy += more.yy, yx += more.yx, xx += more.xx;
  for (size_t i = 0; i < 5; ++i)
    for (size_t j = 0; i + j < 5; ++j) coarse[i][j] += more.coarse[i][j];
  return *this;
}

Estimate Moments::ratio(double unit, int64_t customers) const {
  auto of = [](Wide sum) { return static_cast<double>(sum); };
  learn::PowerSums exact{}, shape{};
  exact[1][0] = of(y) / unit, exact[0][1] = of(x), exact[2][0] = of(yy) / unit / unit,
  exact[1][1] = of(yx) / unit, exact[0][2] = of(xx);
  for (size_t i = 0; i < 5; ++i)
    for (size_t j = 0; i + j < 5; ++j) shape[i][j] = of(coarse[i][j]);
  return learn::ratio(exact, shape, customers);
}

MonthSums& MonthSums::operator+=(const MonthSums& more) {
  buyers += more.buyers, product_buyers += more.product_buyers;
  sales += more.sales, purchases += more.purchases, spent += more.spent;
  return *this;
}

TwoPeriods& TwoPeriods::operator+=(const TwoPeriods& more) {
  customers += more.customers;
  for (auto sum :
       {&TwoPeriods::xa, &TwoPeriods::xb, &TwoPeriods::ta, &TwoPeriods::tb, &TwoPeriods::xa_xa,
        &TwoPeriods::xb_xb, &TwoPeriods::xa_xb, &TwoPeriods::ta_ta, &TwoPeriods::tb_tb, &TwoPeriods::ta_tb,
        &TwoPeriods::xa_ta, &TwoPeriods::xa_tb, &TwoPeriods::xb_ta, &TwoPeriods::xb_tb})
    this->*sum += more.*sum;
  return *this;
}

Result<std::vector<MonthSums>> sum_months(const Sequences& sequences, const Slices& slices, Date first,
                                          Date last) {
  std::vector<int32_t> month_of_day;
  Date start = month_start(first);
  for (Date day = first; day < last; ++day.days) month_of_day.push_back(months_between(start, day));
  int32_t months = month_of_day.empty() ? 0 : month_of_day.back() + 1;
  std::vector<MonthSums> sums(static_cast<size_t>(months) * slices.all.size());
  TRY(sequences.add_customers(
      first, last, Pass(sequences, slices, std::move(month_of_day), first, months),
      [](Pass& pass, std::span<const Event> events) { pass.add(events); },
      [&](const Pass& pass) {
        for (size_t i = 0; i < sums.size(); ++i) sums[i] += pass.sums()[i];
      }));
  return sums;
}

constexpr double widest_growth = 10;  // an interval that spans more, either way, says nothing

Estimate TwoPeriods::growth() const {
  auto a = static_cast<double>(xa), b = static_cast<double>(xb), n = static_cast<double>(customers);
  Estimate out{xa > 0 ? b / a - 1 : NAN, NAN, NAN};
  if (xa <= 0 || xb <= 0 || customers < learn::fewest_units) return out;
  double squares = static_cast<double>(xa_xa) / a / a + static_cast<double>(xb_xb) / b / b -
                   2 * static_cast<double>(xa_xb) / a / b;
  double half = learn::t95(n - 1) * std::sqrt(std::max(0.0, squares) * n / (n - 1));
  if (double factor = std::exp(half); factor <= widest_growth)
    out.lo = b / a / factor - 1, out.hi = b / a * factor - 1;
  return out;
}

double TwoPeriods::share_a() const { return static_cast<double>(xa) / static_cast<double>(ta); }
double TwoPeriods::share_b() const { return static_cast<double>(xb) / static_cast<double>(tb); }

double TwoPeriods::squares(double pa, double pb) const {
  auto a = static_cast<double>(ta), b = static_cast<double>(tb);
  auto of = [](Wide sum) { return static_cast<double>(sum); };
  double in_a = of(xa_xa) - 2 * pa * of(xa_ta) + pa * pa * of(ta_ta),
         in_b = of(xb_xb) - 2 * pb * of(xb_tb) + pb * pb * of(tb_tb),
         both = of(xa_xb) - pb * of(xa_tb) - pa * of(xb_ta) + pa * pb * of(ta_tb);
  auto n = static_cast<double>(customers);
  return std::max(0.0, in_a / a / a + in_b / b / b - 2 * both / a / b) * n / (n - 1);
}

Estimate TwoPeriods::shift() const {
  double by = share_b() - share_a();
  if (customers < learn::fewest_units) return {by, NAN, NAN};
  double half = learn::t95(static_cast<double>(customers - 1)) * std::sqrt(squares(share_a(), share_b()));
  return {by, by - half, by + half};
}

double TwoPeriods::shift_p_value() const {
  double pooled = static_cast<double>(xa + xb) / static_cast<double>(ta + tb);
  if (customers < learn::fewest_units) return 1;
  double error = std::sqrt(squares(pooled, pooled));
  return error > 0 ? std::erfc(std::abs(share_b() - share_a()) / error / std::sqrt(2)) : 1;
}

Result<std::vector<TwoPeriods>> compare_periods(const Sequences& sequences,
                                                const std::vector<int32_t>& slice_of, size_t slices,
                                                const Period& a, const Period& b) {
  TwoPeriods all;
  std::vector<TwoPeriods> sums(slices);
  TRY(sequences.add_customers(
      std::min(a.from, b.from), std::max(a.until, b.until), InTwoPeriods(sequences, slice_of, slices, a, b),
      [](InTwoPeriods& own, std::span<const Event> events) { own.add(events); },
      [&](const InTwoPeriods& own) {
        all += own.all();
        for (size_t i = 0; i < slices; ++i) sums[i] += own.sums()[i];
      }));
  for (TwoPeriods& of : sums) of += all;
  return sums;
}

}  // namespace danggol::rooms
