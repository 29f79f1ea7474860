#include "ingest/mapping.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "base/toml_file.h"
#include "base/utf8.h"
#include "danggol/nearest.h"
#include "ingest/input_file.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

constexpr size_t most_map_bytes = 64 << 10, most_shown_bytes = 200;

constexpr std::array<std::string_view, role_count> names_of_roles = {
    "customer", "time",    "hour",       "product",    "product-name", "quantity",
    "price",    "amount",  "receipt",    "action",     "partner",      "channel",
    "branch",   "region",  "gender",     "age",        "class-top",    "class-middle",
    "brand",    "offer",   "propensity", "device",     "search-text",  "review-text",
    "rating",   "seconds", "creative",   "list-price", "stock",        "image"};

// Whether a table of this kind can say that; anything else in it is not read.
bool reads(Kind kind, Role role) {
  static constexpr std::array not_of_events = {Role::offer, Role::propensity};
  static constexpr std::array of_exposures = {Role::customer, Role::time, Role::hour, Role::offer,
                                              Role::propensity};
  auto is_in = [&](const auto& roles) { return std::find(roles.begin(), roles.end(), role) != roles.end(); };
  if (kind == Kind::events) return !is_in(not_of_events);
  if (kind == Kind::exposures) return is_in(of_exposures);
  const DimensionShape& shape = dimension_shapes()[static_cast<size_t>(kind)];
  auto says = [&](const auto& properties) {
    return std::any_of(properties.begin(), properties.end(),
                       [&](const auto& property) { return property.first == role; });
  };
  return role == shape.id || says(shape.properties) || says(shape.beside);
}

std::vector<std::string> parted_by_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(','));
    out.emplace_back(trimmed(part));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return out;
}

bool is_always_needed(const TableMapping& table, Role role) {
  if (is_dimension(table.kind)) return role == dimension_shapes()[static_cast<size_t>(table.kind)].id;
  return role == Role::customer || role == Role::time;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out(beginning(text, most_shown_bytes));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  return out.size() < text.size() ? out + "..." : out;
}

std::string shown(const std::vector<std::string>& columns) {
  std::string out;
  size_t told = 0;
  for (; told < columns.size() && (told == 0 || out.size() + columns[told].size() < most_shown_bytes); ++told)
    out += (told > 0 ? ", " : "") + shown(columns[told]);
  return told < columns.size() ? fmt::format("{} and {} more", out, columns.size() - told) : out;
}

std::array<std::vector<std::string>, role_count> columns_of(const RoleNames& names) {
  std::array<std::vector<std::string>, role_count> out;
  for (const auto& [role, known] : names) out[static_cast<size_t>(role)] = known;
  return out;
}

std::array<bool, role_count> roles_of(std::initializer_list<Role> roles) {
  std::array<bool, role_count> out{};
  for (Role role : roles) out[static_cast<size_t>(role)] = true;
  return out;
}

std::string plain(std::string_view name) {
  std::string out = normalised(name, Form::folded);
  std::erase_if(out, [](char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; });
  return out;
}

bool has_one_of(std::string_view name, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return name.find(word) != name.npos; });
}

bool plays_role(const RoleColumns& roles, int column) {
  return std::find(roles.begin(), roles.end(), column) != roles.end();
}

std::string_view name(Role role) { return names_of_roles[static_cast<size_t>(role)]; }
std::string_view detail_name(Role role) {
  static const auto names = [] {
    std::array<std::string, role_count> out;
    for (size_t r = 0; r < role_count; ++r) {
      out[r] = names_of_roles[r];
      std::replace(out[r].begin(), out[r].end(), '-', '_');
    }
    return out;
  }();
  return names[static_cast<size_t>(role)];
}
std::vector<std::string> role_names() { return {names_of_roles.begin(), names_of_roles.end()}; }

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 5> names = {"customers", "products", "stores", "events",
                                                     "exposures"};
  return names[static_cast<size_t>(kind)];
}

const std::array<DimensionShape, dimension_count>& dimension_shapes() {
  static const std::array<DimensionShape, dimension_count> shapes = {{
      {Kind::customers,
       "customer",
       Role::customer,
       {{Role::region, "region"}, {Role::gender, "gender"}, {Role::age_band, "age_band"}},
       {},
       "unknown_customer"},
      {Kind::products,
       "product",
       Role::product,
       {{Role::product_name, "product_name"},
        {Role::class_top, "class_top"},
        {Role::class_middle, "class_middle"},
        {Role::brand, "brand"}},
       {{Role::list_price, "list_price"}, {Role::stock, "stock"}, {Role::image, "image"}},
       "unknown_product"},
      {Kind::stores,
       "store",
       Role::store,
       {{Role::partner, "partner"}, {Role::region, "region"}},
       {},
       "unknown_store"},
  }};
  return shapes;
}

