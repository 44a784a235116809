#include "compiler/lsp/serve.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
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

/// A copy of the server that answers what takes long, as it was when the copy was made. What it has worked out serves
/// its next answers.
class Helper {
 public:
  Helper() = default;
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper() { (void)stop(); }

  [[nodiscard]] bool running() const { return answers_ >= 0; }
  [[nodiscard]] int descriptor() const { return answers_; }

  /// False when it cannot be asked.
  bool ask(Server& server, const std::string& request) {
    if (!running()) start(server);
    if (!running() || request.size() >= PIPE_BUF || !write_all(requests_, request + "\n")) return false;
    waiting_.push_back({request, Clock::now() + kPatience});
    return true;
  }

  /// Milliseconds until one who waits has waited long enough for an answer in part; -1 when nobody does.
  [[nodiscard]] int patience() const {
    const auto first = std::find_if(waiting_.begin(), waiting_.end(), [](const Waiting& w) { return w.patient; });
    if (first == waiting_.end()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first->until - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  /// Gives each of those to `answer`, which says whether it has answered: the true answer then comes too late.
  template <class Answer>
  void impatient(Answer answer) {
    const auto now = Clock::now();
    for (Waiting& waiting : waiting_) {
      if (!waiting.patient || waiting.until > now) continue;
      waiting.patient = false;
      waiting.answered = answer(waiting.request);
    }
  }

  /// The answers that came and are waited for, framed. Without any it is gone.
  std::string read() {
    const std::string bytes = read_some(answers_);
    framing_.add(bytes);
    std::string out;
    while (const auto body = framing_.next()) {
      if (!waiting_.front().answered) out += framed(*body);
      waiting_.erase(waiting_.begin());
    }
    gone_ = bytes.empty();
    return out;
  }
  [[nodiscard]] bool is_gone() const { return gone_; }

  /// Returns the requests that have no answer.
  std::vector<std::string> stop() {
    if (!running()) return {};
    ::close(requests_);
    ::close(answers_);
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    requests_ = answers_ = -1;
    framing_ = {};
    gone_ = false;
    std::vector<std::string> out;
    for (Waiting& waiting : std::exchange(waiting_, {})) {
      if (!waiting.answered) out.push_back(std::move(waiting.request));
    }
    return out;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPatience{2};

  struct Waiting {
    std::string request;
    Clock::time_point until;
    bool patient = true;    // was not told yet that it takes long
    bool answered = false;  // in part
  };

  void start(Server& server) {
    std::array<int, 2> in{}, out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0) return;
    if (::pipe2(out.data(), O_CLOEXEC) != 0) {
      ::close(in[0]);
      ::close(in[1]);
      return;
    }
    process_ = ::fork();
    if (process_ == 0) {
      ::close(in[1]);
      ::close(out[0]);
      child(server, in[0], out[1]);
    }
    ::close(in[0]);
    ::close(out[1]);
    if (process_ < 0) {
      ::close(in[1]);
      ::close(out[0]);
      return;
    }
    requests_ = in[1];
    answers_ = out[0];
    // Whoever asks must not wait until there is room in the pipe.
    ::fcntl(requests_, F_SETFL, O_NONBLOCK);
  }

  [[noreturn]] static void child(Server& server, int in, int out) {
    std::string rest;
    try {
      for (std::string bytes = read_some(in); !bytes.empty(); bytes = read_some(in)) {
        rest += bytes;
        for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
          if (!write_all(out, framed(server.answer_aside(rest.substr(0, end))))) ::_exit(1);
          rest.erase(0, end + 1);
        }
      }
    } catch (const std::exception&) {
      ::_exit(1);  // the server answers for it
    }
    ::_exit(0);
  }

  pid_t process_ = -1;
  int requests_ = -1, answers_ = -1;
  bool gone_ = false;
  Framing framing_;
  std::vector<Waiting> waiting_;  // in order
};

class Dialogue {
 public:
  Dialogue(int input, int output, const std::string& version) : input_(input), output_(output), server_(version) {
    server_.leave_aside();
  }

  /// False when the client is gone, or what it says is no message.
  bool step() {
    // A descriptor below 0 is passed over.
    std::array<pollfd, 3> polled = {
        {{input_, POLLIN, 0}, {check_.descriptor(), POLLIN, 0}, {helper_.descriptor(), POLLIN, 0}}};
    const int patience = helper_.patience(), quiet = wait();
    const bool helper_first = patience >= 0 && (quiet < 0 || patience < quiet);
    const int ready = ::poll(polled.data(), polled.size(), helper_first ? patience : quiet);
    if (ready < 0) return errno == EINTR;
    if (ready == 0) return helper_first ? answer_in_part() : idle();
    if (polled[1].revents != 0) finish_check();
    if (polled[2].revents != 0) pass_on();
    if (polled[0].revents == 0) return connected_;
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

  bool answer_in_part() {
    helper_.impatient([this](const std::string& request) {
      const auto answer = server_.answer_in_part(request);
      if (answer) send({*answer});
      return answer.has_value();
    });
    return connected_;
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
    if (server_.state() != helped_) give_up(true);
    send(answers);
    ask_helper();
    return connected_ && !ended_ && framing_.broken().empty();
  }

  void ask_helper() {
    for (const std::string& request : server_.take_asides()) {
      helped_ = server_.state();
      if (!helper_.ask(server_, request)) send({server_.answer_aside(request)});
    }
  }

  void pass_on() {
    connected_ = connected_ && write_all(output_, helper_.read());
    if (helper_.is_gone()) give_up(false);
  }

  /// Ends the helper. Whoever waits for it learns that there will be no answer.
  void give_up(bool changed) {
    for (const std::string& request : helper_.stop()) send({server_.give_up(request, changed)});
  }

  void send(const std::vector<std::string>& messages) {
    for (const std::string& message : messages) connected_ = connected_ && write_all(output_, framed(message));
  }

  int input_, output_;
  bool ended_ = false;     // the input
  bool connected_ = true;  // the output
  Framing framing_;
  Server server_;
  Helper helper_;
  std::uint64_t helped_ = 0;  // the state that it knows
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
