#include "backends/selinux/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/cil.h"
#include "backends/selinux/found.h"
#include "backends/selinux/labels.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/names.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

/// From the names in line marks back to source files.
class Places {
 public:
  Places(const ir::Policy& policy, const SourceManager& sources) : sources_(sources) {
    for (const auto& domain : policy.domains) {
      note(domain.where.span);
      for (const auto& rule : domain.rules) note(rule.where.span);
    }
    for (const auto& resource : policy.resources) note(resource.where.span);
    for (const auto& boolean : policy.booleans) note(boolean.span);
  }

  /// An invalid span for a place in no source of ours.
  Span span(const LinkPlace& place) const {
    std::string name = place.file;
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    auto it = files_.find(name);
    if (it == files_.end() || place.line == 0) return {};
    const SourceFile& file = sources_.file(it->second);
    const std::uint32_t begin = file.line_begin(place.line);
    std::string_view line = file.line(place.line);
    const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
    return {it->second, begin + static_cast<std::uint32_t>(indent), begin + static_cast<std::uint32_t>(line.size())};
  }

 private:
  void note(Span span) {
    if (span.valid()) files_.emplace(cil::mark_name(sources_.file(span.file).stable_path()), span.file);
  }

  const SourceManager& sources_;
  std::map<std::string, FileId> files_;
};

Code code_of(LinkProblem problem) {
  switch (problem) {
    case LinkProblem::redeclared:
      return Code::E1002;
    case LinkProblem::unresolved_name:
      return Code::E1022;
    case LinkProblem::filecon:
      return Code::E1024;
    default:
      return Code::E1020;
  }
}

void report_message(const LinkMessage& message, const Places& places, Diagnostics& diagnostics) {
  // Roles of login users stand in optional blocks on purpose: a system has some of them.
  if (message.problem == LinkProblem::optional_left_out) return;
  std::vector<Span> spans;
  for (const LinkPlace& place : message.places)
    if (Span span = places.span(place); span.valid() && std::find(spans.begin(), spans.end(), span) == spans.end())
      spans.push_back(span);
  Diagnostic& diagnostic =
      diagnostics.report(code_of(message.problem), spans.empty() ? Span{} : spans.front(), message.text);
  if (message.level == LinkMessage::Level::warning) diagnostic.severity = Severity::warning;
  for (std::size_t i = 1; i < spans.size(); ++i) diagnostic.also(spans[i], "and here");
  if (message.problem == LinkProblem::filecon)
    diagnostic.note("say which module of the system the domain replaces: `replaces selinux \"NAME\";`");
  for (const auto& rule : message.rules) diagnostic.note("the rule `" + printable(rule, 300) + "` breaks it");
}

// ---- labels

LookupQuery query(const std::string& path, ObjectKind kind = ObjectKind::file) {
  if (path == "/" || !path.ends_with('/')) return {path, path == "/" ? ObjectKind::directory : kind};
  return {path.substr(0, path.size() - 1), ObjectKind::directory};
}

/// Kinds of objects that a path without a final slash can be.
constexpr ObjectKind kKinds[] = {ObjectKind::file, ObjectKind::symlink,     ObjectKind::socket,
                                 ObjectKind::fifo, ObjectKind::char_device, ObjectKind::block_device};

/// Paths on file systems of the kernel's own, whose labels the policy gives by file system: file contexts say nothing
/// of them.
bool labelled_by_the_kernel(const std::string& path) { return path.starts_with("/proc/") || path.starts_with("/sys/"); }

/// Examples of system paths that rules of the build really speak of.
std::vector<Witness> system_witnesses(const Input& input, const Labels& labels) {
  std::vector<Witness> list;
  std::set<const Region*> seen;
  auto add = [&](const ir::PathExpr& paths, Span span) {
    const auto divided = labels.divide(input.meaning.set(paths));
    for (const auto& [region, part] : divided->parts) {
      if (region->origin != Region::Origin::system || region->types.empty()) continue;
      const PathSet files = part & PathSet::non_directories();
      auto path = files.empty() ? part.example() : files.example();
      if (path && !labelled_by_the_kernel(*path) && seen.insert(region).second)
        list.push_back({*path, region->types, span});
    }
  };
  for (const auto& domain : input.policy.domains)
    for (const auto& rule : domain.rules) {
      if (const auto* file = std::get_if<ir::FileAccess>(&rule.access)) add(file->paths, rule.where.span);
      if (const auto* exec = std::get_if<ir::ExecAccess>(&rule.access)) add(exec->paths, rule.where.span);
      if (const auto* socket = std::get_if<ir::UnixAccess>(&rule.access)) add(socket->paths, rule.where.span);
    }
  return list;
}

