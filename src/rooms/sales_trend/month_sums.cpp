#include "rooms/sales_trend/month_sums.h"

#include <algorithm>
#include <span>

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
      add_receipt(receipt, action == Action::purchase, month);
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
    int64_t purchases = 0;
    Wide spent = 0;
  };
  MonthSums& sums(int32_t month, int32_t slice) {
    return sums_[static_cast<size_t>(month) * slices_->all.size() + static_cast<size_t>(slice)];
  }

  void add_receipt(std::span<const Event> receipt, bool is_purchase, int32_t month) {
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
      MonthSums& of_all = sums(month, slice);
      ++of_all.receipts;
      of_all.sales += in.amount;
      of_all.sales_squared += in.amount * in.amount;
      InMonth& buyer = in_month_[static_cast<size_t>(slice)];
      if (!buyer.touched) buyer.touched = true, month_slices_.push_back(slice);
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
      if (buyer.purchases > 0) {
        ++of_all.product_buyers;
        of_all.purchases += buyer.purchases;
        of_all.purchases_squared += buyer.purchases * buyer.purchases;
        of_all.spent += buyer.spent;
        of_all.spent_squared += buyer.spent * buyer.spent;
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

MonthSums& MonthSums::operator+=(const MonthSums& more) {
  buyers += more.buyers, receipts += more.receipts;
  sales += more.sales, sales_squared += more.sales_squared;
  product_buyers += more.product_buyers;
  purchases += more.purchases, purchases_squared += more.purchases_squared;
  spent += more.spent, spent_squared += more.spent_squared;
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

}  // namespace danggol::rooms
