// From own resources to cells: the paths of a resource that all rules treat alike, a type each.
#pragma once

#include <vector>

#include "backends/selinux/labels.h"

namespace macc::backends::selinux {

/// A pattern for which a file context is wanted.
struct Element {
  paths::PathPattern pattern;
  paths::PathSet set;
  /// What its file context is about: "any", "file" for executables, "dir" for a directory alone, "nondir" for all
  /// but directories.
  std::string object = "any";
  std::string module;
  Span span;
};

/// The object of a pattern whose tail does not say otherwise.
[[nodiscard]] std::string element_object(const paths::PathPattern& pattern, const std::string& otherwise);

struct CellPlan {
  std::vector<Region> cells;      ///< own and entry regions, disjoint
  std::vector<Region> adopted;    ///< own resources without a type of their own; types are filled in later
  std::vector<Element> elements;  ///< every pattern that tells cells apart
};

[[nodiscard]] CellPlan plan_cells(const Input& input, NameTable& names, Diagnostics& diagnostics);

/// At most this many cells come out of one resource.
inline constexpr std::size_t kMaxCells = 128;

}  // namespace macc::backends::selinux
