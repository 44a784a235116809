// Raw apparmor texts: resources' names are replaced by their paths, the rest is the author's.
#include <algorithm>

#include "backends/apparmor/build.h"

namespace macc::backends::apparmor {

namespace {

/// `${name}` as one quoted glob of all the resource's paths; nullopt for a name that is no resource.
std::optional<std::string> substitute(const Build& build, const ir::RawText& raw, const std::string& name) {
  const auto it = raw.resources.find(name);
  if (it == raw.resources.end()) return std::nullopt;
  const auto globs = globs_of(build.policy.resource(it->second).paths.include, Shape::both);
  if (globs.empty()) return std::nullopt;
  return quoted(one_of(globs));
}

std::string with_paths(const Build& build, const ir::RawText& raw) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = raw.text.find("${", at);
    const std::size_t close = open == std::string::npos ? open : raw.text.find('}', open);
    if (close == std::string::npos) return out + raw.text.substr(at);
    out += raw.text.substr(at, open - at);
    const auto value = substitute(build, raw, raw.text.substr(open + 2, close - open - 2));
    out += value ? *value : raw.text.substr(open, close + 1 - open);
    at = close + 1;
  }
}

/// Whether braces and quotes pair, so that the text ends in the profile in which it began. A `#` starts a comment only
/// where a word could start, which takes the parser's own scanner to tell: the text has to pair both ways.
bool pairs(const std::string& text, bool with_comments) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\n') return false;
    } else if (c == '#' && with_comments) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth < 0) {
      return false;
    }
  }
  return depth == 0 && !quoted;
}

bool stays_inside(Build& build, const ir::RawText& raw) {
  if (pairs(raw.text, true) && pairs(raw.text, false)) return true;
  build.diagnostics.report(Code::E2011, raw.where.span, "this text would end its profile, or not end in it")
      .note("braces and quotes have to pair, in comments too");
  return false;
}

}  // namespace

void lower_raw(Build& build, ir::DomainId id) {
  for (const ir::RawText& raw : build.policy.domain(id).raw) {
    if (raw.backend != "apparmor" || !stays_inside(build, raw)) continue;
    build.draft(id).add(Guard::always(), RawRule{with_paths(build, raw)}, {raw.where.span, "raw apparmor"});
    build.fidelity.add(id, "raw apparmor", raw.where.span, Topic::raw);
  }
}

}  // namespace macc::backends::apparmor
