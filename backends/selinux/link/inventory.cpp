#include "backends/selinux/link/inventory.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <functional>
#include <unordered_map>

#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/sets.h"

namespace macc::backends::selinux {
namespace {

std::uint16_t port_number(std::string_view text) {
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string unquoted(std::string_view atom) {
  if (atom.size() >= 2 && atom.front() == '"') atom = atom.substr(1, atom.size() - 2);
  return std::string(atom);
}

/// The class behind the word that a genfscon has for it.
std::string genfs_class(std::string_view word) {
  static const std::unordered_map<std::string_view, std::string_view> classes = {{"char", "chr_file"},
                                                                                 {"block", "blk_file"},
                                                                                 {"socket", "sock_file"},
                                                                                 {"pipe", "fifo_file"},
                                                                                 {"symlink", "lnk_file"}};
  const auto at = classes.find(word);
  return std::string(at == classes.end() ? word : at->second);
}

/// "s0:c0.c1023" of (s0 (range c0 c1023)).
std::string level_text(const CilExpression& level) {
  if (!level.is_list()) return std::string(level.atom);
  std::string text(level.symbol(0));
  std::string categories;
  const std::function<void(const CilExpression&)> add = [&](const CilExpression& item) {
    if (!item.is_list()) {
      (categories += categories.empty() ? "" : ",") += item.atom;
    } else if (item.head() == "range" && item.items.size() == 3) {
      ((((categories += categories.empty() ? "" : ",") += item.symbol(1)) += '.') += item.symbol(2));
    } else {
      for (const CilExpression& part : item.items) add(part);
    }
  };
  for (std::size_t i = 1; i < level.items.size(); ++i) add(level.items[i]);
  return categories.empty() ? text : text + ':' + categories;
}

class Taker {
 public:
  Inventory take(std::string_view cil) {
    for_each_statement(cil, [this](CilExpression& statement) { add(statement); });
    finish_classes();
    finish_types();
    finish_roles();
    finish_users();
    std::sort(out_.capabilities.begin(), out_.capabilities.end());
    sort_by(out_.ports, [](const PortContext& p) { return std::tie(p.protocol, p.low, p.high); });
    sort_by(out_.booleans, [](const PolicyBoolean& b) { return std::tie(b.name); });
    sort_by(out_.genfs_contexts, [](const GenfsContext& c) { return std::tie(c.fstype, c.path, c.class_name); });
    sort_by(out_.fs_uses, [](const FsUse& use) { return std::tie(use.fstype, use.kind); });
    return std::move(out_);
  }

 private:
  using Handler = void (Taker::*)(const CilExpression&);

  template <typename T, typename Key>
  static void sort_by(std::vector<T>& list, Key key) {
    std::stable_sort(list.begin(), list.end(), [key](const T& a, const T& b) { return key(a) < key(b); });
  }

  void add(const CilExpression& statement) {
    static const std::unordered_map<std::string_view, Handler> handlers = {
        {"type", &Taker::add_type},
        {"typealiasactual", &Taker::add_alias},
        {"typeattribute", &Taker::add_attribute},
        {"typeattributeset", &Taker::add_attribute_set},
        {"role", &Taker::add_role},
        {"roleattribute", &Taker::add_role_attribute},
        {"roleattributeset", &Taker::add_role_set},
        {"roletype", &Taker::add_role_type},
        {"boolean", &Taker::add_boolean},
        {"user", &Taker::add_user},
        {"userrole", &Taker::add_user_role},
        {"userlevel", &Taker::add_user_level},
        {"userrange", &Taker::add_user_range},
        {"sensitivityorder", &Taker::add_sensitivities},
        {"categoryorder", &Taker::add_categories},
        {"genfscon", &Taker::add_genfs},
        {"fsuse", &Taker::add_fs_use},
        {"neverallow", &Taker::add_neverallow},
        {"mls", &Taker::set_mls},
        {"handleunknown", &Taker::set_handle_unknown},
        {"policycap", &Taker::add_capability},
        {"class", &Taker::add_class},
        {"common", &Taker::add_class},
        {"classcommon", &Taker::add_class_common},
        {"portcon", &Taker::add_port},
    };
    if (const auto handler = handlers.find(statement.head()); handler != handlers.end())
      (this->*handler->second)(statement);
  }

  void add_type(const CilExpression& s) {
    types_.declare_member(s.symbol(1));
    out_.types.emplace_back(s.symbol(1));
  }
  void add_alias(const CilExpression& s) {
    types_.declare_alias(s.symbol(1), s.symbol(2));
    out_.aliases.emplace(s.symbol(1), s.symbol(2));
  }
  void add_attribute(const CilExpression& s) { types_.declare_set(s.symbol(1)); }
  void add_attribute_set(const CilExpression& s) {
    if (s.items.size() == 3) types_.define(s.symbol(1), s.items[2]);
  }
  void add_role(const CilExpression& s) {
    roles_.declare_member(s.symbol(1));
    out_.roles.emplace(s.symbol(1));
  }
  void add_role_attribute(const CilExpression& s) {
    roles_.declare_set(s.symbol(1));
    out_.role_attributes.emplace(s.symbol(1));
  }
  void add_role_set(const CilExpression& s) {
    if (s.items.size() == 3) roles_.define(s.symbol(1), s.items[2]);
  }
  void add_role_type(const CilExpression& s) { role_types_.emplace_back(s.symbol(1), s.symbol(2)); }
  void add_boolean(const CilExpression& s) {
    out_.booleans.push_back({std::string(s.symbol(1)), s.symbol(2) == "true"});
  }
  PolicyUser& user(std::string_view name) {
    PolicyUser& entry = users_.try_emplace(std::string(name)).first->second;
    entry.name = name;
    return entry;
  }
  void add_user(const CilExpression& s) { user(s.symbol(1)); }
  void add_user_role(const CilExpression& s) { user(s.symbol(1)).roles.emplace_back(s.symbol(2)); }
  void add_user_level(const CilExpression& s) {
    if (s.items.size() == 3) user(s.symbol(1)).level = level_text(s.items[2]);
  }
  void add_user_range(const CilExpression& s) {
    if (s.items.size() != 3 || s.items[2].items.size() != 2) return;
    user(s.symbol(1)).low = level_text(s.items[2].items[0]);
    user(s.symbol(1)).high = level_text(s.items[2].items[1]);
  }
  static void add_names(const CilExpression& s, std::vector<std::string>& out) {
    if (s.items.size() != 2) return;
    for (const CilExpression& item : s.items[1].items) {
      if (!item.is_list() && item.atom != "unordered") out.emplace_back(item.atom);
    }
  }
  void add_sensitivities(const CilExpression& s) { add_names(s, out_.sensitivities); }
  void add_categories(const CilExpression& s) { add_names(s, out_.categories); }
  void add_genfs(const CilExpression& s) {
    if (s.items.size() < 4) return;
    GenfsContext entry{std::string(s.symbol(1)), unquoted(s.symbol(2)), {}, std::string(s.items.back().symbol(2))};
    if (s.items.size() == 5 && s.symbol(3) != "any") entry.class_name = genfs_class(s.symbol(3));
    out_.genfs_contexts.push_back(std::move(entry));
  }
  void add_fs_use(const CilExpression& s) {
    if (s.items.size() != 4) return;
    out_.fs_uses.push_back({std::string(s.symbol(1)), std::string(s.symbol(2)), std::string(s.items[3].symbol(2))});
  }
  void set_mls(const CilExpression& s) { out_.mls = s.symbol(1) == "true"; }
  void set_handle_unknown(const CilExpression& s) { out_.handle_unknown = s.symbol(1); }
  void add_capability(const CilExpression& s) { out_.capabilities.emplace_back(s.symbol(1)); }
  void add_neverallow(const CilExpression& s) { out_.neverallows.push_back(to_text(s)); }
  void add_class(const CilExpression& s) {
    auto& all = s.head() == "class" ? out_.permissions_of_class : commons_;
    Inventory::Names& permissions = all[std::string(s.symbol(1))];
    if (s.items.size() < 3) return;
    for (const CilExpression& item : s.items[2].items) permissions.emplace(item.atom);
  }
  void add_class_common(const CilExpression& s) { class_commons_.emplace_back(s.symbol(1), s.symbol(2)); }
  void add_port(const CilExpression& s) {
    if (s.items.size() != 4) return;
    const CilExpression& range = s.items[2];
    PortContext port;
    port.protocol = s.symbol(1);
    port.low = port_number(range.is_list() ? range.symbol(0) : range.atom);
    port.high = port_number(range.is_list() ? range.symbol(1) : range.atom);
    port.type = s.items[3].symbol(2);
    out_.ports.push_back(std::move(port));
  }

  void finish_classes() {
    for (const auto& [name, common] : class_commons_) {
      const Inventory::Names& permissions = commons_[common];
      out_.permissions_of_class[name].insert(permissions.begin(), permissions.end());
    }
  }
  void finish_types() {
    std::sort(out_.types.begin(), out_.types.end());
    out_.types.erase(std::unique(out_.types.begin(), out_.types.end()), out_.types.end());
    for (const auto& [name, definition] : types_.definitions()) out_.attributes.emplace(name, types_.names_in(name));
  }
  void finish_roles() {
    for (const auto& [role, type] : role_types_) {
      const std::vector<std::string> roles = roles_.is_set(role) ? roles_.names_in(role) : std::vector{role};
      const auto attribute = out_.attributes.find(type);
      const std::vector<std::string> types = attribute != out_.attributes.end() ? attribute->second : std::vector{type};
      for (const std::string& member : types) {
        std::vector<std::string>& list = out_.roles_of_type[member];
        list.insert(list.end(), roles.begin(), roles.end());
      }
    }
    for (auto& [type, list] : out_.roles_of_type) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
  }

  void finish_users() {
    for (auto& [name, entry] : users_) {
      std::sort(entry.roles.begin(), entry.roles.end());
      out_.users.push_back(std::move(entry));
    }
  }

  Inventory out_;
  std::map<std::string, PolicyUser> users_;
  SetTable types_;
  SetTable roles_;
  Inventory::ByName<Inventory::Names> commons_;
  std::vector<std::pair<std::string, std::string>> class_commons_;
  std::vector<std::pair<std::string, std::string>> role_types_;
};

}  // namespace

namespace {

template <typename T>
bool has_name(const std::vector<T>& sorted, std::string_view name) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name,
                                   [](const T& item, std::string_view wanted) { return item.name < wanted; });
  return at != sorted.end() && at->name == name;
}

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

bool Inventory::has_type(std::string_view name) const {
  return std::binary_search(types.begin(), types.end(), name) || aliases.contains(name);
}
bool Inventory::has_user(std::string_view name) const { return has_name(users, name); }
bool Inventory::has_boolean(std::string_view name) const { return has_name(booleans, name); }

bool Inventory::knows(std::string_view name) const {
  return has_type(name) || attributes.contains(name) || has_boolean(name) || roles.contains(name) ||
         role_attributes.contains(name) || has_user(name) || has(sensitivities, name) || has(categories, name) ||
         permissions_of_class.contains(name);
}

Inventory take_inventory(std::string_view cil) { return Taker().take(cil); }

}  // namespace macc::backends::selinux
