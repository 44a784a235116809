// Several sets laid over each other: one deterministic automaton whose states say in which of the sets a path lies.
// Made state by state as they are asked for, so that a walk pays for what it reaches.
#pragma once

#include <bitset>
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

  /// `cuts`: bytes that the caller tells apart from the byte before, beside those that the sets do.
  Overlay(std::vector<PathSet> sets, const std::bitset<256>& cuts);
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  ~Overlay();

  /// All bytes from 1 to 255, in intervals that nobody tells apart further.
  [[nodiscard]] std::size_t intervals() const;
  /// A byte of an interval: a letter where there is one, else a digit, else a printable one.
  [[nodiscard]] unsigned char byte_of(std::size_t interval) const;
  /// The next state by interval. Every state has one for each: where no set goes on, too. Valid until the next call.
  [[nodiscard]] const std::vector<State>& row(State state);
  /// A number for the sets that hold what led here; equal for equal sets.
  [[nodiscard]] std::uint32_t label(State state) const;
  /// The sets of a label by their indices, sorted.
  [[nodiscard]] const std::vector<std::uint32_t>& members(std::uint32_t label) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace macc::paths
