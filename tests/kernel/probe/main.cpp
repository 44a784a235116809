// The one program of the guest. As PID 1 it is the init that works off a plan; under any other name it is a program
// that a case confines: `NAME OPERATION ARGUMENTS...` tries one operation and exits with its errno, 0 when it was let
// through.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "tests/kernel/probe/guest.h"
#include "tests/kernel/probe/operations.h"

int main(int count, char** arguments) {
  try {
    if (::getpid() != 1) return macc::probe::try_operation({arguments + 1, arguments + count});
    if (count > 1 && std::string_view(arguments[1]) == "work") {
      macc::probe::work();
    } else {
      macc::probe::boot();
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "probe: %s\n", error.what());
  }
  return macc::probe::kBroken;
}
