#include "backends/selinux/interfaces.h"

#include "backends/selinux/entering.h"
#include "backends/selinux/walks.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

class Interfaces {
 public:
  Interfaces(Context& context, const std::string& module) : context_(context), module_(module) {}

  std::vector<Interface> run() {
    for (const ir::Domain& domain : context_.policy.domains)
      if (domain.opened && !domain.external && domain.module == module_) of_domain(domain);
    for (std::size_t i = 0; i < context_.policy.resources.size(); ++i) {
      const ir::Resource& resource = context_.policy.resources[i];
      if (resource.external || resource.adopt || resource.module != module_) continue;
      for (ir::Verb verb : resource.opened.list()) of_resource(static_cast<ir::ResourceId>(i), verb);
    }
    return std::move(list_);
  }

 private:
  void of_domain(const ir::Domain& domain) {
    const std::string name = in_module(identifier(domain.name)), type = domain_type(domain);
    if (const std::string exec = exec_type(domain); context_.module(module_).types.count(exec) != 0) {
      Module body;
      allow_entry(body, {}, std::string(kCaller), exec, type, true, {});
      allow_inheritance(body, {}, type, std::string(kCaller), {});
      for (const Region& region : context_.labels.regions())
        if (region.origin == Region::Origin::entry && region.types.front() == exec) search_above(body, region.set);
      add(name + "_domtrans", "Execute " + domain.name + " in its own domain.", std::move(body), domain.where.span);
    }
    Module body;
    add_vector(body, RuleKind::allow, {}, {std::string(kCaller), type, "process"}, {"signal"}, {});
    add(name + "_signal", "Send ordinary signals to " + domain.name + ".", std::move(body), domain.where.span);
  }

  void of_resource(ir::ResourceId id, ir::Verb verb) {
    const ir::Resource& resource = context_.policy.resource(id);
    Module body;
    for (const Region& region : context_.labels.regions()) {
      if (region.resource != id || region.origin != Region::Origin::own) continue;
      for (const auto& [class_name, permissions] : object_permissions(verb, scope_of(region.set, region)))
        allow(body, region.types.front(), class_name, permissions);
      change_parents(body, region.set, parent_permissions(verb));
      search_above(body, region.set);
    }
    if (body.vectors.empty()) return;
    const std::string owner =
        resource.owner == ir::DomainId::none ? "" : identifier(context_.policy.domain(resource.owner).name) + "_";
    const std::string word(ir::word(verb));
    add(in_module(word + "_" + owner + identifier(resource.name)),
        "Allow " + word + " on " + context_.policy.qualified_name(id) + ".", std::move(body), resource.where.span);
  }

  void allow(Module& body, const std::string& target, std::string_view class_name,
             const std::vector<std::string_view>& permissions) {
    add_vector(body, RuleKind::allow, {}, {std::string(kCaller), target, std::string(class_name)}, permissions, {});
  }

  void search_above(Module& body, const PathSet& set) {
    const auto above = context_.labels.divide_above(set);
    for (const Part& part : above->parts)
      for (const auto& type : part.region->types) {
        allow(body, type, "dir", {"getattr", "search"});
        if (part.region->origin == Region::Origin::system) allow(body, type, "lnk_file", {"getattr", "read"});
      }
  }

  void change_parents(Module& body, const PathSet& set, const std::vector<std::string_view>& permissions) {
    if (permissions.empty()) return;
    const Automaton members = set.automaton();
    const auto above = context_.labels.divide_above(set);
    for (const Part& part : above->parts)
      if (children_in(members, part.set.automaton()).any)
        for (const auto& type : part.region->types) allow(body, type, "dir", permissions);
  }

  /// Interfaces share one name space with those of the system, whose names begin with their modules'.
  std::string in_module(const std::string& name) const {
    const std::string module = module_file(module_);
    return name == module ? name : module + "_" + name;
  }

  void add(const std::string& name, const std::string& summary, Module body, Span span) {
    context_.names.claim(name, "the interface `" + name + "`", span);
    list_.push_back({name, summary, std::move(body), span});
  }

  Context& context_;
  const std::string& module_;
  std::vector<Interface> list_;
};

}  // namespace

std::vector<Interface> interfaces_of(Context& context, const std::string& module) {
  return Interfaces(context, module).run();
}

}  // namespace macc::backends::selinux
