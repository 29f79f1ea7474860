#include "script.h"

#include <fmt/format.h>
#include <iconv.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>
#include <stdexcept>
#include <utility>

#include "zip_of.h"
#include "zstd_of.h"

namespace danggol::golden {
namespace {

// What makes a line no step; caught in parse().
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr std::string_view blank_line = "{blank}", no_newline = "{no newline}", any_lines = "{lines}";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Words as a shell splits them, with '...' and "..." taken as they stand, and nothing else of a shell.
std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (size_t at = 0; at < line.size();) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    std::string& word = words.emplace_back();
    while (at < line.size() && line[at] != ' ') {
      char c = line[at++];
      if (c != '\'' && c != '"') {
        word += c;
        continue;
      }
      size_t close = line.find(c, at);
      if (close == line.npos) throw Wrong(fmt::format("a quote {} that never closes", c));
      word += line.substr(at, close - at);
      at = close + 1;
    }
  }
  return words;
}

int to_int(const std::string& word) {
  int value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value < 0)
    throw Wrong(fmt::format("{}: must be a number", word));
  return value;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    char kind = ++i < text.size() ? text[i] : ' ';
    if (kind == 'n') out += '\n';
    else if (kind == 'r') out += '\r';
    else if (kind == 't') out += '\t';
    else if (kind == '\\') out += '\\';
    else if (kind == 'x' && i + 2 < text.size()) {
      int byte = 0;
      auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      if (error != std::errc{} || end != text.data() + i + 3) throw Wrong("\\x needs two hexadecimal digits");
      out += static_cast<char>(byte);
      i += 2;
    } else {
      throw Wrong("a backslash is followed by n, r, t, \\ or xNN");
    }
  }
  return out;
}

std::string transcode(const std::string& text, const char* to) {
  iconv_t handle = iconv_open(to, "UTF-8");
  if (handle == reinterpret_cast<iconv_t>(-1)) throw Wrong(fmt::format("{}: no such encoding", to));
  std::string out(text.size() * 4 + 4, '\0');
  char *from = const_cast<char*>(text.data()), *into = out.data();
  size_t left = text.size(), room = out.size();
  bool failed = iconv(handle, &from, &left, &into, &room) == static_cast<size_t>(-1);
  iconv_close(handle);
  if (failed) throw Wrong(fmt::format("a letter that {} does not have", to));
  out.resize(out.size() - room);
  return out;
}

