// One test for every .test file under src/ and tests/golden/: it is played in an empty folder of its own,
// with a store that is not there yet. DANGGOL_RECORD=1 writes what is printed into the files instead;
// DANGGOL_KEEP=FOLDER keeps there what each script has left.
//
//     golden_test [PROGRAM FOLDER]    another danggol, and another folder of .test files
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "script.h"

extern char** environ;

namespace danggol::golden {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

std::string program = DANGGOL_PROGRAM;
fs::path root = DANGGOL_SOURCE_DIR;
std::vector<const char*> folders = {"src", "tests/golden"};  // in it

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "danggol-golden-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error(name + ": cannot be made");
    path_ = name;
    fs::create_directory(work());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path work() const { return path_ / "work"; }  // what the script sees
  fs::path out() const { return path_ / "out"; }
  fs::path err() const { return path_ / "err"; }

 private:
  fs::path path_;
};

// The program sees the script's store and nothing of who runs the tests, but for what sanitizers are told and
// which mutant it is to be (tools/mutate).
std::vector<std::string> environment() {
  std::vector<std::string> out = {"DANGGOL_STORE=store.duckdb", "TZ=UTC", "LC_ALL=C"};
  for (char** variable = environ; *variable; ++variable) {
    std::string_view text = *variable;
    std::string_view name = text.substr(0, text.find('='));
    if (name.ends_with("SAN_OPTIONS") || name == "DANGGOL_MUTANT") out.emplace_back(text);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Outcome execute(const Folder& folder, const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {program}, variables = environment();
  arguments.insert(arguments.end(), words.begin(), words.end());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.work().c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, folder.out().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, folder.err().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, pointers(arguments).data(),
                           pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed) throw std::runtime_error(program + ": cannot be started");
  int status = 0;
  waitpid(child, &status, 0);
  Outcome outcome;
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(folder.out());
  outcome.err = read_file(folder.err());
  return outcome;
}

std::string list(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), folder).string());
  std::sort(names.begin(), names.end());
  return names.empty() ? "" : fmt::format("{}\n", fmt::join(names, "\n"));
}

class GoldenTest : public testing::Test {
 public:
  explicit GoldenTest(fs::path path) : path_(std::move(path)) {}
  void TestBody() override {
    std::string text = read_file(path_);
    auto parsed = parse(text);
    if (auto* wrong = std::get_if<Problem>(&parsed)) {
      report(*wrong);
      return;
    }
    Folder folder;
    World world{
        [&](const auto& words) { return execute(folder, words); },
        [&](const auto& name, const auto& bytes) { write_file(folder.work() / name, bytes); },
        [&](const auto& name) { return read_file(folder.work() / name); },
        [&](const auto& name) { return read_file(DANGGOL_SOURCE_DIR "/tests/golden/fixtures/" + name); },
        [&] { return list(folder.work()); }};
    std::string recorded;
    auto problems = play(std::get<std::vector<Step>>(parsed), text, world, &recorded);
    if (std::getenv("DANGGOL_RECORD")) write_file(path_, recorded);
    if (const char* keep = std::getenv("DANGGOL_KEEP")) {
      std::string name = fs::relative(path_, DANGGOL_SOURCE_DIR).replace_extension().string();
      std::replace(name.begin(), name.end(), '/', '-');
      fs::copy(folder.work(), fs::path(keep) / name, fs::copy_options::recursive);
    }
    for (const Problem& problem : problems) report(problem);  // a recording is to be read, so it is red once
  }

 private:
  void report(const Problem& problem) const { ADD_FAILURE_AT(path_.c_str(), problem.line) << problem.what; }
  fs::path path_;
};

std::vector<fs::path> scripts() {
  std::vector<fs::path> found;
  for (const char* folder : folders)
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.path().extension() == ".test") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace
}  // namespace danggol::golden

int main(int argc, char** argv) {
  using namespace danggol::golden;
  testing::InitGoogleTest(&argc, argv);
  if (argc == 3) program = argv[1], root = argv[2], folders = {"."};
  for (const auto& path : scripts()) {
    std::string name = std::filesystem::relative(path, root).replace_extension().string();
    testing::RegisterTest("golden", name.c_str(), nullptr, nullptr, path.c_str(), 1,
                          [path]() -> testing::Test* { return new GoldenTest(path); });
  }
  return RUN_ALL_TESTS();
}
