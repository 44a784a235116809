#include "backends/selinux/link/access.h"

#include <fmt/format.h>
#include <sepol/debug.h>
#include <sepol/policydb/ebitmap.h>
#include <sepol/policydb/policydb.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "backends/selinux/link/conditions.h"

namespace macc::backends::selinux {
namespace {

/// Calls `visit` with the number, from 0, of each member.
template <typename Visit>
void for_each_member(const ebitmap_t& set, Visit visit) {
  ebitmap_node_t* node = nullptr;
  unsigned int member = 0;
  ebitmap_for_each_positive_bit(&set, node, member) visit(member);
}

template <typename Visit>
void for_each_entry(const hashtab_val_t* table, Visit visit) {
  if (table == nullptr) return;
  for (unsigned int slot = 0; slot < table->size; ++slot) {
    for (hashtab_ptr_t node = table->htable[slot]; node != nullptr; node = node->next) visit(node->key, node->datum);
  }
}

using PermissionNames = std::array<std::string, 32>;

void take_permissions(const hashtab_val_t* table, PermissionNames& names) {
  for_each_entry(table, [&names](const char* name, const void* datum) {
    const std::uint32_t value = static_cast<const perm_datum_t*>(datum)->s.value;
    if (value >= 1 && value <= names.size()) names[value - 1] = name;
  });
}

Switches::Operation operation_of(unsigned kind) {
  using Operation = Switches::Operation;
  switch (kind) {
    case MACC_COND_NOT:
      return Operation::negation;
    case MACC_COND_OR:
      return Operation::disjunction;
    case MACC_COND_AND:
      return Operation::conjunction;
    case MACC_COND_XOR:
      return Operation::exclusive;
    case MACC_COND_EQ:
      return Operation::equal;
    default:
      return Operation::differs;
  }
}

/// One condition at a time, with the texts of its two branches, which all its rules share.
struct ConditionState {
  Switches when_true, when_false;
  std::string text_true, text_false;
  bool finished = false;

  void begin() { *this = {}; }
  void finish() {
    if (finished) return;
    finished = true;
    when_false = when_true.negated();
    text_true = when_true.text();
    text_false = when_false.text();
  }
};

}  // namespace

struct CompiledPolicy::Data {
  policydb_t policy{};
  bool loaded = false;
  std::map<std::string, std::uint32_t, std::less<>> types;  // name -> number from 0, attributes too
  std::vector<PermissionNames> permissions;                 // by class

  ~Data() { policydb_destroy(&policy); }

  /// A rule with its condition, as text ("" for none) and as expression.
  using Visit = std::function<void(const std::string&, const avtab_key_t&, const avtab_datum_t&)>;
  using VisitSwitches = std::function<void(const Switches&, const avtab_key_t&, const avtab_datum_t&)>;

  void index() {
    for (std::uint32_t i = 0; i < policy.p_types.nprim; ++i) {
      if (policy.p_type_val_to_name[i] != nullptr) types.emplace(policy.p_type_val_to_name[i], i);
    }
    permissions.resize(policy.p_classes.nprim);
    for (std::uint32_t i = 0; i < policy.p_classes.nprim; ++i) {
      const class_datum_t* datum = policy.class_val_to_struct[i];
      if (datum == nullptr) continue;
      if (datum->comdatum != nullptr) take_permissions(datum->comdatum->permissions.table, permissions[i]);
      take_permissions(datum->permissions.table, permissions[i]);
    }
  }

  [[nodiscard]] bool is_attribute(std::uint32_t type) const {
    return policy.type_val_to_struct[type] != nullptr && policy.type_val_to_struct[type]->flavor == TYPE_ATTRIB;
  }
  [[nodiscard]] std::optional<std::uint32_t> find_type(std::string_view name) const {
    const auto at = types.find(name);
    if (at == types.end() || is_attribute(at->second)) return std::nullopt;
    return at->second;
  }
  /// Whether `name_or_attribute` (from 1, as in rules) is or holds a type (from 0).
  [[nodiscard]] bool covers(std::uint32_t name_or_attribute, std::uint32_t type) const {
    return ebitmap_get_bit(&policy.attr_type_map[name_or_attribute - 1], type) != 0;
  }
  [[nodiscard]] std::string type_name(std::uint32_t type) const { return policy.p_type_val_to_name[type]; }
  [[nodiscard]] std::string class_name(std::uint32_t number) const { return policy.p_class_val_to_name[number - 1]; }

