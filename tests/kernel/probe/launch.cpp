#include "tests/kernel/probe/launch.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "tests/kernel/probe/files.h"

namespace macc::probe {

namespace {

constexpr unsigned kSeconds = 10;

/// The files of the security module that this kernel has.
std::string attribute_file(pid_t pid, const char* name) {
  static const bool selinux = has_selinux();
  return "/proc/" + std::to_string(pid) + (selinux ? "/attr/" : "/attr/apparmor/") + name;
}

/// How AppArmor is told: "exec PROFILE"; SELinux takes the context alone.
std::string execution_request(const std::string& context) {
  return context.find(':') == std::string::npos ? "exec " + context : context;
}

[[noreturn]] void execute(const Command& command, int report) {
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  ::close(null);
  try {
    request_context(command.context);
    std::vector<char*> words;
    for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    char* environment[] = {nullptr};
    checked(::execve(words[0], words.data(), environment), command.words[0]);
  } catch (const std::system_error& error) {
    const int number = error.code().value();
    (void)!::write(report, &number, sizeof number);
  }
  ::_exit(0);
}

struct Child {
  pid_t pid = 0;
  int error = 0;  ///< of its execution
};

/// The pipe closes by itself when the program is executed.
Child launch(const Command& command, bool spaces_of_its_own) {
  int ends[2] = {-1, -1};
  checked(::pipe2(ends, O_CLOEXEC), "a pipe");
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t pid = static_cast<pid_t>(checked(::fork(), "a process"));
  if (pid == 0) {
    if (spaces_of_its_own && ::unshare(CLONE_NEWNS | CLONE_NEWUTS) == 0) ::alarm(kSeconds);
    execute(command, writing.get());
  }
  writing.close();
  Child out{pid, 0};
  (void)!::read(reading.get(), &out.error, sizeof out.error);
  return out;
}

char state_of(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  return name_end + 2 < text.size() ? text[name_end + 2] : 'X';
}

}  // namespace

void request_context(const std::string& context) {
  if (!context.empty()) write_file(attribute_file(::getpid(), "exec"), execution_request(context));
}

std::string domain_of(pid_t pid) {
  std::string text = read_file(attribute_file(pid, "current"));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
  return text;
}

/// What a process of the world has opened lies in its mount name space: in another one it has no path.
static bool shares_mounts(const Command& command) {
  return std::find(command.words.begin(), command.words.end(), "use_file") != command.words.end();
}

Ending run(const Command& command) {
  const Child child = launch(command, !shares_mounts(command));
  siginfo_t about{};
  checked(::waitid(P_PID, static_cast<id_t>(child.pid), &about, WEXITED | WNOWAIT), "waiting");
  // It has ended and is still there: the kernel tells what it was.
  Ending out{Ending::Kind::exited, about.si_status, child.pid, domain_of(child.pid)};
  if (about.si_code != CLD_EXITED) out.kind = Ending::Kind::signalled;
  if (child.error != 0) {
    out.kind = Ending::Kind::not_run;
    out.number = child.error;
  }
  ::kill(-child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
  return out;
}

pid_t start(const Command& command) {
  const Child child = launch(command, false);
  if (child.error != 0) throw std::system_error(child.error, std::generic_category(), command.words[0]);
  for (int i = 0; i < 2000; ++i) {
    if (::waitpid(child.pid, nullptr, WNOHANG) != 0) break;
    if (state_of(child.pid) == 'S') return child.pid;
    ::usleep(1000);
  }
  throw std::runtime_error(command.words[0] + " was to wait, but ended");
}

bool is_alive(pid_t pid) {
  if (::waitpid(pid, nullptr, WNOHANG) != 0) return false;
  if (state_of(pid) == 'S') return true;
  stop(pid);
  return false;
}

void stop(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace macc::probe
