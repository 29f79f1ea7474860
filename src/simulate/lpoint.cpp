#include "simulate/lpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "base/output_folder.h"
#include "base/parallel.h"
#include "base/units.h"
#include "simulate/lpoint_model.h"
#include "simulate/lpoint_offers.h"
#include "simulate/lpoint_shape.h"

namespace danggol {
namespace {

using namespace lpoint;

constexpr int32_t customers_max = 10'000'000;
constexpr size_t customers_per_task = 64, tasks_per_block = 16;  // a block takes some hundredths of a second
constexpr size_t cutoff_day = 181;                               // 2021-07-01
constexpr int horizon_months = 6;
constexpr std::array<const char*, 6> ages = {"20대", "30대", "40대", "50대", "60대", "70대"};

constexpr const char* product_table = "LPOINT_BIG_COMP_04_PD_CLAC.csv";
constexpr const char* store_table = "LPOINT_BIG_COMP_05_BR.csv";
// The tables that grow with the customers; the offers' come last, and only if asked for.
enum Table : size_t {
  demo,
  purchases,
  uses,
  payments,
  customer_truth,
  taste_truth,
  leave_truth,
  offers,
  offer_truth
};
constexpr size_t table_count = 9;
constexpr std::array<const char*, table_count> table_names = {"LPOINT_BIG_COMP_01_DEMO.csv",
                                                              "LPOINT_BIG_COMP_02_PDDE.csv",
                                                              "LPOINT_BIG_COMP_03_COP_U.csv",
                                                              "LPOINT_BIG_COMP_06_LPAY.csv",
                                                              "truth/customer.csv",
                                                              "truth/taste.csv",
                                                              "truth/leave.csv",
                                                              "offer.csv",
                                                              "truth/offer.csv"};

// One line after the other, fields separated by commas.
class Csv {
 public:
  template <class... Fields>
  void row(const Fields&... fields) {
    (field(fields), ...);
    end();
  }
  void field(std::string_view text) {
    text_ += text;
    text_ += ',';
  }
  void field(const char* text) { field(std::string_view(text)); }
  void field(const std::string& text) { field(std::string_view(text)); }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void field(Integer value) {
    fmt::format_int text(value);
    field(std::string_view(text.data(), text.size()));
  }
  void field(double value) { fmt::format_to(std::back_inserter(text_), "{:.6g},", value); }
  void end() { text_.back() = '\n'; }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

using Tables = std::array<Csv, table_count>;

class Writer {
 public:
  explicit Writer(const LpointOptions& options) : options_(options), model_(fitted_shape) {
    Date first = to_date(Civil{2021, 1, 1});
    for (size_t day = 0; day < days_of_year; ++day) {
      Date date{first.days + static_cast<int32_t>(day)};
      iso_days_[day] = to_text(date);
      Civil civil = to_civil(date);
      days_[day] = fmt::format("{:04}{:02}{:02}", civil.year, civil.month, civil.day);
    }
    for (size_t product = 0; product < product_count; ++product)
      products_.push_back(fmt::format("PD{:04}", product + 1));
    for (size_t p = 0; p < partner_count; ++p)
      for (size_t s = 0; s < partners[p].stores; ++s)
        stores_[p].push_back(fmt::format("{}{:04}", partners[p].code, s + 1));
  }

  Tables headers() const {
    Tables out;
    out[demo].row("cust", "ma_fem_dv", "ages", "zon_hlv");
    out[purchases].row("cust", "rct_no", "chnl_dv", "cop_c", "br_c", "pd_c", "de_dt", "de_hr", "buy_am",
                       "buy_ct");
    out[uses].row("cust", "rct_no", "cop_c", "br_c", "chnl_dv", "de_dt", "vst_dt", "de_hr", "buy_am");
    out[payments].row("cust", "rct_no", "cop_c", "chnl_dv", "de_dt", "de_hr", "buy_am");
    Csv& customer = out[customer_truth];
    for (const char* name : {"cust", "lifestyle", "engagement", "online", "ticket", "pay_share",
                             "hazard_per_day", "passer_by", "joined_on", "left_on"})
      customer.field(name);
    for (size_t o = 0; o < outlet_count; ++o) {
      const char* tills = o >= retail_outlets ? "" : outlets[o].online ? "_online" : "_offline";
      customer.field(fmt::format("{}{}_per_month", partners[outlets[o].partner].code, tills));
    }
    for (size_t m = 1; m <= month_count; ++m) customer.field(fmt::format("activity_{:02}", m));
    customer.end();
    out[taste_truth].field("cust");
    for (const ProductClass& product_class : classes) out[taste_truth].field(product_class.name);
    out[taste_truth].end();
    out[leave_truth].row("cust", "cutoff", "horizon_months", "p_leave");
    out[offers].row("cust", "offered_on", "offer", "propensity");
    Csv& offer = out[offer_truth];
    for (const char* name : {"cust", "offered_on", "offer", "added_receipts"}) offer.field(name);
    for (size_t a = 1; a < offer_count; ++a) {
      offer.field(fmt::format("{}_receipts", offer_names[a]));
      offer.field(fmt::format("{}_krw", offer_names[a]));
    }
    offer.end();
    return out;
  }

