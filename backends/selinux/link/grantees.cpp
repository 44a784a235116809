#include "backends/selinux/link/grantees.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/cil_reader.h"

namespace macc::backends::selinux {
namespace {

bool is_file_class(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kClasses = {"file",      "dir",      "lnk_file", "sock_file",
                                                               "fifo_file", "chr_file", "blk_file"};
  return std::find(kClasses.begin(), kClasses.end(), name) != kClasses.end();
}

bool is_change(std::string_view permission) {
  static constexpr std::array<std::string_view, 12> kChanges = {"write",    "append",      "create",    "unlink",
                                                                "rename",   "link",        "rmdir",     "setattr",
                                                                "add_name", "remove_name", "relabelto", "relabelfrom"};
  return std::find(kChanges.begin(), kChanges.end(), permission) != kChanges.end();
}

/// Calls `visit` for each statement, those under conditions too.
template <typename Visit>
void visit_rules(const Base& base, Visit visit) {
  const auto each = [&](CilExpression& statement) {
    if (statement.head() != "booleanif") return visit(statement);
    for (std::size_t branch = 2; branch < statement.items.size(); ++branch) {
      std::vector<CilExpression>& items = statement.items[branch].items;
      for (std::size_t i = 1; i < items.size(); ++i) visit(items[i]);
    }
  };
  for_each_statement(base.data().core, each);
  for_each_statement(base.data().rest, each);
}

}  // namespace

std::vector<Grantee> grantees_of(const Base& base, std::string_view type) {
  const std::string name = base.canonical_type(type);
  const std::vector<std::string> attributes = base.attributes_of(name);
  std::set<std::string, std::less<>> targets(attributes.begin(), attributes.end());
  targets.insert(name);
  std::map<std::string, bool, std::less<>> changes;  // by subject
  visit_rules(base, [&](const CilExpression& rule) {
    if (rule.head() != "allow" || rule.items.size() != 4 || !targets.contains(rule.symbol(2))) return;
    const CilExpression& access = rule.items[3];
    if (access.items.size() != 2 || !is_file_class(access.symbol(0))) return;
    const auto& permissions = access.items[1].items;
    const bool changing =
        std::any_of(permissions.begin(), permissions.end(), [](const auto& item) { return is_change(item.atom); });
    const auto [it, fresh] = changes.try_emplace(std::string(rule.symbol(1)), changing);
    it->second = it->second || changing;
  });
  std::vector<Grantee> list;
  for (const auto& [subject, changing] : changes) list.push_back({subject, base.has_attribute(subject), changing});
  return list;
}

std::vector<SystemEntryPoint> entry_points_of(const Base& base, std::string_view exec_type) {
  const std::string name = base.canonical_type(exec_type);
  std::vector<SystemEntryPoint> list;
  visit_rules(base, [&](const CilExpression& rule) {
    if (rule.head() != "typetransition" || rule.items.size() != 5 || rule.symbol(2) != name) return;
    if (rule.symbol(3) == "process") list.push_back({std::string(rule.symbol(1)), std::string(rule.symbol(4))});
  });
  std::sort(list.begin(), list.end(),
            [](const auto& a, const auto& b) { return std::tie(a.domain, a.source) < std::tie(b.domain, b.source); });
  return list;
}

std::string module_of(const Base& base, std::string_view type) {
  const std::string name = base.canonical_type(type);
  const std::string& core = base.data().core;
  const LineMarks marks(core);
  std::string module;
  for_each_statement(core, [&](const CilExpression& statement) {
    if (!module.empty() || statement.head() != "type" || statement.symbol(1) != name) return;
    LinkPlace place;
    if (marks.find(statement.line, place)) module = place.file;
  });
  return base.has_module(module) ? module : std::string();
}

}  // namespace macc::backends::selinux
