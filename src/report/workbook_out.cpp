#include "report/workbook_out.h"

#include <fmt/format.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace danggol::report {
namespace {

constexpr size_t most_rows = LXW_ROW_MAX - 1;  // below the headings
constexpr size_t most_columns = LXW_COL_MAX, most_letters = 32'767;
constexpr double most_exact = 9007199254740992;  // a spreadsheet counts in doubles: above it, digits are lost
constexpr int first_year = 1900;                 // of a spreadsheet's calendar
constexpr double column_letters = 14;

Error too_large(const std::string& what, size_t most) {
  return {Code::bad_input,
          fmt::format("{}: a sheet holds at most {}; ask for less, or use --format csv", what, most)};
}

class WorkbookWriter : public RowWriter {
 public:
  WorkbookWriter(std::ostream& out, const Table& columns)
      : out_(out), columns_(columns), file_(std::tmpfile()) {
    if (!file_) return;
    // A file without a name, readable by nobody else; the library writes it by the name of its descriptor.
    std::string path = fmt::format("/proc/self/fd/{}", fileno(file_.get()));
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE;
    book_ = workbook_new_opt(path.c_str(), &options);
    sheet_ = book_ ? workbook_add_worksheet(book_, nullptr) : nullptr;
  }
  ~WorkbookWriter() override {
    if (book_) workbook_close(book_);
  }
  WorkbookWriter(const WorkbookWriter&) = delete;
  WorkbookWriter& operator=(const WorkbookWriter&) = delete;

  Status rows(const Table& texts) override {
    if (row_ == 0) TRY(headings());
    for (size_t i = 0; i < texts.rows(); ++i, ++row_) {
      if (row_ > most_rows) return too_large(fmt::format("rows={}+", row_), most_rows);
      for (size_t c = 0; c < columns_.columns.size(); ++c)
        if (const ColumnData& column = texts.columns[c]; !column.is_null(i))
          TRY(cell(static_cast<lxw_col_t>(c), column.texts[i], columns_.columns[c].type));
    }
    return {};
  }

  Status end() override {
    if (row_ == 0) TRY(headings());
    lxw_error error = workbook_close(std::exchange(book_, nullptr));
    if (error != LXW_NO_ERROR) return not_written(lxw_strerror(error));
    std::rewind(file_.get());
    std::vector<char> piece(1 << 16);
    while (size_t size = std::fread(piece.data(), 1, piece.size(), file_.get()))
      out_.write(piece.data(), static_cast<std::streamsize>(size));
    return {};
  }

 private:
  static Error not_written(const std::string& why) {
    return {Code::io,
            fmt::format("the workbook cannot be written: {}; is there room for temporary files?", why)};
  }

  // They stay in view. Whatever is the same for the whole sheet is said before its first row.
  Status headings() {
    if (!sheet_) return not_written("no temporary file");
    if (columns_.columns.size() > most_columns)
      return too_large(fmt::format("columns={}", columns_.columns.size()), most_columns);
    lxw_format* bold = workbook_add_format(book_);
    format_set_bold(bold);
    date_ = workbook_add_format(book_);
    format_set_num_format(date_, "yyyy-mm-dd");
    time_ = workbook_add_format(book_);
    format_set_num_format(time_, "yyyy-mm-dd hh:mm:ss");
    worksheet_freeze_panes(sheet_, 1, 0);
    auto last = static_cast<lxw_col_t>(std::max<size_t>(columns_.columns.size(), 1) - 1);
    worksheet_set_column(sheet_, 0, last, column_letters, nullptr);
    for (lxw_col_t c = 0; c < columns_.columns.size(); ++c)
      worksheet_write_string(sheet_, 0, c, columns_.columns[c].name.c_str(), bold);
    row_ = 1;
    return {};
  }

  Status cell(lxw_col_t c, const std::string& text, Type type) {
    auto row = static_cast<lxw_row_t>(row_);
    if (is_numeric(type)) {
      double number = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      bool is_exact = type != Type::integer || std::abs(number) < most_exact;
      if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number) && is_exact) {
        worksheet_write_number(sheet_, row, c, number, nullptr);
        return {};
      }
    }
    lxw_datetime at{};
    bool has_date = std::sscanf(text.c_str(), "%4d-%2d-%2d %2d:%2d:%lf", &at.year, &at.month, &at.day,
                                &at.hour, &at.min, &at.sec) >= 3;
    if ((type == Type::date || type == Type::timestamp) && has_date && at.year >= first_year) {
      worksheet_write_datetime(sheet_, row, c, &at, type == Type::date ? date_ : time_);
      return {};
    }
    if (type == Type::boolean) {
      worksheet_write_boolean(sheet_, row, c, text == "true", nullptr);
      return {};
    }
    auto starts = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; };
    auto letters = static_cast<size_t>(std::count_if(text.begin(), text.end(), starts));
    if (letters > most_letters) return too_large(fmt::format("a text of {} letters", letters), most_letters);
    worksheet_write_string(sheet_, row, c, text.c_str(), nullptr);
    return {};
  }

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::ostream& out_;
  Table columns_;
  std::unique_ptr<std::FILE, Close> file_;
  lxw_workbook* book_ = nullptr;
  lxw_worksheet* sheet_ = nullptr;
  lxw_format *date_ = nullptr, *time_ = nullptr;
  size_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowWriter> workbook_writer(std::ostream& out, const Table& columns) {
  return std::make_unique<WorkbookWriter>(out, columns);
}

}  // namespace danggol::report
