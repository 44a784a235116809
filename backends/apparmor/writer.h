// Profile tree to text. Quotes and escapes whatever is not syntax.
#pragma once

#include <string>
#include <vector>

#include "backends/apparmor/profile.h"

namespace macc::backends::apparmor {

struct Written {
  std::string text;
  /// For each 1-based line of the text (index 0 is unused) the place in the policy that it comes from, if there is one.
  std::vector<Span> lines;
  /// The parts of the text that a policy's author wrote for AppArmor, as they stand in it.
  std::vector<std::string> raw = {};
};

[[nodiscard]] Written write(const ProfileFile& file, const SourceManager& sources);

/// One rule without its comment, "\"/etc/x\" r,": also the key by which equal rules are one.
[[nodiscard]] std::string rule_text(const RuleBody& body);

}  // namespace macc::backends::apparmor
