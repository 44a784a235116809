// A text under changes that still knows what of it stood in the first one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"

namespace macc {

class MendedText {
 public:
  explicit MendedText(std::string original);

  /// Places are those of text(); the edits are in order, and none overlaps another.
  void apply(const std::vector<Edit>& edits);

  [[nodiscard]] std::string text() const;
  /// All changes so far as edits of the original.
  [[nodiscard]] std::vector<Edit> edits(FileId original) const;
  /// The place in the original of a place in text(); for what was added, that where it was put in.
  [[nodiscard]] std::uint32_t original_place(std::uint32_t at) const;

 private:
  /// A part of the original, or (with begin == end) something new that stands there.
  struct Piece {
    std::uint32_t begin = 0, end = 0;
    std::string fresh;
    [[nodiscard]] std::uint32_t size() const {
      return fresh.empty() ? end - begin : static_cast<std::uint32_t>(fresh.size());
    }
    [[nodiscard]] Piece part(std::uint32_t from, std::uint32_t to) const;
  };
  [[nodiscard]] std::vector<Piece> cut(std::uint32_t from, std::uint32_t to) const;

  std::string original_;
  std::vector<Piece> pieces_;  // in the order of the original
};

}  // namespace macc
