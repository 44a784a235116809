// Starting programs, as init and login do: the confined domain is entered by running its program, never otherwise.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace macc::probe {

struct Command {
  std::string context;  ///< to be asked for at execution, as a unit's SELinuxContext= or AppArmorProfile=; "" for none
  std::vector<std::string> words;  ///< the path of the program, then its arguments
};

struct Ending {
  enum class Kind : std::uint8_t {
    exited,     ///< `number` is the exit code: 0, or the errno of what it tried
    signalled,  ///< `number` is the signal
    not_run,    ///< the program could not be executed: `number` is the errno
  } kind = Kind::exited;
  int number = 0;
  pid_t pid = 0;
  std::string domain;  ///< the context or profile in which it ended
};

/// Runs a program in mount and host name spaces of its own until it ends, at most some seconds; what it leaves behind
/// in its process group is killed.
[[nodiscard]] Ending run(const Command& command);

/// Starts a program and waits until it sleeps. Throws std::runtime_error when it ends instead.
[[nodiscard]] pid_t start(const Command& command);

/// Whether a started program is still there and not stopped; one that is stopped is killed.
[[nodiscard]] bool is_alive(pid_t pid);
void stop(pid_t pid);

/// Has the next program of this process run in a context or profile, as a unit's SELinuxContext= or AppArmorProfile=;
/// "" asks for nothing.
void request_context(const std::string& context);

/// The context or profile of a process.
[[nodiscard]] std::string domain_of(pid_t pid);

}  // namespace macc::probe
