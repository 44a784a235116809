// A case of the kernel tests: a policy, what the guest has when it runs, and what is tried there.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace macc::kernel {

/// What is wrong with a case, "FILE:LINE: why": the planner ends with it.
class BadCase : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A line of the file `world`: "KIND WORDS... NAME=VALUE...".
struct Thing {
  std::string kind;
  std::vector<std::string> words;
  std::map<std::string, std::string> options;
  std::size_t line = 0;  ///< 1-based
};

/// A line of the file `operations`: "DOMAIN: NAME ARGUMENTS... [when BOOLEAN=on|off ...]".
struct Operation {
  std::string domain;
  std::string name;
  std::vector<std::string> arguments;
  std::map<std::string, bool> booleans;
  std::size_t line = 0;
  std::string text;  ///< as written, for the table of results
};

struct Case {
  std::string name;  ///< of its folder
  std::filesystem::path folder;
  std::vector<Thing> world;
  std::vector<Operation> operations;

  /// Of `operations`, for messages.
  [[nodiscard]] std::string place(const Operation& operation) const;
};

/// Reads `world` and `operations` of a folder. In both, `{a,b}` outside of quotes stands for a line with each. Throws
/// BadCase.
[[nodiscard]] Case read_case(const std::filesystem::path& folder);

[[nodiscard]] std::string read_text(const std::filesystem::path& file);

}  // namespace macc::kernel
