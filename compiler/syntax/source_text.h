// One file's text as the parser sees it, and the diagnostics that it collects. Private to compiler/syntax.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"

namespace macc::syntax {

/// The runtime counts code points, macc counts bytes: this maps the first to the second.
class SourceText {
 public:
  SourceText(FileId file, const std::string& text);

  /// Without a byte order mark.
  [[nodiscard]] std::string_view parsed() const { return text_.substr(skipped_); }
  /// The byte offsets of parsed().
  [[nodiscard]] std::uint32_t begin() const { return skipped_; }
  [[nodiscard]] std::uint32_t end() const { return static_cast<std::uint32_t>(text_.size()); }
  [[nodiscard]] std::string_view slice(Span span) const { return text_.substr(span.begin, span.end - span.begin); }
  /// Code points [begin, end) of parsed().
  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const;
  [[nodiscard]] Span bytes(std::uint32_t begin, std::uint32_t end) const { return {file_, begin, end}; }
  /// Whether a line ends between two byte offsets.
  [[nodiscard]] bool line_break(std::uint32_t from, std::uint32_t to) const;
  /// Bytes of white space that the line of `offset` begins with.
  [[nodiscard]] std::uint32_t indent(std::uint32_t offset) const;
  /// Whether only white space stands before `offset` in its line.
  [[nodiscard]] bool first_in_line(std::uint32_t offset) const;

 private:
  [[nodiscard]] std::uint32_t line_begin(std::uint32_t offset) const;

  FileId file_;
  std::string_view text_;
  std::uint32_t skipped_ = 0;
  std::vector<std::uint32_t> offsets_;  // of each code point; empty for pure ASCII
};

/// The syntax errors of one file. A place that was reported damages the construct it lies in, which is then left out of
/// the tree; what was understood all the same is reported with `understood`.
class Reports {
 public:
  Diagnostic& broken(Code code, Span span, std::string message);
  Diagnostic& understood(Code code, Span span, std::string message);
  /// Whether a report lies in [begin, end]; `settle` first.
  [[nodiscard]] bool damaged(std::uint32_t begin, std::uint32_t end) const;
  /// The end of the file lies in something that was not closed and was reported.
  void lose_end() { end_is_lost_ = true; }
  [[nodiscard]] bool end_is_lost() const { return end_is_lost_; }
  /// What lies here is left out of the tree.
  void lose(Span span) { lost_.push_back(span); }
  [[nodiscard]] const std::vector<Span>& lost() const { return lost_; }
  /// A name was taken apart, so that nobody knows what it was.
  void lose_name() { name_is_lost_ = true; }
  [[nodiscard]] bool name_is_lost() const { return name_is_lost_; }
  /// A block lost its end: what stands in it may belong behind it.
  void lose_block_end() { block_end_is_lost_ = true; }
  [[nodiscard]] bool block_end_is_lost() const { return block_end_is_lost_; }
  void settle() { std::sort(damage_.begin(), damage_.end()); }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// So many that the rest of the file needs no look.
  [[nodiscard]] bool full() const;
  /// Sorts by place and passes on up to `limit` of them.
  void deliver(Diagnostics& diagnostics, std::size_t limit);

 private:
  std::vector<Diagnostic> list_;
  Diagnostic surplus_;  // written when the list is full
  std::size_t count_ = 0;
  bool end_is_lost_ = false;
  bool name_is_lost_ = false;
  bool block_end_is_lost_ = false;
  std::vector<Span> lost_;
  std::vector<std::uint32_t> damage_;
};

}  // namespace macc::syntax
