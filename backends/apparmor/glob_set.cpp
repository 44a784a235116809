#include "backends/apparmor/glob_set.h"

#include <algorithm>
#include <map>
#include <set>

namespace macc::backends::apparmor {

namespace {

using Automaton = paths::PathSet::Automaton;
using State = std::uint32_t;
constexpr State kDead = 0xffffffff;

bool is_component_byte(int c) { return c != 0 && c != '\n' && c != '/'; }
constexpr int kComponentBytes = 253;

State step(const Automaton& a, State state, unsigned char byte) {
  if (state == kDead) return kDead;
  for (const auto& e : a.states[state].edges) {
    if (e.first <= byte && byte <= e.last) return e.target;
  }
  return kDead;
}

/// Whether the two states accept the same rests. `b` is small, and the first difference ends the walk, so that a long
/// literal path costs nothing.
bool same_rest(const Automaton& a, State start_a, const Automaton& b, State start_b) {
  std::set<std::pair<State, State>> seen;
  std::vector<std::pair<State, State>> todo;
  const auto reach = [&](State x, State y) {
    if (x == kDead && y == kDead) return true;
    // Dead states are left out of both, so the other one leads on.
    if (x == kDead || y == kDead || a.states[x].accepting != b.states[y].accepting) return false;
    if (seen.emplace(x, y).second) todo.emplace_back(x, y);
    return true;
  };
  bool same = reach(start_a, start_b);
  while (same && !todo.empty()) {
    const auto [x, y] = todo.back();
    todo.pop_back();
    for (int c = 1; same && c < 256; ++c) {
      const auto byte = static_cast<unsigned char>(c);
      same = reach(step(a, x, byte), step(b, y, byte));
    }
  }
  return same;
}

/// A rest that has a glob although its automaton has cycles. Stars mean another thing directly behind a slash.
struct KnownRest {
  Automaton automaton;
  State state = 0;
  Glob behind_slash, elsewhere;
};

Glob deep_star(bool at_least_one) {
  Glob out;
  if (at_least_one) out.append(GlobAny{});
  out.append(GlobDeepStar{});
  return out;
}

Glob or_nothing(Glob glob) {
  Glob out;
  out.append(GlobChoice{{Glob(), std::move(glob)}});
  return out;
}

Glob followed(Glob glob, GlobPiece piece) {
  glob.append(std::move(piece));
  return glob;
}

/// The rests of "all that lies in a directory", as files, directories or both: those that begin with a name, and those
/// inside a name.
std::vector<KnownRest> known_rests() {
  using paths::PathSet;
  const PathSet root = PathSet::of(paths::PathPattern::literal("/"));
  const GlobPiece slash = GlobLiteral{"/"}, no_slash = GlobClass{true, {}};
  const Glob files = followed(deep_star(false), no_slash), directories = followed(deep_star(false), slash);
  Glob some_file;
  some_file.append(GlobAny{});
  some_file.append(or_nothing(files));
  const Glob some_directory = followed(deep_star(true), slash);
  std::vector<KnownRest> out;
  const auto add = [&](const PathSet& set, Glob behind_slash, Glob elsewhere, const Glob& in_name) {
    const Automaton a = set.automaton();
    const State names = step(a, 0, '/');
    out.push_back({a, names, std::move(behind_slash), std::move(elsewhere)});
    out.push_back({a, step(a, names, 'a'), in_name, in_name});
  };
  add(PathSet::all(), or_nothing(deep_star(false)), or_nothing(deep_star(true)), deep_star(false));
  add(PathSet::all() - root, deep_star(false), deep_star(true), deep_star(false));
  add(PathSet::non_directories(), files, some_file, or_nothing(files));
  add(PathSet::directories(), or_nothing(directories), or_nothing(some_directory), directories);
  add(PathSet::directories() - root, directories, some_directory, directories);
  return out;
}

/// Bytes that lead from one state to one other.
struct Bundle {
  State target = 0;
  std::vector<paths::CharClass::Range> ranges;
  int size = 0;
};

class Enumeration {
 public:
  Enumeration(const Automaton& automaton, std::size_t limit) : automaton_(automaton), limit_(limit) {}