  std::string products() const {
    Csv out;
    out.row("pd_c", "pd_nm", "clac_hlv_nm", "clac_mcls_nm");
    for (size_t product = 0; product < product_count; ++product)
      out.row(products_[product], product_name(product), classes[product / products_per_class].name,
              middle_name(product));
    return out.text();
  }

  std::string stores() const {
    Csv out;
    out.row("br_c", "cop_c", "zon_hlv", "zon_mcls");
    for (size_t p = 0; p < partner_count; ++p)
      for (size_t s = 0; s < partners[p].stores; ++s) {
        const Store& store = model_.stores().of(p)[s];
        out.row(stores_[p][s], partners[p].code, zone_name(store.zone),
                fmt::format("{}{:03}", zone_name(store.zone), store.district));
      }
    return out.text();
  }

  void write(size_t number, Tables& out) const {
    History history = model_.history(options_.seed, number);
    std::string cust = customer_id(number);
    const Customer& customer = history.customer;
    if (history.receipts.front().day < cutoff_day)
      out[leave_truth].row(cust, iso_days_[cutoff_day], horizon_months,
                           model_.no_purchase_chance(customer, cutoff_day));
    if (options_.offers) write_offers(number, cust, history, out);
    out[demo].row(cust, customer.woman ? "여성" : "남성", ages[customer.age], zone_name(customer.zone));
    for (const Receipt& receipt : history.receipts) write_receipt(cust, number, receipt, history, out);
    write_payments(cust, number, history, out[payments]);
    write_truth(cust, customer, out);
  }

 private:
  static std::string zone_name(size_t zone) { return fmt::format("Z{:02}", zone + 1); }
  static const char* channel(bool online) { return online ? "2" : "1"; }

  // Ids rise with the number, at uneven steps.
  std::string customer_id(size_t number) const {
    uint64_t step = 1'000'000'000 / static_cast<uint64_t>(options_.customers);
    return fmt::format("M{:09}", number * step + mix(mix(options_.seed) ^ number) % step);
  }

  // A till's number comes again; an affiliate's holds the customer's own and is unique.
  static uint64_t receipt_number(size_t number, const Receipt& receipt) {
    return receipt.retail() ? receipt.number : (21'0000'0000 + number) * 10'000 + receipt.number;
  }

  void write_receipt(const std::string& cust, size_t number, const Receipt& receipt, const History& history,
                     Tables& out) const {
    size_t p = receipt.partner();
    const std::string& store = stores_[p][receipt.store];
    const char* on = channel(receipt.online);
    if (!receipt.retail()) {
      out[uses].row(cust, receipt_number(number, receipt), partners[p].code, store, on, days_[receipt.day],
                    days_[receipt.visit_day], receipt.hour, receipt.amount_krw);
      return;
    }
    for (size_t i = 0; i < receipt.lines; ++i) {
      const Line& line = history.lines[receipt.first_line + i];
      out[purchases].row(cust, receipt.number, on, partners[p].code, store, products_[line.product],
                         days_[receipt.day], receipt.hour, line.amount_krw, line.quantity);
    }
  }

