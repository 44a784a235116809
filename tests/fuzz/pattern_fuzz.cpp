// Any bytes: either an error with a place inside the text, or patterns that survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compiler/paths/path_pattern.h"

using macc::paths::PathPattern;
using macc::paths::PatternError;

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  PatternError error;
  const std::vector<PathPattern> patterns = PathPattern::parse(raw, error);
  if (patterns.empty()) require(!error.message.empty() && error.offset <= size);
  for (const PathPattern& pattern : patterns) {
    PatternError second;
    require(PathPattern::parse(pattern.text(), second) == std::vector<PathPattern>{pattern});
    (void)pattern.matches(raw);
  }
  return 0;
}
