// Several sets laid over each other: one deterministic automaton whose states say in which of the sets a path lies.
// Made state by state as they are asked for, so that a walk pays for what it reaches.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/paths/path_set.h"

namespace macc::paths {

/// Not for use by several threads at once. Throws TooComplex from row() when there are too many states.
class Overlay {
 public:
  using State = std::uint32_t;
  static constexpr State start = 0;

  explicit Overlay(std::vector<PathSet> sets);
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  ~Overlay();

  /// Bytes that no set tells apart are in one interval; those are numbered from 0 in the order of the bytes.
  [[nodiscard]] std::size_t interval_of(unsigned char byte) const;
  /// The next state by interval, for bytes but NUL. Every state has one for each: where no set goes on, too. Valid
  /// until the next call.
  [[nodiscard]] const std::vector<State>& row(State state);
  /// Whether some set holds a path that goes on from here, or ends here.
  [[nodiscard]] bool is_alive(State state) const;
  /// A number for the sets that hold what led here; equal for equal sets.
  [[nodiscard]] std::uint32_t label(State state) const;
  /// The sets of a label by their indices, sorted.
  [[nodiscard]] const std::vector<std::uint32_t>& members(std::uint32_t label) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace macc::paths
