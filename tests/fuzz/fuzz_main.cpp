// Drives LLVMFuzzerTestOneInput where there is no libFuzzer: the corpus, then mutations of it.
//   fuzz_NAME [--seconds N] [--seed S] FILE|FOLDER...
// Without --seconds every file is tried once. The same seed tries the same inputs in the same order. The
// input that fails is written to fuzz_NAME.input and can be given as FILE. A target that mutates by itself
// (LLVMFuzzerCustomMutator) needs no FILE.
#include <fcntl.h>
#include <fmt/core.h>
#include <iconv.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most,
                                                                unsigned seed);
// A sanitizer's finding ends in abort(), so that the input is saved.
extern "C" const char* __asan_default_options() { return "abort_on_error=1:detect_leaks=0"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace danggol {
namespace {

constexpr size_t most_bytes = 1 << 16;
constexpr unsigned hang_seconds = 60;

std::string input;    // the one being tried
std::string save_as;  // where it goes if it fails

void save_input() {
  int file = open(save_as.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  ssize_t ignored = write(file, input.data(), input.size());
  (void)ignored;
  close(file);
}

void on_signal(int number) {
  save_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// What the readers look for, so that mutations hit it.
const std::vector<std::string> tokens = {",",
                                         ";",
                                         "\t",
                                         "|",
                                         "\"",
                                         "\"\"",
                                         "\n",
                                         "\r\n",
                                         "\r",
                                         ".",
                                         "-",
                                         "/",
                                         ":",
                                         "T",
                                         "Z",
                                         "0",
                                         "9",
                                         "1,000",
                                         "1e9",
                                         "nan",
                                         "-0.00005",
                                         "99999999999999",
                                         "2021-02-29",
                                         "12/13/2010 8:26",
                                         "1/2/2021",
                                         "20101201",
                                         "9999-12-31",
                                         "253402300799",
                                         ".0",
                                         "C",
                                         "customer_id",
                                         "ts",
                                         "price",
                                         "action",
                                         "취소",
                                         "구매",
                                         "김",
                                         "\xb1\xb8\xb8\xc5",
                                         "\xef\xbb\xbf",
                                         "\xff\xfe",
                                         "\xff",
                                         std::string(1, '\0'),
                                         "\x1f\x8b",
                                         "[columns]\ncustomer = \"a\"\n",
                                         "= ",
                                         std::string(300, 'x')};

void to_cp949(std::string& text) {
  static iconv_t handle = iconv_open("CP949//TRANSLIT", "UTF-8");
  std::string out(text.size() * 2 + 16, '\0');
  char *from = text.data(), *to = out.data();
  size_t left = text.size(), room = out.size();
  iconv(handle, nullptr, nullptr, nullptr, nullptr);
  if (iconv(handle, &from, &left, &to, &room) == static_cast<size_t>(-1)) return;
  out.resize(out.size() - room);
  text = out;
}

void mutate(std::string& text, Random& random, const std::vector<std::string>& corpus) {
  size_t at = random.below(text.size() + 1);
  size_t length = random.below(std::min<size_t>(text.size() - at, 1 + random.below(200)) + 1);
  switch (random.below(12)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
      break;
    case 1:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 2: text.erase(at, length); break;
    case 3: text.insert(at, text.substr(at, length)); break;
    case 4:
    case 5:
    case 6: text.insert(at, tokens[random.below(tokens.size())]); break;
    case 7: text.replace(at, length, tokens[random.below(tokens.size())]); break;
    case 8: {  // the front of this, the back of another
      const std::string& other = corpus[random.below(corpus.size())];
      text = text.substr(0, at) + other.substr(random.below(other.size() + 1));
      break;
    }
    case 9:
      if (random.below(4) == 0) text.resize(at);
      break;
    case 10:
      if (random.below(2)) to_cp949(text);
      break;
    case 11:
      if (random.below(2)) text = gzip(text) + (random.below(4) ? "" : gzip(text.substr(at, length)));
      break;
  }
  if (text.size() > most_bytes) text.resize(most_bytes);
}

void read_corpus(const std::string& path, std::vector<std::string>& corpus) {
  std::vector<std::string> files;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path))
      files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(path);
  }
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
}

void attempt(std::string next) {
  input = std::move(next);
  alarm(hang_seconds);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  alarm(0);
}

int main(const std::string& program, const std::vector<std::string>& arguments) {
  save_as = program + ".input";
  double seconds = 0;
  uint64_t seed = 1;
  std::vector<std::string> corpus;
  for (size_t i = 0; i < arguments.size(); ++i) {
    bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--seconds" && has_value) seconds = std::stod(arguments[++i]);
    else if (arguments[i] == "--seed" && has_value) seed = std::stoull(arguments[++i]);
    else read_corpus(arguments[i], corpus);
  }
  if (corpus.empty() && LLVMFuzzerCustomMutator) corpus.emplace_back();
  if (corpus.empty()) {
    fmt::print(stderr, "usage: {} [--seconds N] [--seed S] FILE|FOLDER...\n", program);
    return 2;
  }
  for (int number : {SIGABRT, SIGALRM}) std::signal(number, on_signal);
#ifndef __SANITIZE_ADDRESS__  // which tells more about these itself
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_signal);
#endif

  for (const auto& text : corpus) attempt(text);
  Stopwatch watch;
  uint64_t tried = 0;
  for (; watch.seconds() < seconds; ++tried) {
    Random random(seed, tried);
    std::string text = corpus[random.below(corpus.size())];
    if (LLVMFuzzerCustomMutator) {
      size_t size = text.size();
      text.resize(most_bytes);
      text.resize(LLVMFuzzerCustomMutator(reinterpret_cast<uint8_t*>(text.data()), size, most_bytes,
                                          static_cast<unsigned>(random())));
    } else {
      for (uint64_t n = 1 + random.below(6); n > 0; --n) mutate(text, random, corpus);
    }
    attempt(std::move(text));
  }
  fmt::print("{} files and {} mutations of them held\n", corpus.size(), tried);
  return 0;
}

}  // namespace
}  // namespace danggol

int main(int argc, char** argv) {
  return danggol::main(std::filesystem::path(argv[0]).filename().string(), {argv + 1, argv + argc});
}
