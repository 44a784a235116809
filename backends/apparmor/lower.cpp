#include "backends/apparmor/lower.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "backends/apparmor/build.h"

namespace macc::backends::apparmor {

namespace {

using ir::DomainId;
using ir::Entry;
using paths::PathSet;

std::vector<DomainId> own_domains(const ir::Policy& policy) {
  std::vector<DomainId> out;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    if (!policy.domains[i].external) out.push_back(static_cast<DomainId>(i));
  }
  return out;
}

/// Paths at which a program of nobody's profile enters by itself. Other domains of the build enter by name, a unit by
/// its drop-in.
ir::PathExpr attached_paths(const ir::Domain& domain) {
  ir::PathExpr out;
  for (const Entry& e : domain.entries) {
    if (e.from == Entry::From::unit || e.from == Entry::From::project) continue;
    out.include.insert(out.include.end(), e.paths.include.begin(), e.paths.include.end());
  }
  return out;
}

// ---- checks over all profiles ----

/// Folders of /etc/apparmor.d: a profile's file cannot have their names.
bool is_system_folder(std::string_view name) {
  static constexpr std::string_view kFolders[] = {"abi",     "abstractions",   "apache2.d", "cache",
                                                  "disable", "force-complain", "local",     "tunables"};
  return std::find(std::begin(kFolders), std::end(kFolders), name) != std::end(kFolders);
}

void check_names(Build& build, const std::vector<DomainId>& domains) {
  std::map<std::string, DomainId> seen;
  for (DomainId id : domains) {
    const ir::Domain& domain = build.policy.domain(id);
    if (is_system_folder(profile_name(domain))) {
      build.diagnostics
          .report(Code::E2003, domain.where.span,
                  fmt::format("AppArmor keeps a folder of its own under the name `{}`", profile_name(domain)))
          .note("a profile's file has the name of its domain: choose another one");
    }
    const auto [it, fresh] = seen.emplace(profile_name(domain), id);
    if (fresh) continue;
    auto& d = build.diagnostics.report(Code::E2003, domain.where.span,
                                       fmt::format("two domains would have the AppArmor profile `{}`", it->first));
    d.label(build.policy.qualified_name(id));
    d.also(build.policy.domain(it->second).where.span, build.policy.qualified_name(it->second));
  }
  for (const ir::Domain& other : build.policy.domains) {
    const auto* labels = other.external ? other.bindings.find("apparmor", "label") : nullptr;
    if (labels == nullptr) continue;
    for (const auto& alternatives : *labels) {
      const std::string& label = alternatives.front();
      const auto it = seen.find(label);
      if (it == seen.end() || !build.policy.domain(it->second).replaces.empty()) continue;
      auto& d = build.diagnostics.report(Code::E2003, build.policy.domain(it->second).where.span,
                                         fmt::format("the system already has an AppArmor profile `{}`", label));
      d.also(other.where.span, "declared here");
      d.note("say `replaces apparmor` in the domain if it takes that profile's place");
    }
  }
}

void check_attachments(Build& build, const std::vector<DomainId>& domains) {
  std::vector<std::pair<DomainId, PathSet>> attached;
  for (DomainId id : domains) {
    const PathSet paths = build.meaning.objects(ir::Verb::load, attached_paths(build.policy.domain(id)));
    for (const auto& [other, others] : attached) {
      if (!paths.meets(others)) continue;
      const std::string example = (paths & others).example().value_or("");
      auto& d = build.diagnostics.report(
          Code::E2002, build.policy.domain(id).where.span,
          fmt::format("two AppArmor profiles would attach to `{}`; the kernel then runs it unconfined",
                      printable(example)));
      d.label(build.policy.qualified_name(id));
      d.also(build.policy.domain(other).where.span, build.policy.qualified_name(other));
    }
    attached.emplace_back(id, paths);
  }
}

// ---- one domain ----

void lower_domain(Build& build, DomainId id) {
  const ir::Domain& domain = build.policy.domain(id);
  try {
    lower_files(build, id);
    lower_sockets(build, id);
    lower_processes(build, id);
    lower_kernel(build, id);
    lower_bus(build, id);
    lower_raw(build, id);
  } catch (const paths::TooComplex&) {
    build.diagnostics.report(Code::E2007, domain.where.span,
                             "the paths of this domain are too complex to be taken apart");
  } catch (const GuardTooComplex&) {
    build.diagnostics.report(Code::E2007, domain.where.span,
                             "the conditions of this domain have too many alternatives for AppArmor's nested `if`");
  }
  for (const Entry& e : domain.entries) {
    if (e.from == Entry::From::unit) {
      build.fidelity.add(id, "entry from unit " + e.unit, e.where.span, Topic::unit_entry);
    }
  }
}

/// "/usr/sbin/chronyd" is kept in the file usr.sbin.chronyd, as distributions do.
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

std::string tunables_path(const std::string& module) { return "tunables/macc.d/" + module; }

std::vector<std::string> header(const Build& build, DomainId id) {
  const ir::Domain& domain = build.policy.domain(id);
  std::vector<std::string> out = {
      "Written by macc from the policy of " + build.policy.qualified_name(id) + "; changes here will be lost.",
      fmt::format("Target {}: {}.", build.features.name, build.features.doc)};
  for (const ir::Replacement& r : domain.replaces) {
    if (r.backend == "apparmor")
      out.push_back("Takes the place of the profile " + r.what + ": disable the file that it comes from.");
  }
  return out;
}

ProfileText profile_text(Build& build, DomainId id) {
  const ir::Domain& domain = build.policy.domain(id);
  std::set<std::string> tunables;
  if (uses_distribution_files(domain)) tunables.insert("tunables/global");
  ProfileFile file;
  file.abi = build.features.abi;
  file.header = header(build, id);
  file.profile.name = profile_name(domain);
  file.profile.complain = domain.complain;
  file.profile.origin = {domain.where.span, "domain " + build.policy.qualified_name(id)};
  const auto attachment = globs_of(attached_paths(domain).include, Shape::files);
  if (!attachment.empty()) file.profile.attachment = one_of(attachment);
  file.profile.rules = build.draft(id).assemble([&](ir::BooleanId b) {
    tunables.insert(tunables_path(build.policy.boolean(b).module));
    return variable_name(build.policy, b);
  });
  file.tunables.assign(tunables.begin(), tunables.end());
  Written written = write(file, build.input.sources);
  std::string name = file.profile.name;
  std::string path = "apparmor.d/" + file_name(name);
  return {id, std::move(name), std::move(path), std::move(written), std::move(file)};
}

// ---- other artifacts ----

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\\'; }, ' ');
  return text;
}