class LabelCheck {
 public:
  LabelCheck(const Base& base, const LinkResult& linked, Diagnostics& diagnostics)
      : base_(base), linked_(linked), diagnostics_(diagnostics) {}

  void own(const std::vector<Region>& regions) {
    std::vector<Witness> list;
    for (const Region& region : regions) {
      if (!region.is_own()) continue;
      for (const PathSet& part : {region.set & PathSet::non_directories(), region.set & PathSet::directories()})
        if (auto path = part.example()) list.push_back({*path, region.types, region.span});
    }
    compare(list, {ObjectKind::file}, Code::E1021);
  }

  /// A system's path is often of one kind only, which a declaration does not say: any kind may have the type.
  void system(const std::vector<Witness>& witnesses) {
    compare(witnesses, {std::begin(kKinds), std::end(kKinds)}, Code::E1023);
  }

  /// Paths that the system gives a label of their own, without being told that they are replaced or adopted.
  void taken(const ir::Policy& policy, const std::vector<Region>& regions) {
    std::vector<LookupQuery> queries;
    std::vector<const Region*> asked;
    for (const Region& region : regions) {
      if (!region.is_own() || replaces(policy, region)) continue;
      auto path = region.set.example();
      if (!path) continue;
      queries.push_back(query(*path));
      queries.push_back(query(folder_above(region.set, *path)));
      asked.push_back(&region);
    }
    const LookupResult result = lookup(base_.file_contexts(), queries);
    if (!result.error.empty()) return;  // said by compare()
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const FoundContext &own = result.contexts[2 * i], &above = result.contexts[2 * i + 1];
      if (!own || !above || type_of_context(*own) == type_of_context(*above)) continue;
      if (names_a_place(type_of_context(*own))) continue;
      report_taken(*asked[i], queries[2 * i].path, type_of_context(*own));
    }
  }

 private:
  /// Reports each path that gets none of its types as any of the kinds.
  void compare(const std::vector<Witness>& witnesses, const std::vector<ObjectKind>& kinds, Code code) {
    std::vector<LookupQuery> queries;
    for (const Witness& witness : witnesses)
      for (ObjectKind kind : kinds) queries.push_back(query(witness.path, kind));
    const LookupResult result = lookup(linked_.file_contexts, queries);
    if (!result.error.empty()) {
      diagnostics_.report(Code::E1020, {}, "the file contexts cannot be looked up: " + result.error);
      return;
    }
    for (std::size_t i = 0; i < witnesses.size(); ++i) {
      std::vector<std::string> found;
      for (std::size_t k = 0; k < kinds.size(); ++k) {
        const FoundContext& context = result.contexts[i * kinds.size() + k];
        found.push_back(context ? type_of_context(*context) : "");
      }
      // What the system leaves without a label gets one when it is made.
      if (code == Code::E1023 && found.front().empty()) continue;
      if (std::none_of(found.begin(), found.end(), [&](const auto& type) { return expected(witnesses[i], type); }))
        report(witnesses[i], found.front(), code);
    }
  }

  /// Types that say where something is, not whose it is: a label of ours takes nothing away from a module there.
  static bool names_a_place(const std::string& type) {
    static const std::set<std::string> kPlaces = {"bin_t",  "default_t",   "device_t",    "etc_t",     "lib_t",
                                                  "root_t", "usr_t",       "var_lib_t",   "var_log_t", "var_run_t",
                                                  "var_t",  "var_spool_t", "home_root_t", "tmp_t"};
    return kPlaces.count(type) != 0;
  }

  static bool replaces(const ir::Policy& policy, const Region& region) {
    const ir::DomainId owner =
        region.resource == ir::ResourceId::none ? region.domain : policy.resource(region.resource).owner;
    if (owner == ir::DomainId::none) return false;
    const auto& list = policy.domain(owner).replaces;
    return std::any_of(list.begin(), list.end(), [](const ir::Replacement& r) { return r.backend == "selinux"; });
  }

  /// The innermost folder above a path that is not in the set itself.
  static std::string folder_above(const PathSet& set, std::string path) {
    do {
      if (path.size() > 1 && path.back() == '/') path.pop_back();
      path.erase(path.rfind('/') + 1);
    } while (path.size() > 1 && set.contains(path));
    return path;
  }

  void report_taken(const Region& region, const std::string& path, const std::string& type) {
    diagnostics_
        .report(Code::E1024, region.span,
                "the system already labels `" + printable(path) + "` as `" + type + "`, which " + region.what +
                    " would replace")
        .note(
            "`adopt` the resource to keep that type, or say which module of the system the domain replaces: "
            "`replaces selinux \"NAME\";`");
  }

  bool expected(const Witness& witness, const std::string& found) const {
    return std::any_of(witness.types.begin(), witness.types.end(), [&](const std::string& type) {
      return type == found || (!found.empty() && base_.canonical_type(type) == base_.canonical_type(found) &&
                               !base_.canonical_type(type).empty());
    });
  }

  void report(const Witness& witness, const std::string& found, Code code) {
    const std::string path = "`" + printable(witness.path) + "`";
    const std::string label = found.empty() ? "no label" : "the label `" + found + "`";
    if (code == Code::E1023) {
      diagnostics_.report(
          code, witness.span,
          path + " has " + label + " on this system, but `" + witness.types[0] + "` is declared for it");
      return;
    }
    diagnostics_.report(code, witness.span, path + " would get " + label + " instead of `" + witness.types[0] + "`")
        .note(
            "an entry of the system's own file contexts is matched later than ours: leave these paths out, or `adopt` "
            "the resource");
  }

  const Base& base_;
  const LinkResult& linked_;
  Diagnostics& diagnostics_;
};

