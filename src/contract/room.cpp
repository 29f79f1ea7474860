#include "contract/room.h"

#include <fmt/format.h>

namespace danggol {

Result<std::vector<std::string>> texts_by_number(Context& context, std::string_view view,
                                                 std::string_view column) {
  Table rows = TRY(context.query(fmt::format(
      "SELECT {0}_no AS number, coalesce({1}, '') AS name FROM {0} ORDER BY {0}_no", view, column)));
  std::vector<std::string> texts;
  for (size_t i = 0; i < rows.rows(); ++i) {
    texts.resize(static_cast<size_t>(rows.integers("number")[i]));
    texts.push_back(rows.texts("name")[i]);
  }
  return texts;
}

}  // namespace danggol
