#include "compiler/driver/progress.h"

#include <unistd.h>

#include <csignal>

namespace macc::driver {

namespace {

constexpr std::chrono::seconds kQuiet{1};
constexpr std::string_view kWipe = "\r\x1b[K";

/// Signals are for the thread that the run is in.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Progress::Progress(int descriptor, std::size_t columns) : descriptor_(descriptor), columns_(columns) {}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Progress::say(std::string_view what) {
  {
    const std::lock_guard lock(mutex_);
    what_ = what;
    is_new_ = true;
  }
  if (thread_.joinable()) {
    changed_.notify_one();
    return;
  }
  const BlockedSignals blocked;
  thread_ = std::thread([this] { run(); });
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, kQuiet, [this] { return is_over_; })) return;
  while (!is_over_) {
    if (is_new_) {
      // A line that wraps could not be wiped.
      const std::string shown = what_.size() < columns_ ? what_ : what_.substr(0, columns_ - 1);
      is_new_ = false;
      write(std::string(kWipe) + shown);
    }
    changed_.wait(lock, [this] { return is_over_ || is_new_; });
  }
  write(kWipe);
}

void Progress::write(std::string_view text) const {
  // A terminal that is gone is nothing to fail for.
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor_, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace macc::driver
