#include "compiler/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

namespace macc {

namespace {

constexpr std::size_t kMostOutput = std::size_t{64} << 20;

struct Pipe {
  std::array<int, 2> ends = {-1, -1};
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() { return pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_end(std::size_t i) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
};

/// Standard input of a program: in memory as a whole, so that it need not be fed while it writes, nor raise SIGPIPE
/// when it ends early.
class Input {
 public:
  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    if (fd_ >= 0) close(fd_);
  }
  bool fill(std::string_view text) {
    fd_ = memfd_create("input", MFD_CLOEXEC);
    while (fd_ >= 0 && !text.empty()) {
      const ssize_t n = write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return fd_ >= 0 && lseek(fd_, 0, SEEK_SET) == 0;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Reads once; false at the end of the stream.
bool read_some(int fd, std::string& into, bool& cut) {
  std::array<char, 65536> buffer;
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n <= 0) return n < 0 && errno == EINTR;
  const std::size_t room = kMostOutput - std::min(kMostOutput, into.size());
  into.append(buffer.data(), std::min(room, static_cast<std::size_t>(n)));
  cut = cut || room < static_cast<std::size_t>(n);
  return true;
}

std::vector<std::string> environment_of(const std::vector<std::string>& keep) {
  std::vector<std::string> out = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const std::string& name : keep) {
    if (const char* value = std::getenv(name.c_str())) out.push_back(name + "=" + value);
  }
  return out;
}

pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& keep, const Input& input,
            const Pipe& out, const Pipe& err) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> variables = environment_of(keep);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input.fd() >= 0) {
    posix_spawn_file_actions_adddup2(&actions, input.fd(), 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  // The caller may hold signals back; the program shall not.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  if (posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environment.data()) != 0) pid = -1;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

/// Reads both streams to their ends; false when the time was over first.
bool drain(Pipe& out, Pipe& err, ProcessResult& result, std::chrono::steady_clock::time_point deadline) {
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 2> fds = {{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
    if (fds[0].revents != 0 && !read_some(out.ends[0], result.out, result.cut)) out.close_end(0);
    if (fds[1].revents != 0 && !read_some(err.ends[0], result.err, result.cut)) err.close_end(0);
  }
  return true;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                          const std::vector<std::string>& keep, std::string_view input) {
  ProcessResult result;
  Input in;
  Pipe out, err;
  if (!input.empty() && !in.fill(input)) return result;
  if (!out.open() || !err.open()) return result;
  const pid_t pid = spawn(arguments, keep, in, out, err);
  if (pid < 0) return result;
  out.close_end(1);
  err.close_end(1);
  const bool in_time = drain(out, err, result, std::chrono::steady_clock::now() + limit);
  if (!in_time) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  using End = ProcessResult::End;
  result.end = !in_time ? End::timed_out : WIFEXITED(status) ? End::exited : End::killed;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin";
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    const std::string folder = folders.substr(at, end - at);
    std::string file = folder + '/' + name;
    if (!folder.empty() && folder.front() == '/' && access(file.c_str(), X_OK) == 0) return file;
    at = end + 1;
  }
  return "";
}

}  // namespace macc
