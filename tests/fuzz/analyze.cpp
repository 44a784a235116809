// Any bytes as the only file of a project: a policy and diagnostics, never a crash or a hang.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/sema/sema.h"

namespace {

/// A world without modules: imports of the input are unknown, which is a diagnostic like any other.
class NoModules : public macc::sema::ModuleFinder {
 public:
  std::optional<macc::sema::Found> find(const std::string&) override { return std::nullopt; }
  std::vector<std::string> known() const override { return {}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  macc::SourceManager sources;
  macc::Diagnostics diagnostics;
  NoModules finder;
  const macc::FileId file = sources.add("fuzz.macc", std::string(reinterpret_cast<const char*>(data), size));
  (void)macc::sema::analyze(sources, {{file, false}}, finder, diagnostics);
  return 0;
}
