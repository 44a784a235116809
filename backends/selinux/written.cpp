#include "backends/selinux/written.h"

#include <algorithm>
#include <tuple>

#include "backends/selinux/names.h"

namespace macc::backends::selinux {
namespace {

struct Phrase {
  const ir::Policy& policy;

  std::string operator()(const ir::Rule* rule) const { return ir::describe(policy, *rule); }
  std::string operator()(const ir::Obligation* promise) const {
    return "never " + ir::describe(policy, promise->access);
  }
  std::string operator()(const ir::Entry* entry) const { return "entry " + ir::describe(policy, entry->paths); }
  std::string operator()(const ir::RawText* raw) const { return "raw " + raw->backend; }
  std::string operator()(const ir::Domain* domain) const { return "domain " + domain->name; }
  std::string operator()(const ir::Resource* resource) const { return "resource " + resource->name; }
  std::string operator()(const ir::Boolean* boolean) const { return "boolean " + boolean->name; }
  std::string operator()(const ir::Ports* ports) const { return "ports " + ports->name; }
};

struct Where {
  template <typename T>
  const ir::Provenance* operator()(const T* written) const {
    return &written->where;
  }
  const ir::Provenance* operator()(const ir::Boolean*) const { return nullptr; }
  const ir::Provenance* operator()(const ir::Ports*) const { return nullptr; }
};

std::span<const Written> range_of(const std::vector<Written>& all, const auto& key, const auto& key_of) {
  const auto first =
      std::partition_point(all.begin(), all.end(), [&](const Written& written) { return key_of(written) < key; });
  const auto last =
      std::partition_point(first, all.end(), [&](const Written& written) { return !(key < key_of(written)); });
  return {first, last};
}

}  // namespace

WrittenIndex::WrittenIndex(const ir::Policy& policy) : policy_(policy) {
  for (std::size_t i = 0; i < policy.domains.size(); ++i)
    if (!policy.domains[i].external) add_domain(static_cast<ir::DomainId>(i));
  for (const ir::Resource& resource : policy.resources) {
    if (resource.external) continue;
    written_.push_back({resource.where.span, resource.owner, &resource});
    owners_.emplace(resource_type(policy, resource), resource.owner);
  }
  for (const ir::Boolean& boolean : policy.booleans) written_.push_back({boolean.span, ir::DomainId::none, &boolean});
  for (const ir::Ports& ports : policy.ports) written_.push_back({ports.span, ir::DomainId::none, &ports});
  std::stable_sort(written_.begin(), written_.end(), [](const Written& a, const Written& b) {
    return std::tie(a.place, a.domain) < std::tie(b.place, b.domain);
  });
}

void WrittenIndex::add_domain(ir::DomainId id) {
  const ir::Domain& domain = policy_.domain(id);
  owners_.emplace(domain_type(domain), id);
  owners_.emplace(exec_type(domain), id);
  domains_[domain.module].push_back(id);
  for (const ir::Rule& rule : domain.rules) written_.push_back({rule.where.span, id, &rule});
  for (const ir::Obligation& promise : domain.never) written_.push_back({promise.where.span, id, &promise});
  for (const ir::Entry& entry : domain.entries) written_.push_back({entry.where.span, id, &entry});
  for (const ir::RawText& raw : domain.raw) written_.push_back({raw.where.span, id, &raw});
  written_.push_back({domain.where.span, id, &domain});
}

std::span<const Written> WrittenIndex::at(Span place) const {
  return range_of(written_, place, [](const Written& written) { return written.place; });
}

std::span<const Written> WrittenIndex::at(Span place, ir::DomainId domain) const {
  return range_of(written_, std::tuple(place, domain),
                  [](const Written& written) { return std::tuple(written.place, written.domain); });
}

std::string WrittenIndex::phrase(const Written& written) const { return std::visit(Phrase{policy_}, written.what); }

const ir::Provenance* WrittenIndex::provenance(const Written& written) { return std::visit(Where{}, written.what); }

ir::DomainId WrittenIndex::owner(std::string_view type) const {
  const auto found = owners_.find(type);
  return found == owners_.end() ? ir::DomainId::none : found->second;
}

const std::vector<ir::DomainId>& WrittenIndex::domains_of(std::string_view module) const {
  static const std::vector<ir::DomainId> none;
  const auto found = domains_.find(module);
  return found == domains_.end() ? none : found->second;
}

}  // namespace macc::backends::selinux
