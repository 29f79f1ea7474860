// The figures of the simulated programme of each seed, one line of JSON a seed, without writing a table:
//
//   figures_lpoint SEED...
//
// check_lpoint.py has what the figures should be.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "simulate/lpoint_figures.h"
#include "simulate/lpoint_shape.h"

namespace danggol::lpoint {
namespace {

constexpr size_t customers = 29'756;

std::string by_outlet(const auto& value) {
  std::string out;
  for (size_t o = 0; o < outlet_count; ++o)
    out += fmt::format("{}\"{}\": {}", o > 0 ? ", " : "", outlet_name(o), value(o));
  return out;
}

std::string to_json(uint64_t seed, const Figures& f) {
  std::string out = fmt::format(
      R"({{"seed": {}, "customers": {}, "buyers": {}, "product_buyers": {}, "receipts": {}, "purchases": {}, )"
      R"("sales": {}, "product_sales": {}, "one_receipt": {}, "quartile": {}, "pairs": {}, "grades": {}, )"
      R"("never_paid": {}, "p_leave": {}, "left": {}, "leavers_gone": {}, )",
      seed, customers, f.buyers, f.product_buyers, f.receipts, f.purchases, f.sales_krw, f.product_sales_krw,
      f.one_receipt_customers, f.receipts_quartile, f.pairs, f.grades, f.never_paid, f.p_leave, f.left,
      f.leavers_gone);
  return out + fmt::format("\"rows\": {{{}}}, \"leavers_rows\": {{{}}}}}",
                           by_outlet([&](size_t o) { return fmt::format("{}", f.rows[o]); }),
                           by_outlet([&](size_t o) { return f.leavers_rows[o]; }));
}

int print_figures(int count, char** seeds) {
  Model model(fitted_shape);
  for (int i = 0; i < count; ++i) {
    std::string_view text = seeds[i];
    uint64_t seed = 0;
    if (std::from_chars(text.begin(), text.end(), seed).ptr != text.end()) {
      fmt::print(stderr, "figures_lpoint: seed={}: must be a whole number\n", text);
      return 2;
    }
    fmt::print("{}\n", to_json(seed, measure(model, seed, customers)));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace danggol::lpoint

int main(int argc, char** argv) { return danggol::lpoint::print_figures(argc - 1, argv + 1); }
