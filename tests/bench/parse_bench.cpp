// Text to syntax tree, per byte.
#include <benchmark/benchmark.h>

#include <string>

#include "compiler/syntax/parse.h"

namespace {

std::string policy(std::int64_t domains) {
  std::string text = "macc 1;\nmodule bench.parse;\n\n";
  for (std::int64_t i = 0; i < domains; ++i) {
    const std::string name = "service" + std::to_string(i);
    text += "domain " + name + " {\n    entry \"/usr/sbin/" + name + "\";\n";
    text += "    resource state : state { \"/var/lib/" + name + "/**\" }\n    allow manage state;\n";
    for (int port = 0; port < 20; ++port) text += "    allow connect tcp " + std::to_string(2000 + port) + ";\n";
    text += "}\n\n";
  }
  return text;
}

void parse_file(benchmark::State& state) {
  const std::string text = policy(state.range(0));
  for (auto _ : state) {
    macc::SourceManager sources;
    macc::Diagnostics diagnostics;
    const macc::FileId file = sources.add("bench.macc", text);
    benchmark::DoNotOptimize(macc::syntax::parse(sources, file, diagnostics));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(parse_file)->RangeMultiplier(10)->Range(1, 1000)->Unit(benchmark::kMillisecond)->Complexity();

}  // namespace
