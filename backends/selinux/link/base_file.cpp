#include "backends/selinux/link/base_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "backends/selinux/link/bytes.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kMagic = "MACCBASE";
// To be raised when a reader of today would misunderstand what is written; also when condense() changes, since the
// cache has nothing else to tell by.
constexpr std::uint64_t kVersion = 2;

// ---- writing and reading alike: each part of the data is described once, for both directions ----

/// Writes what it visits.
class Writing {
 public:
  void text(const std::string& value) { out_.text(value); }
  void texts(const std::vector<std::string>& values) { out_.texts(values); }
  void names(const Inventory::Names& values) { out_.texts({values.begin(), values.end()}); }
  void number(const std::uint64_t& value) { out_.number(value); }
  void flag(const bool& value) { out_.number(value ? 1 : 0); }
  void port(const std::uint16_t& value) { out_.number(value); }
  template <typename T, typename Item>
  void list(const std::vector<T>& values, Item item) {
    out_.number(values.size());
    for (const T& value : values) item(value);
  }
  template <typename T, typename Item>
  void by_name(const Inventory::ByName<T>& values, Item item) {
    out_.number(values.size());
    for (const auto& [name, value] : values) {
      out_.text(name);
      item(value);
    }
  }
  /// Some of the types, by number.
  void types_among(const std::vector<std::string>& some, const std::vector<std::string>& all) {
    out_.number(some.size());
    for (const std::string& name : some) {
      const auto at = std::lower_bound(all.begin(), all.end(), name);
      out_.index(static_cast<std::uint32_t>(at - all.begin()));
    }
  }
  [[nodiscard]] std::string take() { return out_.take(); }

 private:
  ByteWriter out_;
};

/// Fills what it visits.
class Reading {
 public:
  explicit Reading(std::string_view bytes) : in_(bytes) {}
  void text(std::string& value) { value = in_.text(); }
  void texts(std::vector<std::string>& values) { values = in_.texts(); }
  void names(Inventory::Names& values) {
    const std::vector<std::string> list = in_.texts();
    values = {list.begin(), list.end()};
  }
  void number(std::uint64_t& value) { value = in_.number(); }
  void flag(bool& value) { value = in_.number() != 0; }
  void port(std::uint16_t& value) { value = static_cast<std::uint16_t>(in_.number()); }
  template <typename T, typename Item>
  void list(std::vector<T>& values, Item item) {
    for (std::uint64_t left = in_.number(); left != 0 && in_.good(); --left) item(values.emplace_back());
  }
  template <typename T, typename Item>
  void by_name(Inventory::ByName<T>& values, Item item) {
    for (std::uint64_t left = in_.number(); left != 0 && in_.good(); --left) {
      std::string name = in_.text();
      item(values.try_emplace(values.end(), std::move(name))->second);
    }
  }
  void types_among(std::vector<std::string>& some, const std::vector<std::string>& all) {
    const std::uint64_t count = in_.number();
    if (count <= all.size()) some.reserve(count);
    for (std::uint64_t left = count; left != 0 && in_.good(); --left) {
      const std::uint32_t index = in_.index();
      if (index >= all.size()) in_.fail();
      if (in_.good()) some.push_back(all[index]);
    }
  }
  [[nodiscard]] bool complete() const { return in_.good() && in_.rest().empty(); }

 private:
  ByteReader in_;
};

template <typename Way, typename Data>
void visit_about(Way& way, Data& data) {
  way.text(data.description);
  way.text(data.origin);
  way.texts(data.notices);
  way.number(data.policy_version);
  way.flag(data.skeleton);
  way.texts(data.modules);
  way.texts(data.left_out);
  way.texts(data.left_out_types);
  way.texts(data.left_out_contexts);
  way.texts(data.own_violations);
  auto& inventory = data.inventory;
  way.flag(inventory.mls);
  way.text(inventory.handle_unknown);
  way.texts(inventory.capabilities);
}

template <typename Way, typename Data>
void visit_types(Way& way, Data& data) {
  auto& inventory = data.inventory;
  way.texts(inventory.types);
  way.by_name(inventory.aliases, [&](auto& type) { way.text(type); });
  way.by_name(inventory.attributes, [&](auto& members) { way.types_among(members, inventory.types); });
}

template <typename Way, typename Data>
void visit_roles(Way& way, Data& data) {
  auto& inventory = data.inventory;
  way.names(inventory.roles);
  way.names(inventory.role_attributes);
  way.by_name(inventory.roles_of_type, [&](auto& roles) { way.texts(roles); });
  way.list(inventory.users, [&](auto& user) {
    way.text(user.name);
    way.texts(user.roles);
    for (auto* level : {&user.level, &user.low, &user.high}) way.text(*level);
  });
  way.texts(inventory.sensitivities);
  way.texts(inventory.categories);
}

template <typename Way, typename Data>
void visit_classes(Way& way, Data& data) {
  way.by_name(data.inventory.permissions_of_class, [&](auto& permissions) { way.names(permissions); });
}

