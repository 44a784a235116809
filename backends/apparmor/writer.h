// Profile tree to text. Quotes and escapes whatever is not syntax.
#pragma once

#include <string>
#include <vector>

#include "backends/apparmor/profile.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

struct Written {
  std::string text;
  /// For each 1-based line of the text (index 0 is unused) the place in the policy that it comes from, if there is one.
  std::vector<Span> lines;
  /// The parts of the text that a policy's author wrote for AppArmor, as they stand in it.
  std::vector<std::string> raw = {};
  /// Of every line with text, sorted by line: a rule's phrases, or what macc writes it for.
  std::vector<ArtifactOrigin> origins = {};
};

/// A file that a profile includes.
struct WrittenPart {
  std::string path;  ///< below apparmor.d
  Written written;
};

/// The profile's file comes first, then the files of its conditions, which lie in its folder for them.
struct WrittenFiles {
  Written profile;
  std::vector<WrittenPart> conditions;
};

[[nodiscard]] WrittenFiles write(const ProfileFile& file, const SourceManager& sources);

/// One rule without its comment, "\"/etc/x\" r,": also the key by which equal rules are one.
[[nodiscard]] std::string rule_text(const RuleBody& body);

}  // namespace macc::backends::apparmor
