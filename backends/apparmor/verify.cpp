#include "backends/apparmor/verify.h"

#include <fmt/format.h>

#include <optional>

#include "backends/apparmor/lower.h"
#include "backends/apparmor/parser.h"
#include "backends/apparmor/unchecked.h"

namespace macc::backends::apparmor {

namespace {

using Status = Verification::Status;
constexpr std::string_view kProfiles = "apparmor.d/";

class Check {
 public:
  Check(const Input& input, const Features& features, const Lowered& lowered, Diagnostics& diagnostics)
      : input_(input), features_(features), lowered_(lowered), diagnostics_(diagnostics), parser_(features) {}

  Verification run() {
    Verification out;
    out.against = fmt::format("features {}", features_.name);
    if (!parser_.installed()) {
      out.reason = "apparmor_parser is not installed (package apparmor)";
      return out;
    }
    const std::string version = parser_.version();
    out.checker = "apparmor_parser " + version;
    if (const auto* plan = dynamic_cast<const ApparmorPlan*>(lowered_.plan.get()))
      unchecked_.emplace(*plan, input_.sources, version);
    if (!put_all()) {
      out.reason = "no temporary folder could be written";
      return out;
    }
    out.status = Status::passed;
    for (const Artifact& a : lowered_.artifacts) {
      if (is_profile(a) && !compile(a)) out.status = Status::failed;
      if (killed_) break;  // an interrupt goes to the parser, too
    }
    if (unchecked_) unchecked_->say(out);
    return out;
  }

 private:
  static bool is_profile(const Artifact& a) {
    return a.path.starts_with(kProfiles) && a.path.find('/', kProfiles.size()) == std::string::npos;
  }

  bool put_all() {
    bool fine = true;
    for (const Artifact& a : lowered_.artifacts)
      fine = fine && parser_.put(a.path, unchecked_ ? unchecked_->readable(a).value_or("") : a.content);
    return fine;
  }

  bool compile(const Artifact& a) {
    using End = Compilation::End;
    if (unchecked_ && !unchecked_->readable(a)) return changed(a);
    const Compilation result = parser_.compile(a.path);
    if (result.end == End::compiled || (result.end == End::refused && compiles_without_raw(a, result))) return true;
    killed_ = result.end == End::killed;
    if (result.end == End::refused) {
      refused(a, result);
    } else {
      const std::string how = result.end == End::timed_out ? "did not finish in time" : "did not run to its end";
      diagnostics_.report(Code::E2010, {}, fmt::format("apparmor_parser {} on {}", how, a.path));
    }
    return false;
  }

  /// Nothing that the parser says of the rest could make it good.
  bool changed(const Artifact& a) {
    diagnostics_.report(Code::E2017, place_of(a, 0), fmt::format("the {} is not what macc wrote", a.what))
        .note(unchecked_->unreadable())
        .note("what the parser says of the rest of a changed profile would prove nothing: it was not asked")
        .note("run `macc build` again");
    return false;
  }

  /// A text of the author may be for the parser of the target.
  bool compiles_without_raw(const Artifact& a, const Compilation& with) {
    const auto text = unchecked_ ? unchecked_->readable_without_raw(a) : std::nullopt;
    if (!text || !parser_.put(a.path, *text) || parser_.compile(a.path).end != Compilation::End::compiled) return false;
    unchecked_->left_out_raw(with.said);
    return true;
  }

  void refused(const Artifact& a, const Compilation& result) {
    auto& d = diagnostics_.report(Code::E2008, place_of(a, result.line),
                                  fmt::format("apparmor_parser refuses the {}", a.what));
    for (const std::string& line : result.said) d.note(line);
  }

  /// The parser may name the line after the one it means.
  Span place_of(const Artifact& a, std::size_t line) {
    Diagnostics ignored;
    const LoweredPolicy again = lower_policy(input_, features_, ignored);
    for (const ProfileText& p : again.profiles) {
      if (p.path != a.path) continue;
      const auto& lines = p.written.lines;
      for (const std::size_t at : {line, line - 1}) {
        if (at != 0 && at < lines.size() && lines[at].valid()) return lines[at];
      }
      return input_.policy.domain(p.domain).where.span;
    }
    return {};
  }

  const Input& input_;
  const Features& features_;
  const Lowered& lowered_;
  Diagnostics& diagnostics_;
  Parser parser_;
  std::optional<Unchecked> unchecked_;
  bool killed_ = false;
};

}  // namespace

Verification verify_with_parser(const Input& input, const Features& features, const Lowered& lowered,
                                Diagnostics& diagnostics) {
  return Check(input, features, lowered, diagnostics).run();
}

}  // namespace macc::backends::apparmor
