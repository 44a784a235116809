// What systemd does for the programs of a unit, as far as a security module can see it: their context or profile, user,
// capabilities and no-new-privileges, sockets for their output and for saying that they are ready.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace macc::probe {

class Units {
 public:
  using Fields = std::vector<std::string>;
  using Say = std::function<void(const Fields&)>;

  explicit Units(Say say) : say_(std::move(say)) {}
  Units(const Units&) = delete;
  Units& operator=(const Units&) = delete;
  ~Units();

  /// One of these steps of a plan; false for any other.
  ///
  ///   folder PATH MODE UID GID LABEL     a directory, as tmpfiles.d and RuntimeDirectory= make them
  ///   label PATH LABEL                   of something that is there
  ///   mount TYPE PATH OPTIONS
  ///   ready-socket PATH LABEL            where services say that they are ready
  ///   run NAME KEY=VALUE... -- WORDS...  a program, until it ends
  ///   start NAME KEY=VALUE... -- WORDS...  a program that stays
  ///   main NAME PIDFILE                  its process is that in the file
  ///   stop NAME SIGNAL                   ends its process by a signal
  ///
  /// The last four are answered with "ran NAME PID HOW NUMBER OUTPUT". HOW is "exited" (NUMBER is the exit code),
  /// "signalled" (the signal), "not-run" (the errno of its execution), "running", "late" (it took too long).
  ///
  /// Keys: context, user, group (numbers), groups (numbers with commas), umask (octal), files (their limit),
  /// capabilities (the bounding set, hexadecimal), no-new-privileges, ready (waits until it says so), folder (where it
  /// begins), env.NAME.
  bool step(const Fields& fields);

 private:
  struct Child {
    std::string name;
    int output = -1;  ///< our end of the socket that its output goes to
    std::string text;
    bool ended = false;
    int status = 0;
  };

  void run(const Fields& fields, bool stays);
  void set_main(const Fields& fields);
  void stop(const Fields& fields);
  pid_t launch(const Fields& fields, int& error);
  void listen_for_ready(const std::string& path, const std::string& label);
  bool has_said_ready();
  /// Takes in what children wrote, and those that ended.
  void look();
  bool wait(const std::function<bool()>& done, std::chrono::seconds patience);
  void tell(const std::string& name, pid_t pid, const std::string& how, int number);
  void tell_ended(const std::string& name, pid_t pid);

  Say say_;
  std::map<pid_t, Child> children_;
  std::map<std::string, pid_t> mains_;
  int ready_ = -1;
  std::string ready_path_;
};

}  // namespace macc::probe
