// Any bytes as compiled AppArmor policy: profiles or a sentence, and automata that stay inside of their tables.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backends/apparmor/blob.h"

namespace {

using macc::backends::apparmor::CompiledAutomaton;

void require(bool condition) {
  if (!condition) std::abort();
}

void walk(const CompiledAutomaton& automaton) {
  for (CompiledAutomaton::State state = 0; state < std::min<std::size_t>(automaton.size(), 64); ++state) {
    static_cast<void>(automaton.accept(state) + automaton.accept2(state));
    for (unsigned byte = 0; byte < 256; ++byte)
      require(automaton.step(state, static_cast<unsigned char>(byte)) < automaton.size());
  }
  require(automaton.run("/usr/bin/x", CompiledAutomaton::dead) == CompiledAutomaton::dead);
  require(automaton.accept(CompiledAutomaton::dead) == 0 && automaton.accept2(CompiledAutomaton::dead) == 0);
  static_cast<void>(automaton.accept(automaton.run(std::string_view("/a\0/b", 5))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace macc::backends::apparmor;
  const CompiledPolicy policy = read_policy({reinterpret_cast<const char*>(data), size});
  require(policy.error.empty() != policy.profiles.empty());
  for (const CompiledProfile& profile : policy.profiles) {
    for (const auto* automaton : {&profile.attachment, &profile.files, &profile.classes}) {
      if (*automaton) walk(**automaton);
    }
    for (unsigned number = 0; number < 256; ++number)
      static_cast<void>(profile.mediates(static_cast<unsigned char>(number)));
  }
  return 0;
}
