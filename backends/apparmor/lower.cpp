#include "backends/apparmor/lower.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

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

// ---- checks over all profiles ----

/// Folders of /etc/apparmor.d: a profile's file cannot have their names.
bool is_system_folder(std::string_view name) {
  static constexpr std::string_view kFolders[] = {
      "abi", "abstractions", "apache2.d", "cache", "disable", "force-complain", "local", "macc.d", "tunables"};
  return std::find(std::begin(kFolders), std::end(kFolders), name) != std::end(kFolders);
}

void check_child(Build& build, const ir::Domain& domain) {
  const ir::Domain& parent = build.policy.domain(domain.parent);
  if (parent.parent != DomainId::none) {
    build.diagnostics
        .report(Code::E2020, domain.where.span,
                fmt::format("`{}` is private to `{}`, which is private itself", domain.name, parent.name))
        .also(parent.where.span, fmt::format("private to `{}`", build.policy.domain(parent.parent).name))
        .note("AppArmor has child profiles, but those have no children");
  }
  for (const ir::Replacement& r : domain.replaces) {
    if (r.backend != "apparmor") continue;
    build.diagnostics.report(Code::E2020, r.span, fmt::format("`{}` cannot take the place of a profile", domain.name))
        .note(fmt::format("its profile stands in that of `{}`", parent.name));
  }
}

