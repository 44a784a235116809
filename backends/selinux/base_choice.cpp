#include "backends/selinux/base_choice.h"

#include <fmt/format.h>

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

/// One of the words, or a file. A module can be left out of what is linked here only.
BaseOrReason choose(const std::string& which, const std::string& policy, const LeftOut& leave_out) {
  if (which == kSkeleton) return {Base::skeleton(), ""};
  if (which != kAuto && which != kInstalled) {
    if (leave_out.empty()) return from_file(which);
    return {nullptr, fmt::format("the module `{}` cannot be left out of the base `{}`: a base file is linked already",
                                 printable(leave_out.front()), printable(which))};
  }
  BaseOrReason found = installed(policy, leave_out);
  if (found.base || which == kInstalled) return found;
  return {Base::skeleton(), found.reason};
}

}  // namespace

BaseOrReason chosen_base(const Input& input) {
  return choose(setting(input.target, "base", kAuto), setting(input.target, "policy", "default"),
                replaced_modules(input.policy));
}

BaseOrReason open_base(const std::string& which) {
  return choose(which.empty() ? std::string(kAuto) : which, "default", {});
}

bool names_base_file(const Target& target) {
  const std::string which = setting(target, "base", kAuto);
  return which != kAuto && which != kInstalled && which != kSkeleton;
}

namespace {

/// The system's policy with the modules that the build replaces, and without them; empty where that is the same.
struct Replacement {
  std::shared_ptr<const Base> whole, rest;
};

Replacement replacement(const Input& input) {
  if (replaced_modules(input.policy).empty()) return {};
  const BaseOrReason rest = chosen_base(input);
  if (!rest.base || rest.base->is_skeleton()) return {};
  return {installed(setting(input.target, "policy", "default"), {}).base, rest.base};
}

/// The first columns of the lines of file contexts.
std::set<std::string> expressions_in(std::string_view lines) {
  std::set<std::string> list;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    list.emplace(line.substr(0, line.find_first_of(" \t")));
  }
  return list;
}

}  // namespace

std::set<std::string> replaced_types(const Input& input) {
  std::set<std::string> gone;
  const Replacement bases = replacement(input);
  if (!bases.whole) return gone;
  for (const auto& type : bases.whole->types())
    if (!bases.rest->has_type(type)) gone.insert(type);
  return gone;
}

std::set<std::string> replaced_contexts(const Input& input) {
  const Replacement bases = replacement(input);
  if (!bases.whole) return {};
  const std::set<std::string> before = expressions_in(bases.whole->file_contexts()),
                              after = expressions_in(bases.rest->file_contexts());
  std::set<std::string> gone;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::inserter(gone, gone.end()));
  return gone;
}

}  // namespace macc::backends::selinux
