// From own resources to cells: the paths of a resource that all rules treat alike, a type each.
#pragma once

#include <vector>

#include "backends/selinux/labels.h"

namespace macc::backends::selinux {

/// A pattern for which a file context is wanted.
struct Element {
  paths::PathPattern pattern;
  paths::PathSet set;
  Kinds kinds = kinds::all;  ///< that its file context is about: files alone for executables
  std::string module;
  Span span;        ///< of the first that asks
  Origins origins;  ///< all that ask: resources, entries, rules that tell paths apart
};

/// What a pattern can be, whose tail may say that it is no directory.
[[nodiscard]] Kinds element_kinds(const paths::PathPattern& pattern, Kinds kinds);

struct CellPlan {
  std::vector<Region> cells;      ///< own and entry regions, disjoint
  std::vector<Region> adopted;    ///< own resources without a type of their own; types are filled in later
  std::vector<Element> elements;  ///< every pattern that tells cells apart
};

[[nodiscard]] CellPlan plan_cells(const Input& input, NameTable& names, Diagnostics& diagnostics);

/// At most this many cells come out of one resource.
inline constexpr std::size_t kMaxCells = 128;

}  // namespace macc::backends::selinux
