// The command line: danggol's declarations turned into flags, its answers into text.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "completion.h"
#include "mistakes.h"
#include "output.h"
#include "stop_on_signal.h"
#include "tree.h"

namespace danggol::cli {
namespace {

// A closed descriptor would be given to the next file that is opened: the store, perhaps.
void open_standard_descriptors() {
  for (int number = 0; number <= 2; ++number)
    if (::fcntl(number, F_GETFD) < 0) (void)!::open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY);
}

int main(int argc, char** argv) {
  open_standard_descriptors();
  umask(S_IRWXG | S_IRWXO);  // what we write says who bought what
  stop_on_signal::block();
  Options options;
  if (const char* store = std::getenv("DANGGOL_STORE")) options.store = store;
  CLI::App app("danggol: who your customers are, what they will do next, and whom to contact", "danggol");
  grow(app, options);
  if (argc > 2 && argv[1] == std::string_view("complete") && argv[2] == std::string_view("--")) {
    std::cout << complete(app, {argv + 3, argv + argc});
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    return fail(mistake(app, error));
  }
  for (const auto& [name, text] : options.flags)
    if (!text.empty()) options.params[name] = text;
  Status status = options.does(options);
  bool written = std::cout.flush() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (status && !written) status = Error{Code::io, "standard output cannot be written"};
  return status ? 0 : fail(status.error());
}

}  // namespace
}  // namespace danggol::cli

int main(int argc, char** argv) {
  try {
    return danggol::cli::main(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("danggol: not enough memory; raise --memory\n", stderr);
    return danggol::exit_status(danggol::Code::memory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "danggol: a bug in danggol: %s\n", error.what());
  }
  return 70;
}
