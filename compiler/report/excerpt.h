// Source lines with marks beneath, the way a person wants to see what a diagnostic is about.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/report/paint.h"
#include "compiler/report/sink.h"

namespace macc::report {

/// A place to be underlined.
struct Mark {
  Span span;  ///< valid, all marks of an excerpt in one file
  std::string text;
  bool primary = false;
};

/// Columns that the numbers of these lines take.
[[nodiscard]] std::size_t gutter_width(const SourceManager& sources, const std::vector<Span>& spans);

/// The lines of `marks` (not empty) in order, with "..." where lines are left out; each row ends with a newline. A
/// span of several lines is underlined in its first one.
[[nodiscard]] std::string excerpt(const SourceFile& file, const std::vector<Mark>& marks, std::size_t gutter,
                                  Ink primary, const Style& style);

}  // namespace macc::report