std::string gzip(std::string text) {
  std::string out(text.size() + text.size() / 8 + 1'024, '\0');
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = reinterpret_cast<uint8_t*>(text.data());
  stream.avail_in = static_cast<uint32_t>(text.size());
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = static_cast<uint32_t>(out.size());
  if (isal_deflate_stateless(&stream) != COMP_OK) throw Wrong("gzip failed");
  out.resize(stream.total_out);
  return out;
}

std::string encode(std::string text, const std::string& how) {
  if (how == "cp949") return transcode(text, "CP949");
  if (how == "utf16") return "\xff\xfe" + transcode(text, "UTF-16LE");
  if (how == "bom") return "\xef\xbb\xbf" + text;
  if (how == "gzip") return gzip(std::move(text));
  if (how == "zstd") return zstd_of(text);
  throw Wrong(fmt::format("as {}: must be cp949, utf16, bom, gzip or zstd", how));
}

// Reads steps off the lines of a script.
class Reader {
 public:
  explicit Reader(std::string_view text) : lines_(lines_of(text)) {}

  std::optional<Step> next() {
    while (at_ < lines_.size() && (lines_[at_].empty() || lines_[at_][0] == '#')) ++at_;
    if (at_ == lines_.size()) return std::nullopt;
    return step();
  }
  int line() const { return static_cast<int>(at_); }

 private:
  Step step() {
    Step step;
    step.line = static_cast<int>(at_) + 1;
    step.words = split_words(command());
    std::string kind = step.words.empty() ? "" : step.words[0];
    auto take = [&](size_t words) {
      step.words.erase(step.words.begin(), step.words.begin() + static_cast<int64_t>(words));
    };
    auto need = [&](bool good, const char* form) {
      if (!good) throw Wrong(fmt::format("must be: {}", form));
    };
    if (kind == "file") {
      need(step.words.size() == 2 || (step.words.size() > 3 && step.words[2] == "as"),
           "file NAME [as ENCODING...]");
      step.kind = Step::Kind::write;
      for (const auto& line : block()) step.bytes += line + "\n";
      for (size_t i = 3; i < step.words.size(); ++i)
        step.bytes = encode(std::move(step.bytes), step.words[i]);
      step.words = {step.words[1]};
    } else if (kind == "bytes") {
      need(step.words.size() == 2, "bytes NAME");
      step.kind = Step::Kind::write;
      for (const auto& line : block()) step.bytes += unescape(line);
      take(1);
    } else if (kind == "cut") {
      need(step.words.size() == 3, "cut NAME BYTES");
      step.kind = Step::Kind::cut;
      step.number = to_int(step.words[2]);
      step.words = {step.words[1]};
    } else if (kind == "zip") {
      need(step.words.size() > 2, "zip NAME FILE...");
      step.kind = Step::Kind::zip;
      take(1);
    } else if (kind == "fixture") {
      need(step.words.size() == 2, "fixture NAME");
      step.kind = Step::Kind::fixture;
      take(1);
    } else if (kind == "run" || kind == "warns") {
      need(step.words.size() > 1 && step.words[1] == "danggol", "run danggol WORD...");
      step.kind = kind == "run" ? Step::Kind::run : Step::Kind::warns;
      take(2);
      expect(step);
    } else if (kind == "fails") {
      need(step.words.size() > 2 && step.words[2] == "danggol", "fails STATUS danggol WORD...");
      step.kind = Step::Kind::fails;
      step.number = to_int(step.words[1]);
      need(step.number > 0, "fails STATUS danggol WORD..., and STATUS is not 0");
      take(3);
      expect(step);
    } else if (kind == "print") {
      need(step.words.size() == 2, "print NAME");
      step.kind = Step::Kind::print;
      take(1);
      expect(step);
    } else if (kind == "files") {
      need(step.words.size() == 1, "files");
      step.kind = Step::Kind::files;
      take(1);
      expect(step);
    } else {
      throw Wrong(fmt::format(
          "{}: must be one of file, bytes, cut, zip, fixture, run, warns, fails, print, files", kind));
    }
    return step;
  }

  // A step's line, and what the indented lines below a run, warns or fails add to it.
  std::string command() {
    std::string line = lines_[at_++];
    if (!line.starts_with("run ") && !line.starts_with("warns ") && !line.starts_with("fails ")) return line;
    for (; at_ < lines_.size() && lines_[at_].starts_with("  "); ++at_) {
      size_t word = std::min(lines_[at_].find_first_not_of(' '), lines_[at_].size());
      line += " " + lines_[at_].substr(word);
    }
    return line;
  }

  std::vector<std::string> block() {
    std::vector<std::string> lines;
    while (at_ < lines_.size() && !lines_[at_].empty()) lines.push_back(lines_[at_++]);
    return lines;
  }
  void expect(Step& step) {
    if (at_ == lines_.size() || lines_[at_] != "----") throw Wrong("must be followed by a line ----");
    ++at_;
    step.expected_line = static_cast<int>(at_) + 1;
    step.expected = block();
  }

  std::vector<std::string> lines_;
  size_t at_ = 0;
};

// Printed text as lines of a script, in which an empty line ends a block.
std::vector<std::string> as_expected(const std::string& printed) {
  std::vector<std::string> lines = lines_of(printed);
  for (auto& line : lines)
    if (line.empty()) line = blank_line;
  if (!printed.empty() && printed.back() != '\n') lines.emplace_back(no_newline);
  return lines;
}

// What differs from run to run gets its placeholder when it is recorded the first time.
std::string with_placeholders(const std::string& line) {
  static const std::regex seconds(R"re((\(run \d+, )\d+\.\d\d( s\)))re");
  static const std::regex json_seconds(R"re(("seconds": )[-+.\de]+)re");
  return std::regex_replace(std::regex_replace(line, seconds, "$1{seconds}$2"), json_seconds, "$1{any}");
}

using Lines = std::vector<std::string>::const_iterator;

bool all_match(Lines expected, Lines expected_end, Lines printed, Lines printed_end) {
  for (; expected != expected_end; ++expected, ++printed) {
    if (*expected == any_lines) {
      for (Lines rest = printed;; ++rest) {
        if (all_match(expected + 1, expected_end, rest, printed_end)) return true;
        if (rest == printed_end) return false;
      }
    }
    if (printed == printed_end || !matches(*expected, *printed)) return false;
  }
  return printed == printed_end;
}

bool all_match(const std::vector<std::string>& expected, const std::vector<std::string>& printed) {
  return all_match(expected.begin(), expected.end(), printed.begin(), printed.end());
}

std::vector<std::string> record(const std::vector<std::string>& expected,
                                const std::vector<std::string>& printed) {
  if (all_match(expected, printed)) return expected;
  std::vector<std::string> lines;
  for (const auto& line : printed) {
    auto same = std::find_if(expected.begin(), expected.end(),
                             [&](const auto& known) { return matches(known, line); });
    lines.push_back(same == expected.end() ? with_placeholders(line) : *same);
  }
  return lines;
}

// Both texts, the lines that differ marked.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& printed) {
  auto marked = [](const auto& lines, const auto& others, auto same) {
    std::string out;
    for (size_t i = 0; i < lines.size(); ++i)
      out += fmt::format("  {} {}\n", i < others.size() && same(lines[i], others[i]) ? ' ' : '>', lines[i]);
    return out.empty() ? std::string("  (nothing)\n") : out;
  };
  return "expected\n" + marked(expected, printed, [](auto& e, auto& p) { return matches(e, p); }) +
         "printed\n" + marked(printed, expected, [](auto& p, auto& e) { return matches(e, p); });
}

}  // namespace

