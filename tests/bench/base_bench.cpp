// Times what macc does with a base: base_bench BASE POLICY.cil... prints "what seconds" lines, each the best of a few.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"

namespace {

namespace se = macc::backends::selinux;

double best_of(int runs, const std::function<bool()>& work) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (!work()) return -1;
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

/// As a build does it: the base is opened, the modules are linked, and the result is read back.
bool check(const std::string& base_file, const std::vector<se::CilModule>& modules, bool full) {
  const se::BaseOrReason base = se::Base::from_file(base_file);
  if (base.base == nullptr) return false;
  se::LinkOptions options;
  options.whole_base = full;
  const se::LinkResult linked = se::link(*base.base, modules, options);
  return linked.ok && linked.whole == full && se::CompiledPolicy::read(linked.image) != nullptr;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const std::string base_file = arguments[1];
  std::vector<se::CilModule> modules;
  for (int i = 2; i < count; ++i) {
    std::ifstream in(arguments[i], std::ios::binary);
    modules.push_back({arguments[i], {std::istreambuf_iterator<char>(in), {}}});
  }
  std::shared_ptr<const se::Base> base;
  std::printf("open %f\n", best_of(5, [&] { return (base = se::Base::from_file(base_file).base) != nullptr; }));
  if (base == nullptr) return 1;
  const std::vector<se::LookupQuery> one = {{"/etc/shadow", se::ObjectKind::file}};
  std::printf("lookup %f\n", best_of(5, [&] { return se::lookup(*base, one).error.empty(); }));
  std::printf("fast %f\n", best_of(3, [&] { return check(base_file, modules, false); }));
  std::printf("full %f\n", best_of(2, [&] { return check(base_file, modules, true); }));
  return 0;
}
