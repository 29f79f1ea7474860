#include "engine/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/output_file.h"
#include "base/toml_file.h"
#include "danggol/nearest.h"
#include "danggol/printable.h"
#include "engine/results.h"
#include "engine/suppress.h"
#include "engine/time_frame.h"
#include "ingest/calendar.h"
#include "ingest/mapping.h"
#include "rooms/registry.h"

namespace danggol::engine {
namespace {

constexpr size_t most_bytes = 64 << 10;
const std::vector<std::string> names_of_shop = {"language", "currency", "suppress-file", "calendar"};

std::string file_beside(const std::string& store_path) {
  return (std::filesystem::path(store_path).parent_path() / "danggol.toml").string();
}

// "" where there is none.
Result<std::string> text_of(const std::string& path) {
  std::error_code error;
  auto kind = std::filesystem::status(path, error).type();
  if (kind == std::filesystem::file_type::not_found) return std::string();
  std::string text(most_bytes + 1, '\0');
  std::ifstream file;
  if (kind == std::filesystem::file_type::regular) file.open(path, std::ios::binary);
  if (!file.is_open())
    return Error{Code::io, fmt::format("{}: cannot be read; it must be a file that you may read", path)};
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > most_bytes)
    return Error{Code::bad_input,
                 fmt::format("{}: larger than {} bytes, the most that settings may have", path, most_bytes)};
  return text;
}

Error no_such(const std::string& what, const std::string& name, const std::vector<std::string>& known) {
  return {Code::bad_input, fmt::format("{}: no such {}{}; there are {}", printable(name), what,
                                       nearest_hint(name, known), fmt::join(known, ", "))};
}

// Of "kr, sales.csv", whose files lie beside the store; nothing of "none".
Result<ingest::CalendarSources> calendar_in(const std::string& value) {
  ingest::CalendarSources out;
  std::vector<std::string> known = ingest::calendar_countries();
  std::vector<std::string> names;
  TRY(param_text::parse({.name = "calendar", .type = ParamType::list}, value, names));
  for (std::string name : names) {
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (name == "none") continue;
    bool is_country = std::find(known.begin(), known.end(), name) != known.end();
    if (!is_country && (name.find_first_of("/\\") != name.npos || name.find('.') == name.npos))
      return Error{
          Code::bad_input,
          fmt::format("calendar={}: must be none, or some of {} and names of files beside the store, "
                      "parted by commas",
                      printable(value), fmt::join(known, ", "))};
    auto& of_kind = is_country ? out.countries : out.files;
    if (std::find(of_kind.begin(), of_kind.end(), name) == of_kind.end()) of_kind.push_back(name);
  }
  return out;
}

Status check_shop(const ParamTexts& values) {
  for (const auto& [name, value] : values) {
    if (std::find(names_of_shop.begin(), names_of_shop.end(), name) == names_of_shop.end())
      return no_such("setting of the shop", name, names_of_shop);
    std::vector<std::string> codes;
    for (const LanguageInfo& language : languages()) codes.emplace_back(language.code);
    if (name == "language" && std::find(codes.begin(), codes.end(), value) == codes.end())
      return Error{Code::bad_input,
                   fmt::format("language={}: must be one of {}", printable(value), fmt::join(codes, ", "))};
    bool is_code = value.size() == 3 &&
                   std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (name == "currency" && !is_code)
      return Error{Code::bad_input,
                   fmt::format("currency={}: must be three letters of ISO 4217, such as KRW or USD",
                               printable(value))};
    if (name == "suppress-file" && value.find_first_of("/\\") != value.npos)
      return Error{
          Code::bad_input,
          fmt::format("suppress-file={}: must be the name of a file beside the store", printable(value))};
    if (name == "calendar") (void)TRY(calendar_in(value));
  }
  return {};
}

Status check_import(const ParamTexts& values) {
  ingest::Mapping mapping = ingest::guessing();
  return ingest::override_columns(values, mapping);
}

Status check_run(ParamTexts values) {
  RunParams ignored;
  TRY(run_params().read(values, ignored));
  if (values.empty()) return {};
  std::vector<std::string> known;
  for (const auto& param : run_params().info()) known.push_back(param.name);
  return no_such("parameter of a run", values.begin()->first, known);
}

Status check_room(const Room& room, const ParamTexts& values) {
  std::vector<std::string> known;
  bool is_whole = true;  // a question has what must be asked each time
  for (const auto& param : room.info.params) {
    known.push_back(param.name);
    is_whole = is_whole && (!param.required || values.contains(param.name));
  }
  for (const auto& [name, value] : values)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return no_such("parameter of " + room.info.name, name, known);
  if (is_whole) (void)TRY(room.check(values));
  return {};
}

Status check(const std::string& section, const ParamTexts& values) {
  if (section == "shop") return check_shop(values);
  if (section == "import") return check_import(values);
  if (section == "run") return check_run(values);
  if (const Room* room = find_room(section)) return check_room(*room, values);
  std::vector<std::string> known = {"shop", "import", "run"};
  for (const Room& room : rooms::all())
    if (room.info.kind == Kind::job) known.push_back(room.info.name);
  return no_such("section", section, known);
}

Result<std::map<std::string, ParamTexts>> parse(const std::string& text, const std::string& path) {
  std::map<std::string, ParamTexts> out;
  for (const TomlSection& section : TRY(parse_toml(text, path))) {
    ParamTexts& values = out[section.name];
    for (const auto& [key, value] : section.values) {
      std::string name = key;
      std::replace(name.begin(), name.end(), '_', '-');
      values[name] = value;
    }
    if (auto outcome = check(section.name, values); !outcome)
      return Error{outcome.error().code, fmt::format("{}: {}", path, outcome.error().message)};
  }
  return out;
}

}  // namespace

