#include "backends/selinux/link/reach.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "backends/selinux/link/cil_reader.h"

namespace macc::backends::selinux {
namespace {

/// Statements that cannot meet a rule among types of the base.
bool is_harmless(std::string_view head) {
  static const std::set<std::string_view> heads = {
      "type",       "typealias",       "typealiasactual", "typeattribute",  "role",           "roletype",
      "roleallow",  "roletransition",  "roleattribute",   "user",           "userrole",       "userlevel",
      "userrange",  "boolean",         "allow",           "dontaudit",      "auditallow",     "allowx",
      "dontauditx", "auditallowx",     "permissionx",     "typepermissive", "typetransition", "typechange",
      "typemember", "rangetransition", "filecon",         "portcon",        "genfscon",       "fsuse"};
  return heads.contains(head);
}

class Reach {
 public:
  Reach(const std::vector<CilModule>& modules, const Inventory& base) : base_(base) {
    for (const CilModule& module : modules) {
      for_each_statement(module.text, [this](CilExpression& top) { collect(top); });
    }
    for (bool changed = true; changed;) changed = spread();
    for (const CilModule& module : modules) {
      for_each_statement(module.text, [this](CilExpression& top) { judge(top); });
    }
  }
  [[nodiscard]] bool far() const { return far_; }

 private:
  void collect(const CilExpression& statement) {
    if (statement.head() == "type") own_types_.emplace(statement.symbol(1));
    if (statement.head() == "typeattribute") own_attributes_.emplace(statement.symbol(1));
    if (statement.head() == "typeattributeset") memberships_.push_back(statement);
    if (statement.head() != "optional") return;
    for (std::size_t i = 2; i < statement.items.size(); ++i) collect(statement.items[i]);
  }

  /// Marks attributes of ours that hold more than types of ours; true when there was a new one.
  bool spread() {
    bool changed = false;
    for (const CilExpression& set : memberships_) {
      if (mixed_.contains(set.symbol(1)) || set.items.size() != 3 || holds_only_own(set.items[2])) continue;
      changed = mixed_.emplace(set.symbol(1)).second || changed;
    }
    return changed;
  }

  [[nodiscard]] bool is_own(std::string_view name) const {
    return own_types_.contains(name) || (own_attributes_.contains(name) && !mixed_.contains(name));
  }
  [[nodiscard]] bool holds_only_own(const CilExpression& expression) const {
    if (!expression.is_list()) return is_own(expression.atom);
    const std::string_view head = expression.head();
    if (head == "not" || head == "all" || head == "xor") return false;
    if (head == "and")
      return std::any_of(expression.items.begin() + 1, expression.items.end(),
                         [this](const CilExpression& item) { return holds_only_own(item); });
    const std::size_t skip = head == "or" ? 1 : 0;
    return std::all_of(expression.items.begin() + static_cast<std::ptrdiff_t>(std::min(skip, expression.items.size())),
                       expression.items.end(), [this](const CilExpression& item) { return holds_only_own(item); });
  }

  void judge(const CilExpression& statement) {
    const std::string_view head = statement.head();
    if (head == "optional") {
      for (std::size_t i = 2; i < statement.items.size(); ++i) judge(statement.items[i]);
    } else if (head == "booleanif") {
      for (std::size_t i = 2; i < statement.items.size(); ++i) judge_branch(statement.items[i]);
    } else if (head == "typeattributeset") {
      far_ = far_ || (base_.attributes.contains(statement.symbol(1)) && mixed_.contains(statement.symbol(1)));
    } else if (head == "neverallow") {
      far_ = far_ || !(is_own(statement.symbol(1)) || is_own(statement.symbol(2)));
    } else {
      far_ = far_ || !is_harmless(head);
    }
  }
  void judge_branch(const CilExpression& branch) {
    for (std::size_t i = 1; i < branch.items.size(); ++i) judge(branch.items[i]);
  }

  const Inventory& base_;
  std::set<std::string, std::less<>> own_types_, own_attributes_, mixed_;
  std::vector<CilExpression> memberships_;
  bool far_ = false;
};

}  // namespace

bool needs_whole_base(const std::vector<CilModule>& modules, const Inventory& base) {
  return Reach(modules, base).far();
}

}  // namespace macc::backends::selinux
