// Any bytes as a path pattern. What parses must survive the way through its canonical text, and its set must agree
// with the direct reading of the pattern.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compiler/paths/path_pattern.h"
#include "compiler/paths/path_set.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const macc::paths::PathPattern& pattern) {
  using namespace macc::paths;
  PatternError error;
  const std::vector<PathPattern> again = PathPattern::parse(pattern.text(), error);
  require(again.size() == 1 && again.front() == pattern);
  try {
    const std::optional<std::string> example = PathSet::of(pattern).example();
    require(example.has_value() && pattern.matches(*example));
  } catch (const TooComplex&) {  // allowed: hostile patterns
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 200) return 0;  // long patterns only make automata large
  macc::paths::PatternError error;
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  for (const macc::paths::PathPattern& pattern : macc::paths::PathPattern::parse(raw, error)) check(pattern);
  std::string decoded;
  (void)macc::paths::decode_text(raw, decoded, error);
  return 0;
}
