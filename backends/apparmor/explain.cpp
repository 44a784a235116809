#include "backends/apparmor/explain.h"

#include <fmt/format.h>

#include <algorithm>

namespace macc::backends::apparmor {
namespace {

/// Whether the comment of a profile's line names a place: "# FILE:12 phrase, line 15".
bool names_place(std::string_view line, const std::string& file, std::uint32_t number) {
  const std::size_t begin = line.rfind("# " + file + ":");
  if (begin == std::string_view::npos) return false;
  const std::string_view comment = line.substr(begin);
  if (comment.starts_with(fmt::format("# {}:{} ", file, number))) return true;
  const std::string other = fmt::format(", line {}", number);
  for (std::size_t at = comment.find(other); at != std::string_view::npos; at = comment.find(other, at + 1)) {
    const std::size_t end = at + other.size();
    if (end == comment.size() || comment[end] == ',') return true;
  }
  return false;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  return line.substr(begin);
}

void add_lines(const Artifact& artifact, const std::string& file, std::uint32_t number, std::vector<Explained>& parts) {
  std::string_view rest = artifact.content;
  for (std::size_t count = 1; !rest.empty(); ++count) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (names_place(line, file, number))
      parts.push_back({fmt::format("{} line {}: {}", artifact.path, count, printable(trimmed(line), 400)), {}});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace

Explanation explain(const Input& input, const Lowered& lowered, const Question& question) {
  if (question.kind != Question::Kind::rule)
    return {Explanation::Status::not_answered,
            "the AppArmor backend does not explain accesses yet; each line of a profile names the rule that it is from",
            {}};
  Explanation answer;
  for (const Span place : question.places) {
    const std::string file = input.sources.file(place.file).stable_path();
    const std::uint32_t number = input.sources.position(place).line;
    Explained explained{fmt::format("line {}", number), place};
    for (const Artifact& artifact : lowered.artifacts) add_lines(artifact, file, number, explained.parts);
    for (const FidelityEntry& entry : lowered.fidelity.entries) {
      if (entry.span != place || entry.topic.empty()) continue;
      Explained difference{fmt::format("{} [{}]: {}", word(entry.fidelity), entry.topic, entry.rule), {}};
      for (const auto& what : entry.what) difference.parts.push_back({printable(what, 400), {}});
      explained.parts.push_back(std::move(difference));
    }
    answer.parts.push_back(std::move(explained));
  }
  return answer;
}

}  // namespace macc::backends::apparmor
