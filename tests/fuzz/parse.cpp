// Any bytes as a source file: a tree and diagnostics, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/syntax/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  macc::SourceManager sources;
  macc::Diagnostics diagnostics;
  const macc::FileId file = sources.add("fuzz.macc", std::string(reinterpret_cast<const char*>(data), size));
  (void)macc::syntax::parse(sources, file, diagnostics);
  for (const macc::Diagnostic& diagnostic : diagnostics.all()) (void)sources.describe(diagnostic.primary.span);
  return 0;
}
