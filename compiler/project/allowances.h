// The file of changes that are meant, for `macc diff --allow`.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/paths/path_pattern.h"

namespace macc::project {

/// A change that `macc diff --fail-on` is to accept: no other, and not more of it.
struct AllowedChange {
  enum class Subject : std::uint8_t { domain, resource, boolean } subject = Subject::domain;
  std::vector<std::string> names;         ///< qualified names of those that it is about, at least one
  std::string way;                        ///< in which way it changes: one of allowance_ways()
  std::string change;                     ///< as `macc diff` words it
  std::vector<paths::PathPattern> paths;  ///< where it is about paths: it must not reach beyond these
  std::vector<paths::PathPattern> except;
  std::string text;  ///< of a raw text: all of it
  std::string reason;
  Span span;
};
/// "gained", "lost", ...: the keys of an entry that say what changes.
[[nodiscard]] const std::vector<std::string>& allowance_ways();

/// Reads a file of allowed changes, which is in `sources` already. Mistakes are reported at their places; what could be
/// understood is returned.
[[nodiscard]] std::vector<AllowedChange> read_allowed_changes(const SourceManager& sources, FileId file,
                                                              Diagnostics& diagnostics);

}  // namespace macc::project
