// Zips, workbooks and zstd.
#include <gtest/gtest.h>

#include "ingest/byte_source.h"
#include "ingest/import.h"
#include "must.h"
#include "temp_folder.h"
#include "zip_of.h"
#include "zstd_of.h"

namespace danggol::ingest {
namespace {

class Archives : public testing::Test {
 protected:
  TempFolder folder;
  Result<std::vector<FileReport>> checked(const std::string& path) {
    return check({path}, guessing(), [](double, std::string_view) { return Status(); });
  }
};

TEST_F(Archives, AZipOfMoreThanItsLimitsIsRefused) {
  std::string path =
      folder.write("bomb.zip", zip_of({{"a.csv", "customer_id,ts\n" + std::string(270 << 20, '\n')}}));
  auto outcome = checked(path);
  EXPECT_EQ(code(outcome), Code::bad_input);
  EXPECT_NE(message(outcome).find("the zip holds more than 250 times its own bytes"), std::string::npos)
      << message(outcome);
}

TEST_F(Archives, NamesInAZipFromKoreanWindows) {
  std::string cp949 = "\xc1\xd6\xb9\xae.csv";  // 주문.csv
  std::string path =
      folder.write("a.zip", zip_of({{cp949, "customer_id,ts\na,2024-01-05\n"}, {"b.docx", ""}}));
  Inputs inputs = must(Inputs::open({path}, {}));
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs.path(0), path + "/주문.csv");
  EXPECT_EQ(inputs.name(0), "a.zip/주문.csv");
  EXPECT_EQ(inputs.left_out(), std::vector{path + "/b.docx"});
  EXPECT_EQ(must(must(inputs.open(0)).digest({})),
            must(must(InputFile::open(folder.write("a.csv", "customer_id,ts\na,2024-01-05\n"))).digest({})));
}

TEST_F(Archives, AZipOfManyTablesIsRefusedBeforeTheyAreAllOpen) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 501; ++i) files.emplace_back(std::to_string(i) + ".csv", "customer_id,ts\n");
  auto inputs = Inputs::open({folder.write("many.zip", zip_of(files))}, {});
  EXPECT_EQ(code(inputs), Code::bad_input);
  EXPECT_NE(message(inputs).find("more than 500 tables in archives"), std::string::npos) << message(inputs);
}

// A zstd frame without a checksum whose last block fills what is handed out at a time, and more.
TEST_F(Archives, ZstdOfAnyLength) {
  for (size_t size : {size_t{1}, size_t{4} << 20, (size_t{4} << 20) + 1, size_t{9} << 20}) {
    std::string text(size, 'a');
    text[size / 2] = '\n';
    std::string packed = zstd_of(text);
    ByteSource source = must(ByteSource::open(must(InputFile::open(folder.write("t.zst", packed + packed)))));
    std::string out;
    while (must(source.read(out))) continue;
    EXPECT_TRUE(out == text + text) << size << ": " << out.size();
  }
}

// A workbook of one sheet, by its rows.
std::string book(const std::string& rows) {
  return zip_of(
      {{"xl/workbook.xml", "<workbook><sheets><sheet name='A' id='rId1'/></sheets></workbook>"},
       {"xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id='rId1' Type='x/worksheet' Target='sheet1.xml'/>"
        "<Relationship Id='rId2' Type='x/styles' Target='styles.xml'/></Relationships>"},
       {"xl/styles.xml",
        "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='[$-412]yyyy\"년\" m\"월\" d\"일\"'/>"
        "<numFmt numFmtId='165' formatCode='[Red]#,##0_);\"d\"'/></numFmts><cellXfs><xf numFmtId='0'/>"
        "<xf numFmtId='14'/><xf numFmtId='22'/><xf numFmtId='20'/><xf numFmtId='164'/><xf "
        "numFmtId='165'/></cellXfs></styleSheet>"},
       {"xl/sheet1.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"}});
}

