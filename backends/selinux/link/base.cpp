#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/base_file.h"
#include "backends/selinux/link/cache.h"
#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/condense.h"
#include "backends/selinux/link/import.h"
#include "backends/selinux/link/label_aliases.h"
#include "backends/selinux/link/messages.h"
#include "backends/selinux/link/packages.h"
#include "backends/selinux/link/sepol.h"
#include "compiler/base/diagnostic.h"
#include "compiler/base/files.h"
#include "selinux_skeleton.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kPolicyFolder = "/usr/share/selinux/";

/// Version of the Debian package that brings the policy; "" when there is none, or no dpkg. The name is a policy name,
/// so a shell can be trusted with it.
std::string package_version(std::string_view name) {
  const std::string command = fmt::format("dpkg-query -W -f '${{Version}}' 'selinux-policy-{}' 2>/dev/null", name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> output(popen(command.c_str(), "re"), pclose);
  char buffer[128] = "";
  if (output == nullptr || std::fgets(buffer, sizeof buffer, output.get()) == nullptr) return {};
  return printable(buffer);
}

std::string describe(const PolicySource& source, std::size_t modules, const std::vector<std::string>& leave_out) {
  if (!source.binary.empty()) return fmt::format("the binary policy {}", printable(source.binary));
  std::string text = fmt::format("the policy in {}", printable(source.place));
  if (source.root.empty() && !source.name.empty()) {
    const std::string version = is_policy_name(source.name) ? package_version(source.name) : std::string();
    text = version.empty() ? fmt::format("the installed policy `{}`", printable(source.name))
                           : fmt::format("the installed Debian policy {}", version);
    if (source.is_store) text += " as it is in the module store";
  }
  text += fmt::format(" ({} module{}", modules, modules == 1 ? "" : "s");
  for (const std::string& module : leave_out)
    text += fmt::format("{}{}", &module == &leave_out.front() ? ", without " : ", ", module);
  return text + ')';
}

std::string no_module(const std::string& module, const std::vector<std::string>& modules) {
  const std::string guess = did_you_mean(module, modules);
  return fmt::format("the policy has no module `{}`{}", printable(module),
                     guess.empty() ? "" : fmt::format(": did you mean `{}`?", printable(guess)));
}

/// The modules that are left, or the reason why they cannot be determined.
std::string choose_modules(const std::vector<PackageFile>& packages, const std::vector<std::string>& leave_out,
                           std::vector<std::string>& modules) {
  for (const PackageFile& package : packages) {
    if (!modules.empty() && modules.back() == package.name)
      return fmt::format("the policy module `{}` is there twice", printable(package.name));
    modules.push_back(package.name);
  }
  for (const std::string& module : leave_out) {
    const auto at = std::lower_bound(modules.begin(), modules.end(), module);
    if (at == modules.end() || *at != module) return no_module(module, modules);
    modules.erase(at);
  }
  return {};
}

template <typename T>
std::vector<std::string> keys(const Inventory::ByName<T>& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

std::string build_from_binary(const PolicySource& source, const Companions& companions, Base::Data& data) {
  const std::optional<std::string> image = read_whole_file(source.binary);
  if (!image) return fmt::format("{} cannot be read: {}", printable(source.binary), std::strerror(errno));
  const bool has_template = !companions.home_template.empty();
  const std::string homes = has_template ? companions.home_template : to_home_template(companions.homedirs);
  std::string reason = build_base_of_binary(*image, to_filecons(companions.file_contexts + "\n" + homes), data);
  if (!reason.empty()) return fmt::format("{}: {}", printable(source.binary), reason);
  data.notices.emplace_back("neverallows are not in a binary policy, so none of the system's is checked");
  data.notices.emplace_back(
      "a binary policy does not say which modules it was made of: one of ours with the same name would replace it");
  if (companions.file_contexts.empty())
    data.notices.push_back(fmt::format("there are no file contexts in {}, so no path of the system has a label",
                                       printable(source.contexts)));
  if (!has_template && !companions.homedirs.empty())
    data.notices.emplace_back("labels of homes were taken back from file_contexts.homedirs");
  return {};
}

template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    visit(line);
  }
}

/// Whether a name stands anywhere in an expression.
bool names(const CilExpression& expression, std::string_view name) {
  return expression.atom == name || std::any_of(expression.items.begin(), expression.items.end(),
                                                [name](const CilExpression& item) { return names(item, name); });
}

