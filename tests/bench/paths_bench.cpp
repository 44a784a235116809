// Path sets: the operations that overlap checks, promises and label planning are made of.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "compiler/paths/path_set.h"

namespace {

using macc::paths::PathPattern;
using macc::paths::PathSet;
using macc::paths::PatternError;

std::vector<PathPattern> pattern(const std::string& text) {
  PatternError error;
  return PathPattern::parse(text, error);
}

void parse_pattern(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(pattern("/var/lib/acme/{blue,green}/**/*.[ch]"));
}
BENCHMARK(parse_pattern);

void build_set(benchmark::State& state) {
  const auto patterns = pattern("/var/lib/acme/**/*.db");
  for (auto _ : state) benchmark::DoNotOptimize(PathSet::of(patterns));
}
BENCHMARK(build_set);

void intersect_sets(benchmark::State& state) {
  const PathSet tree = PathSet::of(pattern("/var/lib/**"));
  const PathSet names = PathSet::of(pattern("/var/**/acme*/*.db"));
  for (auto _ : state) benchmark::DoNotOptimize((tree & names).empty());
}
BENCHMARK(intersect_sets);

void subtract_sets(benchmark::State& state) {
  const PathSet tree = PathSet::of(pattern("/srv/**"));
  const PathSet hole = PathSet::of(pattern("/srv/acme/private/**"));
  for (auto _ : state) benchmark::DoNotOptimize((tree - hole).empty());
}
BENCHMARK(subtract_sets);

/// A union of n trees, and whether it holds another: what `never` asks of a domain with n rules.
void contains_in_union(benchmark::State& state) {
  std::vector<PathPattern> patterns;
  for (int i = 0; i < state.range(0); ++i) {
    const auto next = pattern("/srv/service" + std::to_string(i) + "/**");
    patterns.insert(patterns.end(), next.begin(), next.end());
  }
  const PathSet one = PathSet::of(pattern("/srv/service1/data/*.db"));
  for (auto _ : state) benchmark::DoNotOptimize(PathSet::of(patterns).contains(one));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(contains_in_union)->RangeMultiplier(4)->Range(4, 256)->Complexity();

}  // namespace
