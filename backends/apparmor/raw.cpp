// Raw apparmor texts: resources' names are replaced by their paths, the rest is the author's.
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

}  // namespace

void lower_raw(Build& build, ir::DomainId id) {
  for (const ir::RawText& raw : build.policy.domain(id).raw) {
    if (raw.backend != "apparmor") continue;
    build.draft(id).add(Guard::always(), RawRule{with_paths(build, raw)}, {raw.where.span, "raw apparmor"});
    build.fidelity.add(id, "raw apparmor", raw.where.span, Topic::raw);
  }
}

}  // namespace macc::backends::apparmor