  std::optional<std::vector<Glob>> run() {
    if (automaton_.states.empty() || !visit(0, Glob(), '\0')) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool emit(Glob glob) {
    out_.push_back(std::move(glob));
    return out_.size() <= limit_;
  }

  /// One byte leads on, and nothing ends here. A cycle of such states would accept nothing, so there is none.
  bool is_literal_step(State state) const {
    const auto& at = automaton_.states[state];
    return !at.accepting && at.edges.size() == 1 && at.edges[0].first == at.edges[0].last;
  }

  const KnownRest* known(State state) {
    if (const auto it = known_.find(state); it != known_.end()) return it->second;
    static const std::vector<KnownRest> rests = known_rests();
    const KnownRest* found = nullptr;
    for (const KnownRest& rest : rests) {
      if (found == nullptr && same_rest(automaton_, state, rest.automaton, rest.state)) found = &rest;
    }
    return known_[state] = found;
  }

  /// All paths that begin with `prefix` and end in what `state` accepts; false when that has no globs.
  bool visit(State state, Glob prefix, char last) {
    // Literal text is followed in a loop: a path is up to 4 KB long, and the stack is not to depend on that.
    while (is_literal_step(state) && known(state) == nullptr) {
      const auto& edge = automaton_.states[state].edges[0];
      last = static_cast<char>(edge.first);
      prefix.append(GlobLiteral{std::string(1, last)});
      state = edge.target;
    }
    if (const KnownRest* rest = known(state)) {
      Glob whole = prefix;
      whole.append(last == '/' ? rest->behind_slash : rest->elsewhere);
      return emit(std::move(whole));
    }
    if (last != '/' && loops(state)) return visit_star(state, prefix);
    if (!open_.insert(state).second) return false;  // a cycle that is no star
    const bool fine = visit_edges(state, prefix, last);
    open_.erase(state);
    return fine;
  }

  bool visit_edges(State state, const Glob& prefix, char last) {
    if (automaton_.states[state].accepting && !emit(prefix)) return false;
    for (const Bundle& bundle : bundles(state)) {
      if (bundle.target == state) return false;
      const bool whole_name = last == '/' && bundle.size == kComponentBytes && loops(bundle.target);
      if (whole_name ? !visit_name(bundle.target, prefix) : !visit_bundle(bundle, prefix)) return false;
    }
    return true;
  }

  bool visit_bundle(const Bundle& bundle, Glob prefix) {
    const unsigned char first = bundle.ranges.front().first;
    if (bundle.size == 1) {
      prefix.append(GlobLiteral{std::string(1, static_cast<char>(first))});
    } else if (bundle.size == kComponentBytes) {
      prefix.append(GlobAny{});
    } else {
      prefix.append(class_of(bundle));
    }
    return visit(bundle.target, prefix, bundle.size == 1 ? static_cast<char>(first) : 'x');
  }

  /// Behind a slash: any name leads to `state`.
  bool visit_name(State state, Glob prefix) {
    prefix.append(GlobName{});
    return visit_behind_star(state, prefix);
  }

  /// `state` stays where it is on every byte of a component.
  bool visit_star(State state, Glob prefix) {
    prefix.append(GlobStar{});
    return visit_behind_star(state, prefix);
  }

  bool visit_behind_star(State state, Glob prefix) {
    if (automaton_.states[state].accepting && !emit(prefix)) return false;
    const State next = step(automaton_, state, '/');
    if (next == kDead) return true;
    prefix.append(GlobLiteral{"/"});
    return visit(next, prefix, '/');
  }

  bool loops(State state) const {
    for (int c = 1; c < 256; ++c) {
      if (is_component_byte(c) && step(automaton_, state, static_cast<unsigned char>(c)) != state) return false;
    }
    return true;
  }

  /// A slash is a bundle of its own: it may not stand in a class.
  std::vector<Bundle> bundles(State state) const {
    std::vector<Bundle> out;
    if (const State next = step(automaton_, state, '/'); next != kDead) out.push_back({next, {{'/', '/'}}, 1});
    std::map<State, Bundle> by_target;
    for (int c = 1; c < 256; ++c) {
      const auto byte = static_cast<unsigned char>(c);
      const State next = is_component_byte(c) ? step(automaton_, state, byte) : kDead;
      if (next == kDead) continue;
      Bundle& bundle = by_target[next];
      bundle.target = next;
      ++bundle.size;
      const bool adjacent = !bundle.ranges.empty() && bundle.ranges.back().last + 1 == c;
      if (adjacent) {
        bundle.ranges.back().last = byte;
      } else {
        bundle.ranges.push_back({byte, byte});
      }
    }
    for (auto& [target, bundle] : by_target) out.push_back(std::move(bundle));
    std::sort(out.begin(), out.end(),
              [](const Bundle& a, const Bundle& b) { return a.ranges.front().first < b.ranges.front().first; });
    return out;
  }

  /// The class, negated where that is shorter.
  static GlobClass class_of(const Bundle& bundle) {
    if (bundle.size <= kComponentBytes / 2) return {false, bundle.ranges};
    GlobClass out{true, {}};
    const auto inside = [&](int c) {
      return std::any_of(bundle.ranges.begin(), bundle.ranges.end(),
                         [&](const auto& r) { return r.first <= c && c <= r.last; });
    };
    for (int c = 1; c < 256; ++c) {
      if (!is_component_byte(c) || inside(c)) continue;
      const auto byte = static_cast<unsigned char>(c);
      if (!out.ranges.empty() && out.ranges.back().last + 1 == c) {
        out.ranges.back().last = byte;
      } else {
        out.ranges.push_back({byte, byte});
      }
    }
    return out;
  }

  const Automaton& automaton_;
  std::size_t limit_;
  std::map<State, const KnownRest*> known_;
  std::set<State> open_;
  std::vector<Glob> out_;
};

// ---- fewer globs ----

/// A glob as what stands before a name, the name, and what stands behind it.
struct Named {
  Glob head, name, tail;
};

bool is_one_byte_or_text(const GlobPiece& piece) {
  return std::holds_alternative<GlobLiteral>(piece) || std::holds_alternative<GlobClass>(piece) ||
         std::holds_alternative<GlobAny>(piece);
}

/// Where the stars at the end of a glob begin; its size when it ends without one.
std::size_t begin_of_stars(const Glob& glob) {
  std::size_t at = glob.pieces.size();
  while (at > 0 && is_one_byte_or_text(glob.pieces[at - 1])) --at;
  return at == 0 ? glob.pieces.size() : at - 1;
}

/// Moves what stands behind the last slash of a text, or with it where nothing else does, to the front of `rest`.
void cut_behind_slash(GlobLiteral& text, std::size_t at, Glob& rest) {
  Glob front(text.bytes.substr(at));
  front.append(rest);
  rest = std::move(front);
  text.bytes.resize(at);
}

/// The last name of the glob that is written with literals and classes alone; nullopt when there is none.
std::optional<Named> named(const Glob& glob) {
  Named out;
  out.head = glob;
  const std::size_t stars = begin_of_stars(glob);
  if (stars == 0) return std::nullopt;
  out.tail.pieces.assign(glob.pieces.begin() + static_cast<std::ptrdiff_t>(stars), glob.pieces.end());
  out.head.pieces.resize(stars);
  auto* last = std::get_if<GlobLiteral>(&out.head.pieces.back());
  if (last != nullptr && last->bytes.ends_with('/')) cut_behind_slash(*last, last->bytes.size() - 1, out.tail);
  while (!out.head.pieces.empty() && is_one_byte_or_text(out.head.pieces.back())) {
    auto* text = std::get_if<GlobLiteral>(&out.head.pieces.back());
    const std::size_t slash = text == nullptr ? std::string::npos : text->bytes.rfind('/');
    if (slash != std::string::npos) {
      cut_behind_slash(*text, slash + 1, out.name);
      return out.name.pieces.empty() ? std::nullopt : std::optional(std::move(out));
    }
    Glob front;
    front.append(out.head.pieces.back());
    front.append(out.name);
    out.name = std::move(front);
    out.head.pieces.pop_back();
  }
  return std::nullopt;
}

/// Globs that differ in one name alone become one: "all but keys" is some names that part from it, letter by letter.
std::vector<Glob> with_names_together(const std::vector<Glob>& globs) {
  constexpr std::size_t kLongest = 400;  // as text: for readers
  struct Group {
    Named last;
    std::vector<Glob> names;
    std::size_t length = 0;
  };
  std::vector<Group> groups;
  std::map<std::string, std::size_t> open;
  for (const Glob& glob : globs) {
    const auto parts = named(glob);
    if (!parts) {
      groups.push_back({{glob, {}, {}}, {}, 0});
      continue;
    }
    const std::size_t length = render(parts->name).size();
    const auto [it, fresh] = open.try_emplace(render(parts->head) + '\n' + render(parts->tail), groups.size());
    if (!fresh && groups[it->second].length + length > kLongest) it->second = groups.size();
    if (it->second == groups.size()) groups.push_back({*parts, {}, 0});
    groups[it->second].names.push_back(parts->name);
    groups[it->second].length += length;
  }
  std::vector<Glob> out;
  for (Group& group : groups) {
    Glob glob = group.last.head;
    if (group.names.size() == 1) glob.append(group.names.front());
    if (group.names.size() > 1) glob.append(GlobChoice{std::move(group.names)});
    glob.append(group.last.tail);
    out.push_back(std::move(glob));
  }
  return out;
}

}  // namespace

std::optional<std::vector<Glob>> globs_of(const paths::PathSet& set, std::size_t limit) {
  if (set.empty()) return std::vector<Glob>();
  const Automaton automaton = set.automaton();
  const auto globs = Enumeration(automaton, limit).run();
  if (!globs) return std::nullopt;
  return with_names_together(*globs);
}

}  // namespace macc::backends::apparmor
