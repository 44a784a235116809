// What a confined program tries: the system calls behind each name of tests/kernel/operations.def.
#pragma once

#include <string>
#include <vector>

namespace macc::probe {

/// The exit code for what is wrong with the test itself; above every errno.
inline constexpr int kBroken = 200;

/// The operation's name, then its arguments. Returns 0 when the kernel let it through, else the errno. `exec` takes
/// another operation behind its path, which the program that it becomes tries; so does `become`.
[[nodiscard]] int try_operation(const std::vector<std::string>& words);

using Arguments = std::vector<std::string>;
struct Operation {
  const char* name;
  int (*run)(const Arguments& arguments);
};

/// Of one subject each; operations.cpp puts them together.
[[nodiscard]] const std::vector<Operation>& file_operations();
[[nodiscard]] const std::vector<Operation>& program_operations();
[[nodiscard]] const std::vector<Operation>& socket_operations();
[[nodiscard]] const std::vector<Operation>& process_operations();
[[nodiscard]] const std::vector<Operation>& kernel_operations();

/// The errno of a system call's result, 0 when it worked.
[[nodiscard]] int error_of(long result);

}  // namespace macc::probe