void check_names(Build& build, const std::vector<DomainId>& domains) {
  std::map<std::string, DomainId> seen, files;
  for (DomainId id : domains) {
    const ir::Domain& domain = build.policy.domain(id);
    const bool child = domain.parent != DomainId::none;
    if (child) check_child(build, domain);
    if (!child && is_system_folder(profile_name(domain))) {
      build.diagnostics
          .report(Code::E2003, domain.where.span,
                  fmt::format("AppArmor keeps a folder of its own under the name `{}`", profile_name(domain)))
          .note("a profile's file has the name of its domain: choose another one");
    }
    const auto [it, fresh] = seen.emplace(label_of(build.policy, id), id);
    const auto [file, fresh_file] = files.emplace(file_name(profile_name(domain)), id);
    if (fresh && (fresh_file || child)) continue;
    const std::string what = fresh ? "file of the AppArmor profiles" : "AppArmor profile";
    const auto& [name, other] = fresh ? *file : *it;
    auto& d = build.diagnostics.report(Code::E2003, domain.where.span,
                                       fmt::format("two domains would have the {} `{}`", what, name));
    d.label(build.policy.qualified_name(id));
    d.also(build.policy.domain(other).where.span, build.policy.qualified_name(other));
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
  const std::string name = profile_name(domain);
  if (domain.parent == DomainId::none && attached_paths(domain).include.empty() && name.starts_with('/'))
    build.fidelity.add(id, "profile " + name, domain.where.span, Topic::path_name);
  for (const Entry& e : domain.entries) {
    if (e.from == Entry::From::unit) {
      build.fidelity.add(id, "entry from unit " + e.unit, e.where.span, Topic::unit_entry);
    }
  }
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

/// Domains whose profiles get `attach_disconnected`, by the setting of that name: qualified names with blanks between.
std::set<DomainId> attached_when_disconnected(Build& build) {
  std::set<DomainId> out;
  const auto setting = build.input.target.settings.find(std::string(kAttachDisconnected));
  if (setting == build.input.target.settings.end()) return out;
  std::map<std::string, DomainId> known;
  for (DomainId id : own_domains(build.policy)) known.emplace(build.policy.qualified_name(id), id);
  std::istringstream words(setting->second);
  for (std::string name; words >> name;) {
    const auto it = known.find(name);
    if (it != known.end()) {
      out.insert(it->second);
      continue;
    }
    std::vector<std::string> names;
    for (const auto& [other, id] : known) names.push_back(other);
    auto& d = build.diagnostics.report(Code::E2021, {},
                                       fmt::format("`{}` of target `{}` names `{}`, which is no domain of the build",
                                                   kAttachDisconnected, build.input.target.name, printable(name)));
    const std::string guess = did_you_mean(name, names);
    d.note(guess.empty() ? "domains are named with their module: `acme.ledger.ledgerd`"
                         : fmt::format("did you mean `{}`?", guess));
  }
  return out;
}

class ProfileWriter {
 public:
  explicit ProfileWriter(Build& build) : build_(build), disconnected_(attached_when_disconnected(build)) {
    for (DomainId id : disconnected_) {
      const Span where = build.policy.domain(id).where.span;
      build.fidelity.add(id, std::string(kAttachDisconnected), where, Topic::attach_disconnected);
    }
    for (DomainId id : own_domains(build.policy)) {
      const DomainId parent = build.policy.domain(id).parent;
      if (parent == DomainId::none) continue;
      const Span where = build.policy.domain(id).where.span;
      build.fidelity.add(parent, "private domain " + build.policy.domain(id).name, where, Topic::become_files);
    }
  }

  ProfileText run(DomainId id) {
    const std::string name = profile_name(build_.policy.domain(id));
    ProfileText out{id, name, "apparmor.d/" + file_name(name), {}, {}};
    tunables_.clear();
    ProfileFile file;
    file.abi = build_.features.abi;
    file.header = header(build_, id);
    file.profile = profile(id, out.children);
    file.profile.local = file_name(name);
    file.tunables.assign(tunables_.begin(), tunables_.end());
    file.conditions = "macc.d/" + file_name(name);
    WrittenFiles written = write(file, build_.input.sources);
    out.written = std::move(written.profile);
    out.conditions = std::move(written.conditions);
    for (WrittenPart& part : out.conditions) part.path.insert(0, "apparmor.d/");
    out.file = std::move(file);
    return out;
  }

 private:
  Profile profile(DomainId id, std::vector<DomainId>& children) {
    const ir::Domain& domain = build_.policy.domain(id);
    if (uses_distribution_files(domain)) tunables_.insert("tunables/global");
    Profile out;
    out.name = profile_name(domain);
    if (disconnected_.contains(id)) out.flags.emplace_back("attach_disconnected");
    if (domain.complain) out.flags.emplace_back("complain");
    out.origin = {domain.where.span, "domain " + build_.policy.qualified_name(id)};
    const auto attachment = globs_of(attached_paths(domain).include, Shape::files);
    if (!attachment.empty()) out.attachment = one_of(attachment);
    out.rules = build_.draft(id).assemble([&](ir::BooleanId b) {
      tunables_.insert(tunables_path(build_.policy.boolean(b).module));
      return switch_of(build_.policy, b);
    });
    for (DomainId other : own_domains(build_.policy)) {
      if (build_.policy.domain(other).parent != id) continue;
      children.push_back(other);
      out.children.push_back(profile(other, children));
    }
    return out;
  }

  Build& build_;
  std::set<DomainId> disconnected_;
  std::set<std::string> tunables_;  ///< of the file that is being made
};

// ---- other artifacts ----

/// A text line by line, with what each is there for.
struct ListedLines {
  std::string text;
  std::vector<ArtifactOrigin> origins;
  std::uint32_t count = 0;

  /// Without a reason, the line separates others.
  void add(const std::string& line, const std::string& reason = "", Span place = {}) {
    text += line + '\n';
    ++count;
    if (reason.empty()) return;
    origins.push_back({count, reason, {}});
    if (place.valid()) origins.back().places.push_back(place);
  }
};

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\\'; }, ' ');
  return text;
}

bool is_unit_name(const std::string& unit) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@:_.-\\").find(c) != std::string_view::npos;
  };
  return !unit.empty() && unit.front() != '.' && std::all_of(unit.begin(), unit.end(), allowed);
}

