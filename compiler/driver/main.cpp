// The process: its arguments, streams and signals. Everything else is in run.cpp.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <istream>
#include <streambuf>
#include <string_view>
#include <system_error>

#include "compiler/base/diagnostic.h"
#include "compiler/driver/progress.h"
#include "compiler/driver/run.h"
#include "compiler/report/sink.h"

namespace {

/// 0, or the errno of the write that failed.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

/// Whoever reads us may leave early, as `head` does: that is no error.
int deliver(const macc::driver::Outcome& outcome) {
  (void)write_all(STDERR_FILENO, outcome.err);
  const int error = write_all(STDOUT_FILENO, outcome.out);
  if (error == 0 || error == EPIPE) return outcome.exit_code;
  (void)write_all(STDERR_FILENO, fmt::format("error[MACC-E9013]: standard output cannot be written: {}\n",
                                             std::generic_category().message(error)));
  return macc::report::kExitEnvironment;
}

/// The descriptor itself: the library's stream cannot tell an input that fails from one that ends.
class StandardInput final : public std::streambuf {
 protected:
  int_type underflow() override {
    ssize_t n = -1;
    do {
      n = ::read(STDIN_FILENO, block_.data(), block_.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw std::system_error(errno, std::generic_category());  // marks the stream as bad
    if (n == 0) return traits_type::eof();
    setg(block_.data(), block_.data(), block_.data() + n);
    return traits_type::to_int_type(block_.front());
  }

 private:
  std::array<char, 1U << 16U> block_{};
};

/// Of a terminal; 0 where it is none.
std::size_t columns_of(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int internal_error(std::string_view what) {
  (void)write_all(STDERR_FILENO,
                  fmt::format("error[MACC-E9019]: macc itself failed: {}\n"
                              "  = note: this is a mistake in macc, not in the policy; nothing was left half-written\n"
                              "  = note: please report it with the policy and the command that led to it\n",
                              macc::printable(what, 400)));
  return macc::report::kExitEnvironment;
}

}  // namespace

int main(int argc, char** argv) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  try {
    const char* no_color = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    const bool is_dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
    // A folder that was removed while we stand in it has no name: what is relative to it cannot be found.
    std::error_code gone;
    const std::filesystem::path current = std::filesystem::current_path(gone);
    StandardInput buffer;
    std::istream input(&buffer);
    const std::size_t columns = columns_of(::isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : STDERR_FILENO);
    const bool error_is_terminal = ::isatty(STDERR_FILENO) == 1;
    macc::driver::Environment environment{.current = gone ? "." : current,
                                          .input = input,
                                          .error_is_terminal = error_is_terminal,
                                          .output_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                                          .no_color = is_dumb || (no_color != nullptr && *no_color != '\0'),
                                          .columns = columns};
    macc::driver::Outcome outcome;
    {
      macc::driver::Progress progress(STDERR_FILENO, columns_of(STDERR_FILENO));
      if (error_is_terminal) environment.busy = [&progress](std::string_view what) { progress.say(what); };
      outcome = macc::driver::run({argv + std::min(argc, 1), argv + argc}, environment);
    }
    return deliver(outcome);
  } catch (const std::exception& error) {
    return internal_error(error.what());
  } catch (...) {
    return internal_error("unknown exception");
  }
}
