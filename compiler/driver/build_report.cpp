#include "compiler/driver/build_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/driver/limits.h"
#include "compiler/driver/sha256.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace {

using backends::Fidelity;
using backends::Verification;
using Json = nlohmann::ordered_json;
using report::valid_utf8;

/// Changes when a reader of the old format would misread the new one.
constexpr int kVersion = 1;

std::string_view word(Verification::Status status) {
  switch (status) {
    case Verification::Status::passed:
      return "passed";
    case Verification::Status::failed:
      return "failed";
    case Verification::Status::not_checked:
      return "not-checked";
  }
  return "";
}

/// `not-enforced`, as macc.toml writes it.
std::string key(Fidelity fidelity) {
  std::string out(backends::word(fidelity));
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

bool is_accepted(const project::Target& target, const std::string& topic) {
  return std::any_of(target.accept.begin(), target.accept.end(),
                     [&](const project::Accept& a) { return a.topic == topic; });
}

/// Writes report.json.
class Writer {
 public:
  Writer(const TargetResult& result, const ir::Policy& policy, const SourceManager& sources)
      : result_(result), policy_(policy), sources_(sources) {}

  [[nodiscard]] Json write() const {
    const backends::Target& target = result_.target.target;
    const FidelityCounts counts = count(result_.fidelity);
    Json settings = Json::object();
    for (const auto& [name, value] : target.settings)
      if (!value.empty()) settings[name] = valid_utf8(value);  // one that was left out and has no default says nothing
    return {{"version", kVersion},
            {"macc", MACC_VERSION},
            {"target", {{"name", target.name}, {"backend", target.backend}, {"settings", std::move(settings)}}},
            {"verification", verification()},
            {"summary",
             {{"exact", counts.exact},
              {"wider", counts.wider},
              {"drifts", counts.drifts},
              {"not-enforced", counts.not_enforced},
              {"narrower", counts.narrower}}},
            {"mediation", mediation()},
            {"topics", topics(counts)},
            {"entries", entries()},
            {"extensions", extensions()},
            {"artifacts", artifacts()},
            {"install", texts(result_.lowered.install)},
            {"remove", texts(result_.lowered.remove)}};
  }

 private:
  [[nodiscard]] Json place(Span span) const {
    if (!span.valid()) return nullptr;
    const Position p = sources_.position(span);
    return {{"file", valid_utf8(sources_.file(span.file).stable_path())}, {"line", p.line}, {"column", p.column}};
  }

  [[nodiscard]] Json verification() const {
    const Verification& v = result_.verification;
    return {{"status", word(v.status)},
            {"checker", valid_utf8(v.checker)},
            {"against", valid_utf8(v.against)},
            {"reason", valid_utf8(v.reason)},
            {"notices", texts(v.notices)}};
  }

  [[nodiscard]] Json mediation() const {
    Json out = Json::array();
    for (const backends::Mediation& m : result_.fidelity.mediation)
      out.push_back({{"class", m.what}, {"mediated", m.mediated}, {"text", valid_utf8(m.text)}});
    return out;
  }

  [[nodiscard]] Json topics(const FidelityCounts& counts) const {
    Json out = Json::array();
    for (const backends::FidelityTopic& topic : result_.fidelity.topics) {
      const auto found = counts.by_topic.find(topic.key);
      out.push_back({{"topic", topic.key},
                     {"fidelity", key(topic.fidelity)},
                     {"text", valid_utf8(topic.text)},
                     {"rules", found == counts.by_topic.end() ? 0 : found->second},
                     {"accepted", is_accepted(result_.target, topic.key)}});
    }
    return out;
  }

  [[nodiscard]] Json entries() const {
    Json out = Json::array();
    for (const backends::FidelityEntry& entry : result_.fidelity.entries) {
      Json what = Json::array();
      for (const std::string& item : entry.what) what.push_back(valid_utf8(item));
      out.push_back({{"domain", entry.domain == ir::DomainId::none ? "" : policy_.qualified_name(entry.domain)},
                     {"rule", valid_utf8(entry.rule)},
                     {"fidelity", key(entry.fidelity)},
                     {"topic", entry.topic},
                     {"what", std::move(what)},
                     {"place", place(entry.span)}});
    }
    return out;
  }

  [[nodiscard]] Json extensions() const {
    Json out = Json::array();
    for (const ir::Extension& e : policy_.extensions) {
      out.push_back({{"what", valid_utf8(e.what)}, {"place", place(e.span)}});
    }
    return out;
  }

  [[nodiscard]] static Json texts(const std::vector<std::string>& lines) {
    Json out = Json::array();
    for (const std::string& line : lines) out.push_back(valid_utf8(line));
    return out;
  }

  [[nodiscard]] Json artifacts() const {
    Json out = Json::array();
    for (const backends::Artifact& a : result_.lowered.artifacts) {
      out.push_back({{"path", valid_utf8(a.path)},
                     {"what", valid_utf8(a.what)},
                     {"bytes", a.content.size()},
                     {"sha256", sha256(a.content)}});
    }
    return out;
  }

  const TargetResult& result_;
  const ir::Policy& policy_;
  const SourceManager& sources_;
};

std::string counts_text(const FidelityCounts& counts) {
  std::string out = fmt::format("{} rule{}", counts.all(), counts.all() == 1 ? "" : "s");
  const auto add = [&](std::size_t n, std::string_view what) {
    if (n != 0) out += fmt::format("{} {} {}", out.find(':') == std::string::npos ? ":" : ",", n, what);
  };
  add(counts.exact, "exact");
  add(counts.wider, "wider");
  add(counts.drifts, "drifting");
  add(counts.not_enforced, "not enforced");
  add(counts.narrower, "narrower");
  return out;
}

/// "file, network; not dbus"; "" where all targets of the backend are alike.
std::string mediation_text(const std::vector<backends::Mediation>& all) {
  const auto list = [&](bool mediated) {
    std::string out;
    for (const backends::Mediation& m : all)
      if (m.varies && m.mediated == mediated) out += fmt::format("{}{}", out.empty() ? "" : ", ", m.what);
    return out;
  };
  const std::string open = list(false);
  return open.empty() ? list(true) : fmt::format("{}; not {}", list(true), open);
}

std::string checked_text(const Verification& v) {
  const std::string reason = report::safe(v.reason);
  if (v.status == Verification::Status::not_checked) return "NOT CHECKED by the platform's compiler: " + reason;
  const std::string against = v.against.empty() ? "" : " with " + report::safe(v.against);
  return fmt::format("by {}{}: {}", report::safe(v.checker), against,
                     v.status == Verification::Status::passed ? "accepted" : "refused");
}

}  // namespace