std::vector<Artifact> drop_ins(Build& build, const std::vector<DomainId>& domains) {
  std::vector<Artifact> out;
  std::set<std::string> units;
  for (DomainId id : domains) {
    const ir::Domain& domain = build.policy.domain(id);
    for (const Entry& e : domain.entries) {
      if (e.from != Entry::From::unit) continue;
      if (!is_unit_name(e.unit)) {
        build.diagnostics.report(Code::E2009, e.where.span,
                                 fmt::format("`{}` cannot be the name of a systemd unit", printable(e.unit)));
        continue;
      }
      const std::string& unit = e.unit;
      if (!unit.ends_with(".service")) {
        build.diagnostics
            .report(Code::E2009, e.where.span, fmt::format("`{}` is not the name of a service", printable(unit)))
            .note("the drop-in of another unit would not confine what it starts");
        continue;
      }
      std::string name;
      for (char c : label_of(build.policy, id)) name += c == '%' ? std::string("%%") : std::string(1, c);
      if (!units.insert(unit).second) continue;  // several programs of one unit
      ListedLines lines;
      lines.add("[Service]", "entry from unit " + unit, e.where.span);
      lines.add("AppArmorProfile=" + name, "entry from unit " + unit, e.where.span);
      out.push_back({fmt::format("systemd/system/{}.d/50-macc.conf", unit), std::move(lines.text), "drop-in of " + unit,
                     std::move(lines.origins)});
    }
  }
  return out;
}

}  // namespace

ir::PathExpr attached_paths(const ir::Domain& domain) {
  ir::PathExpr out;
  for (const Entry& e : domain.entries) {
    if (e.from == Entry::From::unit || e.from == Entry::From::project) continue;
    out.include.insert(out.include.end(), e.paths.include.begin(), e.paths.include.end());
  }
  return out;
}

std::vector<Artifact> tunables_with(const ir::Policy& policy, const ir::Assignment& values) {
  std::map<std::string, ListedLines> by_module;
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    const ir::Boolean& boolean = policy.booleans[i];
    const auto id = static_cast<ir::BooleanId>(i);
    ListedLines& file = by_module[boolean.module];
    if (file.text.empty()) {
      file.add("# Switches of " + boolean.module +
                   ". Take the `#` from its line to turn one. Load the profiles again after a change.",
               "every file of switches: how they are turned");
    }
    file.add("");
    const std::string reason = "boolean " + boolean.name;
    if (!boolean.doc.empty()) file.add("# " + one_line(boolean.doc), reason, boolean.span);
    file.add(fmt::format("{}@{{{}}} = yes", values.at(i) == boolean.value ? "#" : "", switch_of(policy, id).variable),
             reason, boolean.span);
  }
  std::vector<Artifact> out;
  for (auto& [module, file] : by_module) {
    out.push_back({"apparmor.d/" + tunables_path(module), std::move(file.text), "switches of " + module,
                   std::move(file.origins)});
  }
  return out;
}

bool is_attached_when_disconnected(const Build& build, DomainId id) {
  const auto setting = build.input.target.settings.find(std::string(kAttachDisconnected));
  if (setting == build.input.target.settings.end()) return false;
  std::istringstream words(setting->second);
  const std::string name = build.policy.qualified_name(id);
  return std::any_of(std::istream_iterator<std::string>(words), {},
                     [&](const std::string& word) { return word == name; });
}

std::vector<ir::BooleanId> booleans_in(const ir::Policy& policy, std::string_view text) {
  std::vector<ir::BooleanId> out;
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    const auto id = static_cast<ir::BooleanId>(i);
    const std::string name = "@{" + switch_of(policy, id).variable + "}";
    if (text.find(name) != std::string_view::npos) out.push_back(id);
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
  ProfileWriter writer(build);
  for (DomainId id : domains) {
    // A domain's profile stands in that of the one which it is private to.
    if (build.policy.domain(id).parent == DomainId::none) out.profiles.push_back(writer.run(id));
  }
  out.others = tunables_with(build.policy, ir::declared_values(build.policy));
  for (Artifact& a : drop_ins(build, domains)) out.others.push_back(std::move(a));
  out.fidelity = build.fidelity.take();
  return out;
}

}  // namespace macc::backends::apparmor
