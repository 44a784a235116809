// The policies of all cases as one build, with the question that each operation is.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/meaning.h"
#include "compiler/project/project.h"
#include "tests/kernel/planner/case.h"

namespace macc::kernel {

/// One thing that is asked of the meaning.
struct Question {
  std::string phrase;  ///< in the words of the language
  std::string tag;     ///< of operations.def
  ir::Access access;
};

/// What an operation comes to: sets of questions of which one has to be answered with yes throughout.
struct Asked {
  ir::DomainId domain = ir::DomainId::none;
  std::vector<std::vector<Question>> alternatives;
};

/// A build of everything below the folder of cases. Keeps what the IR points into.
struct Build {
  SourceManager sources;
  project::Project project;
  ir::Policy policy;
  std::unique_ptr<ir::Meaning> meaning;  ///< of `policy`
  std::vector<Case> cases;
  std::vector<std::vector<Asked>> asked;  ///< by case, then operation
};

/// Compiles the project in `folder`, whose macc.toml names the targets: each of its folders is a case. What an
/// operation asks is written behind the policy of its case as expectations of a test, so that the compiler itself reads
/// it. Throws BadCase, with the compiler's diagnostics.
[[nodiscard]] std::unique_ptr<Build> compile(const std::filesystem::path& folder);

/// The diagnostics as macc shows them.
[[nodiscard]] std::string shown(const SourceManager& sources, const Diagnostics& diagnostics);

}  // namespace macc::kernel
