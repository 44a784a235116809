#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/kernel/probe/files.h"
#include "tests/kernel/probe/operations.h"

namespace macc::probe {

namespace {

pid_t number(const std::string& text) { return static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10)); }

int signal_number(const std::string& name) {
  struct Row {
    std::string_view word;
    int number;
  };
  static constexpr std::array kSignals = {
#define MACC_SIGNAL(word, number) Row{word, number},
#include "compiler/ir/signals.def"
#undef MACC_SIGNAL
  };
  for (const Row& row : kSignals) {
    if (row.word == name) return row.number;
  }
  return -1;
}

/// A victim: lets every signal pass that it can, and has a segment of memory under its own number.
int wait_for_signals(const Arguments&) {
  for (int i = 1; i < 32; ++i) ::signal(i, SIG_IGN);
  (void)::shmget(::getpid(), 4096, IPC_CREAT | 0666);
  for (;;) ::pause();
}

int send_signal(const Arguments& a) { return error_of(::kill(number(a[1]), signal_number(a[0]))); }

/// Does something to a child that has changed its user, and waits for its end.
template <typename Then>
int with_other_user(Then then) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) < 0) return errno;
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    const int error = error_of(::setuid(1000));
    (void)!::write(writing.get(), &error, sizeof error);
    for (;;) ::pause();
  }
  int error = 0;
  (void)!::read(reading.get(), &error, sizeof error);
  return error != 0 ? error : then(child);
}

/// What is left of the child is killed with the group, by the guest.
int signal_other_user(const Arguments&) {
  return with_other_user([](pid_t child) { return error_of(::kill(child, SIGTERM)); });
}

int inspect_other_user(const Arguments&) {
  return with_other_user([](pid_t child) {
    const std::string path = "/proc/" + std::to_string(child) + "/environ";
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char byte = 0;
    return file.valid() ? error_of(::read(file.get(), &byte, 1)) : errno;
  });
}

int set_process_number(const Arguments&) {
  pid_t wanted = 32000;
  clone_args about{};
  about.exit_signal = SIGCHLD;
  about.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
  about.set_tid_size = 1;
  const long child = ::syscall(SYS_clone3, &about, sizeof about);
  if (child == 0) ::_exit(0);
  if (child < 0) return errno;
  return error_of(::waitpid(static_cast<pid_t>(child), nullptr, 0));
}

int inspect(const Arguments& a) {
  for (const char* name : {"status", "cmdline", "environ"}) {
    const std::string path = "/proc/" + a[0] + "/" + name;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 64> text{};
    if (!file.valid() || ::read(file.get(), text.data(), text.size()) < 0) return errno;
  }
  return 0;
}

int trace(const Arguments& a) { return error_of(::ptrace(PTRACE_SEIZE, number(a[0]), nullptr, nullptr)); }

int ipc(const Arguments& a) {
  const int segment = ::shmget(number(a[0]), 4096, 0);
  if (segment < 0) return errno;
  void* const at = ::shmat(segment, nullptr, 0);
  if (reinterpret_cast<std::intptr_t>(at) == -1) return errno;
  *static_cast<volatile char*>(at) = 'x';
  return 0;
}

int map_anonymous_code(const Arguments&) {
  constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
  return ::mmap(nullptr, 4096, kAll, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

/// Runs a program with what is left of the arguments: another operation that it is to try.
int execute(const Arguments& a) {
  std::vector<char*> words;
  for (const std::string& word : a) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  char* environment[] = {nullptr};
  return error_of(::execve(words[0], words.data(), environment));
}

/// What was started looks at the flag by which the dynamic linker cleans the environment.
int start_keeping(const Arguments& a) { return execute({a[0], "is_left_alone"}); }
int start_cleaned(const Arguments& a) { return execute({a[0], "is_cleaned"}); }
int is_left_alone(const Arguments&) { return ::getauxval(AT_SECURE) == 0 ? 0 : EPERM; }
int is_cleaned(const Arguments&) { return ::getauxval(AT_SECURE) != 0 ? 0 : EPERM; }

/// The context or profile, then another operation.
int become(const Arguments& a) {
  const bool selinux = a[0].find(':') != std::string::npos;
  const char* path = selinux ? "/proc/self/attr/current" : "/proc/self/attr/apparmor/current";
  const std::string request = selinux ? a[0] : "changeprofile " + a[0];
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file.valid() || ::write(file.get(), request.data(), request.size()) < 0) return errno;
  return try_operation({a.begin() + 1, a.end()});
}

}  // namespace

const std::vector<Operation>& process_operations() {
  static const std::vector<Operation> list = {
      {"wait", wait_for_signals},
      {"signal", send_signal},
      {"signal_other_user", signal_other_user},
      {"inspect_other_user", inspect_other_user},
      {"set_process_number", set_process_number},
      {"inspect", inspect},
      {"trace", trace},
      {"ipc", ipc},
      {"map_anonymous_code", map_anonymous_code},
  };
  return list;
}

const std::vector<Operation>& program_operations() {
  static const std::vector<Operation> list = {
      {"exec", execute},
      {"start", execute},
      {"start_keeping", start_keeping},
      {"start_cleaned", start_cleaned},
      {"start_unconfined", execute},
      {"is_left_alone", is_left_alone},
      {"is_cleaned", is_cleaned},
      {"become", become},
  };
  return list;
}

}  // namespace macc::probe
