#include "backends/selinux/link/base_rules.h"

#include <algorithm>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/cil_reader.h"

namespace macc::backends::selinux {
namespace {

std::string joined(std::initializer_list<std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) (text += word) += ' ';
  return text;
}

std::string_view unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

std::string_view keyword(PolicyRule::Kind kind) {
  switch (kind) {
    case PolicyRule::Kind::transition:
      return "typetransition";
    case PolicyRule::Kind::member:
      return "typemember";
    case PolicyRule::Kind::change:
      return "typechange";
    default:
      return "";
  }
}

}  // namespace

/// The expression of a set.
struct BaseRules::Definition {
  CilExpression expression;
};

/// Which sets a type is in that joins some of them.
class BaseRules::Closure {
 public:
  Closure(const BaseRules& rules, const std::set<std::string>& joined) : rules_(rules), joined_(joined) {}

  bool has(std::string_view name) {
    if (joined_.contains(std::string(name))) return true;
    const auto found = rules_.definitions_.find(name);
    if (found == rules_.definitions_.end()) return false;
    const auto [at, fresh] = known_.try_emplace(found->first, false);
    if (!fresh) return at->second;
    bool result = false;
    for (const Definition& definition : found->second) result = result || holds(definition.expression);
    return known_[found->first] = result;
  }

 private:
  bool holds(const CilExpression& expression) {
    if (!expression.is_list()) return has(expression.atom);
    const auto begin = expression.items.begin();
    const std::string_view head = expression.head();
    if (head == "all") return true;
    if (head == "not") return expression.items.size() == 2 && !holds(expression.items[1]);
    const auto is = [this](const CilExpression& item) { return holds(item); };
    if (head == "and") return std::all_of(begin + 1, expression.items.end(), is);
    if (head == "xor") return expression.items.size() == 3 && holds(expression.items[1]) != holds(expression.items[2]);
    return std::any_of(begin + (head == "or" ? 1 : 0), expression.items.end(), is);
  }

  const BaseRules& rules_;
  const std::set<std::string>& joined_;
  std::map<std::string_view, bool> known_;
};

BaseRules::BaseRules(const Base& base) {
  const Base::Data& data = base.data();
  aliases_ = data.inventory.aliases;
  for_each_statement(data.core, [this](CilExpression& statement) { add(statement, &always_); });
}

BaseRules::~BaseRules() = default;

void BaseRules::add(const CilExpression& statement, const Switches* condition) {
  const std::string_view head = statement.head();
  if (head == "allow") return add_allow(statement, condition);
  if (head == "booleanif") return add_conditional(statement);
  if (head == "typeattributeset") return define(statement);
  if (head == "roletype") {
    roles_[statement.symbol(1)].insert(canonical(statement.symbol(2)));
  } else if (head == "typetransition" || head == "typemember" || head == "typechange") {
    const bool named = statement.items.size() == 6;
    others_.insert(joined({head, canonical(statement.symbol(1)), canonical(statement.symbol(2)), statement.symbol(3),
                           named ? unquoted(statement.symbol(4)) : "", canonical(statement.symbol(named ? 5 : 4)),
                           condition->text()}));
  } else if (head == "rangetransition") {
    others_.insert(joined({head, canonical(statement.symbol(1)), canonical(statement.symbol(2)), statement.symbol(3)}));
  }
}

void BaseRules::add_conditional(const CilExpression& statement) {
  if (statement.items.size() < 2) return;
  const auto condition = Switches::parse(to_text(statement.items[1]));
  if (!condition) return;
  for (std::size_t i = 2; i < statement.items.size(); ++i) {
    const CilExpression& branch = statement.items[i];
    conditions_.push_back(branch.head() == "false" ? condition->negated() : *condition);
    for (std::size_t k = 1; k < branch.items.size(); ++k) add(branch.items[k], &conditions_.back());
  }
}

void BaseRules::add_allow(const CilExpression& statement, const Switches* condition) {
  if (statement.items.size() != 4 || statement.items[3].items.size() != 2) return;
  Access access{{}, condition};
  for (const CilExpression& permission : statement.items[3].items[1].items)
    access.permissions.push_back(permission.atom);
  allows_[joined({canonical(statement.symbol(1)), canonical(statement.symbol(2)), statement.items[3].symbol(0)})]
      .push_back(std::move(access));
}

void BaseRules::define(const CilExpression& statement) {
  if (statement.items.size() != 3) return;
  definitions_[std::string(statement.symbol(1))].push_back({statement.items[2]});
}

std::string_view BaseRules::canonical(std::string_view name) const {
  const auto alias = aliases_.find(name);
  return alias == aliases_.end() ? name : std::string_view(alias->second);
}

const std::vector<BaseRules::Access>& BaseRules::allows(std::string_view source, std::string_view target,
                                                        std::string_view class_name) const {
  static const std::vector<Access> none;
  const auto found = allows_.find(joined({source, target, class_name}));
  return found == allows_.end() ? none : found->second;
}

std::map<std::pair<std::string_view, std::string_view>, std::set<std::string_view>> BaseRules::given_to(
    const std::set<std::string>& sources) const {
  std::map<std::pair<std::string_view, std::string_view>, std::set<std::string_view>> given;
  for (const auto& [key, accesses] : allows_) {
    const std::string_view words = key;
    const std::size_t first = words.find(' '), second = words.find(' ', first + 1);
    if (!sources.contains(std::string(words.substr(0, first)))) continue;
    auto& permissions =
        given[{words.substr(first + 1, second - first - 1), words.substr(second + 1, words.size() - second - 2)}];
    for (const Access& access : accesses) permissions.insert(access.permissions.begin(), access.permissions.end());
  }
  return given;
}

bool BaseRules::has(const PolicyRule& rule) const {
  return others_.contains(joined(
      {keyword(rule.kind), rule.source, rule.target, rule.class_name, rule.name, rule.result, rule.condition.text()}));
}

bool BaseRules::has_range(std::string_view source, std::string_view target, std::string_view class_name) const {
  return others_.contains(joined({"rangetransition", source, target, class_name}));
}

const std::set<std::string_view>& BaseRules::types_of_role(std::string_view role) const {
  static const std::set<std::string_view> none;
  const auto found = roles_.find(role);
  return found == roles_.end() ? none : found->second;
}

std::set<std::string> BaseRules::closure(const std::set<std::string>& joined_sets) const {
  Closure closure(*this, joined_sets);
  std::set<std::string> all = joined_sets;
  for (const auto& [name, definition] : definitions_)
    if (closure.has(name)) all.insert(name);
  return all;
}

}  // namespace macc::backends::selinux
