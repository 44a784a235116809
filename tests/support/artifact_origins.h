// What a backend says about where the lines of its artifacts come from, as tests look at it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backends/backend.h"

namespace macc::test {

/// The lines of a text, the first at index 1: lines of artifacts are counted from 1.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out = {""};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// "REASON | lines of the policy" of the first line of an artifact that holds a text.
inline std::string origin_of(const backends::Lowered& lowered, const SourceManager& sources, const std::string& path,
                             const std::string& text) {
  for (const backends::Artifact& artifact : lowered.artifacts) {
    if (artifact.path != path) continue;
    const auto lines = lines_of(artifact.content);
    for (const backends::ArtifactOrigin& origin : artifact.origins) {
      if (lines.at(origin.line).find(text) == std::string::npos) continue;
      std::string out = origin.reason + " |";
      for (const Span place : origin.places) out += fmt::format(" {}", sources.position(place).line);
      return out;
    }
  }
  return "no such line";
}

}  // namespace macc::test
