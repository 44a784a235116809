#include "backends/selinux/link/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace macc::backends::selinux {
namespace {

// The last byte of a complete output: an exit of the library in the middle of the work cannot be taken for success.
constexpr char kComplete = '\x06';

void close_standard_streams() {
  const int nowhere = open("/dev/null", O_RDWR);
  if (nowhere < 0) return;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, stream);
}

bool write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(descriptor, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

[[noreturn]] void be_the_child(int descriptor, const std::function<std::string()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
  close_standard_streams();
  try {
    std::string output = work();
    output += kComplete;
    _exit(write_all(descriptor, output) ? 0 : 1);
  } catch (...) {  // only memory can run out here; nothing could be said about it any more
    _exit(1);
  }
}

/// Reads until the other end is closed; false when the time is over.
bool read_all(int descriptor, std::string& output, std::chrono::steady_clock::time_point deadline) {
  std::string buffer(1 << 16, '\0');
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{descriptor, POLLIN, 0};
    const int changed = poll(&ready, 1, static_cast<int>(std::min<long>(left.count(), 60'000)));
    if (changed == 0 || (changed < 0 && errno == EINTR)) continue;
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    output.append(buffer, 0, static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 0;  // the program ignores SIGCHLD: the output alone says how it went
  }
  return status;
}

void judge(int status, ChildResult& result) {
  using Status = ChildResult::Status;
  if (!result.output.empty() && result.output.back() == kComplete && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    result.output.pop_back();
    result.status = Status::finished;
    return;
  }
  result.output.clear();
  result.status = WIFSIGNALED(status) ? Status::crashed : Status::exited;
  result.detail = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ChildResult run_in_child(const std::function<std::string()>& work, std::chrono::seconds time_limit) {
  ChildResult result;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    result.detail = errno;
    return result;
  }
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  const pid_t child = fork();
  if (child == 0) be_the_child(ends[1], work);
  close(ends[1]);
  if (child < 0) {
    result.detail = errno;
    close(ends[0]);
    return result;
  }
  const bool in_time = read_all(ends[0], result.output, deadline);
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  judge(wait_for(child), result);
  if (!in_time) result.status = ChildResult::Status::timed_out;
  return result;
}

std::string describe(const ChildResult& result) {
  switch (result.status) {
    case ChildResult::Status::finished:
      return "finished";
    case ChildResult::Status::crashed:
      return "crashed (signal " + std::to_string(result.detail) + ")";
    case ChildResult::Status::exited:
      return "gave up (exit code " + std::to_string(result.detail) + "), as it does when memory runs out";
    case ChildResult::Status::timed_out:
      return "did not finish in time";
    case ChildResult::Status::not_started:
      break;
  }
  return std::string("could not be started: ") + std::strerror(result.detail);
}

}  // namespace macc::backends::selinux