void check_labels(const Input& input, const Labels& labels, const Base& base, const LinkResult& linked,
                  Diagnostics& diagnostics) {
  LabelCheck check(base, linked, diagnostics);
  check.own(labels.regions());
  if (base.is_skeleton()) return;  // it has labels for the names of the standard library only
  check.taken(input.policy, labels.regions());
  check.system(system_witnesses(input, labels));
}

/// The modules as they would be without raw text; empty when none has any.
std::vector<CilModule> without_raw(const Planned& plan, const SourceManager& sources) {
  const auto has_raw = [](const auto& entry) { return !entry.second.raw.empty(); };
  if (std::none_of(plan.modules.begin(), plan.modules.end(), has_raw)) return {};
  std::vector<CilModule> list;
  for (const auto& [name, module] : plan.modules) {
    Module copy = module;
    copy.raw.clear();
    list.push_back({module_file(name) + ".cil", to_cil(copy, sources, "")});
  }
  return list;
}

FidelityReport what_else(const Input& input, const Planned& plan, const Base& base, const LinkResult& linked) {
  const auto policy = CompiledPolicy::read(linked.image);
  if (!policy) throw std::logic_error("libsepol cannot read the policy that it wrote");
  std::unique_ptr<CompiledPolicy> before;
  if (const auto modules = without_raw(plan, input.sources); !modules.empty()) {
    const LinkResult plain = link(base, modules);
    if (plain.ok) before = CompiledPolicy::read(plain.image);
  }
  return find_more(input, plan, *policy, before.get());
}

}  // namespace

Verification verify_artifacts(const Input& input, const Lowered& lowered, Diagnostics& diagnostics) {
  Verification verification;
  verification.checker = linker_name();
  const BaseOrReason opened = chosen_base(input);
  if (!opened.base) {
    verification.reason = opened.reason + "; install selinux-policy-default, or set `base = \"skeleton\"`";
    return verification;
  }
  verification.against = opened.base->description();
  if (opened.base->is_skeleton()) verification.reason = opened.reason;
  const auto& plan = dynamic_cast<const Planned&>(*lowered.plan);
  std::vector<CilModule> modules;
  for (const Artifact& artifact : lowered.artifacts)
    if (artifact.path.ends_with(".cil")) modules.push_back({artifact.path, artifact.content});
  const std::size_t before = diagnostics.error_count();
  const LinkResult linked = link(*opened.base, modules);
  const Places places(input.policy, input.sources);
  for (const LinkMessage& message : linked.messages) report_message(message, places, diagnostics);
  if (linked.ok) check_labels(input, plan.labels, *opened.base, linked, diagnostics);
  if (linked.ok) verification.found = what_else(input, plan, *opened.base, linked);
  verification.status =
      linked.ok && diagnostics.error_count() == before ? Verification::Status::passed : Verification::Status::failed;
  return verification;
}

}  // namespace macc::backends::selinux
