// Any bytes as a source file: what parses is formatted to the same tree, and what was formatted stays as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "compiler/syntax/format.h"
#include "tests/support/tree_text.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// The formatted text, and the tree that it was made from. macc's own check is held against another one here.
std::optional<std::string> formatted(const std::string& text, std::string& tree) {
  macc::SourceManager sources;
  macc::Diagnostics diagnostics;
  const macc::FileId file = sources.add("fuzz.macc", text);
  const macc::ast::File parsed = macc::syntax::parse(sources, file, diagnostics);
  const bool broken = diagnostics.has_errors();
  tree = macc::tree_text::show(parsed);
  const auto out = macc::syntax::format(sources, file, diagnostics);
  for (const macc::Diagnostic& diagnostic : diagnostics.all()) require(diagnostic.code != macc::Code::E9019);
  require(out.has_value() != broken || text.size() > (1U << 20U));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string before;
  std::string after;
  const auto once = formatted(std::string(reinterpret_cast<const char*>(data), size), before);
  if (!once) return 0;
  const auto twice = formatted(*once, after);
  require(twice == once);
  require(before == after);
  return 0;
}
