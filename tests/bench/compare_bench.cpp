// What it costs to compare a compiled AppArmor profile with the meaning, beside apparmor_parser's own compile of it:
// lines of "RULES STATES PARSER COMPARISON", times in seconds, the best of several. bench.py runs it.
#include <fmt/format.h>

#include <chrono>
#include <random>

#include "backends/apparmor/compare.h"
#include "backends/apparmor/lower.h"
#include "backends/apparmor/parser.h"
#include "tests/support/analyzed.h"

using namespace macc;
using namespace macc::backends::apparmor;

namespace {

constexpr int kRepeat = 5;

/// Rules of the kinds that services have, over trees that share their beginnings.
std::string policy(unsigned rules) {
  std::mt19937 random(5);
  const auto pick = [&](const std::vector<std::string>& list) { return list[random() % list.size()]; };
  const std::vector<std::string> names = {"alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta"};
  std::string out = "module bench;\ndomain d {\n  entry \"/usr/bin/d\";\n";
  for (unsigned i = 0; i < rules; ++i) {
    const std::string a = pick(names), b = pick(names);
    const std::vector<std::pair<std::string, std::string>> kinds = {
        {"manage", fmt::format("/srv/{}/{}{}/**", a, b, i)},
        {"read", fmt::format("/etc/{}{}.conf", a, i)},
        {"read, write", fmt::format("/var/lib/{}/{}/*.db", a, i)},
        {"read, load", fmt::format("/opt/{}/**/{}.so", a, i)},
        {"append, create", fmt::format("/var/log/{}{}/*", a, i)},
        {"read, list", fmt::format("/usr/share/{}/{}[0-9]/**", a, i)}};
    const auto& [verbs, path] = kinds[random() % kinds.size()];
    out += fmt::format("  allow {} \"{}\"{};\n", verbs, path, random() % 10 == 0 ? " owner" : "");
    if (i % 20 == 0) out += fmt::format("  deny write \"/srv/{}/{}{}/x/**\";\n", a, b, i);
  }
  return out + "}\n";
}

double best(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  double out = 1e9;
  for (int i = 0; i < kRepeat; ++i) {
    const auto begin = Clock::now();
    work();
    out = std::min(out, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return out;
}

bool measure(unsigned rules) {
  const auto analyzed = test::analyze(policy(rules));
  const ir::Meaning meaning(analyzed->policy);
  backends::Target target;
  target.backend = "apparmor";
  const backends::Input input{analyzed->policy, meaning, analyzed->sources, target};
  const Features& features = all_features().front();
  const LoweredPolicy lowered = lower_policy(input, features, analyzed->diagnostics);
  const Parser parser(features);
  const ProfileText& profile = lowered.profiles.front();
  if (!parser.installed() || !parser.put(profile.path, profile.written.text)) return false;
  Compilation compiled;
  const double parsing = best([&] { compiled = parser.compile(profile.path); });
  std::size_t states = 0;
  bool same = true;
  const double comparing = best([&] {
    Diagnostics ignored;
    Build build(input, features, ignored);
    const CompiledPolicy read = read_policy(compiled.policy);
    Comparison comparison(build, profile.domain, lowered.fidelity);
    same = same && read.error.empty() &&
           comparison.differences(read.profiles.front(), ir::declared_values(analyzed->policy)).empty();
    states = read.profiles.front().files->size();
  });
  fmt::print("{} {} {:.6f} {:.6f}\n", rules, states, parsing, comparing);
  return same;
}

}  // namespace

int main() {
  bool fine = true;
  for (const unsigned rules : {50U, 500U, 2000U}) fine = measure(rules) && fine;
  return fine ? 0 : 1;
}
