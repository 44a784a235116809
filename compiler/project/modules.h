// Finds the files of imported modules.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/project/loader.h"
#include "compiler/sema/sema.h"

namespace macc::project {

/// The name in the `module` statement that opens a policy; nullopt when there is none. Only comments, white space and
/// `macc N;` may stand before it, so that no parser is needed.
[[nodiscard]] std::optional<std::string> declared_module(std::string_view text);

/// Looks among the project's files by the name that each declares, then in the standard library.
class Modules final : public sema::ModuleFinder {
 public:
  /// `files` in order; they are opened when the first import is looked up.
  Modules(Loader& loader, std::vector<std::filesystem::path> files) : loader_(loader), files_(std::move(files)) {}

  [[nodiscard]] std::optional<sema::Found> find(const std::string& module) override;
  [[nodiscard]] std::vector<std::string> known() const override;

 private:
  void scan() const;

  Loader& loader_;
  std::vector<std::filesystem::path> files_;
  mutable bool scanned_ = false;
  mutable std::map<std::string, std::vector<std::filesystem::path>> by_name_;
  std::map<std::string, FileId> library_;
};

}  // namespace macc::project