Status override_columns(const std::map<std::string, std::string>& overrides, Mapping& mapping) {
  auto set_rule = [&](auto Rules::*rule, const auto& value) {
    for (TableMapping& table : mapping.tables) table.rules.*rule = value;
  };
  for (const auto& [key, value] : overrides) {
    if (key == "time-format") {
      static const std::map<std::string, DateOrder> orders = {{"auto", DateOrder::open},
                                                              {"unix", DateOrder::open},
                                                              {"mdy", DateOrder::month_first},
                                                              {"dmy", DateOrder::day_first},
                                                              {"ymd", DateOrder::year_first}};
      auto order = orders.find(value);
      if (order == orders.end())
        return Error{Code::bad_input,
                     fmt::format("time-format={}: must be one of auto, mdy, dmy, ymd, unix", value)};
      set_rule(&Rules::order, order->second);
      set_rule(&Rules::unix_only, value == "unix");
    } else if (key == "all-actions") {
      auto action = Meanings().of(value, false);
      if (!action || !action->action)
        return Error{
            Code::bad_input,
            fmt::format("all-actions={}: must be an action such as purchase, view, cart or wishlist", value)};
      set_rule(&Rules::action, *action->action);
    } else if (key == "action-values") {
      for (const std::string& pair : parted_by_commas(value)) {
        size_t equals = pair.rfind('=');
        if (equals == pair.npos || equals == 0)
          return Error{
              Code::bad_input,
              fmt::format("action-values: {}: must be VALUE=ACTION, such as shipped=purchase", shown(pair))};
        for (TableMapping& table : mapping.tables)
          TRY(table.rules.meanings.add(trimmed(std::string_view(pair).substr(0, equals)),
                                       trimmed(std::string_view(pair).substr(equals + 1))));
      }
    } else if (key == "negative-rows") {
      if (value != "return" && value != "sale")
        return Error{Code::bad_input, fmt::format("negative-rows={}: must be return or sale", shown(value))};
      set_rule(&Rules::negatives_are_returns, value == "return");
    } else if (key == "amount-of") {
      if (value != "line" && value != "order")
        return Error{Code::bad_input, fmt::format("amount-of={}: must be line or order", shown(value))};
      set_rule(&Rules::is_amount_of_order, value == "order");
    } else if (key == "decimal") {
      if (value != "." && value != ",")
        return Error{Code::bad_input, fmt::format("decimal={}: must be . or ,", shown(value))};
      set_rule(&Rules::decimal, value == "." ? Decimal::point : Decimal::comma);
    } else if (key == "zone") {
      set_rule(&Rules::zone, TRY(Zone::named(value)));
    } else if (key == "header") {
      mapping.header = parted_by_commas(value);
    } else if (key == "hold-out") {
      set_rule(&Rules::hold_out, parted_by_commas(value));
    } else if (key == "nobody") {
      set_rule(&Rules::nobody, parted_by_commas(value));
    } else if (key == "encoding") {
      mapping.encoding = value;
    } else if (key == "cancel-prefix") {
      set_rule(&Rules::cancel_prefix, value);
    } else {
      auto named = std::find(names_of_roles.begin(), names_of_roles.end(), key);
      if (named == names_of_roles.end())
        return Error{Code::bad_input,
                     fmt::format("{}: not a role{}; the roles are {}", key, nearest_hint(key, role_names()),
                                 fmt::join(names_of_roles, ", "))};
      size_t role = static_cast<size_t>(named - names_of_roles.begin());
      bool used = false;
      for (TableMapping& table : mapping.tables) {
        if (!reads(table.kind, static_cast<Role>(role))) continue;
        bool is_taken_back = value == "-";
        if (is_taken_back && is_always_needed(table, static_cast<Role>(role))) continue;
        table.columns[role] = is_taken_back ? std::vector<std::string>() : std::vector{value};
        table.required[role] = !is_taken_back;
        table.said[role] = used = true;
      }
      if (!used && value == "-")
        return Error{Code::bad_input,
                     fmt::format("{}=-: no row can be read without it; name its column", key)};
      if (!used)
        return Error{Code::bad_input, fmt::format("{}={}: not a role of {}; leave it out", key, shown(value),
                                                  name(mapping.tables[0].kind))};
    }
  }
  return {};
}

Status override_from_file(const std::string& toml_path, Mapping& mapping) {
  std::map<std::string, std::string> overrides;
  InputFile input = TRY(InputFile::open(toml_path));
  std::string content(most_map_bytes + 1, '\0');
  content.resize(TRY(input.read(content.data(), content.size())));
  if (content.size() > most_map_bytes)
    return Error{Code::bad_input, fmt::format("{}: larger than {} bytes, the most that a mapping may have",
                                              toml_path, most_map_bytes)};
  for (const TomlSection& section : TRY(parse_toml(content, toml_path))) {
    bool is_of_actions = section.name == "action_values";
    if (section.name != "columns" && section.name != "rules" && !is_of_actions)
      return Error{Code::bad_input,
                   fmt::format("{}: {}: the sections are [columns], [rules] and [action_values]", toml_path,
                               shown(section.name))};
    for (const auto& [key, text] : section.values) {
      if (is_of_actions) {
        for (TableMapping& of : mapping.tables)
          if (auto added = of.rules.meanings.add(key, text); !added)
            return Error{added.error().code, fmt::format("{}: {}", toml_path, added.error().message)};
        continue;
      }
      std::string role = key;
      std::replace(role.begin(), role.end(), '_', '-');
      overrides[role] = text;
    }
  }
  auto outcome = override_columns(overrides, mapping);
  if (!outcome) return Error{outcome.error().code, fmt::format("{}: {}", toml_path, outcome.error().message)};
  return {};
}

}  // namespace danggol::ingest
