#include "backends/selinux/base_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kAuto = "auto", kInstalled = "installed", kSkeleton = "skeleton";

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

using LeftOut = std::vector<std::string>;

/// What one build opened already.
BaseOrReason kept(const std::string& which, const LeftOut& leave_out, const std::function<BaseOrReason()>& open) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, LeftOut>, BaseOrReason> known;
  const std::scoped_lock lock(mutex);
  auto [it, fresh] = known.try_emplace({which, leave_out});
  if (fresh) it->second = open();
  return it->second;
}

BaseOrReason installed(const std::string& name, const LeftOut& leave_out) {
  return kept("installed " + name, leave_out, [&] { return Base::installed(name, leave_out); });
}

BaseOrReason from_file(const std::string& path) {
  return kept("file " + path, {}, [&path] {
    BaseOrReason found = Base::from_file(path);
    if (!found.base) found.reason = fmt::format("`{}` is no base that can be used: {}", printable(path), found.reason);
    return found;
  });
}

/// Why the base in a file cannot be used for domains that replace some modules; "" when it can.
std::string module_left_in(const Base& base, const std::string& path, const LeftOut& replaced) {
  for (const std::string& module : replaced) {
    const auto& left_out = base.left_out();
    if (std::find(left_out.begin(), left_out.end(), module) != left_out.end()) continue;
    if (base.has_module(module))
      return fmt::format(
          "a domain replaces the system's module `{0}`, which is part of the base `{1}`: make the base without it, "
          "`macc base import --leave-out {0} --out FILE`",
          printable(module), printable(path));
    if (base.modules().empty())
      return fmt::format(
          "a domain replaces the system's module `{0}`, and the base `{1}` is of a binary policy, which does not say "
          "what is part of which module: make one of the system's module store or packages, or, where the module is "
          "switched off already, say so with `--leave-out {0}`",
          printable(module), printable(path));
    const std::string guess = did_you_mean(module, base.modules());
    return fmt::format("a domain replaces the system's module `{}`, which the base `{}` does not have{}",
                       printable(module), printable(path),
                       guess.empty() ? "" : fmt::format(": did you mean `{}`?", printable(guess)));
  }
  return "";
}

/// One of the words, or a file.
BaseOrReason choose(const std::string& which, const std::string& policy, const LeftOut& leave_out) {
  if (which == kSkeleton) return {Base::skeleton(), ""};
  if (which != kAuto && which != kInstalled) {
    BaseOrReason found = from_file(which);
    if (!found.base) return found;
    std::string reason = module_left_in(*found.base, which, leave_out);
    return reason.empty() ? found : BaseOrReason{nullptr, std::move(reason)};
  }
  BaseOrReason found = installed(policy, leave_out);
  // Where there is a policy, it is the modules that cannot be left out.
  if (found.base || which == kInstalled || (!leave_out.empty() && installed(policy, {}).base)) return found;
  return {Base::skeleton(), found.reason};
}

}  // namespace

BaseOrReason chosen_base(const Input& input) {
  return choose(setting(input.target, "base", kAuto), setting(input.target, "policy", "default"),
                replaced_modules(input.policy));
}

std::vector<std::string> depends_on(const Target& target) {
  const std::string which = setting(target, "base", kAuto);
  if (which == kSkeleton) return {};
  if (names_base_file(target)) return {which};
  return installed_places(setting(target, "policy", "default"));
}

BaseOrReason open_base(const std::string& which) {
  return choose(which.empty() ? std::string(kAuto) : which, "default", {});
}

bool names_base_file(const Target& target) {
  const std::string which = setting(target, "base", kAuto);
  return which != kAuto && which != kInstalled && which != kSkeleton;
}

namespace {

using Texts = const std::vector<std::string>& (Base::*)() const;

/// What a base says of the modules that were left out of it.
std::set<std::string> gone_with_modules(const Input& input, Texts texts) {
  if (replaced_modules(input.policy).empty()) return {};
  const BaseOrReason rest = chosen_base(input);
  if (!rest.base) return {};
  const std::vector<std::string>& list = ((*rest.base).*texts)();
  return {list.begin(), list.end()};
}

}  // namespace

std::string why_not_replaced(const Input& input) {
  if (replaced_modules(input.policy).empty() || names_base_file(input.target)) return "";
  const BaseOrReason base = chosen_base(input);
  const bool has_policy = installed(setting(input.target, "policy", "default"), {}).base != nullptr;
  return !base.base && has_policy ? base.reason : std::string();
}

std::set<std::string> replaced_types(const Input& input) { return gone_with_modules(input, &Base::left_out_types); }

std::set<std::string> replaced_contexts(const Input& input) {
  return gone_with_modules(input, &Base::left_out_contexts);
}

}  // namespace macc::backends::selinux