std::string checked_lines(const Verification& v) {
  std::string out = fmt::format("  checked   {}\n", checked_text(v));
  for (const std::string& notice : v.notices) out += fmt::format("    note: {}\n", report::safe(notice));
  return out;
}

std::string report_json(const TargetResult& result, const ir::Policy& policy, const SourceManager& sources) {
  return Writer(result, policy, sources).write().dump(2) + "\n";
}

std::string report_text(const TargetResult& result, const std::string& folder) {
  const FidelityCounts counts = count(result.fidelity);
  std::string out = fmt::format("{} ({})\n", result.target.target.name, result.target.target.backend);
  for (const backends::Artifact& a : result.lowered.artifacts) {
    out += fmt::format("  wrote     {}/{}: {}\n", report::safe(folder), report::safe(a.path), report::safe(a.what));
  }
  out += checked_lines(result.verification);
  const std::string mediates = mediation_text(result.fidelity.mediation);
  if (!mediates.empty()) out += fmt::format("  mediates  {}\n", report::safe(mediates));
  out += fmt::format("  fidelity  {}\n", counts_text(counts));
  for (const backends::FidelityTopic& topic : result.fidelity.topics) {
    const auto found = counts.by_topic.find(topic.key);
    out += fmt::format("    {} [{}], {}x: {}{}\n", backends::word(topic.fidelity), topic.key,
                       found == counts.by_topic.end() ? 0 : found->second, report::safe(topic.text),
                       is_accepted(result.target, topic.key) ? " (accepted)" : "");
  }
  if (!result.lowered.install.empty()) {
    out += fmt::format("  install   as root, in {}:\n", report::safe(folder));
    for (const std::string& line : result.lowered.install) out += fmt::format("    {}\n", report::safe(line));
    out += "  remove\n";
    for (const std::string& line : result.lowered.remove) out += fmt::format("    {}\n", report::safe(line));
  }
  out += fmt::format("  report    {}/{}\n", report::safe(folder), kReportName);
  return out;
}

}  // namespace macc::driver