  void for_each_rule(const Visit& visit) const {
    for_each_unconditional([&](const avtab_key_t& key, const avtab_datum_t& datum) { visit({}, key, datum); });
    for_each_conditional([&](const ConditionState& state, bool when_true, const auto& key, const auto& datum) {
      visit(when_true ? state.text_true : state.text_false, key, datum);
    });
  }
  void for_each_rule_with_switches(const VisitSwitches& visit) const {
    const Switches always;
    for_each_unconditional([&](const avtab_key_t& key, const avtab_datum_t& datum) { visit(always, key, datum); });
    for_each_conditional([&](const ConditionState& state, bool when_true, const auto& key, const auto& datum) {
      visit(when_true ? state.when_true : state.when_false, key, datum);
    });
  }

 private:
  using VisitConditional = std::function<void(const ConditionState&, bool, const avtab_key_t&, const avtab_datum_t&)>;
  struct State {
    const Data& data;
    const VisitConditional& visit;
    ConditionState condition;
  };

  template <typename VisitPlain>
  void for_each_unconditional(VisitPlain visit) const {
    for (std::uint32_t slot = 0; slot < policy.te_avtab.nslot; ++slot) {
      for (const avtab_node* node = policy.te_avtab.htable[slot]; node != nullptr; node = node->next)
        visit(node->key, node->datum);
    }
  }