/// What follows from the texts.
void take_names(Base::Data& data) {
  data.inventory = take_inventory(data.core);
  std::erase_if(data.left_out_types, [&](const std::string& type) { return data.inventory.has_type(type); });
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Base::Base(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Base::~Base() = default;

BaseOrReason Base::installed(std::string_view name, const std::vector<std::string>& leave_out) {
  if (!is_policy_name(name)) return {nullptr, fmt::format("`{}` is no name of a policy", printable(name))};
  return from_folder(fmt::format("{}{}", kPolicyFolder, name), leave_out);
}

BaseOrReason Base::from_folder(const std::string& folder, const std::vector<std::string>& leave_out, bool use_cache) {
  const PolicySource source = folder_source(folder);
  if (source.packages.empty()) return {nullptr, fmt::format("there is no policy in {}", printable(folder))};
  return from_source(source, leave_out, use_cache);
}

BaseOrReason Base::import(const ImportRequest& request, const std::vector<std::string>& leave_out) {
  SourceOrReason found = find_source(request);
  if (!found.reason.empty()) return {nullptr, std::move(found.reason)};
  return from_source(found.source, leave_out, false);
}

BaseOrReason Base::from_source(const PolicySource& source, const std::vector<std::string>& leave_out, bool use_cache) {
  std::vector<std::string> without = leave_out;
  std::sort(without.begin(), without.end());
  without.erase(std::unique(without.begin(), without.end()), without.end());
  auto data = std::make_unique<Data>();
  std::string reason = source.binary.empty() ? choose_modules(source.packages, without, data->modules) : std::string();
  if (!reason.empty()) return {nullptr, std::move(reason)};
  const Companions companions = read_companions(source);
  const BaseCache cache(source, without, companions);
  if (use_cache && cache.read(*data)) return {std::make_shared<const Base>(std::move(data)), {}};
  reason = source.binary.empty() ? build_base(source.packages, without, *data)
                                 : build_from_binary(source, companions, *data);
  if (!reason.empty()) return {nullptr, std::move(reason)};
  data->left_out = without;
  if (!source.binary.empty() && !without.empty())
    data->notices.push_back(fmt::format(
        "that it is without {} cannot be seen in a binary policy: it was said at import", fmt::join(without, ", ")));
  data->description = describe(source, data->modules.size(), without);
  data->origin = source.place;
  apply_companions(companions, *data);
  take_names(*data);
  if (use_cache) cache.write(*data);
  return {std::make_shared<const Base>(std::move(data)), {}};
}

BaseOrReason Base::from_bytes(std::string_view bytes) {
  auto data = std::make_unique<Data>();
  if (std::string reason = read_base(bytes, *data); !reason.empty()) return {nullptr, std::move(reason)};
  return {std::make_shared<const Base>(std::move(data)), {}};
}

BaseOrReason Base::from_file(const std::string& path) {
  const std::optional<std::string> bytes = read_whole_file(path);
  if (!bytes) return {nullptr, fmt::format("it cannot be read: {}", std::strerror(errno))};
  return from_bytes(*bytes);
}

std::string Base::to_bytes() const {
  Data data = *data_;
  data.cache_key.clear();
  return write_base(data);
}

bool is_policy_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::shared_ptr<const Base> Base::skeleton() {
  static const std::shared_ptr<const Base> base = [] {
    Data data;
    data.description = "the bundled skeleton of a policy";
    data.skeleton = true;
    data.modules = {"skeleton"};
    data.label_aliases = default_label_aliases();
    std::string text;
    for (const link_data::EmbeddedFile& file : link_data::selinux_skeleton()) text += file.text;
    const CondensedPolicy policy = condense(text);  // a statement a line
    data.core = policy.core + policy.rest;
    // The linker writes file contexts in the order in which they are to be matched.
    take_names(data);
    data.file_contexts = link(Base(std::make_unique<Data>(data)), {}).file_contexts;
    return std::make_shared<const Base>(std::make_unique<Data>(std::move(data)));
  }();
  return base;
}

const std::string& Base::origin() const { return data_->origin; }
const std::vector<std::string>& Base::notices() const { return data_->notices; }
const std::vector<std::string>& Base::capabilities() const { return data_->inventory.capabilities; }
const std::string& Base::description() const { return data_->description; }
bool Base::is_skeleton() const { return data_->skeleton; }
bool Base::has_type(std::string_view name) const { return data_->inventory.has_type(name); }
bool Base::has_attribute(std::string_view name) const { return data_->inventory.attributes.contains(name); }
bool Base::has_boolean(std::string_view name) const { return data_->inventory.has_boolean(name); }
bool Base::has_role(std::string_view name) const { return data_->inventory.roles.contains(name); }
bool Base::has_user(std::string_view name) const { return data_->inventory.has_user(name); }
bool Base::has_levels() const { return data_->inventory.mls; }
bool Base::has_sensitivity(std::string_view name) const { return contains(data_->inventory.sensitivities, name); }
bool Base::has_category(std::string_view name) const { return contains(data_->inventory.categories, name); }
bool Base::has_module(std::string_view name) const {
  return std::binary_search(data_->modules.begin(), data_->modules.end(), name);
}
bool Base::has_permission(std::string_view class_name, std::string_view permission) const {
  const auto& classes = data_->inventory.permissions_of_class;
  const auto at = classes.find(class_name);
  return at != classes.end() && at->second.contains(permission);
}
const std::vector<std::string>& Base::left_out() const { return data_->left_out; }
const std::vector<std::string>& Base::left_out_types() const { return data_->left_out_types; }
const std::vector<std::string>& Base::left_out_contexts() const { return data_->left_out_contexts; }
const std::vector<std::string>& Base::types() const { return data_->inventory.types; }
const std::vector<std::string>& Base::modules() const { return data_->modules; }

std::string Base::canonical_type(std::string_view name) const {
  const auto alias = data_->inventory.aliases.find(name);
  if (alias != data_->inventory.aliases.end()) return alias->second;
  return has_type(name) ? std::string(name) : std::string();
}

std::vector<std::string> Base::types_in(std::string_view attribute) const {
  const auto at = data_->inventory.attributes.find(attribute);
  return at == data_->inventory.attributes.end() ? std::vector<std::string>() : at->second;
}

std::vector<std::string> Base::attributes_of(std::string_view type) const {
  const std::string name = canonical_type(type);
  std::vector<std::string> attributes;
  for (const auto& [attribute, types] : data_->inventory.attributes) {
    if (std::binary_search(types.begin(), types.end(), name)) attributes.push_back(attribute);
  }
  return attributes;
}

std::vector<std::string> Base::roles_of(std::string_view type) const {
  const auto at = data_->inventory.roles_of_type.find(canonical_type(type));
  return at == data_->inventory.roles_of_type.end() ? std::vector<std::string>() : at->second;
}

const std::vector<PortContext>& Base::ports() const { return data_->inventory.ports; }

std::optional<std::string> Base::port_type(std::string_view protocol, std::uint16_t port) const {
  const PortContext* best = nullptr;
  for (const PortContext& entry : data_->inventory.ports) {
    if (entry.protocol != protocol || port < entry.low || port > entry.high) continue;
    if (best == nullptr || entry.high - entry.low < best->high - best->low) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  return best->type;
}

const std::string& Base::file_contexts() const { return data_->file_contexts; }
std::vector<std::string> Base::expressions_of(std::string_view attribute) const {
  const std::string start = fmt::format("(typeattributeset {} ", attribute);
  std::vector<std::string> expressions;
  for_each_line(data_->core, [&](std::string_view line) {
    if (line.starts_with(start)) expressions.emplace_back(line.substr(start.size(), line.size() - start.size() - 1));
  });
  return expressions;
}

std::vector<std::string> Base::conditions_on(std::string_view boolean) const {
  std::vector<std::string> conditions;
  const auto take = [&](std::string_view line) {
    if (!line.starts_with("(booleanif ")) return;
    for_each_statement(line, [&](CilExpression& statement) {
      if (statement.items.size() > 1 && names(statement.items[1], boolean)) conditions.push_back(to_text(statement));
    });
  };
  for_each_line(data_->core, take);
  for_each_line(data_->rest, take);
  return conditions;
}

std::vector<std::pair<std::string, std::size_t>> Base::rule_counts() const {
  static const std::set<std::string_view> kinds = {
      "allow",          "dontaudit",  "auditallow",   "allowx",          "dontauditx",      "auditallowx",
      "typetransition", "typechange", "typemember",   "rangetransition", "roletransition",  "roleallow",
      "booleanif",      "constrain",  "mlsconstrain", "validatetrans",   "mlsvalidatetrans"};
  std::map<std::string_view, std::size_t> counts;
  const auto add = [&](std::string_view line) {
    const std::string_view word = line.substr(std::min<std::size_t>(1, line.size()), line.find(' ') - 1);
    if (kinds.contains(word)) ++counts[word];
  };
  for_each_line(data_->core, add);
  for_each_line(data_->rest, add);
  return {counts.begin(), counts.end()};
}

const std::string& Base::local_file_contexts() const { return data_->local_file_contexts; }
const std::vector<LabelAlias>& Base::label_aliases() const { return data_->label_aliases; }
const std::vector<GenfsContext>& Base::genfs_contexts() const { return data_->inventory.genfs_contexts; }
const std::vector<FsUse>& Base::fs_uses() const { return data_->inventory.fs_uses; }
const std::vector<PolicyUser>& Base::users() const { return data_->inventory.users; }
const std::vector<PolicyBoolean>& Base::booleans() const { return data_->inventory.booleans; }
const std::vector<std::string>& Base::sensitivities() const { return data_->inventory.sensitivities; }
const std::vector<std::string>& Base::categories() const { return data_->inventory.categories; }
const std::vector<std::string>& Base::neverallows() const { return data_->inventory.neverallows; }

std::vector<std::string> Base::roles() const { return {data_->inventory.roles.begin(), data_->inventory.roles.end()}; }
std::vector<std::string> Base::attributes() const { return keys(data_->inventory.attributes); }
std::vector<std::string> Base::classes() const { return keys(data_->inventory.permissions_of_class); }

std::vector<std::string> Base::permissions_of(std::string_view class_name) const {
  const auto at = data_->inventory.permissions_of_class.find(class_name);
  if (at == data_->inventory.permissions_of_class.end()) return {};
  return {at->second.begin(), at->second.end()};
}

std::vector<std::string> Base::aliases_of(std::string_view type) const {
  std::vector<std::string> names;
  for (const auto& [alias, name] : data_->inventory.aliases) {
    if (name == type) names.push_back(alias);
  }
  return names;
}

}  // namespace macc::backends::selinux
