#include "backends/apparmor/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "backends/apparmor/compare.h"
#include "backends/apparmor/effects.h"
#include "backends/apparmor/parser.h"
#include "backends/apparmor/profile_files.h"
#include "backends/apparmor/unchecked.h"

namespace macc::backends::apparmor {

namespace {

using Status = Verification::Status;
constexpr std::string_view kNotWritten = "no temporary folder could be written";
/// Every setting of so many booleans is compiled, in full or not.
constexpr std::size_t kAllSettingsOf = 3, kAllSettingsOfInFull = 8;

std::vector<ir::Assignment> all_settings(const ir::Assignment& declared, const std::vector<ir::BooleanId>& booleans) {
  std::vector<ir::Assignment> out;
  for (std::size_t bits = 0; bits < std::size_t{1} << booleans.size(); ++bits) {
    ir::Assignment values = declared;
    for (std::size_t i = 0; i < booleans.size(); ++i)
      values[static_cast<std::size_t>(booleans[i])] = (bits >> i & 1) != 0;
    out.push_back(std::move(values));
  }
  return out;
}

/// As declared, all off, all on, and each one alone changed.
std::vector<ir::Assignment> some_settings(const ir::Assignment& declared, const std::vector<ir::BooleanId>& booleans) {
  std::vector<ir::Assignment> out = {declared, declared, declared};
  for (const ir::BooleanId id : booleans) {
    const auto at = static_cast<std::size_t>(id);
    out[1][at] = false;
    out[2][at] = true;
    out.push_back(declared);
    out.back()[at] = !declared[at];
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Code code_of(Difference::Way way) {
  switch (way) {
    case Difference::Way::narrower:
      return Code::E2030;
    case Difference::Way::wider:
      return Code::E2031;
    case Difference::Way::logged:
      return Code::E2032;
    case Difference::Way::otherwise:
      return Code::E2033;
  }
  return Code::E2033;
}

class Check {
 public:
  Check(const Input& input, const LoweringPlan& plan, const Lowered& lowered, Diagnostics& diagnostics)
      : input_(input),
        lowered_(lowered),
        features_(plan.features),
        plan_(plan.policy),
        diagnostics_(diagnostics),
        parser_(plan.features),
        build_(input, plan.features, ignored_) {}

  Verification run() {
    out_.against = fmt::format("features {}", features_.name);
    if (!parser_.installed()) {
      out_.reason = "apparmor_parser is not installed (package apparmor)";
      return out_;
    }
    const std::string version = parser_.version();
    out_.checker = "apparmor_parser " + version;
    unchecked_.emplace(plan_, features_, input_.sources, version);
    if (!put_all()) {
      out_.reason = kNotWritten;
      return out_;
    }
    out_.status = Status::passed;
    out_.notices.emplace_back("rules that the site adds in /etc/apparmor.d/local were left out");
    for (const Artifact& a : lowered_.artifacts) {
      if (is_profile(a)) check(a);
      if (stopped_) break;
    }
    unchecked_->say(out_);
    if (out_.status == Status::passed) out_.against += ", compared with the policy for every path and name";
    return out_;
  }

 private:
  bool put_all() {
    return std::all_of(lowered_.artifacts.begin(), lowered_.artifacts.end(),
                       [&](const Artifact& a) { return parser_.put(a.path, unchecked_->readable(a).value_or("")); });
  }

  void check(const Artifact& a) {
    const auto planned = std::find_if(plan_.profiles.begin(), plan_.profiles.end(),
                                      [&](const ProfileText& p) { return p.path == a.path; });
    const bool raw = planned != plan_.profiles.end() && !planned->written.raw.empty();
    if (!is_readable(a)) return;
    const auto compiled = raw ? compile_with_raw(a) : compile(a);
    if (!compiled || planned == plan_.profiles.end()) return;
    try {
      raw ? compare_without_raw(a, *planned, *compiled) : compare(a, *planned, *compiled);
    } catch (const paths::TooComplex&) {
      if (out_.status == Status::passed) out_.status = Status::not_checked;
      out_.reason = fmt::format("the paths of the {} are too many to compare with what was compiled", a.what);
    }
  }

  // ---- compiling ----

  /// nullopt after a diagnostic.
  std::optional<CompiledPolicy> compile(const Artifact& a) { return outcome(a, parser_.compile(a.path)); }

  /// The distribution's own files have rules that this target does not enforce.
  std::optional<CompiledPolicy> compile_with_raw(const Artifact& a) {
    Compilation result = parser_.compile(a.path, Parser::Unenforced::said);
    if (result.end == Compilation::End::refused) result = without_raw(a, std::move(result));
    if (result.end == Compilation::End::compiled) {
      for (const std::string& line : result.said) out_.notices.push_back("apparmor_parser says: " + line);
    }
    return outcome(a, result);
  }

  std::optional<CompiledPolicy> outcome(const Artifact& a, const Compilation& result) {
    using End = Compilation::End;
    if (result.end == End::compiled) return read(a, result.policy);
    out_.status = Status::failed;
    stopped_ = result.end == End::killed;  // an interrupt goes to the parser, too
    if (result.end == End::refused) {
      refused(a, result);
    } else {
      const std::string how = result.end == End::timed_out ? "did not finish in time" : "did not run to its end";
      auto& d = diagnostics_.report(Code::E2010, {}, fmt::format("apparmor_parser {} on {}", how, a.path));
      if (result.end == End::timed_out)
        d.note("many patterns with several `*` or `**` each make its automaton grow: write more of their names out");
    }
    return std::nullopt;
  }

  std::optional<CompiledPolicy> read(const Artifact& a, const std::string& bytes) {
    CompiledPolicy policy = read_policy(bytes);
    if (policy.error.empty()) return policy;
    out_.status = Status::failed;
    diagnostics_.report(Code::E2034, {}, fmt::format("what apparmor_parser made of the {} cannot be read", a.what))
        .note(policy.error);
    return std::nullopt;
  }

  /// Whether the profile and the files of its conditions are as macc wrote them, where the parser cannot read all of
  /// it: nothing that it says of the rest could make a changed one good.
  bool is_readable(const Artifact& a) {
    const std::string conditions = folder_of_conditions(a);
    const auto changed = std::find_if(lowered_.artifacts.begin(), lowered_.artifacts.end(), [&](const Artifact& other) {
      return (other.path == a.path || other.path.starts_with(conditions)) && !unchecked_->readable(other);
    });
    if (changed == lowered_.artifacts.end()) return true;
    out_.status = Status::failed;
    diagnostics_.report(Code::E2017, place_of(a, 0), fmt::format("the {} is not what macc wrote", changed->what))
        .note(unchecked_->unreadable())
        .note("what the parser says of the rest of a changed profile would prove nothing: it was not asked")
        .note("run `macc build` again");
    return false;
  }

  /// A text of the author may be for the parser of the target: the refusal, or what was compiled without such texts.
  Compilation without_raw(const Artifact& a, Compilation refusal) {
    const auto text = unchecked_->readable_without_raw(a);
    if (!text || !parser_.put(a.path, *text)) return refusal;
    Compilation rest = parser_.compile(a.path);
    if (rest.end != Compilation::End::compiled) return refusal;
    unchecked_->left_out_raw(refusal.said);
    return rest;
  }

  void refused(const Artifact& a, const Compilation& result) {
    out_.status = Status::failed;
    auto& d = diagnostics_.report(Code::E2008, place_of(a, result.line),
                                  fmt::format("apparmor_parser refuses the {}", a.what));
    for (const std::string& line : result.said) d.note(line);
  }

  /// The parser may name the line after the one it means.
  Span place_of(const Artifact& a, std::size_t line) const {
    for (const ProfileText& p : plan_.profiles) {
      if (p.path != a.path) continue;
      const auto& lines = p.written.lines;
      for (const std::size_t at : {line, line - 1}) {
        if (at != 0 && at < lines.size() && lines[at].valid()) return lines[at];
      }
      return input_.policy.domain(p.domain).where.span;
    }
    return {};
  }

  // ---- comparing ----

  /// One for each profile of a file, by its label.
  using Comparisons = std::map<std::string, Comparison>;

  std::vector<ir::Assignment> settings(const Artifact& a) {
    const ir::Assignment declared = ir::declared_values(input_.policy);
    const auto booleans = booleans_in(input_.policy, text_with_conditions(lowered_, a));
    if (booleans.size() <= (input_.full ? kAllSettingsOfInFull : kAllSettingsOf))
      return all_settings(declared, booleans);
    auto out = some_settings(declared, booleans);
    out_.notices.push_back(fmt::format("the {} has {} booleans: {} of their settings were compared, not all", a.what,
                                       booleans.size(), out.size()));
    return out;
  }

  void compare(const Artifact& a, const ProfileText& planned, const CompiledPolicy& as_declared) {
    Comparisons comparisons;
    comparisons.try_emplace(planned.name, build_, planned.domain, plan_.fidelity);
    for (const ir::DomainId child : planned.children)
      comparisons.try_emplace(label_of(input_.policy, child), build_, child, plan_.fidelity);
    const auto all = settings(a);
    if (all.size() == 1) return compare_one(a, planned, comparisons, as_declared, all.front());
    for (const ir::Assignment& values : all) {
      if (!put_switches(tunables_with(input_.policy, values))) return not_written();
      const auto compiled = compile(a);
      if (compiled) compare_one(a, planned, comparisons, *compiled, values);
      if (out_.status != Status::passed) break;
    }
    if (!put_switches(lowered_.artifacts)) not_written();
  }

  /// Raw text has no meaning of its own: the rest is compared with it left out, and then what it adds is listed.
  void compare_without_raw(const Artifact& a, const ProfileText& planned, const CompiledPolicy& with) {
    Artifact plain = a;
    plain.content = unchecked_->readable(a).value_or("");
    for (const std::string& raw : planned.written.raw) {
      const std::size_t at = plain.content.find(raw);
      if (at == std::string::npos) {
        return report({Difference::Way::otherwise,
                       fmt::format("the raw text in the {} is not that of the policy", a.what), "",
                       input_.policy.domain(planned.domain).where.span, ""});
      }
      plain.content.erase(at, raw.size());
    }
    if (!parser_.put(a.path, plain.content)) return not_written();
    const auto compiled = compile(plain);
    if (compiled) compare(plain, planned, *compiled);
    if (!parser_.put(a.path, unchecked_->readable(a).value_or(""))) not_written();
    if (!compiled) return;
    list_effects(planned.domain, effects_of(with, *compiled, planned.name));
    for (const ir::DomainId child : planned.children)
      list_effects(child, effects_of(with, *compiled, label_of(input_.policy, child)));
    for (const CompiledProfile& profile : with.profiles) {
      const bool known = std::any_of(compiled->profiles.begin(), compiled->profiles.end(),
                                     [&](const CompiledProfile& p) { return p.name == profile.name; });
      if (!known) list_effects(planned.domain, {{fmt::format("a profile `{}`", printable(profile.name, 200))}, {}});
    }
  }

  void list_effects(ir::DomainId id, const Effects& effects) {
    if (effects.all.empty()) return;
    const ir::Domain& domain = input_.policy.domain(id);
    FidelityEntry entry;
    entry.domain = id;
    entry.fidelity = info(Topic::raw_effect).fidelity;
    entry.rule = "raw apparmor, compiled";
    entry.topic = info(Topic::raw_effect).key;
    entry.what = effects.all;
    entry.span = domain.where.span;
    for (const ir::RawText& raw : domain.raw) {
      if (raw.backend == "apparmor") entry.span = raw.where.span;
    }
    out_.found.entries.push_back(std::move(entry));
    if (out_.found.topics.empty()) out_.found.topics.push_back(info(Topic::raw_effect));
    for (const std::string& grave : effects.grave)
      out_.notices.push_back(fmt::format("raw text lets `{}` {}", domain.name, grave));
  }

  /// What could not be written was not compiled, and nothing behind it would be: that is no success.
  void not_written() {
    stopped_ = true;
    if (out_.status != Status::passed) return;
    out_.status = Status::not_checked;
    out_.reason = kNotWritten;
  }

  bool put_switches(const std::vector<Artifact>& switches) {
    return std::all_of(switches.begin(), switches.end(), [&](const Artifact& s) {
      return is_profile(s) || parser_.put(s.path, unchecked_->readable(s).value_or(""));
    });
  }

  void compare_one(const Artifact& a, const ProfileText& planned, Comparisons& comparisons,
                   const CompiledPolicy& compiled, const ir::Assignment& values) {
    std::set<std::string> there;
    for (const CompiledProfile& profile : compiled.profiles) {
      const auto expected = comparisons.find(profile.name);
      if (expected != comparisons.end()) {
        there.insert(profile.name);
        for (const Difference& difference : expected->second.differences(profile, values)) report(difference);
      } else {
        report({Difference::Way::otherwise,
                fmt::format("the {} also holds a profile `{}`", a.what, printable(profile.name, 200)),
                "the policy has no domain for it", input_.policy.domain(planned.domain).where.span, ""});
      }
      for (const std::string& notice : profile.notices) out_.notices.push_back(fmt::format("{}: {}", a.path, notice));
    }
    for (const auto& [label, comparison] : comparisons) {
      if (there.contains(label)) continue;
      report({Difference::Way::otherwise, fmt::format("`{}` holds no profile `{}`", a.path, printable(label, 200)), "",
              input_.policy.domain(planned.domain).where.span, ""});
    }
  }

  void report(const Difference& difference) {
    out_.status = Status::failed;
    auto& d = diagnostics_.report(code_of(difference.way), difference.place, difference.what);
    if (!difference.phrase.empty()) d.label("`" + difference.phrase + "`");
    if (!difference.note.empty()) d.note(difference.note);
  }

  const Input& input_;
  const Lowered& lowered_;
  const Features& features_;
  const LoweredPolicy& plan_;
  Diagnostics& diagnostics_;
  Parser parser_;
  std::optional<Unchecked> unchecked_;  // once the parser has said its version
  Diagnostics ignored_;                 // of what lowering has said already
  Build build_;
  Verification out_;
  bool stopped_ = false;
};

}  // namespace

Verification verify_with_parser(const Input& input, const Lowered& lowered, Diagnostics& diagnostics) {
  return Check(input, dynamic_cast<const LoweringPlan&>(*lowered.plan), lowered, diagnostics).run();
}

}  // namespace macc::backends::apparmor