bool matches(std::string_view expected, std::string_view printed) {
  size_t open = expected.find('{');
  while (open != expected.npos && !expected.substr(open).starts_with("{any}") &&
         !expected.substr(open).starts_with("{seconds}"))
    open = expected.find('{', open + 1);
  if (open == expected.npos) return expected == printed;
  if (printed.substr(0, open) != expected.substr(0, open)) return false;
  printed.remove_prefix(open);
  expected.remove_prefix(open);
  if (expected.starts_with("{any}")) {
    expected.remove_prefix(5);
    for (size_t skip = 0; skip <= printed.size(); ++skip)
      if (matches(expected, printed.substr(skip))) return true;
    return false;
  }
  expected.remove_prefix(9);
  size_t whole = 0;
  auto digit = [&](size_t i) { return i < printed.size() && printed[i] >= '0' && printed[i] <= '9'; };
  while (digit(whole)) ++whole;
  if (whole == 0 || whole >= printed.size() || printed[whole] != '.' || !digit(whole + 1) ||
      !digit(whole + 2))
    return false;
  return matches(expected, printed.substr(whole + 3));
}

std::variant<std::vector<Step>, Problem> parse(std::string_view text) {
  Reader reader(text);
  std::vector<Step> steps;
  try {
    while (auto step = reader.next()) steps.push_back(std::move(*step));
  } catch (const Wrong& wrong) {
    return Problem{reader.line(), wrong.what()};
  }
  bool expects = std::any_of(steps.begin(), steps.end(), [](const Step& s) { return s.expected_line > 0; });
  if (!expects) return Problem{1, "a script that expects nothing cannot fail"};
  return steps;
}

std::vector<Problem> play(const std::vector<Step>& steps, std::string_view text, const World& world,
                          std::string* recorded) {
  std::vector<Problem> problems;
  std::vector<std::string> source = lines_of(text), out;
  size_t copied = 0;
  for (const Step& step : steps) {
    Outcome outcome;
    switch (step.kind) {
      case Step::Kind::write: world.write(step.words[0], step.bytes); continue;
      case Step::Kind::cut: {
        std::string bytes = world.read(step.words[0]);
        if (static_cast<size_t>(step.number) >= bytes.size())
          problems.push_back(
              {step.line, fmt::format("cut {}: it has only {} bytes", step.words[0], bytes.size())});
        world.write(step.words[0], bytes.substr(0, static_cast<size_t>(step.number)));
        continue;
      }
      case Step::Kind::zip: {
        std::vector<std::pair<std::string, std::string>> files;
        for (size_t i = 1; i < step.words.size(); ++i)
          files.emplace_back(step.words[i], world.read(step.words[i]));
        world.write(step.words[0], zip_of(files));
        continue;
      }
      case Step::Kind::fixture: world.write(step.words[0], world.fixture(step.words[0])); continue;
      case Step::Kind::print: outcome.out = world.read(step.words[0]); break;
      case Step::Kind::files: outcome.out = world.list(); break;
      case Step::Kind::run:
      case Step::Kind::warns:
      case Step::Kind::fails: outcome = world.execute(step.words);
    }
    bool failure = step.kind == Step::Kind::fails;
    int status = failure ? step.number : 0;
    if (step.kind == Step::Kind::warns) {
      if (outcome.err.empty()) problems.push_back({step.line, "prints nothing to stderr: run, not warns"});
      outcome.out += std::exchange(outcome.err, "");
    }
    const std::string &shown = failure ? outcome.err : outcome.out,
                      &silent = failure ? outcome.out : outcome.err;
    std::string command = source[static_cast<size_t>(step.line) - 1];
    if (outcome.status != status)
      problems.push_back({step.line, fmt::format("{}\nends with status {}, not {}\n{}{}", command,
                                                 outcome.status, status, outcome.out, outcome.err)});
    if (!silent.empty())
      problems.push_back({step.line, fmt::format("{}\nprints to std{}, which must stay empty:\n{}", command,
                                                 failure ? "out" : "err", silent)});
    std::vector<std::string> printed = as_expected(shown);
    bool ended_well = outcome.status == status && silent.empty();
    if (failure && printed.size() != 1)
      problems.push_back(
          {step.line, fmt::format("{}\nan error is one line, not {}:\n{}", command, printed.size(), shown)});
    if (!all_match(step.expected, printed))
      problems.push_back(
          {step.expected_line, fmt::format("{}\n{}", command, difference(step.expected, printed))});
    size_t first = static_cast<size_t>(step.expected_line) - 1;
    out.insert(out.end(), source.begin() + static_cast<int64_t>(copied),
               source.begin() + static_cast<int64_t>(first));
    // what a command printed that ended as it should not is nothing to keep
    for (const auto& line : ended_well ? record(step.expected, printed) : step.expected) out.push_back(line);
    copied = first + step.expected.size();
  }
  out.insert(out.end(), source.begin() + static_cast<int64_t>(copied), source.end());
  if (recorded) *recorded = fmt::format("{}\n", fmt::join(out, "\n"));
  return problems;
}

}  // namespace danggol::golden