TEST_F(Archives, CellsAsTheyShow) {
  auto csv = [&](const std::string& rows) -> Result<std::string> {
    Inputs inputs = TRY(Inputs::open({folder.write("b.xlsx", book(rows))}, {}));
    InputFile file = TRY(inputs.open(0));
    std::string out(1 << 20, '\0');
    out.resize(TRY(file.read(out.data(), out.size())));
    return out;
  };
  auto cell = [&](int style, const std::string& value) {
    return must(csv("<row><c s='" + std::to_string(style) + "'><v>" + value + "</v></c></row>"));
  };
  EXPECT_EQ(cell(0, "45292"), "45292\n");
  EXPECT_EQ(cell(1, "45292"), "2024-01-01\n");
  EXPECT_EQ(cell(1, "45292.75"), "2024-01-01 18:00:00\n");  // what is there is not lost
  EXPECT_EQ(cell(2, "45292"), "2024-01-01 00:00:00\n");
  EXPECT_EQ(cell(2, "45291.999999"), "2024-01-01 00:00:00\n");  // to the second
  EXPECT_EQ(cell(3, "0.5"), "12:00:00\n");
  EXPECT_EQ(cell(4, "45292"), "2024-01-01\n");
  EXPECT_EQ(cell(5, "1234567.5"), "1234567.5\n");
  EXPECT_EQ(cell(1, "1"), "1900-01-01\n");
  EXPECT_EQ(cell(1, "59"), "1900-02-28\n");
  EXPECT_EQ(cell(1, "61"), "1900-03-01\n");
  EXPECT_EQ(cell(1, "-1"), "-1\n");
  EXPECT_EQ(cell(1, "2958465"), "9999-12-31\n");
  EXPECT_EQ(cell(1, "2958466"), "2958466\n");
  EXPECT_EQ(cell(0, "0.1234"), "0.1234\n");
  EXPECT_EQ(cell(0, "1.234"), "1.2340\n");
  EXPECT_EQ(cell(0, "19.990000000000002"), "19.99\n");
  EXPECT_EQ(cell(0, "8801012345678"), "8801012345678\n");

  // Rows and cells that are left out, one of several lines, one that has no value but a style, errors.
  EXPECT_EQ(
      must(
          csv("<row r='2'><c r='B2' t='str'><v>a\nb</v></c></row>"
              "<row r='4'><c r='A4' t='e'><v>#N/A</v></c><c r='D4' s='1'/></row>"
              "<row r='5'><c r='A5'><v>1</v></c><c r='C5' t='inlineStr'><is><t>x, \"y\"</t></is></c></row>")),
      "\n,a b,\n\n#N/A,,\n1,,\"x, \"\"y\"\"\"\n");
  EXPECT_EQ(code(csv("<row r='2'/><row r='2'/>")), Code::corrupt);
  EXPECT_EQ(code(csv("<row r='1048577'/>")), Code::corrupt);
  EXPECT_EQ(code(csv("<row><c r='XFE1'/></row>")), Code::corrupt);
  EXPECT_EQ(code(csv("<row><c r='B1'/><c r='A1'/></row>")), Code::corrupt);
  EXPECT_EQ(code(csv("<row><c t='s'><v>0</v></c></row>")), Code::corrupt);
  EXPECT_EQ(code(csv("<row><c><v>1</v></row>")), Code::corrupt);
}

// So many rows that no piece of the part holds them all.
TEST_F(Archives, ASheetOfManyRows) {
  std::string rows = "<row><c t='str'><v>customer_id</v></c><c t='str'><v>date</v></c></row>";
  for (int i = 0; i < 100'000; ++i)
    rows += "<row><c t='str'><v>c" + std::to_string(i) + "</v></c><c s='1'><v>" +
            std::to_string(45'000 + i % 300) + "</v></c></row>";
  auto reports = must(checked(folder.write("b.xlsx", book(rows))));
  EXPECT_EQ(reports[0].rows_loaded, 100'000);
  EXPECT_EQ(reports[0].rows_rejected, 0);
}

}  // namespace
}  // namespace danggol::ingest
