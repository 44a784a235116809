#include "backends/apparmor/tails.h"

#include <algorithm>
#include <array>
#include <map>

namespace macc::backends::apparmor {

namespace {

/// What a glob with a given beginning is about.
enum Part : unsigned {
  kFiles = 1,        ///< beneath a directory, or behind the beginning of a name: what is no directory
  kDirectories = 2,  ///< and what is one
  kTop = 4,          ///< the directory itself
};
constexpr std::array<Part, 3> kParts = {kFiles, kDirectories, kTop};

/// Where the parts lie. `entry`: one name, which is a file or (kTop) a directory.
enum class Place : std::uint8_t { beneath, behind_name, entry };

struct Split {
  Glob beginning;
  Place place = Place::entry;
  unsigned parts = 0;
};

bool ends_with_slash(const Glob& glob) {
  const auto* last = glob.pieces.empty() ? nullptr : std::get_if<GlobLiteral>(&glob.pieces.back());
  return last != nullptr && last->bytes.ends_with('/');
}

Glob deep_star() {
  Glob out;
  out.append(GlobDeepStar{});
  return out;
}
Glob files() {
  Glob out = deep_star();
  out.append(GlobClass{true, {}});
  return out;
}
Glob directories() {
  Glob out = deep_star();
  out.append(GlobLiteral{"/"});
  return out;
}
Glob or_nothing(Glob glob) {
  Glob out;
  out.append(GlobChoice{{Glob(), std::move(glob)}});
  return out;
}

struct Form {
  Place place;
  unsigned parts;
  Glob end;
};

/// Every end that the lowering writes, longest first.
const std::vector<Form>& forms() {
  static const std::vector<Form> list = {
      {Place::beneath, kFiles, files()},
      {Place::beneath, kDirectories, directories()},
      {Place::behind_name, kDirectories, directories()},
      {Place::beneath, kFiles | kDirectories, deep_star()},
      {Place::behind_name, kFiles | kDirectories, deep_star()},
      {Place::beneath, kFiles | kDirectories | kTop, or_nothing(deep_star())},
      {Place::beneath, kDirectories | kTop, or_nothing(directories())},
      {Place::behind_name, kFiles, or_nothing(files())},
      {Place::entry, kFiles | kTop, or_nothing(Glob("/"))},
  };
  return list;
}

bool fits(const Glob& glob, const Form& form) {
  const auto& end = form.end.pieces;
  if (glob.pieces.size() <= end.size()) return false;
  const auto at = glob.pieces.end() - static_cast<std::ptrdiff_t>(end.size());
  if (!std::equal(end.begin(), end.end(), at)) return false;
  Glob beginning;
  beginning.pieces.assign(glob.pieces.begin(), at);
  return (form.place == Place::beneath) == ends_with_slash(beginning);
}

Split split(const Glob& glob) {
  Split out{glob, Place::entry, kFiles};
  for (const Form& form : forms()) {
    if (!fits(glob, form)) continue;
    out.beginning.pieces.resize(glob.pieces.size() - form.end.pieces.size());
    out.place = form.place;
    out.parts = form.parts;
    return out;
  }
  if (!ends_with_slash(glob)) return out;
  return {glob, Place::beneath, kTop};
}

std::optional<Glob> joined(const Split& s) {
  Glob out = s.beginning;
  const bool bare = s.place == Place::entry ? s.parts == kFiles : s.place == Place::beneath && s.parts == kTop;
  if (bare) return out;
  if (s.place == Place::entry && s.parts == kTop) {
    out.append(GlobLiteral{"/"});
    return out;
  }
  for (const Form& form : forms()) {
    if (form.place != s.place || form.parts != s.parts) continue;
    out.append(form.end);
    return out;
  }
  return std::nullopt;
}

/// What is granted on one part.
struct Grant {
  FilePermissions permissions;
  std::optional<ExecMode> exec;
  std::vector<Origin> origins;

  [[nodiscard]] bool any() const { return permissions.any() || exec.has_value(); }
  [[nodiscard]] bool same(const Grant& o) const { return permissions == o.permissions && exec == o.exec; }
  void take(const FileRule& rule, const std::vector<Origin>& from) {
    permissions |= rule.permissions;
    if (rule.exec) exec = rule.exec;
    for (const Origin& origin : from) {
      if (std::find(origins.begin(), origins.end(), origin) == origins.end()) origins.push_back(origin);
    }
  }
};

struct Group {
  Split at;
  std::map<unsigned, Grant> grants;  // by part

  /// Parts with the same grant make one glob where there is one for them.
  void put(std::vector<Rule>& out, const Qualifiers& qualifiers) const {
    unsigned left = 0;
    for (const auto& [part, grant] : grants) left |= part;
    while (left != 0) {
      const unsigned chosen = largest(left);
      Split s = at;
      s.parts = chosen;
      FileRule rule{qualifiers, *joined(s), {}, {}};
      Grant all;
      for (const auto& [part, grant] : grants) {
        if ((part & chosen) != 0) all.take({qualifiers, {}, grant.permissions, grant.exec}, grant.origins);
      }
      rule.permissions = all.permissions;
      rule.exec = all.exec;
      out.push_back({std::move(rule), std::move(all.origins)});
      left &= ~chosen;
    }
  }

  /// The most parts that share a grant and have a glob; one part alone always has.
  [[nodiscard]] unsigned largest(unsigned among) const {
    for (const unsigned wanted : {7U, 3U, 6U, 5U, 1U, 2U, 4U}) {
      if ((wanted & among) != wanted) continue;
      Split s = at;
      s.parts = wanted;
      if (shares(wanted) && joined(s)) return wanted;
    }
    return among;
  }

  [[nodiscard]] bool shares(unsigned parts) const {
    const Grant* first = nullptr;
    for (const Part part : kParts) {
      if ((part & parts) == 0) continue;
      const Grant& grant = grants.at(part);
      if (first != nullptr && !first->same(grant)) return false;
      first = &grant;
    }
    return true;
  }
};

}  // namespace

std::vector<Rule> minimised(const std::vector<Rule>& file_rules) {
  std::map<std::string, Group> groups;
  Qualifiers qualifiers;
  for (const Rule& rule : file_rules) {
    const auto& file = std::get<FileRule>(rule.body);
    qualifiers = file.qualifiers;
    const Split at = split(file.path);
    Group& group = groups[render(at.beginning) + static_cast<char>('0' + static_cast<int>(at.place))];
    group.at = at;
    for (const Part part : kParts) {
      if ((part & at.parts) != 0) group.grants[part].take(file, rule.origins);
    }
  }
  std::vector<Rule> out;
  for (const auto& [key, group] : groups) group.put(out, qualifiers);
  return out;
}

}  // namespace macc::backends::apparmor
