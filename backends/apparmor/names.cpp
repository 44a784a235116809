#include <algorithm>
#include <iterator>

#include "backends/apparmor/build.h"

namespace macc::backends::apparmor {

Build::Build(const Input& in, const Features& target_features, Diagnostics& sink)
    : input(in),
      policy(in.policy),
      meaning(in.meaning),
      features(target_features),
      diagnostics(sink),
      fidelity(in.policy),
      drafts(in.policy.domains.size()),
      aimed_(in.policy.domains.size()) {
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    for (const ir::Rule& rule : policy.domains[i].rules) index(static_cast<ir::DomainId>(i), rule);
  }
}

void Build::index(ir::DomainId from, const ir::Rule& rule) {
  if (rule.effect == ir::Effect::deny) return;
  const auto add = [&](ir::DomainId to) {
    if (to != ir::DomainId::none) aimed_.at(static_cast<std::size_t>(to)).push_back({from, &rule});
  };
  const auto add_peer = [&](const ir::Peer& peer) {
    if (peer.kind == ir::Peer::Kind::any) {
      aimed_at_any_.push_back({from, &rule});
    } else {
      add(peer.kind == ir::Peer::Kind::self ? from : peer.domain);
    }
  };
  if (const auto* exec = std::get_if<ir::ExecAccess>(&rule.access)) add(exec->target);
  if (const auto* signal = std::get_if<ir::SignalAccess>(&rule.access)) add_peer(signal->peer);
  if (const auto* process = std::get_if<ir::ProcessAccess>(&rule.access)) add_peer(process->peer);
}

std::vector<Aimed> Build::aimed_at(ir::DomainId id) const {
  const std::vector<Aimed>& named = aimed_.at(static_cast<std::size_t>(id));
  std::vector<Aimed> out;
  std::merge(named.begin(), named.end(), aimed_at_any_.begin(), aimed_at_any_.end(), std::back_inserter(out),
             [](const Aimed& a, const Aimed& b) { return std::pair(a.from, a.rule) < std::pair(b.from, b.rule); });
  return out;
}

Origin Build::origin(const ir::Rule& rule) const {
  std::string phrase = rule.audit ? "audit " : "";
  phrase += rule.effect == ir::Effect::deny ? "deny " : "allow ";
  return {rule.where.span, phrase + ir::describe(policy, rule.access)};
}

void Build::add_unconditional(ir::DomainId id, ir::DomainId where, const Guard& guard, RuleBody body,
                              const ir::Rule& rule) {
  const bool deny = rule.effect == ir::Effect::deny;
  if (guard.is_always() || !deny) draft(where).add(Guard::always(), std::move(body), origin(rule));
  if (!guard.is_always()) fidelity.add(id, rule, deny ? Topic::conditional_deny : Topic::unconditional);
}

std::string profile_name(const ir::Domain& domain) {
  for (const ir::Replacement& r : domain.replaces) {
    if (r.backend == "apparmor") return r.what;
  }
  return domain.name;
}

std::string file_name(const std::string& profile) {
  std::string out;
  for (char c : profile) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    out += plain ? c : c == '/' || c == '.' ? '.' : '_';
  }
  out.erase(0, out.find_first_not_of('.'));
  return out;
}

std::string label_of(const ir::Policy& policy, ir::DomainId id) {
  const ir::Domain& domain = policy.domain(id);
  if (domain.parent == ir::DomainId::none) return profile_name(domain);
  return label_of(policy, domain.parent) + "//" + domain.name;
}

std::vector<std::string> labels_of(const ir::Policy& policy, ir::DomainId id) {
  const ir::Domain& domain = policy.domain(id);
  if (!domain.external) return {label_of(policy, id)};
  if (const auto* labels = domain.bindings.find("apparmor", "label"); labels != nullptr && !labels->empty()) {
    // No system is asked which of the alternatives it has: the first counts.
    std::vector<std::string> list;
    for (const auto& alternatives : *labels) list.push_back(alternatives.front());
    return list;
  }
  return {"unconfined"};
}

/// "acme.ledger" + "mail" is macc_acme_ledger_mail_is_on; a number follows where two booleans would share that.
Switch switch_of(const ir::Policy& policy, ir::BooleanId id) {
  const auto plain = [](const ir::Boolean& b) {
    std::string out = "macc_" + b.module + '_' + b.name;
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '.' || c == '-'; }, '_');
    return out;
  };
  const std::string name = plain(policy.boolean(id));
  std::size_t before = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(id); ++i) before += plain(policy.booleans[i]) == name ? 1 : 0;
  const bool declared = policy.boolean(id).value;
  return {name + (before == 0 ? "" : "__" + std::to_string(before + 1)) + (declared ? "_is_off" : "_is_on"), !declared};
}

bool may_change_profile(const ir::Domain& domain) {
  return std::any_of(domain.rules.begin(), domain.rules.end(), [](const ir::Rule& rule) {
    const auto* access = std::get_if<ir::ProcessAccess>(&rule.access);
    return access != nullptr && access->kind == ir::ProcessAccess::Kind::become;
  });
}

std::vector<PeerSide> peers_of(const ir::Policy& policy, ir::DomainId self, const ir::Peer& peer) {
  std::vector<PeerSide> out;
  if (peer.kind == ir::Peer::Kind::any) {
    out.push_back({ir::DomainId::none, ""});
    for (std::size_t i = 0; i < policy.domains.size(); ++i) {
      if (!policy.domains[i].external) out.push_back({static_cast<ir::DomainId>(i), ""});
    }
    return out;
  }
  const ir::DomainId id = peer.kind == ir::Peer::Kind::self ? self : peer.domain;
  const bool ours = !policy.domain(id).external;
  for (const std::string& label : labels_of(policy, id)) out.push_back({ours ? id : ir::DomainId::none, label});
  return out;
}

}  // namespace macc::backends::apparmor
