#include "compiler/base/mended_text.h"

#include <algorithm>
#include <utility>

namespace macc {

MendedText::MendedText(std::string original) : original_(std::move(original)) {
  pieces_.push_back({0, static_cast<std::uint32_t>(original_.size()), ""});
}

MendedText::Piece MendedText::Piece::part(std::uint32_t from, std::uint32_t to) const {
  if (!fresh.empty()) return {begin, end, fresh.substr(from, to - from)};
  return {begin + from, begin + to, ""};
}

std::vector<MendedText::Piece> MendedText::cut(std::uint32_t from, std::uint32_t to) const {
  std::vector<Piece> out;
  std::uint32_t at = 0;
  for (const Piece& piece : pieces_) {
    const std::uint32_t first = std::max(from, at), last = std::min(to, at + piece.size());
    if (first < last) out.push_back(piece.part(first - at, last - at));
    at += piece.size();
  }
  return out;
}

void MendedText::apply(const std::vector<Edit>& edits) {
  std::vector<Piece> out;
  std::uint32_t at = 0;
  const auto keep = [&](std::uint32_t to) {
    for (Piece& piece : cut(at, to)) out.push_back(std::move(piece));
  };
  for (const Edit& edit : edits) {
    keep(edit.span.begin);
    const std::uint32_t place = original_place(edit.span.begin);
    if (!edit.replacement.empty()) out.push_back({place, place, edit.replacement});
    at = edit.span.end;
  }
  keep(static_cast<std::uint32_t>(text().size()));
  pieces_ = std::move(out);
}

std::string MendedText::text() const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.fresh.empty() ? original_.substr(piece.begin, piece.end - piece.begin) : piece.fresh;
  }
  return out;
}

std::vector<Edit> MendedText::edits(FileId original) const {
  std::vector<Edit> out;
  std::uint32_t at = 0;  // behind what was kept
  std::string fresh;
  const auto changed_up_to = [&](std::uint32_t to) {
    if (at != to || !fresh.empty()) out.push_back({{original, at, to}, std::exchange(fresh, "")});
  };
  for (const Piece& piece : pieces_) {
    if (!piece.fresh.empty()) {
      fresh += piece.fresh;
      continue;
    }
    changed_up_to(piece.begin);
    at = piece.end;
  }
  changed_up_to(static_cast<std::uint32_t>(original_.size()));
  return out;
}

std::uint32_t MendedText::original_place(std::uint32_t place) const {
  std::uint32_t at = 0;
  for (const Piece& piece : pieces_) {
    if (place < at + piece.size()) return piece.fresh.empty() ? piece.begin + (place - at) : piece.begin;
    at += piece.size();
  }
  return static_cast<std::uint32_t>(original_.size());
}

}  // namespace macc
