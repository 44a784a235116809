#include "backends/selinux/link/condense.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backends/selinux/link/cil_reader.h"

namespace macc::backends::selinux {
namespace {

bool is_access_rule(std::string_view head) { return head == "allow" || head == "dontaudit" || head == "auditallow"; }

/// A list of names alone, no expression.
bool is_plain_list(const CilExpression& list) {
  if (!list.is_list() || list.items.empty()) return false;
  const std::string_view first = list.items[0].atom;
  if (first == "and" || first == "or" || first == "xor" || first == "not" || first == "all") return false;
  return std::all_of(list.items.begin(), list.items.end(), [](const CilExpression& item) { return !item.is_list(); });
}

void append_list(const std::vector<std::string_view>& names, std::string& out) {
  char before = '(';
  for (const std::string_view name : names) {
    (out += before) += name;
    before = ' ';
  }
  out += ')';
}

/// A list that grows, each item once.
class NameList {
 public:
  void add(const CilExpression& list) {
    for (const CilExpression& item : list.items) {
      if (seen_.insert(item.atom).second) names_.push_back(item.atom);
    }
  }
  void append_to(std::string& out) const { append_list(names_, out); }

 private:
  std::vector<std::string_view> names_;
  std::unordered_set<std::string_view> seen_;
};

/// A rule in the plain form: "(allow a b (file (read write)))".
struct AccessRule {
  std::string_view kind, source, target, class_name;
  std::vector<std::string_view> permissions;

  void add(const CilExpression& list) {
    for (const CilExpression& item : list.items) {
      if (std::find(permissions.begin(), permissions.end(), item.atom) == permissions.end())
        permissions.push_back(item.atom);
    }
  }
  void append_to(std::string& out) const {
    ((((((out += '(') += kind) += ' ') += source) += ' ') += target) += " (";
    (out += class_name) += ' ';
    append_list(permissions, out);
    out += "))";
  }
};

/// Access rules and other statements, each once.
class RuleList {
 public:
  /// False when the statement is no access rule in the plain form.
  bool add_access(const CilExpression& statement, std::size_t module) {
    if (!is_access_rule(statement.head()) || statement.items.size() != 4 || statement.items[1].is_list() ||
        statement.items[2].is_list() || statement.items[3].items.size() != 2 ||
        !is_plain_list(statement.items[3].items[1]))
      return false;
    AccessRule rule{statement.head(), statement.symbol(1), statement.symbol(2), statement.items[3].symbol(0), {}};
    std::string key;
    for (const std::string_view part : {rule.kind, rule.source, rule.target, rule.class_name}) (key += part) += ' ';
    const auto [at, added] = index_.emplace(std::move(key), rules_.size());
    if (added) {
      rules_.push_back(rule);
      modules_.push_back(module);
    }
    rules_[at->second].add(statement.items[3].items[1]);
    return true;
  }
  [[nodiscard]] const std::vector<AccessRule>& rules() const { return rules_; }
  [[nodiscard]] std::size_t module(std::size_t rule) const { return modules_[rule]; }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<AccessRule> rules_;
  std::vector<std::size_t> modules_;
};

struct Branch {
  RuleList rules;
  std::vector<std::string> others;
  std::unordered_set<std::string> seen;
};

struct Conditional {
  std::size_t module = 0;
  std::string expression;
  std::map<std::string_view, Branch> branches;  // "true", "false"
};

/// The text of one module in one of the two results.
class Sections {
 public:
  std::string& of(std::size_t module) {
    if (texts_.size() <= module) texts_.resize(module + 1);
    return texts_[module];
  }
  std::string joined(const std::vector<std::string>& names) const {
    std::string out;
    for (std::size_t module = 0; module < texts_.size(); ++module) {
      if (texts_[module].empty()) continue;
      if (names[module].empty()) {
        out += texts_[module];
      } else {
        (((out += ";;* lms 1 ") += names[module]) += '\n') += texts_[module];
        out += ";;* lme\n";
      }
    }
    return out;
  }

 private:
  std::deque<std::string> texts_;
};

class Condenser {
 public:
  Condenser(std::string_view text, const std::map<std::string, std::string>& shown) : marks_(text), shown_(shown) {
    for_each_statement(text, [this](CilExpression& statement) {
      enter_module(statement.line);
      add(statement);
    });
  }

  CondensedPolicy finish() {
    for (const auto& [name, list] : sets_) {
      std::string& out = core_.of(list.module);
      ((((out += '(') += name.first) += ' ') += name.second) += ' ';
      list.names.append_to(out);
      out += ")\n";
    }
    for (std::size_t i = 0; i < rules_.rules().size(); ++i) {
      const AccessRule& rule = rules_.rules()[i];
      std::string& out = (is_fixed(rule) ? rest_ : core_).of(rules_.module(i));
      rule.append_to(out);
      out += '\n';
    }
    for (const Conditional& conditional : conditionals_) write(conditional);
    return {core_.joined(modules_), rest_.joined(modules_)};
  }