  void for_each_conditional(const VisitConditional& visit) const {
    State state{*this, visit, {}};
    macc_condition_visitor visitor{};
    visitor.state = &state;
    visitor.begin = [](void* at) { static_cast<State*>(at)->condition.begin(); };
    visitor.term = [](void* at, unsigned kind, unsigned boolean) {
      State& s = *static_cast<State*>(at);
      if (kind == MACC_COND_BOOL) {
        s.condition.when_true.add({Switches::Operation::boolean, s.data.policy.p_bool_val_to_name[boolean - 1]});
      } else {
        s.condition.when_true.add({operation_of(kind), {}});
      }
    };
    visitor.rule = [](void* at, int when_true, const avtab_key_t* key, const avtab_datum_t* datum) {
      State& s = *static_cast<State*>(at);
      s.condition.finish();
      s.visit(s.condition, when_true != 0, *key, *datum);
    };
    macc_visit_conditions(&policy, &visitor);
  }
};

namespace {

/// Permissions by (source, target, class, condition).
using Key = std::tuple<std::string, std::string, std::string, std::string>;
using Found = std::map<Key, std::set<std::string>>;

void add_permissions(const PermissionNames& names, std::uint32_t vector, std::set<std::string>& out) {
  for (std::size_t bit = 0; bit < names.size(); ++bit) {
    if ((vector >> bit & 1) != 0 && !names[bit].empty()) out.insert(names[bit]);
  }
}

std::vector<AccessTo> listed(Found& found) {
  std::vector<AccessTo> list;
  for (auto& [key, permissions] : found) {
    const auto& [source, target, class_name, condition] = key;
    if (!condition.empty()) {
      const auto always = found.find({source, target, class_name, ""});
      if (always != found.end()) std::erase_if(permissions, [&](const auto& p) { return always->second.contains(p); });
    }
    if (permissions.empty()) continue;
    list.push_back({source, {target, class_name, condition, {permissions.begin(), permissions.end()}}});
  }
  return list;
}

bool is_allow(const avtab_key_t& key) { return (key.specified & AVTAB_ALLOWED) != 0; }

}  // namespace

CompiledPolicy::CompiledPolicy(std::unique_ptr<Data> data) : data_(std::move(data)) {}
CompiledPolicy::~CompiledPolicy() = default;

std::unique_ptr<CompiledPolicy> CompiledPolicy::read(const std::string& image) {
  sepol_debug(0);
  auto data = std::make_unique<Data>();
  if (policydb_init(&data->policy) != 0) return nullptr;
  std::string bytes = image;  // libsepol asks for memory that may be written
  policy_file_t file{};
  policy_file_init(&file);
  file.type = PF_USE_MEMORY;
  file.data = bytes.data();
  file.len = bytes.size();
  if (policydb_read(&data->policy, &file, 0) != 0 || data->policy.policy_type != POLICY_KERN) return nullptr;
  data->index();
  return std::unique_ptr<CompiledPolicy>(new CompiledPolicy(std::move(data)));
}

bool CompiledPolicy::has_type(std::string_view type) const { return data_->find_type(type).has_value(); }

std::vector<Access> CompiledPolicy::access_of(std::string_view source) const {
  const auto type = data_->find_type(source);
  if (!type) return {};
  Found found;
  data_->for_each_rule([&](const std::string& condition, const avtab_key_t& key, const avtab_datum_t& datum) {
    if (!is_allow(key) || !data_->covers(key.source_type, *type)) return;
    for_each_member(data_->policy.attr_type_map[key.target_type - 1], [&](std::uint32_t target) {
      add_permissions(data_->permissions[key.target_class - 1], datum.data,
                      found[{"", data_->type_name(target), data_->class_name(key.target_class), condition}]);
    });
  });
  std::vector<Access> list;
  for (AccessTo& entry : listed(found)) list.push_back(std::move(entry.access));
  return list;
}

std::vector<AccessTo> CompiledPolicy::access_to(std::string_view target) const {
  const auto type = data_->find_type(target);
  if (!type) return {};
  Found found;
  data_->for_each_rule([&](const std::string& condition, const avtab_key_t& key, const avtab_datum_t& datum) {
    if (!is_allow(key) || !data_->covers(key.target_type, *type)) return;
    for_each_member(data_->policy.attr_type_map[key.source_type - 1], [&](std::uint32_t source) {
      add_permissions(
          data_->permissions[key.target_class - 1], datum.data,
          found[{data_->type_name(source), std::string(target), data_->class_name(key.target_class), condition}]);
    });
  });
  return listed(found);
}

std::vector<Transition> CompiledPolicy::transitions_of(std::string_view source) const {
  const auto type = data_->find_type(source);
  if (!type) return {};
  std::set<Transition> found;
  data_->for_each_rule([&](const std::string& condition, const avtab_key_t& key, const avtab_datum_t& datum) {
    if ((key.specified & AVTAB_TRANSITION) == 0 || !data_->covers(key.source_type, *type)) return;
    for_each_member(data_->policy.attr_type_map[key.target_type - 1], [&](std::uint32_t target) {
      found.insert({std::string(source), data_->type_name(target), data_->class_name(key.target_class), "",
                    data_->type_name(datum.data - 1), condition});
    });
  });
  for_each_entry(data_->policy.filename_trans, [&](const char* raw_key, const void* raw_datum) {
    const auto& key = *reinterpret_cast<const filename_trans_key_t*>(raw_key);
    for (auto* datum = static_cast<const filename_trans_datum_t*>(raw_datum); datum != nullptr; datum = datum->next) {
      if (ebitmap_get_bit(&datum->stypes, *type) == 0) continue;
      found.insert({std::string(source), data_->type_name(key.ttype - 1), data_->class_name(key.tclass), key.name,
                    data_->type_name(datum->otype - 1), ""});
    }
  });
  return {found.begin(), found.end()};
}

namespace {

std::optional<PolicyRule::Kind> kind_of(const avtab_key_t& key) {
  if ((key.specified & AVTAB_ALLOWED) != 0) return PolicyRule::Kind::allow;
  if ((key.specified & AVTAB_TRANSITION) != 0) return PolicyRule::Kind::transition;
  if ((key.specified & AVTAB_MEMBER) != 0) return PolicyRule::Kind::member;
  if ((key.specified & AVTAB_CHANGE) != 0) return PolicyRule::Kind::change;
  if ((key.specified & AVTAB_XPERMS_ALLOWED) != 0) return PolicyRule::Kind::extended;
  return std::nullopt;
}

}  // namespace

std::vector<PolicyRule> CompiledPolicy::rules_about(const std::set<std::string>& names,
                                                    const std::set<std::pair<std::string, std::string>>& pairs) const {
  const policydb_t& policy = data_->policy;
  // By type or attribute: whether one of the types is or is in it.
  std::vector<bool> meets(policy.p_types.nprim, false);
  for (const auto& name : names) {
    const auto type = data_->find_type(name);
    if (!type) continue;
    meets[*type] = true;
    for_each_member(policy.type_attr_map[*type], [&](std::uint32_t attribute) { meets[attribute] = true; });
  }
  std::set<std::pair<std::uint32_t, std::uint32_t>> wanted;
  for (const auto& [source, target] : pairs) {
    const auto from = data_->types.find(source), to = data_->types.find(target);
    if (from != data_->types.end() && to != data_->types.end()) wanted.emplace(from->second + 1, to->second + 1);
  }
  const auto name_of = [&](std::uint32_t number) { return std::string_view(policy.p_type_val_to_name[number - 1]); };
  std::vector<PolicyRule> rules;
  data_->for_each_rule_with_switches([&](const Switches& condition, const auto& key, const auto& datum) {
    const auto kind = kind_of(key);
    if (!kind) return;
    const bool grants = *kind == PolicyRule::Kind::allow || *kind == PolicyRule::Kind::extended;
    const bool own = meets[key.source_type - 1] || meets[key.target_type - 1] || (!grants && meets[datum.data - 1]);
    if (!own && !wanted.contains({key.source_type, key.target_type})) return;
    PolicyRule rule{*kind,
                    name_of(key.source_type),
                    name_of(key.target_type),
                    policy.p_class_val_to_name[key.target_class - 1],
                    {},
                    {},
                    {},
                    condition};
    if (*kind == PolicyRule::Kind::allow) {
      const PermissionNames& permissions = data_->permissions[key.target_class - 1];
      for (std::size_t bit = 0; bit < permissions.size(); ++bit)
        if ((datum.data >> bit & 1) != 0 && !permissions[bit].empty()) rule.permissions.emplace_back(permissions[bit]);
    } else if (!grants) {
      rule.result = name_of(datum.data);
    }
    rules.push_back(std::move(rule));
  });
  for_each_entry(policy.filename_trans, [&](const char* raw_key, const void* raw_datum) {
    const auto& key = *reinterpret_cast<const filename_trans_key_t*>(raw_key);
    for (auto* datum = static_cast<const filename_trans_datum_t*>(raw_datum); datum != nullptr; datum = datum->next) {
      for_each_member(datum->stypes, [&](std::uint32_t source) {
        if (!meets[source] && !meets[key.ttype - 1] && !meets[datum->otype - 1]) return;
        rules.push_back({PolicyRule::Kind::transition,
                         name_of(source + 1),
                         name_of(key.ttype),
                         policy.p_class_val_to_name[key.tclass - 1],
                         {},
                         name_of(datum->otype),
                         key.name,
                         {}});
      });
    }
  });
  return rules;
}

std::string_view CompiledPolicy::name_of(std::string_view name) const {
  const auto at = data_->types.find(name);
  return at == data_->types.end() ? std::string_view() : std::string_view(data_->policy.p_type_val_to_name[at->second]);
}

std::vector<std::string> CompiledPolicy::permissive_types() const {
  std::vector<std::string> names;
  for_each_member(data_->policy.permissive_map, [&](std::uint32_t type) {
    // Types count from 1 in this map.
    if (type != 0) names.push_back(data_->type_name(type - 1));
  });
  std::sort(names.begin(), names.end());
  return names;
}

std::set<std::pair<std::string, std::string>> CompiledPolicy::roles_of(const std::set<std::string>& types) const {
  std::set<std::pair<std::string, std::string>> pairs;
  const policydb_t& policy = data_->policy;
  for (std::uint32_t role = 0; role < policy.p_roles.nprim; ++role) {
    if (policy.role_val_to_struct[role] == nullptr) continue;
    for_each_member(policy.role_val_to_struct[role]->types.types, [&](std::uint32_t type) {
      std::string name = data_->type_name(type);
      if (types.contains(name)) pairs.emplace(policy.p_role_val_to_name[role], std::move(name));
    });
  }
  return pairs;
}

std::set<RangeRule> CompiledPolicy::ranges_about(const std::set<std::string>& types) const {
  std::set<RangeRule> rules;
  for_each_entry(data_->policy.range_tr, [&](const char* raw_key, const void*) {
    const auto& key = *reinterpret_cast<const range_trans_t*>(raw_key);
    std::string source = data_->type_name(key.source_type - 1), target = data_->type_name(key.target_type - 1);
    if (types.contains(source) || types.contains(target))
      rules.insert({std::move(source), std::move(target), data_->class_name(key.target_class)});
  });
  return rules;
}

std::string CompiledPolicy::parent_of(std::string_view type) const {
  const auto number = data_->find_type(type);
  if (!number) return {};
  const std::uint32_t parent = data_->policy.type_val_to_struct[*number]->bounds;
  return parent == 0 ? std::string() : data_->type_name(parent - 1);
}

std::vector<std::string> CompiledPolicy::types_in(std::string_view attribute) const {
  const auto at = data_->types.find(attribute);
  if (at == data_->types.end() || !data_->is_attribute(at->second)) return {};
  std::vector<std::string> names;
  for_each_member(data_->policy.attr_type_map[at->second],
                  [&](std::uint32_t type) { names.push_back(data_->type_name(type)); });
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> CompiledPolicy::attributes_of(std::string_view type) const {
  const auto number = data_->find_type(type);
  if (!number) return {};
  std::vector<std::string> names;
  for_each_member(data_->policy.type_attr_map[*number], [&](std::uint32_t attribute) {
    if (data_->is_attribute(attribute)) names.push_back(data_->type_name(attribute));
  });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace macc::backends::selinux