Result<ShopSettings> ShopSettings::read(const std::string& store_path) {
  return of(TRY(text_of(file_beside(store_path))), store_path);
}

Result<ShopSettings> ShopSettings::of(const std::string& text, const std::string& store_path) {
  ShopSettings out;
  out.folder_ = std::filesystem::path(store_path).parent_path().string();
  out.sections_ = TRY(parse(text, file_beside(store_path)));
  return out;
}

const ParamTexts& ShopSettings::section(const std::string& name) const {
  static const ParamTexts none;
  auto found = sections_.find(name);
  return found == sections_.end() ? none : found->second;
}

const std::string& ShopSettings::shop(const std::string& name) const {
  static const std::string none;
  auto found = section("shop").find(name);
  return found == section("shop").end() ? none : found->second;
}

ParamTexts ShopSettings::with_run(ParamTexts given) const {
  given.insert(section("run").begin(), section("run").end());
  return given;
}

ParamTexts ShopSettings::with_room(const Room& room, ParamTexts given) const {
  given.insert(section(room.info.name).begin(), section(room.info.name).end());
  return given;
}

std::string ShopSettings::suppress_file() const {
  const std::string& name = shop("suppress-file");
  return name.empty() ? "" : (std::filesystem::path(folder_) / name).string();
}

// A shop that is told of in Korean, or whose money is Korean, has Korean holidays.
Result<ingest::CalendarSources> ShopSettings::calendar() const {
  bool is_korean = shop("language") == "ko" || shop("currency") == "KRW";
  const std::string& settled = shop("calendar");
  auto out = TRY(calendar_in(settled.empty() && is_korean ? "kr" : settled));
  for (std::string& file : out.files) file = (std::filesystem::path(folder_) / file).string();
  return out;
}

std::vector<Setting> ShopSettings::all() const {
  std::vector<Setting> out;
  for (const auto& [section, values] : sections_)
    for (const auto& [name, value] : values) out.push_back({section, name, value});
  return out;
}

Status set(const std::string& store_path, const std::vector<Setting>& settings) {
  std::string path = file_beside(store_path);
  std::string text = TRY(text_of(path));
  for (const Setting& setting : settings)
    text = with_toml_value(text, setting.section, setting.name, setting.value);
  if (text.size() > most_bytes)
    return Error{
        Code::bad_input,
        fmt::format("{}: would be larger than {} bytes, the most that settings may have", path, most_bytes)};
  ShopSettings changed = TRY(ShopSettings::of(text, store_path));
  for (const Setting& setting : settings)  // what is settled now must be there to be read
    if (setting.section == "shop" && setting.name == "calendar")
      TRY(ingest::check_calendar(TRY(changed.calendar())));
  OutputFile file = TRY(OutputFile::create(path));
  file.stream() << text;
  return file.commit();
}

}  // namespace danggol::engine
