#include "backends/selinux/base_choice.h"

#include <map>
#include <mutex>
#include <utility>

namespace macc::backends::selinux {
namespace {

std::string setting(const Target& target, const std::string& key, std::string_view fallback) {
  auto it = target.settings.find(key);
  return it == target.settings.end() || it->second.empty() ? std::string(fallback) : it->second;
}

std::vector<std::string> replaced_modules(const ir::Policy& policy) {
  std::set<std::string> names;
  for (const auto& domain : policy.domains)
    for (const auto& replacement : domain.replaces)
      if (replacement.backend == "selinux") names.insert(replacement.what);
  return {names.begin(), names.end()};
}

BaseOrReason installed(const std::string& name, const std::vector<std::string>& leave_out) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::vector<std::string>>, BaseOrReason> known;
  const std::scoped_lock lock(mutex);
  auto [it, fresh] = known.try_emplace({name, leave_out});
  if (fresh) it->second = Base::installed(name, leave_out);
  return it->second;
}

}  // namespace

BaseOrReason chosen_base(const Input& input) {
  const std::string wanted = setting(input.target, "base", "auto");
  if (wanted == "skeleton") return {Base::skeleton(), ""};
  BaseOrReason found = installed(setting(input.target, "policy", "default"), replaced_modules(input.policy));
  if (found.base || wanted == "installed") return found;
  return {Base::skeleton(), found.reason};
}

std::set<std::string> replaced_types(const Input& input) {
  std::set<std::string> gone;
  if (replaced_modules(input.policy).empty()) return gone;
  const BaseOrReason rest = chosen_base(input);
  if (!rest.base || rest.base->is_skeleton()) return gone;
  const BaseOrReason whole = installed(setting(input.target, "policy", "default"), {});
  if (!whole.base) return gone;
  for (const auto& type : whole.base->types())
    if (!rest.base->has_type(type)) gone.insert(type);
  return gone;
}

}  // namespace macc::backends::selinux
