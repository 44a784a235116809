// Asks git about a repository.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/process.h"

namespace macc::driver {

/// Why an earlier state cannot be read, and what to do about it.
struct Trouble {
  std::string why;
  std::string advice = {};
  bool of_machine = false;  ///< and not of what the revision holds
};

/// git in a folder. What is said about objects is about themselves: no replacement counts.
class Git {
 public:
  explicit Git(std::filesystem::path folder) : program_(find_program("git")), folder_(std::move(folder)) {}

  [[nodiscard]] bool installed() const { return !program_.empty(); }
  [[nodiscard]] ProcessResult run(std::vector<std::string> arguments, std::string_view input = {}) const;

 private:
  std::string program_;
  std::filesystem::path folder_;
};

[[nodiscard]] bool succeeded(const ProcessResult& result);
/// The first line of what a program complained about, or how it ended.
[[nodiscard]] std::string complaint(const ProcessResult& result);
/// The text up to its last line break: what git says in one line may hold others.
[[nodiscard]] std::string one_text(const ProcessResult& result);

}  // namespace macc::driver
