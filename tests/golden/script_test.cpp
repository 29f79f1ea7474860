// The golden tests' own test: a script that is wrong, or a program that prints something else, must be
// noticed.
#include "script.h"

#include <gtest/gtest.h>

#include <map>

namespace danggol::golden {
namespace {

// A program that says one thing, and files in memory.
struct Stage {
  Outcome says;
  std::map<std::string, std::string> files;
  std::vector<std::string> given;

  World world() {
    return {[this](const auto& words) { return given = words, says; },
            [this](const auto& name, const auto& bytes) { files[name] = bytes; },
            [this](const auto& name) { return files.at(name); },
            [](const auto& name) { return "of " + name; },
            [this] {
              std::string names;
              for (const auto& [name, bytes] : files) names += name + "\n";
              return names;
            }};
  }
  std::vector<Problem> play(std::string_view text, std::string* recorded = nullptr) {
    auto parsed = parse(text);
    if (auto* wrong = std::get_if<Problem>(&parsed)) {
      ADD_FAILURE() << wrong->line << ": " << wrong->what;
      return {};
    }
    return golden::play(std::get<std::vector<Step>>(parsed), text, world(), recorded);
  }
};

std::string why_not(std::string_view text) {
  auto parsed = parse(text);
  auto* wrong = std::get_if<Problem>(&parsed);
  return wrong ? wrong->what : "";
}

TEST(Script, PassesWhatIsPrintedAsExpected) {
  Stage stage{{0, "a\n\nb\n", ""}, {}, {}};
  EXPECT_TRUE(stage.play("# why\nrun danggol show 'x y' \"it's\"\n----\na\n{blank}\nb\n").empty());
  EXPECT_EQ(stage.given, (std::vector<std::string>{"show", "x y", "it's"}));
}

TEST(Script, ALongCommandGoesOnInIndentedLines) {
  Stage stage{{0, "a\n", ""}, {}, {}};
  EXPECT_TRUE(stage.play("run danggol sql \"SELECT 1\n  FROM x\"\n    --format csv\n----\na\n").empty());
  EXPECT_EQ(stage.given, (std::vector<std::string>{"sql", "SELECT 1 FROM x", "--format", "csv"}));
  stage.files = {};
  EXPECT_TRUE(stage.play("file x\na\n  b\n\nrun danggol x\n----\na\n").empty());
  EXPECT_EQ(stage.files["x"], "a\n  b\n") << "a file's lines are its own";
}

TEST(Script, NoticesEveryDifference) {
  const char* script = "run danggol show x\n----\na\nb\n";
  auto problems = [&](Outcome says) { return Stage{says, {}, {}}.play(script).size(); };
  EXPECT_EQ(problems({0, "a\nb\n", ""}), 0u);
  EXPECT_EQ(problems({0, "a\nc\n", ""}), 1u) << "another line";
  EXPECT_EQ(problems({0, "a\n", ""}), 1u) << "a line too few";
  EXPECT_EQ(problems({0, "a\nb\n\n", ""}), 1u) << "a line too many";
  EXPECT_EQ(problems({0, "a\nb ", ""}), 1u) << "no line end";
  EXPECT_EQ(problems({3, "a\nb\n", ""}), 1u) << "the status";
  EXPECT_EQ(problems({0, "a\nb\n", "careful\n"}), 1u) << "something on stderr";
}

TEST(Script, NoticesAWarningThatIsAnother) {
  const char* script = "warns danggol show x\n----\na\ncareful\n";
  auto problems = [&](Outcome says) { return Stage{says, {}, {}}.play(script).size(); };
  EXPECT_EQ(problems({0, "a\n", "careful\n"}), 0u);
  EXPECT_EQ(problems({3, "a\n", "careful\n"}), 1u) << "the status";
  EXPECT_EQ(problems({0, "a\n", "careless\n"}), 1u) << "another warning";
  EXPECT_EQ(problems({0, "a\ncareful\n", ""}), 1u) << "nothing on stderr";
}

TEST(Script, NoticesAFailureThatIsAnother) {
  const char* script = "fails 2 danggol show x\n----\ndanggol: no\n";
  auto problems = [&](Outcome says) { return Stage{says, {}, {}}.play(script).size(); };
  EXPECT_EQ(problems({2, "", "danggol: no\n"}), 0u);
  EXPECT_EQ(problems({0, "", "danggol: no\n"}), 1u) << "the status";
  EXPECT_EQ(problems({134, "", "danggol: no\n"}), 1u) << "a crash";
  EXPECT_EQ(problems({2, "a\n", "danggol: no\n"}), 1u) << "something on stdout";
  EXPECT_EQ(problems({2, "", "danggol: yes\n"}), 1u) << "another message";
  EXPECT_EQ(problems({2, "", "danggol: no\nat line 3\n"}), 2u) << "more than one line";
}

TEST(Script, PlaceholdersStandForWhatDiffersFromRunToRun) {
  EXPECT_TRUE(matches("rfm  (run 1, {seconds} s)", "rfm  (run 1, 12.04 s)"));
  EXPECT_FALSE(matches("rfm  (run 1, {seconds} s)", "rfm  (run 1, 12 s)"));
  EXPECT_FALSE(matches("rfm  (run 1, {seconds} s)", "rfm  (run 2, 0.04 s)"));
  EXPECT_TRUE(matches("{any}: {any} rows", "a.csv: 12 rows"));
  EXPECT_TRUE(matches("{any}", ""));
  EXPECT_FALSE(matches("{any} rows", "12 columns"));
  EXPECT_FALSE(matches("{\"any\": 1}", "{\"any\": 2}"));
  EXPECT_TRUE(matches("{\"any\": 1}", "{\"any\": 1}"));
}

TEST(Script, LinesStandForAnyNumberOfLines) {
  auto problems = [](const char* expected, const char* printed) {
    return Stage{{0, printed, ""}, {}, {}}.play(std::string("run danggol list\n----\n") + expected).size();
  };
  EXPECT_EQ(problems("a\n{lines}\nd\n", "a\nb\nc\nd\n"), 0u);
  EXPECT_EQ(problems("a\n{lines}\nd\n", "a\nd\n"), 0u);
  EXPECT_EQ(problems("{lines}\n", ""), 0u);
  EXPECT_EQ(problems("a\n{lines}\nd\n", "a\nb\nc\n"), 1u);
  EXPECT_EQ(problems("{lines}\na\n", "a\nb\n"), 1u);
}

TEST(Script, WritesFilesByteForByte) {
  Stage stage;
  stage.says.out = "ok\n";
  EXPECT_TRUE(stage
                  .play("file plain.csv\na,b\n# no comment in here\n\n"
                        "bytes raw.csv\na\\x00\\xff\\r\\n\nb\\\\\\t\n\n"
                        "file korean.csv as cp949\n가\n\n"
                        "file marked.csv as bom\na\n\n"
                        "file both.csv as cp949 gzip\n가\n\n"
                        "file short.csv\nabcdef\n\n"
                        "cut short.csv 3\n"
                        "run danggol check\n----\nok\n\n"
                        "print short.csv\n----\nabc\n{no newline}\n\n"
                        "files\n----\nboth.csv\nkorean.csv\nmarked.csv\nplain.csv\nraw.csv\nshort.csv\n")
                  .empty());
  EXPECT_EQ(stage.files["plain.csv"], "a,b\n# no comment in here\n");
  EXPECT_EQ(stage.files["raw.csv"], (std::string{'a', '\0', '\xff', '\r', '\n', 'b', '\\', '\t'}));
  EXPECT_EQ(stage.files["korean.csv"], "\xb0\xa1\n");
  EXPECT_EQ(stage.files["marked.csv"],
            "\xef\xbb\xbf"
            "a\n");
  EXPECT_EQ(stage.files["both.csv"].substr(0, 2), "\x1f\x8b");
}

TEST(Script, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(why_not("walk\n"),
            "walk: must be one of file, bytes, cut, zip, fixture, run, warns, fails, print, files");
  EXPECT_EQ(why_not("run rm -rf x\n----\n"), "must be: run danggol WORD...");
  EXPECT_EQ(why_not("fails danggol x\n----\n"), "must be: fails STATUS danggol WORD...");
  EXPECT_EQ(why_not("fails 0 danggol x\n----\n"),
            "must be: fails STATUS danggol WORD..., and STATUS is not 0");
  EXPECT_EQ(why_not("fails two danggol x\n----\n"), "two: must be a number");
  EXPECT_EQ(why_not("run danggol x\n\n"), "must be followed by a line ----");
  EXPECT_EQ(why_not("run danggol 'x\n----\n"), "a quote ' that never closes");
  EXPECT_EQ(why_not("file x as ebcdic\na\n"), "as ebcdic: must be cp949, utf16, bom, gzip or zstd");
  EXPECT_EQ(why_not("bytes x\n\\q\n"), "a backslash is followed by n, r, t, \\ or xNN");
  EXPECT_EQ(why_not("file x\na\n"), "a script that expects nothing cannot fail");
  EXPECT_EQ(why_not(""), "a script that expects nothing cannot fail");
}

TEST(Script, NoticesACutThatCutsNothing) {
  Stage stage{{0, "", ""}, {}, {}};
  EXPECT_EQ(stage.play("file x\nab\n\ncut x 3\nrun danggol x\n----\n").size(), 1u);
}

TEST(Script, RecordsWhatWasPrintedAndKeepsTheRest) {
  Stage stage{{0, "one 5\nrfm  (run 1, 0.31 s)\n\nthree\n", ""}, {}, {}};
  std::string recorded;
  stage.play("# a comment\nfile x\na\n\nrun danggol x\n----\none {any}\ntwo\n\n# the end\n", &recorded);
  EXPECT_EQ(recorded,
            "# a comment\nfile x\na\n\nrun danggol x\n----\none {any}\nrfm  (run 1, {seconds} "
            "s)\n{blank}\nthree\n\n# the end\n");
  EXPECT_TRUE(stage.play(recorded).empty()) << "a recording passes";
}

TEST(Script, RecordsNothingOfACommandThatEndsOtherwise) {
  const char *runs = "run danggol x\n----\ngood\n", *fails = "fails 2 danggol x\n----\ndanggol: no\n";
  std::string recorded;
  Stage broken{{70, "half\n", "danggol: a bug\n"}, {}, {}};
  EXPECT_FALSE(broken.play(runs, &recorded).empty());
  EXPECT_EQ(recorded, runs);
  EXPECT_FALSE(broken.play(fails, &recorded).empty());
  EXPECT_EQ(recorded, fails);
}

}  // namespace
}  // namespace danggol::golden