 private:
  struct Set {
    std::size_t module = 0;
    NameList names;
  };

  void enter_module(std::uint32_t line) {
    LinkPlace place;
    if (!marks_.find(line, place)) place.file.clear();
    const auto [at, added] = module_index_.emplace(place.file, modules_.size());
    module_ = at->second;
    if (!added) return;
    const auto name = shown_.find(place.file);
    modules_.push_back(name == shown_.end() ? place.file : name->second);
  }

  void add(CilExpression& statement) {
    const std::string_view head = statement.head();
    if (head == "optional") {
      for (std::size_t i = 2; i < statement.items.size(); ++i) add(statement.items[i]);
    } else if (head == "booleanif") {
      add_conditional(statement);
    } else if (head == "typeattributeset" || head == "roleattributeset") {
      add_set(statement);
    } else if (!rules_.add_access(statement, module_)) {
      if (head == "type" || head == "typealias") types_.emplace(statement.symbol(1));
      if (head == "typebounds") bounds_.insert({statement.symbol(1), statement.symbol(2)});
      add_once(statement);
    }
  }

  void add_once(const CilExpression& statement) {
    std::string text = to_text(statement);
    std::string& out = core_.of(module_);
    if (const auto [at, added] = seen_.insert(std::move(text)); added) (out += *at) += '\n';
  }

  void add_set(const CilExpression& statement) {
    if (statement.symbol(1) == "cil_gen_require") return;
    if (statement.items.size() != 3 || !is_plain_list(statement.items[2])) return add_once(statement);
    Set& set = sets_.try_emplace({statement.head(), statement.symbol(1)}, Set{module_, {}}).first->second;
    set.names.add(statement.items[2]);
  }

  void add_conditional(const CilExpression& statement) {
    if (statement.items.size() < 2) return;
    std::string expression = to_text(statement.items[1]);
    const auto [at, added] = conditional_index_.emplace(expression, conditionals_.size());
    if (added) conditionals_.push_back({module_, std::move(expression), {}});
    Conditional& conditional = conditionals_[at->second];
    for (std::size_t i = 2; i < statement.items.size(); ++i) {
      const CilExpression& part = statement.items[i];
      Branch& branch = conditional.branches[part.head()];
      for (std::size_t k = 1; k < part.items.size(); ++k) {
        if (branch.rules.add_access(part.items[k], module_)) continue;
        std::string text = to_text(part.items[k]);
        if (branch.seen.insert(text).second) branch.others.push_back(std::move(text));
      }
    }
  }

  [[nodiscard]] bool is_fixed(const AccessRule& rule) const {
    return is_plain(rule.source) && (rule.target == "self" || is_plain(rule.target));
  }
  /// A type in bounds is not: a rule that is missing would look like one that its parent lacks.
  [[nodiscard]] bool is_plain(std::string_view name) const { return types_.contains(name) && !bounds_.contains(name); }

  void write(const Conditional& conditional) {
    write_part(conditional, false, core_.of(conditional.module));
    write_part(conditional, true, rest_.of(conditional.module));
  }

  void write_part(const Conditional& conditional, bool fixed, std::string& out) const {
    std::string branches;
    for (const auto& [word, branch] : conditional.branches) {
      std::string rules;
      for (const AccessRule& rule : branch.rules.rules()) {
        if (is_fixed(rule) != fixed) continue;
        rules += ' ';
        rule.append_to(rules);
      }
      for (const std::string& other : branch.others) {
        if (!fixed) (rules += ' ') += other;
      }
      if (!rules.empty()) ((((branches += " (") += word) += rules) += ')');
    }
    if (!branches.empty()) ((out += "(booleanif ") += conditional.expression) += branches + ")\n";
  }

  LineMarks marks_;
  const std::map<std::string, std::string>& shown_;
  std::size_t module_ = 0;
  std::vector<std::string> modules_;
  std::unordered_map<std::string, std::size_t> module_index_;
  std::unordered_set<std::string_view> types_, bounds_;
  std::unordered_set<std::string> seen_;
  std::map<std::pair<std::string_view, std::string_view>, Set> sets_;
  RuleList rules_;
  std::deque<Conditional> conditionals_;
  std::unordered_map<std::string, std::size_t> conditional_index_;
  Sections core_;
  Sections rest_;
};

}  // namespace

CondensedPolicy condense(std::string_view resolved, const std::map<std::string, std::string>& shown) {
  return Condenser(resolved, shown).finish();
}

}  // namespace macc::backends::selinux
