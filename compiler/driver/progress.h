// Says on a terminal what a run is busy with, once it takes more than a second: one line, which is wiped at the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace macc::driver {

class Progress {
 public:
  /// Writes to a descriptor that is a terminal of so many columns. Nothing is written before the first second is over.
  Progress(int descriptor, std::size_t columns);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// What is being done now, in a few words that are safe to print.
  void say(std::string_view what);

 private:
  void run();
  void write(std::string_view text) const;

  int descriptor_;
  std::size_t columns_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string what_;      // guarded by mutex_
  bool is_new_ = false;   // likewise
  bool is_over_ = false;  // likewise
  std::thread thread_;    // started by the first say()
};

}  // namespace macc::driver
