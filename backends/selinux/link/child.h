// Work in a process of its own: a crash, an exit or an endless loop there is a result here.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace macc::backends::selinux {

struct ChildResult {
  enum class Status : std::uint8_t {
    finished,
    crashed,    ///< ended by a signal
    exited,     ///< ended itself before it was done; libsepol does so when memory runs out
    timed_out,  ///< was killed
    not_started,
  } status = Status::not_started;
  int detail = 0;      ///< the signal, the exit code, or errno
  std::string output;  ///< what the work returned, when it finished
};

/// Runs `work` in a forked process whose standard streams lead nowhere, and gives its result.
[[nodiscard]] ChildResult run_in_child(const std::function<std::string()>& work, std::chrono::seconds time_limit);

/// "crashed (signal 11)", "did not finish in time"; for a message.
[[nodiscard]] std::string describe(const ChildResult& result);

}  // namespace macc::backends::selinux
