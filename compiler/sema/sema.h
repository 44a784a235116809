// From syntax trees to the IR: modules and names, expansion of abstractions with provenance, checks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/ir/policy.h"
#include "compiler/sema/name_table.h"
#include "compiler/syntax/parse.h"

namespace macc::sema {

/// The file of a module.
struct Found {
  FileId file = FileId::none;
  std::optional<ast::File> tree = std::nullopt;  ///< of the file, where it is known without parsing
};

/// Finds the files of modules that are imported: the project's policy folders first, then the standard library.
class ModuleFinder {
 public:
  ModuleFinder() = default;
  ModuleFinder(const ModuleFinder&) = delete;
  ModuleFinder& operator=(const ModuleFinder&) = delete;
  virtual ~ModuleFinder() = default;
  /// Loads the module's file into the source manager of the build; nullopt when there is none of that name.
  [[nodiscard]] virtual std::optional<Found> find(const std::string& module) = 0;
  /// Names of all modules that can be found, for "did you mean".
  [[nodiscard]] virtual std::vector<std::string> known() const = 0;
};

/// A file of the project.
struct Root {
  FileId file = FileId::none;
  bool site = false;  ///< in the site folder: `extend` is allowed
};

struct Options {
  syntax::Limits limits;
  /// Words that may stand behind `raw` and `replaces` and in bindings; empty: any.
  std::vector<std::string> backends;
  /// Modules whose public lists of paths the caller wants to have (ir::Policy::lists). Their names are declared beside
  /// those of the build, without becoming visible to it.
  std::vector<std::string> list_modules;
  /// Files that ask about the build without being part of it: their `test`s become ir::Policy::asked, and so does a
  /// `never`, which is about no domain. Names in them may be of any module, public or not, written out as far as is
  /// needed to tell them apart.
  std::vector<FileId> questions;
  /// Filled with every name and what it stands for, where there is one.
  NameTable* names = nullptr;
};

/// Parses and analyses the roots and what they import. `std.system`, which describes the system's own paths, is always
/// part of the build. After errors the policy holds what was sound; it must not be lowered then.
[[nodiscard]] ir::Policy analyze(const SourceManager& sources, const std::vector<Root>& roots, ModuleFinder& finder,
                                 Diagnostics& diagnostics, const Options& options = {});

}  // namespace macc::sema
