// The artifacts of a build compiled as they are needed: each profile once for each setting of the booleans it names.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/apparmor/blob.h"
#include "backends/apparmor/parser.h"
#include "backends/apparmor/unchecked.h"
#include "backends/apparmor/verify.h"

namespace macc::backends::apparmor {

class CompiledArtifacts {
 public:
  /// `lowered` has a LoweringPlan. Both must outlive this.
  CompiledArtifacts(const Input& input, const Lowered& lowered);

  /// Of a domain: its profile, or why there is none, in a sentence without a full stop.
  struct Found {
    const CompiledProfile* profile = nullptr;
    std::string why_not;
  };
  /// Valid as long as this lives.
  [[nodiscard]] Found profile_of(ir::DomainId id, const ir::Assignment& values);

 private:
  struct Compiled {
    CompiledPolicy policy;
    std::string why_not;
  };
  [[nodiscard]] const Compiled& compiled(const Artifact& artifact, const ir::Assignment& values);
  [[nodiscard]] Compiled compile(const Artifact& artifact, const ir::Assignment& values);
  [[nodiscard]] std::string put_all();
  [[nodiscard]] bool put(const Artifact& artifact);

  const Input& input_;
  const Lowered& lowered_;
  const LoweringPlan& plan_;
  Parser parser_;
  std::optional<Unchecked> unchecked_;                          // once the parser has said its version
  std::string why_none_;                                        // why nothing can be compiled; "" when it can
  std::map<std::string, std::vector<ir::BooleanId>> booleans_;  // by path of a profile: those that it names
  std::map<std::pair<std::string, ir::Assignment>, Compiled> compiled_;
};

}  // namespace macc::backends::apparmor
