#include "backends/selinux/platform.h"

#include <algorithm>
#include <set>

#include "backends/selinux/vocabulary.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

struct NameRow {
  std::string_view id;
  NameKind kind;
  std::string_view alternatives;
  bool required;
  std::string_view what, without;
};

constexpr bool required = true, optional = false;
constexpr NameRow kNames[] = {
#define MACC_NAME(id, kind, alternatives, need, what, without) {#id, NameKind::kind, alternatives, need, what, without},
#include "backends/selinux/platform.def"
#undef MACC_NAME
};

struct Row {
  std::string_view name, alternatives;
};

constexpr Row kFilesystems[] = {
#define MACC_FILESYSTEM(name, alternatives) {name, alternatives},
#include "backends/selinux/filesystems.def"
#undef MACC_FILESYSTEM
};

struct KindRow {
  ir::Kind kind;
  std::string_view attributes;
};

constexpr KindRow kFileAttributes[] = {
#define MACC_FILE_ATTRIBUTES(kind, attributes) {ir::Kind::kind, attributes},
#define MACC_ENTRY_ATTRIBUTES(attributes)
#include "backends/selinux/file_attributes.def"
#undef MACC_FILE_ATTRIBUTES
#undef MACC_ENTRY_ATTRIBUTES
};

constexpr std::string_view kEntryAttributes =
#define MACC_FILE_ATTRIBUTES(kind, attributes)
#define MACC_ENTRY_ATTRIBUTES(attributes) attributes
#include "backends/selinux/file_attributes.def"
#undef MACC_FILE_ATTRIBUTES
#undef MACC_ENTRY_ATTRIBUTES
    ;

constexpr std::string_view kPlaces[] = {
#define MACC_PLACE(alternatives) alternatives,
#include "backends/selinux/places.def"
#undef MACC_PLACE
};

struct GateRow {
  std::string_view target, class_name, permission, attribute;
};

constexpr GateRow kGates[] = {
#define MACC_GATE(target, class_name, permission, attribute) {target, class_name, permission, attribute},
#include "backends/selinux/gates.def"
#undef MACC_GATE
};

bool has(const Base& base, NameKind kind, std::string_view name) {
  switch (kind) {
    case NameKind::type:
      return base.has_type(name);
    case NameKind::attribute:
      return base.has_attribute(name);
    case NameKind::role:
      return base.has_role(name);
    case NameKind::user:
      return base.has_user(name);
  }
  return false;
}

/// The first of the alternatives that the policy has; "" for none.
std::string first_of(const Base& base, NameKind kind, std::string_view alternatives) {
  for (std::string_view name : words(alternatives))
    if (has(base, kind, name)) return std::string(name);
  return "";
}

constexpr std::string_view kBackend = "selinux";

/// The skeleton is no real system's policy: what it does not have may be there all the same.
std::string first_bound(const Base& base, std::string_view key, const std::vector<std::string>& alternatives) {
  if (alternatives.empty()) return "";
  if (key != "type" && key != "role") return alternatives.front();
  const NameKind kind = key == "role" ? NameKind::role : NameKind::type;
  for (const auto& name : alternatives)
    if (has(base, kind, name)) return name;
  return base.is_skeleton() ? alternatives.front() : "";
}

std::string join_words(const std::vector<std::string>& list, std::string_view between) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : std::string(between)) + item;
  return text;
}

std::vector<std::string> all_of(const Base& base, std::string_view attributes) {
  std::vector<std::string> list;
  for (std::string_view name : words(attributes))
    if (base.has_attribute(name)) list.emplace_back(name);
  return list;
}

}  // namespace

std::string_view word(NameKind kind) {
  switch (kind) {
    case NameKind::type:
      return "type";
    case NameKind::attribute:
      return "attribute";
    case NameKind::role:
      return "role";
    case NameKind::user:
      return "user";
  }
  return "";
}

std::string_view id_of(Name name) { return kNames[static_cast<std::size_t>(name)].id; }

