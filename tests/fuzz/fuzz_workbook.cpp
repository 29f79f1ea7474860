// Any bytes as a part of a workbook, or as the zip around it. Whatever they are: no crash, an error of one
// line, or sheets of which every line has as many fields.
#include <fmt/core.h>

#include <array>
#include <string>
#include <string_view>

#include "expect.h"
#include "ingest/csv.h"
#include "ingest/workbook.h"
#include "zip_of.h"

namespace danggol::ingest {
namespace {

constexpr const char* links =
    "<Relationships><Relationship Id='rId1' Type='/worksheet' Target='worksheets/sheet1.xml'/>"
    "<Relationship Id='rId2' Type='/styles' Target='styles.xml'/>"
    "<Relationship Id='rId3' Type='/sharedStrings' Target='/xl/sharedStrings.xml'/></Relationships>";
constexpr std::array<std::pair<const char*, const char*>, 4> parts = {{
    {"xl/worksheets/sheet1.xml",
     "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' s='1'><v>45292.5</v></c></row>"
     "</sheetData></worksheet>"},
    {"xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='22'/></cellXfs></styleSheet>"},
    {"xl/sharedStrings.xml", "<sst><si><t>customer_id</t></si></sst>"},
    {"xl/workbook.xml", "<workbook><sheets><sheet name='A' id='rId1'/></sheets></workbook>"},
}};

void expect_of_file(const Error& error) {
  expect_plain(error);
  EXPECT(error.code == Code::bad_input || error.code == Code::corrupt, "{}: code {}", error.message,
         static_cast<int>(error.code));
}

void read(const std::string& bytes) {
  auto file = InputFile::make("book.xlsx", "", [&](const InputFile::Put& put) { return put(bytes); });
  EXPECT(file, "no temporary file");
  auto zip = Zip::open(*file, {}, {.bytes = 1 << 24, .ratio = 1'000, .free_bytes = 1 << 20});
  if (!zip) return expect_of_file(zip.error());
  auto book = Workbook::open(*zip);
  if (!book) return expect_of_file(book.error());
  for (size_t sheet = 0; sheet < book->sheets().size(); ++sheet) {
    auto csv = book->csv_of(sheet);
    if (!csv) {
      expect_of_file(csv.error());
      continue;
    }
    if (csv->version().bytes > 1 << 24) continue;
    RecordBlock block;
    block.text.resize(static_cast<size_t>(csv->version().bytes));
    EXPECT(*csv->read(block.text.data(), block.text.size()) == block.text.size(), "cut");
    CsvSplitter(',', 0).split(block, true);
    for (const Record& record : block.records)
      EXPECT(record.problem == RecordProblem::encoding || record.fields == block.records[0].fields,
             "line {}: {} fields, not {}", record.line, record.fields, block.records[0].fields);
  }
}

}  // namespace
}  // namespace danggol::ingest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace danggol;
  using namespace danggol::ingest;
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  std::vector<std::pair<std::string, std::string>> files = {{"xl/_rels/workbook.xml.rels", links}};
  // the part that looks like these bytes, else any
  size_t replaced = data[size - 1] % parts.size();
  for (auto [word, part] : {std::pair("sheetData", 0), {"styleSheet", 1}, {"<sst", 2}, {"<sheets", 3}})
    if (bytes.find(word) != bytes.npos) replaced = static_cast<size_t>(part);
  for (size_t i = 0; i < parts.size(); ++i)
    files.emplace_back(parts[i].first, i == replaced ? bytes : parts[i].second);
  std::string zip = zip_of(files, 0);
  read(zip);
  zip[size * 31 % zip.size()] = static_cast<char>(data[0]);
  read(zip);
  return 0;
}
