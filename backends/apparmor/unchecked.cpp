#include "backends/apparmor/unchecked.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "backends/apparmor/writer.h"

namespace macc::backends::apparmor {

namespace {

/// A text that takes as many lines and says nothing: lines keep their numbers.
RawRule blank(const RawRule& raw) {
  std::string lines;
  std::copy_if(raw.text.begin(), raw.text.end(), std::back_inserter(lines), [](char c) { return c == '\n'; });
  if (!raw.text.empty() && raw.text.back() != '\n') lines += '\n';
  return {std::move(lines)};
}

/// What stays of a profile's rules for a version of the parser. A rule becomes the comment that says where it is from,
/// which is one line like the rule itself.
class Reducer {
 public:
  Reducer(Version version, bool keep_raw) : version_(version), keep_raw_(keep_raw) {}

  void reduce(macc::backends::apparmor::Profile& profile) {
    profile.rules = reduced(std::move(profile.rules));
    for (auto& child : profile.children) reduce(child);
  }
  std::vector<Rule> reduced(std::vector<Rule> rules) {
    for (Rule& rule : rules) reduce(rule.body);
    return rules;
  }
  [[nodiscard]] const std::set<std::string_view>& words() const { return words_; }
  [[nodiscard]] bool raw() const { return raw_; }

 private:
  void reduce(RuleBody& body) {
    if (auto* inner = std::get_if<Conditional>(&body)) {
      inner->rules = reduced(std::move(inner->rules));
    } else if (auto* raw = std::get_if<RawRule>(&body)) {
      raw_ = true;
      if (!keep_raw_) *raw = blank(*raw);
    } else if (needs_parser(body) > version_) {
      words_.insert(keyword(body));
      drop(body);
    }
  }

  /// An older parser reads of a rule on ports what it opens on kernels that do not tell ports apart.
  static void drop(RuleBody& body) {
    auto* network = std::get_if<NetworkRule>(&body);
    if (network != nullptr && !network->qualifiers.deny) {
      network->ports.reset();
    } else {
      body = RawRule{};
    }
  }

  Version version_;
  bool keep_raw_;
  bool raw_ = false;
  std::set<std::string_view> words_;
};

bool is_older(Version installed, Version wanted) {
  return std::pair(installed.major, installed.minor) < std::pair(wanted.major, wanted.minor);
}

}  // namespace

Unchecked::Unchecked(const LoweredPolicy& written, const Features& features, const SourceManager& sources,
                     std::string_view installed)
    : installed_(installed), wanted_(features.parser), version_(Version::at_start_of(installed)) {
  const auto wanted = Version::of(wanted_);
  if (!version_ || !wanted || !is_older(*version_, *wanted)) version_.reset();
  if (!version_) return;
  for (const ProfileText& profile : written.profiles) add(profile, sources);
}

void Unchecked::add(const ProfileText& profile, const SourceManager& sources) {
  const auto without = [&](Reducer& reducer) {
    ProfileFile file = profile.file;
    reducer.reduce(file.profile);
    return write(file, sources);
  };
  Reducer rules(*version_, true), all(*version_, false);
  WrittenFiles readable = without(rules);
  if (rules.words().empty() && !rules.raw()) return;
  Profile& out = profiles_[profile.path];
  out.whole = profile.written.text;
  if (!rules.words().empty()) out.readable = std::move(readable.profile.text);
  if (rules.raw()) out.without_raw = without(all).profile.text;
  for (std::size_t i = 0; !rules.words().empty() && i < profile.conditions.size(); ++i) {
    const WrittenPart& part = profile.conditions[i];
    profiles_[part.path] = {part.written.text, std::move(readable.conditions.at(i).written.text), std::nullopt};
  }
  words_.insert(rules.words().begin(), rules.words().end());
}

std::optional<std::string> Unchecked::readable(const Artifact& artifact) const {
  const auto it = profiles_.find(artifact.path);
  if (it == profiles_.end() || !it->second.readable) return artifact.content;
  return artifact.content == it->second.whole ? it->second.readable : std::nullopt;
}

std::optional<std::string> Unchecked::readable_without_raw(const Artifact& artifact) const {
  const auto it = profiles_.find(artifact.path);
  return it != profiles_.end() && artifact.content == it->second.whole ? it->second.without_raw : std::nullopt;
}

void Unchecked::left_out_raw(const std::vector<std::string>& said) {
  raw_ = true;
  for (const std::string& line : said) {
    std::string notice = fmt::format("apparmor_parser {} says: {}", installed_, line);
    if (std::find(notices_.begin(), notices_.end(), notice) == notices_.end()) notices_.push_back(std::move(notice));
  }
}

std::string Unchecked::unreadable() const {
  std::string what;
  for (const std::string_view word : words_) what += fmt::format("{}`{}`", what.empty() ? "rules of " : ", ", word);
  if (raw_) what += what.empty() ? "a `raw apparmor` text" : ", and a `raw apparmor` text";
  return fmt::format("apparmor_parser {} cannot read {}; that of the target, {}, {}", installed_, what, wanted_,
                     words_.empty() ? "may" : "can");
}

void Unchecked::say(Verification& verification) const {
  if (verification.status != Verification::Status::passed || (words_.empty() && !raw_)) return;
  verification.status = Verification::Status::not_checked;
  verification.reason = unreadable() + ". The rest of the profiles was compiled";
  verification.notices.insert(verification.notices.end(), notices_.begin(), notices_.end());
}

}  // namespace macc::backends::apparmor
