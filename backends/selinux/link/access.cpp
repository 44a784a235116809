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

/// Collects the text of one condition at a time, from postfix.
class ConditionText {
 public:
  void begin() { stack_.clear(); }
  void operand(std::string name) { stack_.push_back({std::move(name), true}); }
  void operation(unsigned kind) {
    if (kind == MACC_COND_NOT) {
      if (stack_.empty()) return;
      stack_.back() = {"not " + closed(stack_.back()), false};
      return;
    }
    if (stack_.size() < 2) return;
    const Term right = std::move(stack_.back());
    stack_.pop_back();
    stack_.back() = {fmt::format("({} {} {})", stack_.back().text, word(kind), right.text), true};
  }
  [[nodiscard]] std::string text(bool when_true) const {
    if (stack_.empty()) return {};
    return when_true ? stack_.back().text : "not " + closed(stack_.back());
  }

 private:
  struct Term {
    std::string text;
    bool is_closed = false;
  };
  static std::string closed(const Term& term) { return term.is_closed ? term.text : fmt::format("({})", term.text); }
  static std::string_view word(unsigned kind) {
    switch (kind) {
      case MACC_COND_OR:
        return "or";
      case MACC_COND_AND:
        return "and";
      case MACC_COND_XOR:
        return "xor";
      case MACC_COND_EQ:
        return "is";
      default:
        return "is not";
    }
  }

  std::vector<Term> stack_;
};

}  // namespace

struct CompiledPolicy::Data {
  policydb_t policy{};
  bool loaded = false;
  std::map<std::string, std::uint32_t, std::less<>> types;  // name -> number from 0, attributes too
  std::vector<PermissionNames> permissions;                 // by class

  ~Data() { policydb_destroy(&policy); }

  /// A rule with its condition ("" for none).
  using Visit = std::function<void(const std::string&, const avtab_key_t&, const avtab_datum_t&)>;

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
    for (std::uint32_t slot = 0; slot < policy.te_avtab.nslot; ++slot) {
      for (const avtab_node* node = policy.te_avtab.htable[slot]; node != nullptr; node = node->next)
        visit({}, node->key, node->datum);
    }
    for_each_conditional(visit);
  }

 private:
  struct State {
    const Data& data;
    const Visit& visit;
    ConditionText condition;
  };

  void for_each_conditional(const Visit& visit) const {
    State state{*this, visit, {}};
    macc_condition_visitor visitor{};
    visitor.state = &state;
    visitor.begin = [](void* at) { static_cast<State*>(at)->condition.begin(); };
    visitor.term = [](void* at, unsigned kind, unsigned boolean) {
      State& s = *static_cast<State*>(at);
      if (kind == MACC_COND_BOOL) {
        s.condition.operand(s.data.policy.p_bool_val_to_name[boolean - 1]);
      } else {
        s.condition.operation(kind);
      }
    };
    visitor.rule = [](void* at, int when_true, const avtab_key_t* key, const avtab_datum_t* datum) {
      State& s = *static_cast<State*>(at);
      s.visit(s.condition.text(when_true != 0), *key, *datum);
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
