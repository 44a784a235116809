#include "compiler/project/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/lint/fingerprint.h"

namespace macc::project {

namespace {

using Json = nlohmann::ordered_json;

/// Changes when fingerprints are made otherwise: an old file would then excuse nothing.
constexpr int kVersion = 1;

std::optional<Baseline> refuse(Loader& loader, const std::filesystem::path& path, const std::string& why) {
  loader.diagnostics()
      .report(Code::E0632, {},
              fmt::format("the baseline `{}` cannot be used: {}", printable(loader.shown(path), 400), why))
      .note("`macc lint --update-baseline` writes it anew, from what is found now");
  return std::nullopt;
}

}  // namespace

std::optional<Baseline> Baseline::read(Loader& loader, const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return refuse(loader, path, "there is no such file");
  const auto file = loader.load(path);
  if (!file) return std::nullopt;
  const Json all = Json::parse(loader.sources().file(*file).text(), nullptr, false);
  if (all.is_discarded() || !all.is_object()) return refuse(loader, path, "it is no JSON object");
  if (!all.contains("version") || all["version"] != kVersion)
    return refuse(loader, path, fmt::format("it is not of version {}", kVersion));
  if (!all.contains("findings") || !all["findings"].is_array()) return refuse(loader, path, "it holds no `findings`");
  Baseline out;
  for (const Json& row : all["findings"]) {
    const bool good = row.is_object() && row.contains("fingerprint") && row["fingerprint"].is_string();
    if (!good) return refuse(loader, path, "one of its findings has no `fingerprint`");
    const auto text = [&](const char* key) {
      return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : std::string();
    };
    out.items_[text("fingerprint")] = {text("lint"), text("domain"), text("subject"), text("condition")};
  }
  return out;
}

Baseline Baseline::of(const std::vector<lint::Finding>& findings, const std::set<Code>& locked) {
  Baseline out;
  for (const lint::Finding& finding : findings) {
    const Code code = finding.diagnostic.code;
    if (locked.contains(code)) continue;
    for (const std::string& subject : finding.subjects) {
      out.items_[lint::fingerprint(finding, subject, false)] = {std::string(info(code).name), finding.domain,
                                                                printable(subject, 200), finding.condition};
    }
  }
  return out;
}

std::optional<std::set<std::string>> Baseline::known_parts(const lint::Finding& finding) const {
  std::set<std::string> out;
  for (const std::string& subject : finding.subjects) {
    auto item = items_.find(lint::fingerprint(finding, subject, false));
    if (item == items_.end()) item = items_.find(lint::fingerprint(finding, subject, true));
    if (item == items_.end()) return std::nullopt;
    out.insert(item->first);
  }
  return out;
}

std::size_t Baseline::take_out(std::vector<lint::Finding>& findings, const std::set<Code>& locked) {
  return std::erase_if(findings, [&](const lint::Finding& finding) {
    const auto known = known_parts(finding);
    if (!known || locked.contains(finding.diagnostic.code)) return false;
    matched_.insert(known->begin(), known->end());
    return true;
  });
}

Baseline Baseline::pruned() const {
  Baseline out;
  for (const std::string& fingerprint : matched_) out.items_[fingerprint] = items_.at(fingerprint);
  return out;
}

std::string Baseline::text() const {
  std::vector<std::pair<std::string, Item>> rows(items_.begin(), items_.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.domain, a.second.lint, a.second.subject, a.second.condition, a.first) <
           std::tie(b.second.domain, b.second.lint, b.second.subject, b.second.condition, b.first);
  });
  Json list = Json::array();
  for (const auto& [fingerprint, item] : rows) {
    list.push_back({{"domain", item.domain},
                    {"lint", item.lint},
                    {"subject", item.subject},
                    {"condition", item.condition},
                    {"fingerprint", fingerprint}});
  }
  const Json all = {{"version", kVersion}, {"findings", std::move(list)}};
  return all.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace macc::project
