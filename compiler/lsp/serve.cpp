#include "compiler/lsp/serve.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/lsp/framing.h"
#include "compiler/lsp/server.h"

namespace macc::lsp {

namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Reads what is there: nothing at the end, and after an error.
std::string read_some(int descriptor) {
  std::array<char, 1U << 16U> block{};
  ssize_t n = -1;
  do {
    n = ::read(descriptor, block.data(), block.size());
  } while (n < 0 && errno == EINTR);
  return n <= 0 ? std::string() : std::string(block.data(), static_cast<std::size_t>(n));
}

/// A process of its own that looks through a whole project. It works on a copy of all that is known, so that the server
/// goes on answering, and is thrown away when a change makes its work worthless.
class Check {
 public:
  Check() = default;
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;
  ~Check() { stop(); }

  void start(const Server& server, Unit unit) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    process_ = ::fork();
    if (process_ == 0) {
      ::close(ends[0]);
      child(server, unit, ends[1]);
    }
    ::close(ends[1]);
    if (process_ < 0) {
      ::close(ends[0]);
      return;
    }
    unit_ = std::move(unit);
    descriptor_ = ends[0];
    findings_.clear();
  }

  void stop() {
    if (descriptor_ < 0) return;
    ::kill(process_, SIGKILL);
    end();
  }

  [[nodiscard]] bool running() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// The findings when they are complete.
  std::optional<std::pair<Unit, std::string>> read() {
    const std::string more = read_some(descriptor_);
    findings_ += more;
    if (!more.empty()) return std::nullopt;
    const bool good = end();
    return std::pair(unit_, good ? std::move(findings_) : std::string());
  }

 private:
  [[noreturn]] static void child(const Server& server, const Unit& unit, int out) {
    int status = 1;
    try {
      status = write_all(out, server.check(unit)) ? 0 : 1;
    } catch (const std::exception&) {
      status = 1;  // the server says that it came to nothing
    }
    ::_exit(status);
  }

  bool end() {
    ::close(descriptor_);
    descriptor_ = -1;
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  pid_t process_ = -1;
  int descriptor_ = -1;
  Unit unit_;
  std::string findings_;
};

class Dialogue {
 public:
  Dialogue(int input, int output, const std::string& version) : input_(input), output_(output), server_(version) {}

  /// False when the client is gone, or what it says is no message.
  bool step() {
    std::array<pollfd, 2> polled = {{{input_, POLLIN, 0}, {check_.descriptor(), POLLIN, 0}}};
    if (::poll(polled.data(), check_.running() ? 2 : 1, wait()) < 0) return errno == EINTR;
    if (check_.running() && polled[1].revents != 0) finish_check();
    if (polled[0].revents == 0) return idle();
    return take_messages();
  }

  [[nodiscard]] const Server& server() const { return server_; }
  [[nodiscard]] const std::string& trouble() const { return framing_.broken(); }

 private:
  static constexpr int kQuiet = 400;  // milliseconds without a message, before a whole project is looked through

  [[nodiscard]] int wait() const { return server_.due() && !check_.running() ? kQuiet : -1; }

  bool idle() {
    if (check_.running()) return true;
    if (auto unit = server_.due()) {
      checked_ = server_.state();
      check_.start(server_, std::move(*unit));
    }
    return true;
  }

  void finish_check() {
    const auto done = check_.read();
    if (done) send(server_.take(done->first, done->second));
  }

  /// All that is there at once, so that what was typed fast is looked at once.
  bool take_messages() {
    for (bool more = true; more && !ended_;) {
      const std::string bytes = read_some(input_);
      ended_ = bytes.empty();
      framing_.add(bytes);
      pollfd polled{input_, POLLIN, 0};
      more = ::poll(&polled, 1, 0) > 0;
    }
    while (const auto body = framing_.next()) server_.post(*body);
    const std::vector<std::string> answers = server_.work();
    if (server_.state() != checked_) check_.stop();
    send(answers);
    return connected_ && !ended_ && framing_.broken().empty();
  }

  void send(const std::vector<std::string>& messages) {
    for (const std::string& message : messages) connected_ = connected_ && write_all(output_, framed(message));
  }

  int input_, output_;
  bool ended_ = false;     // the input
  bool connected_ = true;  // the output
  Framing framing_;
  Server server_;
  Check check_;
  std::uint64_t checked_ = 0;  // the state that it looks at
};

}  // namespace

End serve(int input, int output, const std::string& version) {
  Dialogue dialogue(input, output, version);
  while (!dialogue.server().finished() && dialogue.step()) {
  }
  return {dialogue.server().finished() && dialogue.server().was_shut_down(), dialogue.trouble()};
}

}  // namespace macc::lsp
