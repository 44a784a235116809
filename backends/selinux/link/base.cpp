#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/cache.h"
#include "backends/selinux/link/messages.h"
#include "backends/selinux/link/packages.h"
#include "backends/selinux/link/sepol.h"
#include "compiler/base/diagnostic.h"
#include "selinux_skeleton.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kPolicyFolder = "/usr/share/selinux/";

bool is_policy_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

/// Version of the Debian package that brings the policy; "" when there is none, or no dpkg. The name is a policy name,
/// so a shell can be trusted with it.
std::string package_version(std::string_view name) {
  const std::string command = fmt::format("dpkg-query -W -f '${{Version}}' 'selinux-policy-{}' 2>/dev/null", name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> output(popen(command.c_str(), "re"), pclose);
  char buffer[128] = "";
  if (output == nullptr || std::fgets(buffer, sizeof buffer, output.get()) == nullptr) return {};
  return printable(buffer);
}

std::string describe_base(const std::string& folder, std::size_t count, const std::vector<std::string>& leave_out) {
  std::string text = fmt::format("the policy in {}", printable(folder));
  if (folder.starts_with(kPolicyFolder)) {
    const std::string name = folder.substr(kPolicyFolder.size());
    const std::string version = is_policy_name(name) ? package_version(name) : std::string();
    text = version.empty() ? fmt::format("the installed policy `{}`", name)
                           : fmt::format("the installed Debian policy {}", version);
  }
  text += fmt::format(" ({} modules", count);
  for (const std::string& module : leave_out)
    text += fmt::format("{}{}", &module == &leave_out.front() ? ", without " : ", ", module);
  return text + ')';
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
    if (at == modules.end() || *at != module) return fmt::format("the policy has no module `{}`", printable(module));
    modules.erase(at);
  }
  return {};
}

std::shared_ptr<const Base> finish(std::unique_ptr<Base::Data> data) {
  data->inventory = take_inventory(data->core);
  return std::make_shared<const Base>(std::move(data));
}

}  // namespace

Base::Base(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Base::~Base() = default;

BaseOrReason Base::installed(std::string_view name, const std::vector<std::string>& leave_out) {
  if (!is_policy_name(name)) return {nullptr, fmt::format("`{}` is no name of a policy", printable(name))};
  return from_folder(fmt::format("{}{}", kPolicyFolder, name), leave_out);
}

BaseOrReason Base::from_folder(const std::string& folder, const std::vector<std::string>& leave_out, bool use_cache) {
  std::vector<std::string> without = leave_out;
  std::sort(without.begin(), without.end());
  without.erase(std::unique(without.begin(), without.end()), without.end());
  const std::vector<PackageFile> packages = packages_in(folder);
  if (packages.empty()) return {nullptr, fmt::format("there is no policy in {}", printable(folder))};
  auto data = std::make_unique<Data>();
  if (std::string reason = choose_modules(packages, without, data->modules); !reason.empty())
    return {nullptr, std::move(reason)};
  const BaseCache cache(folder, packages, without);
  if (use_cache && cache.read(*data)) return {finish(std::move(data)), {}};
  if (std::string reason = build_base(packages, without, *data); !reason.empty()) return {nullptr, std::move(reason)};
  data->description = describe_base(folder, data->modules.size(), without);
  if (use_cache) cache.write(*data);
  return {finish(std::move(data)), {}};
}

std::shared_ptr<const Base> Base::skeleton() {
  static const std::shared_ptr<const Base> base = [] {
    Data data;
    data.description = "the bundled skeleton of a policy";
    data.skeleton = true;
    data.modules = {"skeleton"};
    for (const link_data::EmbeddedFile& file : link_data::selinux_skeleton()) data.core += file.text;
    // The linker writes file contexts in the order in which they are to be matched.
    data.file_contexts = link(*finish(std::make_unique<Data>(data)), {}).file_contexts;
    return finish(std::make_unique<Data>(std::move(data)));
  }();
  return base;
}

const std::string& Base::description() const { return data_->description; }
bool Base::is_skeleton() const { return data_->skeleton; }
bool Base::has_type(std::string_view name) const { return data_->inventory.has_type(name); }
bool Base::has_attribute(std::string_view name) const { return data_->inventory.attributes.contains(name); }
bool Base::has_boolean(std::string_view name) const { return data_->inventory.booleans.contains(name); }
bool Base::has_role(std::string_view name) const { return data_->inventory.roles.contains(name); }
bool Base::has_user(std::string_view name) const { return data_->inventory.users.contains(name); }
bool Base::has_sensitivity(std::string_view name) const { return data_->inventory.sensitivities.contains(name); }
bool Base::has_category(std::string_view name) const { return data_->inventory.categories.contains(name); }
bool Base::has_module(std::string_view name) const {
  return std::binary_search(data_->modules.begin(), data_->modules.end(), name);
}
bool Base::has_permission(std::string_view class_name, std::string_view permission) const {
  const auto& classes = data_->inventory.permissions_of_class;
  const auto at = classes.find(class_name);
  return at != classes.end() && at->second.contains(permission);
}
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

}  // namespace macc::backends::selinux
