#include "backends/selinux/names.h"

#include <cctype>

namespace macc::backends::selinux {

std::string identifier(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '_';
  }
  if (out.empty() || (out[0] >= '0' && out[0] <= '9')) out.insert(out.begin(), '_');
  return out;
}

std::string domain_type(const ir::Domain& domain) { return identifier(domain.name) + "_t"; }

std::string exec_type(const ir::Domain& domain) { return identifier(domain.name) + "_exec_t"; }

std::string resource_type(const ir::Policy& policy, const ir::Resource& resource) {
  const std::string owner = resource.owner == ir::DomainId::none ? resource.module : policy.domain(resource.owner).name;
  return identifier(owner) + "_" + identifier(resource.name) + "_t";
}

std::string module_file(std::string_view module) { return identifier(module); }

bool NameTable::claim(const std::string& name, const std::string& what, Span span) {
  auto [it, fresh] = claims_.try_emplace(name, Claim{what, span});
  if (fresh || it->second.what == what) return true;
  diagnostics_.report(Code::E1001, span, "`" + name + "` would be the name of " + what + " and of " + it->second.what)
      .also(it->second.span, "the other one stands here")
      .note("rename one of the two: generated names must differ");
  return false;
}

std::string NameTable::owner(const std::string& name) const {
  auto it = claims_.find(name);
  return it == claims_.end() ? std::string() : it->second.what;
}

}  // namespace macc::backends::selinux