std::map<Name, std::string> renamed(std::string_view setting, const Base& base, std::vector<std::string>& problems) {
  std::map<Name, std::string> names;
  std::string spaced(setting);
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  for (std::string_view item : words(spaced)) {
    const std::size_t equals = item.find('=');
    const std::string_view id = item.substr(0, equals);
    const auto row = std::find_if(std::begin(kNames), std::end(kNames), [&](const NameRow& r) { return r.id == id; });
    if (equals == std::string_view::npos || row == std::end(kNames)) {
      problems.push_back("`" + printable(item) + "` is not `THING=NAME` with a thing that macc looks for");
      continue;
    }
    const std::string_view name = item.substr(equals + 1);
    if (has(base, row->kind, name))
      names[static_cast<Name>(row - std::begin(kNames))] = name;
    else
      problems.push_back(base.description() + " has no " + std::string(word(row->kind)) + " `" + printable(name) + "`");
  }
  return names;
}

Platform::Platform(std::shared_ptr<const Base> base, const std::map<Name, std::string>& renamed)
    : base_(std::move(base)) {
  for (const NameRow& row : kNames) names_.push_back(first_of(*base_, row.kind, row.alternatives));
  for (const auto& [name, own] : renamed) names_[static_cast<std::size_t>(name)] = own;
  for (const GateRow& row : kGates) {
    const std::string target = row.target == "self" ? "self" : first_of(*base_, NameKind::type, row.target);
    const std::string attribute = first_of(*base_, NameKind::attribute, row.attribute);
    if (!target.empty() && !attribute.empty())
      gates_.push_back({target, std::string(row.class_name), std::string(row.permission), attribute});
  }
}

bool Platform::has_permission(std::string_view class_name, std::string_view permission) const {
  return base_->has_permission(class_name, permission);
}

std::vector<std::string> Platform::login_roles() const {
  std::set<std::string> roles;
  for (const auto& type : base_->types_in((*this)[Name::user_domains]))
    for (auto& role : base_->roles_of(type)) roles.insert(std::move(role));
  for (Name other : {Name::object_role, Name::system_role}) roles.erase((*this)[other]);
  return {roles.begin(), roles.end()};
}

std::string Platform::filesystem_type(std::string_view fstype) const {
  for (const Row& row : kFilesystems)
    if (row.name == fstype) return first_of(*base_, NameKind::type, row.alternatives);
  return "";
}

std::vector<std::string> Platform::file_attributes(ir::Kind kind) const {
  if (kind == ir::Kind::device) return {(*this)[Name::device_nodes]};
  std::vector<std::string> list = {(*this)[Name::file_types]};
  for (const KindRow& row : kFileAttributes)
    if (row.kind == kind)
      for (auto& name : all_of(*base_, row.attributes)) list.push_back(std::move(name));
  return list;
}

std::vector<std::string> Platform::entry_attributes() const {
  std::vector<std::string> list = all_of(*base_, kEntryAttributes);
  list.push_back((*this)[Name::file_types]);
  return list;
}

bool is_place(std::string_view type) {
  return std::any_of(std::begin(kPlaces), std::end(kPlaces), [&](std::string_view alternatives) {
    const auto names = words(alternatives);
    return std::find(names.begin(), names.end(), type) != names.end();
  });
}

std::vector<std::string> Platform::bound(const ir::Bindings& bindings, std::string_view key) const {
  std::vector<std::string> list;
  const auto* values = bindings.find(kBackend, key);
  if (values == nullptr) return list;
  for (const auto& alternatives : *values) {
    std::string name = first_bound(*base_, key, alternatives);
    if (!name.empty()) list.push_back(std::move(name));
  }
  return list;
}

std::vector<std::string> Platform::unbound(const ir::Bindings& bindings, std::string_view key) const {
  std::vector<std::string> list;
  const auto* values = bindings.find(kBackend, key);
  if (values == nullptr) return list;
  for (const auto& alternatives : *values)
    if (first_bound(*base_, key, alternatives).empty()) list.push_back(join_words(alternatives, " or "));
  return list;
}

std::vector<PlatformFinding> check_platform(const Base& base) {
  std::vector<PlatformFinding> list;
  auto add = [&](std::string_view id, NameKind kind, std::string what, std::string_view alternatives, bool needed,
                 std::string_view without) {
    const auto names = words(alternatives);
    list.push_back({std::string(id),
                    kind,
                    std::move(what),
                    {names.begin(), names.end()},
                    first_of(base, kind, alternatives),
                    needed,
                    std::string(without)});
  };
  for (const NameRow& row : kNames)
    add(row.id, row.kind, std::string(row.what), row.alternatives, row.required, row.without);
  for (const Row& row : kFilesystems)
    add("", NameKind::type, std::string(row.name), row.alternatives, false,
        "mounting them is granted as mounting any file system");
  return list;
}

}  // namespace macc::backends::selinux
