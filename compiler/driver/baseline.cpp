#include "compiler/driver/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace macc::driver {

namespace {

using Json = nlohmann::ordered_json;

/// Changes when fingerprints are made otherwise: an old file would then excuse nothing.
constexpr int kVersion = 1;
constexpr std::size_t kMaxCount = 1'000'000;

std::optional<Baseline> refuse(Session& session, const std::filesystem::path& path, const std::string& why) {
  session.diagnostics
      .report(Code::E0632, {},
              fmt::format("the baseline `{}` cannot be used: {}", printable(session.loader.shown(path), 400), why))
      .note("`macc lint --update-baseline` writes it anew, from what is found now");
  return std::nullopt;
}

}  // namespace

std::optional<Baseline> Baseline::read(Session& session, const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return refuse(session, path, "there is no such file");
  const auto file = session.loader.load(path);
  if (!file) return std::nullopt;
  const Json all = Json::parse(session.sources.file(*file).text(), nullptr, false);
  if (all.is_discarded() || !all.is_object()) return refuse(session, path, "it is no JSON object");
  if (!all.contains("version") || all["version"] != kVersion)
    return refuse(session, path, fmt::format("it is not of version {}", kVersion));
  if (!all.contains("findings") || !all["findings"].is_array()) return refuse(session, path, "it holds no `findings`");
  Baseline out;
  for (const Json& row : all["findings"]) {
    const bool good = row.is_object() && row.contains("fingerprint") && row["fingerprint"].is_string() &&
                      row.contains("count") && row["count"].is_number_unsigned() &&
                      row["count"].get<std::size_t>() <= kMaxCount;
    if (!good) return refuse(session, path, "one of its findings has no `fingerprint` or `count`");
    const auto text = [&](const char* key) {
      return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : std::string();
    };
    out.items_[text("fingerprint")] = {text("lint"), text("domain"), text("subject"), row["count"].get<std::size_t>()};
  }
  return out;
}

Baseline Baseline::of(const std::vector<lint::Finding>& findings, const std::set<Code>& locked) {
  Baseline out;
  for (const lint::Finding& finding : findings) {
    const Diagnostic& d = finding.diagnostic;
    if (locked.contains(d.code)) continue;
    Item& item = out.items_[d.fingerprint];
    item = {std::string(info(d.code).name), finding.domain, printable(finding.subject, 200), item.count + 1};
  }
  return out;
}

std::size_t Baseline::take_out(std::vector<lint::Finding>& findings, const std::set<Code>& locked) {
  return std::erase_if(findings, [&](const lint::Finding& finding) {
    const auto item = items_.find(finding.diagnostic.fingerprint);
    if (item == items_.end() || locked.contains(finding.diagnostic.code)) return false;
    std::size_t& matched = matched_[item->first];
    if (matched >= item->second.count) return false;
    ++matched;
    return true;
  });
}

std::size_t Baseline::size() const {
  std::size_t all = 0;
  for (const auto& [fingerprint, item] : items_) all += item.count;
  return all;
}

std::size_t Baseline::gone() const { return size() - pruned().size(); }

Baseline Baseline::pruned() const {
  Baseline out;
  for (const auto& [fingerprint, item] : items_) {
    const auto matched = matched_.find(fingerprint);
    if (matched == matched_.end()) continue;
    out.items_[fingerprint] = item;
    out.items_[fingerprint].count = matched->second;
  }
  return out;
}

std::string Baseline::text() const {
  std::vector<std::pair<std::string, Item>> rows(items_.begin(), items_.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.domain, a.second.lint, a.second.subject, a.first) <
           std::tie(b.second.domain, b.second.lint, b.second.subject, b.first);
  });
  Json list = Json::array();
  for (const auto& [fingerprint, item] : rows) {
    list.push_back({{"domain", item.domain},
                    {"lint", item.lint},
                    {"subject", item.subject},
                    {"fingerprint", fingerprint},
                    {"count", item.count}});
  }
  const Json all = {{"version", kVersion}, {"findings", std::move(list)}};
  return all.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace macc::driver
