// What a case has in the guest: files, programs, processes. It is put back in order before each operation, so that none
// depends on what another one did.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "tests/kernel/probe/launch.h"

namespace macc::probe {

/// A file of any kind.
struct Thing {
  std::string kind;  ///< "file", "dir", "program", "fifo", "symlink", "char", "block", "mounted", "socket"
  std::string path;  ///< without a final '/'
  unsigned mode = 0644;
  unsigned owner = 0;
  std::string label;    ///< SELinux; "" to leave it as it is
  std::string content;  ///< the target of a symlink, the process that makes a socket
};

struct Process {
  std::string name;
  Command command;
  pid_t pid = 0;
};

class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() { clear(); }

  void add(Thing thing) { things_.push_back(std::move(thing)); }
  void add(Process process) { processes_.push_back(std::move(process)); }

  /// Makes what is missing or was changed, removes what does not belong to it, starts processes that have ended.
  void restore();
  /// Removes what is at a path unless it belongs to the world.
  void remove_stranger(const std::string& path) const;
  /// Ends processes and removes all things.
  void clear();
  /// `text` with each %NAME% as the number of that process.
  [[nodiscard]] std::string with_processes(std::string text) const;

 private:
  void restore(const Thing& thing);
  void restore(Process& process);
  void remove_strangers(const std::string& folder) const;
  [[nodiscard]] bool is_known(const std::string& path) const;
  [[nodiscard]] bool lacks_socket(const Process& process) const;

  std::vector<Thing> things_;  ///< a folder before what is in it
  std::vector<Process> processes_;
};

}  // namespace macc::probe