template <typename Way, typename Data>
void visit_booleans(Way& way, Data& data) {
  way.list(data.inventory.booleans, [&](auto& boolean) {
    way.text(boolean.name);
    way.flag(boolean.value);
  });
}

template <typename Way, typename Data>
void visit_contexts(Way& way, Data& data) {
  auto& inventory = data.inventory;
  way.list(inventory.ports, [&](auto& entry) {
    way.text(entry.protocol);
    way.port(entry.low);
    way.port(entry.high);
    way.text(entry.type);
  });
  way.list(inventory.genfs_contexts, [&](auto& entry) {
    for (auto* text : {&entry.fstype, &entry.path, &entry.class_name, &entry.type}) way.text(*text);
  });
  way.list(inventory.fs_uses, [&](auto& entry) {
    for (auto* text : {&entry.kind, &entry.fstype, &entry.type}) way.text(*text);
  });
}

template <typename Way, typename Data>
void visit_files(Way& way, Data& data) {
  way.text(data.file_contexts);
  way.text(data.local_file_contexts);
  way.list(data.label_aliases, [&](auto& alias) {
    way.text(alias.from);
    way.text(alias.to);
  });
}

template <typename Way, typename Data>
void visit_neverallows(Way& way, Data& data) {
  way.texts(data.inventory.neverallows);
}

template <typename Way, typename Data>
void visit_core(Way& way, Data& data) {
  way.text(data.core);
}
template <typename Way, typename Data>
void visit_rest(Way& way, Data& data) {
  way.text(data.rest);
}
template <typename Way, typename Data>
void visit_cache(Way& way, Data& data) {
  way.text(data.cache_key);
}

struct Section {
  std::string_view name;
  void (*write)(Writing&, const Base::Data&);
  void (*read)(Reading&, Base::Data&);
};

constexpr Section kSections[] = {
#define MACC_SECTION(name) {#name, visit_##name<Writing, const Base::Data>, visit_##name<Reading, Base::Data>},
#include "backends/selinux/link/base_sections.def"
#undef MACC_SECTION
};

template <typename T, typename Less = std::less<T>>
bool is_ascending(const std::vector<T>& list, Less less = {}) {
  return std::adjacent_find(list.begin(), list.end(), [&](const T& a, const T& b) { return !less(a, b); }) ==
         list.end();
}

/// What searches rely on; libsepol sees to the rest.
bool is_sound(const Base::Data& data) {
  const Inventory& inventory = data.inventory;
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  const auto is_sorted_set = [](const auto& entry) { return is_ascending(entry.second); };
  return is_ascending(inventory.types) && is_ascending(data.modules) && is_ascending(inventory.users, by_name) &&
         is_ascending(inventory.booleans, by_name) &&
         std::all_of(inventory.attributes.begin(), inventory.attributes.end(), is_sorted_set) &&
         data.core.find('\0') == std::string::npos && data.rest.find('\0') == std::string::npos;
}

std::string damaged(std::string_view how) { return fmt::format("it is damaged ({})", how); }

}  // namespace

bool is_base_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  std::array<char, kMagic.size()> start{};
  return file != nullptr && std::fread(start.data(), 1, start.size(), file.get()) == start.size() &&
         std::string_view(start.data(), start.size()) == kMagic;
}

std::string seal_base(std::string_view sections) {
  ByteWriter header;
  header.number(kVersion);
  header.number(sections.size());
  header.number(checksum(sections));
  return std::string(kMagic) + header.take() + std::string(sections);
}

std::string write_base(const Base::Data& data) {
  ByteWriter sections;
  for (const Section& section : kSections) {
    Writing way;
    section.write(way, data);
    sections.text(section.name);
    sections.text(way.take());
  }
  return seal_base(sections.take());
}

std::string read_base(std::string_view bytes, Base::Data& data) {
  if (!bytes.starts_with(kMagic)) return "it is no base of macc";
  ByteReader header(bytes.substr(kMagic.size()));
  const std::uint64_t version = header.number(), size = header.number(), sum = header.number();
  if (header.good() && version > kVersion)
    return fmt::format("it is of version {}, newer than this macc, which reads version {}", version, kVersion);
  if (!header.good() || header.rest().size() < size) return damaged("its end is missing");
  if (header.rest().size() > size) return damaged("there is more behind its end");
  if (sum != checksum(header.rest())) return damaged("its checksum does not fit");
  if (version != kVersion) return fmt::format("it is of version {}, which this macc does not read any more", version);

  std::unordered_map<std::string_view, std::string_view> found;
  for (ByteReader in(header.rest()); !in.rest().empty();) {
    const std::string_view name = in.view(), content = in.view();
    if (!in.good() || !found.emplace(name, content).second) return damaged("its list of sections");
  }
  for (const Section& section : kSections) {
    const auto at = found.find(section.name);
    if (at == found.end()) return damaged(fmt::format("section `{}` is missing", section.name));
    Reading way(at->second);
    section.read(way, data);
    if (!way.complete()) return damaged(fmt::format("section `{}`", section.name));
  }
  return is_sound(data) ? std::string() : damaged("what it lists is not in order");
}

}  // namespace macc::backends::selinux
