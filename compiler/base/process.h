// Runs a program without a shell and captures what it says.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace macc {

struct ProcessResult {
  enum class End : std::uint8_t { exited, killed, timed_out, not_started } end = End::not_started;
  int status = 0;        ///< exit status, or the signal
  std::string out, err;  ///< at most 64 MiB each; the rest is read and dropped
  bool cut = false;      ///< something was dropped
};

/// `arguments[0]` is the program's path. Without `input`, standard input is /dev/null; the environment is LC_ALL=C and
/// PATH, with the variables of our own that are named in `keep`. The program is killed when the time is over.
[[nodiscard]] ProcessResult run_process(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                                        const std::vector<std::string>& keep = {}, std::string_view input = {});

/// Path of a program in PATH, /sbin or /usr/sbin; "" when there is none.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace macc
