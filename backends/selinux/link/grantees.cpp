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

using Words = std::set<std::string, std::less<>>;

/// The second operand of a statement at the start of a line, "" where there is none.
std::string_view second_operand(std::string_view line) {
  for (int word = 0; word < 2; ++word) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return {};
    line.remove_prefix(space + 1);
  }
  return line.substr(0, line.find_first_of(" )"));
}

/// Calls `visit` for each statement of a kind about one of the targets, those under conditions too. The texts of a base
/// have a statement a line (docs/base-format.md), so that others need not be taken apart.
template <typename Visit>
void visit_rules(const Base& base, std::string_view kind, const Words& targets, Visit visit) {
  const std::string start = "(" + std::string(kind) + " ";
  const auto visit_one = [&](const CilExpression& rule) {
    if (rule.head() == kind && targets.contains(rule.symbol(2))) visit(rule);
  };
  const auto each = [&](CilExpression& statement) {
    if (statement.head() != "booleanif") return visit_one(statement);
    for (std::size_t branch = 2; branch < statement.items.size(); ++branch) {
      const std::vector<CilExpression>& items = statement.items[branch].items;
      for (std::size_t i = 1; i < items.size(); ++i) visit_one(items[i]);
    }
  };
  for (std::string_view text : {std::string_view(base.data().core), std::string_view(base.data().rest)})
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (line.starts_with("(booleanif ") || (line.starts_with(start) && targets.contains(second_operand(line))))
        for_each_statement(line, each);
    }
}

}  // namespace

std::vector<Grantee> grantees_of(const Base& base, std::string_view type) {
  const std::string name = base.canonical_type(type);
  const std::vector<std::string> attributes = base.attributes_of(name);
  Words targets(attributes.begin(), attributes.end());
  targets.insert(name);
  std::map<std::string, bool, std::less<>> changes;  // by subject
  visit_rules(base, "allow", targets, [&](const CilExpression& rule) {
    if (rule.items.size() != 4) return;
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
  visit_rules(base, "typetransition", {name}, [&](const CilExpression& rule) {
    if (rule.items.size() == 5 && rule.symbol(3) == "process")
      list.push_back({std::string(rule.symbol(1)), std::string(rule.symbol(4))});
  });
  std::sort(list.begin(), list.end(),
            [](const auto& a, const auto& b) { return std::tie(a.domain, a.source) < std::tie(b.domain, b.source); });
  return list;
}

std::string module_of(const Base& base, std::string_view type) {
  const std::string name = base.canonical_type(type);
  const std::string& core = base.data().core;
  const std::string declaration = "\n(type " + name + ")\n";
  const std::size_t before = core.find(declaration);
  if (before == std::string::npos) return "";
  const auto lines = std::count(core.begin(), core.begin() + static_cast<std::ptrdiff_t>(before) + 1, '\n');
  std::string module;
  if (LinkPlace place; LineMarks(core).find(static_cast<std::uint32_t>(lines) + 1, place)) module = place.file;
  return base.has_module(module) ? module : std::string();
}

}  // namespace macc::backends::selinux
