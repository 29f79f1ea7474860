// A golden test is a text an analyst can read: files, commands, and what the commands must print. README.md
// beside this has the format.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace danggol::golden {

struct Outcome {
  int status = 0;
  std::string out, err;
};

// What a script acts on; the tests of the script reader put their own in its place.
struct World {
  std::function<Outcome(const std::vector<std::string>& words)> execute;
  std::function<void(const std::string& name, const std::string& bytes)> write;
  std::function<std::string(const std::string& name)> read;
  std::function<std::string(const std::string& name)> fixture;  // in fixtures/
  std::function<std::string()> list;                            // names of the files there are, a line each
};

struct Step {
  enum class Kind { write, cut, zip, fixture, run, warns, fails, print, files };
  Kind kind;
  int line = 0;                    // 1-based, of its first word
  std::vector<std::string> words;  // the command, the file's name, or the zip's and its files'
  std::string bytes;               // write: the content
  int number = 0;                  // fails: the exit status; cut: the bytes that stay
  std::vector<std::string> expected;
  int expected_line = 0;  // 1-based, of the first expected line
};

struct Problem {
  int line = 0;
  std::string what;
};

// The steps of a script, or the first line that is none.
std::variant<std::vector<Step>, Problem> parse(std::string_view text);

// Carries the steps out in order. Where `recorded` is given it takes the script with what was printed in the
// place of what was expected; what matches stays as it stands, with its placeholders, and so does what a
// command was expected to print that ended otherwise.
std::vector<Problem> play(const std::vector<Step>& steps, std::string_view text, const World& world,
                          std::string* recorded);

// Does a printed line match an expected one? {any} stands for any text, {seconds} for a number such as 0.04.
// (A line {lines} stands for any number of lines.)
bool matches(std::string_view expected, std::string_view printed);

}  // namespace danggol::golden
