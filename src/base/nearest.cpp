#include "danggol/nearest.h"

#include <algorithm>
#include <cctype>

namespace danggol {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// By rows of the usual table, of which a swap looks two back.
size_t slips(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last), std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& names) {
  constexpr size_t letters_a_slip = 4, least_beginning = 3;
  std::string wanted = lower(typed), found;
  size_t fewest = std::max<size_t>(1, wanted.size() / letters_a_slip) + 1;
  for (const std::string& name : names) {
    size_t longer = std::max(name.size(), wanted.size()), shorter = std::min(name.size(), wanted.size());
    if (longer - shorter >= fewest || longer <= 1) continue;  // also bounds the work on what is typed
    if (size_t count = slips(wanted, lower(name)); count < fewest) fewest = count, found = name;
  }
  if (found.empty() && wanted.size() >= least_beginning)
    for (const std::string& name : names)
      if (found.empty() && lower(name).starts_with(wanted)) found = name;
  return found;
}

std::string nearest_hint(std::string_view typed, const std::vector<std::string>& names) {
  std::string name = nearest(typed, names);
  return name.empty() ? "" : ", the nearest is " + name;
}

}  // namespace danggol
