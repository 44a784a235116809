// The guest as a whole: PID 1 of a kernel without any other program. It works off the file /plan, line by line, and
// writes what came of it to the second serial port (docs/kernel-tests.md has both formats).
#pragma once

namespace macc::probe {

/// Mounts what a system has, loads an SELinux policy if there is one, and executes itself in the new root as init.
void boot();
/// Works off the plan and switches the machine off.
void work();

}  // namespace macc::probe