bool is_unit_name(const std::string& unit) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@:_.-").find(c) != std::string_view::npos;
  };
  return !unit.empty() && unit.front() != '.' && std::all_of(unit.begin(), unit.end(), allowed);
}

std::vector<Artifact> drop_ins(Build& build, const std::vector<DomainId>& domains) {
  std::vector<Artifact> out;
  for (DomainId id : domains) {
    const ir::Domain& domain = build.policy.domain(id);
    for (const Entry& e : domain.entries) {
      if (e.from != Entry::From::unit) continue;
      if (!is_unit_name(e.unit)) {
        build.diagnostics.report(Code::E2009, e.where.span,
                                 fmt::format("`{}` cannot be the name of a systemd unit", printable(e.unit)));
        continue;
      }
      const std::string unit = e.unit.find('.') == std::string::npos ? e.unit + ".service" : e.unit;
      std::string name;
      for (char c : profile_name(domain)) name += c == '%' ? std::string("%%") : std::string(1, c);
      out.push_back({fmt::format("systemd/system/{}.d/50-macc.conf", unit),
                     fmt::format("[Service]\nAppArmorProfile={}\n", name), "drop-in of " + unit});
    }
  }
  return out;
}

}  // namespace

std::vector<Artifact> tunables_with(const ir::Policy& policy, const ir::Assignment& values) {
  std::map<std::string, std::string> by_module;
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    const ir::Boolean& boolean = policy.booleans[i];
    std::string& text = by_module[boolean.module];
    if (text.empty()) text = "# Switches of " + boolean.module + ". Load the profiles again after a change.\n";
    if (!boolean.doc.empty()) text += "\n# " + one_line(boolean.doc);
    const bool value = values.at(i);
    text += fmt::format("\n${} = {}\n", variable_name(policy, static_cast<ir::BooleanId>(i)), value);
  }
  std::vector<Artifact> out;
  for (auto& [module, text] : by_module) {
    out.push_back({"apparmor.d/" + tunables_path(module), std::move(text), "switches of " + module});
  }
  return out;
}

std::vector<ir::BooleanId> booleans_in(const ir::Policy& policy, std::string_view text) {
  std::vector<ir::BooleanId> out;
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    const auto id = static_cast<ir::BooleanId>(i);
    const std::string name = '$' + variable_name(policy, id);
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const char next = at + name.size() < text.size() ? text[at + name.size()] : ' ';
      const bool longer =
          next == '_' || (next >= '0' && next <= '9') || (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if (longer) continue;
      out.push_back(id);
      break;
    }
  }
  return out;
}

LoweredPolicy lower_policy(const Input& input, const Features& features, Diagnostics& diagnostics) {
  Build build(input, features, diagnostics);
  const auto domains = own_domains(build.policy);
  check_names(build, domains);
  check_attachments(build, domains);
  for (DomainId id : domains) lower_domain(build, id);
  LoweredPolicy out;
  for (DomainId id : domains) out.profiles.push_back(profile_text(build, id));
  out.others = tunables_with(build.policy, ir::declared_values(build.policy));
  for (Artifact& a : drop_ins(build, domains)) out.others.push_back(std::move(a));
  out.fidelity = build.fidelity.take();
  return out;
}

}  // namespace macc::backends::apparmor
