#include "backends/selinux/line_origins.h"

#include <algorithm>
#include <set>

#include "backends/selinux/ports.h"

namespace macc::backends::selinux {
namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

bool speaks_of(const Written& written, const PortLabel& port) {
  const auto* rule = std::get_if<const ir::Rule*>(&written.what);
  const auto* network = rule == nullptr ? nullptr : std::get_if<ir::NetworkAccess>(&(*rule)->access);
  return network != nullptr && network->protocol == port.protocol &&
         std::any_of(network->ports.begin(), network->ports.end(),
                     [&](ir::PortRange range) { return overlap(range, port.range); });
}

/// The place with those of the includes by which it came.
void add_places(const Written& written, std::set<Span>& places) {
  places.insert(written.place);
  const ir::Provenance* where = WrittenIndex::provenance(written);
  if (where == nullptr) return;
  for (const auto& frame : where->includes) places.insert(frame.at);
}

std::string tag(Baseline baseline, std::set<Baseline>& told) {
  if (baseline == Baseline::rule) return "";
  const BaselineInfo& row = info(baseline);
  std::string out = " [" + std::string(row.key);
  if (told.insert(baseline).second) out.append(": ").append(row.text);
  return out + "]";
}

}  // namespace

/// An abstraction's statement stands there for every domain that includes it. Those count that the line is about, else
/// those of the module.
LineOrigins::Found LineOrigins::at(Span place, const Cause& cause) const {
  Found found;
  const auto take = [&](std::span<const Written> list) {
    for (const Written& written : list)
      if (cause.port == nullptr || speaks_of(written, *cause.port)) found.push_back(&written);
  };
  std::set<ir::DomainId> owners;
  for (const std::string_view name : cause.names) owners.insert(written_.owner(name));
  owners.erase(ir::DomainId::none);
  for (const ir::DomainId owner : owners) take(written_.at(place, owner));
  if (found.empty())
    for (const ir::DomainId domain : written_.domains_of(module_)) take(written_.at(place, domain));
  if (found.empty()) take(written_.at(place));
  return found;
}

const std::string& LineOrigins::phrase(const Written& written) {
  const auto [at, fresh] = phrases_.try_emplace(&written);
  if (fresh) at->second = written_.phrase(written);
  return at->second;
}

ArtifactOrigin LineOrigins::origin(const Cause& cause) {
  std::set<Span> places;
  std::set<std::string> said;
  std::set<Baseline> told;
  ArtifactOrigin out;
  out.reason = cause.why;
  bool first = true;
  Origins origins = cause.origins;
  std::sort(origins.begin(), origins.end());
  for (const Origin& origin : origins) {
    if (origin.span.valid()) places.insert(origin.span);
    for (const Written* written : at(origin.span, cause)) {
      add_places(*written, places);
      if (!said.insert(std::to_string(static_cast<int>(origin.baseline)) + phrase(*written)).second) continue;
      if (!out.reason.empty()) out.reason += first ? ": " : "; ";
      out.reason += phrase(*written) + tag(origin.baseline, told);
      first = false;
    }
  }
  for (const Span place : cause.places) {
    if (place.valid()) places.insert(place);
    for (const Written* written : at(place, cause)) add_places(*written, places);
  }
  out.places.assign(places.begin(), places.end());
  return out;
}

void LineOrigins::add(std::uint32_t first, std::uint32_t last, const Cause& cause) {
  ArtifactOrigin one = origin(cause);
  for (one.line = first; one.line <= last; ++one.line) lines_.push_back(one);
}

void LineOrigins::add_raw(std::uint32_t first, std::uint32_t last, const RawLines& raw, bool marks,
                          const Cause& cause) {
  const ArtifactOrigin whole = origin(cause);
  const auto push = [&](std::uint32_t line, Span place) {
    ArtifactOrigin one = whole;
    one.line = line;
    if (place.valid()) std::replace(one.places.begin(), one.places.end(), raw.span, place);
    lines_.push_back(std::move(one));
  };
  std::uint32_t line = first;
  if (marks) push(line++, {});
  Span place = raw.body;
  for (const std::string_view text : lines_of(raw.source)) {
    place.end = static_cast<std::uint32_t>(place.begin + text.size());
    const auto indent = static_cast<std::uint32_t>(std::min(text.find_first_not_of(" \t"), text.size()));
    if (!is_blank(text)) push(line, {place.file, place.begin + indent, place.end});
    place.begin = place.end + 1;
    ++line;
  }
  if (marks) push(last, {});
}

std::vector<ArtifactOrigin> LineOrigins::take() {
  lines_.shrink_to_fit();
  return std::move(lines_);
}

std::vector<ArtifactOrigin> origins_in_words(std::string_view text, std::string_view why) {
  std::vector<ArtifactOrigin> out;
  std::uint32_t number = 0;
  for (const std::string_view line : lines_of(text))
    if (++number; !is_blank(line)) out.push_back({number, std::string(why), {}});
  return out;
}

}  // namespace macc::backends::selinux