  void write_payments(const std::string& cust, size_t number, const History& history, Csv& out) const {
    auto outside = history.payments.begin();
    auto write_outside = [&](auto until) {
      for (; outside != until; ++outside)
        out.row(cust, outside->number, pay_places[outside->place], channel(true), days_[outside->day],
                outside->hour, outside->amount_krw);
    };
    for (const Receipt& receipt : history.receipts) {
      if (!receipt.paid_with_lpay) continue;
      write_outside(std::find_if(outside, history.payments.end(), [&](const OutsidePayment& payment) {
        return std::tie(payment.day, payment.hour) >= std::tie(receipt.day, receipt.hour);
      }));
      out.row(cust, receipt_number(number, receipt), partners[receipt.partner()].code,
              channel(receipt.online), days_[receipt.day], receipt.hour, receipt.amount_krw);
    }
    write_outside(history.payments.end());
  }

  void write_truth(const std::string& cust, const Customer& customer, Tables& out) const {
    Csv& truth = out[customer_truth];
    truth.field(cust);
    truth.field(lifestyles[customer.lifestyle].name);
    for (double value :
         {customer.engagement, customer.online, customer.ticket, customer.pay_share, customer.hazard_per_day})
      truth.field(value);
    truth.field(customer.passer_by ? "1" : "0");
    truth.field(customer.joined_day < 0 ? std::string_view() : iso_days_[customer.first_day()]);
    truth.field(customer.left_day() == days_of_year ? std::string_view() : iso_days_[customer.left_day()]);
    for (double visits : customer.visits_per_month) truth.field(visits);
    for (double activity : customer.activity) truth.field(activity);
    truth.end();
    out[taste_truth].field(cust);
    for (double taste : customer.taste) out[taste_truth].field(taste);
    out[taste_truth].end();
  }

  void write_offers(size_t number, const std::string& cust, History& history, Tables& out) const {
    for (const Exposure& exposure : expose(model_, options_.seed, number, history)) {
      const char* offer = offer_names[exposure.offer];
      out[offers].row(cust, iso_days_[exposure.day], offer, exposure.propensity);
      Csv& truth = out[offer_truth];
      truth.field(cust);
      truth.field(iso_days_[exposure.day]);
      truth.field(offer);
      truth.field(exposure.added_receipts);
      for (size_t a = 1; a < offer_count; ++a) {
        truth.field(exposure.effect_receipts[a]);
        truth.field(exposure.effect_krw[a]);
      }
      truth.end();
    }
  }

  LpointOptions options_;
  Model model_;
  std::array<std::string, days_of_year> days_, iso_days_;
  std::vector<std::string> products_;
  std::array<std::vector<std::string>, partner_count> stores_;
};

}  // namespace

Result<void> simulate_lpoint(const LpointOptions& options, const std::string& out_dir,
                             const Progress& progress) {
  if (options.customers < 1 || options.customers > customers_max)
    return Error{Code::bad_input,
                 fmt::format("customers={}: must be 1..{}", options.customers, customers_max)};
  Writer writer(options);
  OutputFolder::Names names = {{product_table, store_table}, {}};
  for (size_t t = 0; t < table_count; ++t)
    (t < offers ? names.always : names.sometimes).push_back(table_names[t]);
  return OutputFolder::write(out_dir, names, [&](OutputFolder& folder) -> Status {
    OutputFolder::File *products = TRY(folder.create(product_table)),
                       *stores = TRY(folder.create(store_table));
    TRY(products->write(writer.products()));
    TRY(stores->write(writer.stores()));
    std::vector<OutputFolder::File*> files;
    auto append = [&](const Tables& tables) -> Status {
      for (size_t t = 0; t < files.size(); ++t) TRY(files[t]->write(tables[t].text()));
      return {};
    };
    for (size_t t = 0; t < (options.offers ? table_count : offers); ++t)
      files.push_back(TRY(folder.create(table_names[t])));
    TRY(append(writer.headers()));

    auto customers = static_cast<size_t>(options.customers);
    for (size_t from = 0; from < customers; from += customers_per_task * tasks_per_block) {
      if (progress) TRY(progress(static_cast<double>(from) / static_cast<double>(customers), "customers"));
      std::vector<Tables> tasks(tasks_per_block);
      parallel_for(tasks.size(), [&](size_t task) {
        size_t begin = from + task * customers_per_task,
               end = std::min(begin + customers_per_task, customers);
        for (size_t number = begin; number < end; ++number) writer.write(number, tasks[task]);
      });
      for (const Tables& tables : tasks) TRY(append(tables));
    }
    return {};
  });
}

}  // namespace danggol
