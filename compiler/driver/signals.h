// Ends on request, but not in the middle of something.
#pragma once

#include <csignal>

namespace macc::driver {

/// While one lives, SIGHUP, SIGINT and SIGTERM wait, so that no temporary file stays behind. They take effect when it
/// ends. Programs that are started meanwhile do not wait.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace macc::driver
