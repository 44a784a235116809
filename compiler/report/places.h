// Places and names of files, for formats that other programs read.
#pragma once

#include <string>

#include "compiler/report/sink.h"

namespace macc::report {

/// Lines and columns. Places mostly come in order, and a line may be as long as the file: counting goes on from the
/// last one.
class Places {
 public:
  explicit Places(const Report& report) : report_(report) {}

  struct Point {
    std::uint32_t offset = 0;  ///< bytes from the start of the file
    std::uint32_t line = 1, column = 1;
  };
  [[nodiscard]] Point point(FileId file, std::uint32_t offset);

  struct Region {
    Point begin, end;  ///< `end` is behind the last character
  };
  [[nodiscard]] Region region(Span span) { return {point(span.file, span.begin), point(span.file, span.end)}; }

  /// The file as a service knows it: relative to the repository when it is in there, else absolute. What is no file
  /// has a name like `<stdin>`. Any bytes.
  [[nodiscard]] std::string file(FileId id) const;

 private:
  void start(const SourceFile& file, std::uint32_t offset);

  const Report& report_;
  const SourceFile* file_ = nullptr;
  std::uint32_t offset_ = 0, line_ = 1, column_ = 1, line_end_ = 0;
};

/// A name of a file as a relative URI, or as a `file:` one when it is absolute.
[[nodiscard]] std::string uri_of(const std::string& file);

/// All that a diagnostic says, sentence by sentence: the message, what stands beside the place, what stands at other
/// places, notes, and what the fix would do. Safe to print.
[[nodiscard]] std::vector<std::string> sentences(const SourceManager& sources, const Diagnostic& diagnostic);

}  // namespace macc::report
