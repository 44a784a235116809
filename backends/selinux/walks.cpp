#include "backends/selinux/walks.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace macc::backends::selinux {
namespace {

constexpr std::uint32_t kDead = 0xffffffff;
/// More literal names than these count as a wildcard.
constexpr std::size_t kMaxNames = 16;

std::uint32_t step(const Automaton& automaton, std::uint32_t state, unsigned char byte) {
  if (state == kDead) return kDead;
  for (const auto& edge : automaton.states[state].edges)
    if (byte >= edge.first && byte <= edge.last) return edge.target;
  return kDead;
}

bool accepts(const Automaton& automaton, std::uint32_t state) {
  return state != kDead && automaton.states[state].accepting;
}

/// States that both automata can be in after the same directory, with an example of it.
struct Meeting {
  std::uint32_t members, directories;
  std::string path;  // ends with '/'
};

/// Cuts an edge's byte range where the other automaton's edges begin and end.
std::vector<unsigned char> representatives(const Automaton::Edge& edge, const Automaton& other, std::uint32_t state) {
  std::vector<unsigned char> bytes = {edge.first};
  auto add = [&](unsigned value) {
    if (value > edge.first && value <= edge.last) bytes.push_back(static_cast<unsigned char>(value));
  };
  add('/');
  add('/' + 1U);
  if (state != kDead)
    for (const auto& cut : other.states[state].edges) {
      add(cut.first);
      add(cut.last + 1U);
    }
  std::sort(bytes.begin(), bytes.end());
  bytes.erase(std::unique(bytes.begin(), bytes.end()), bytes.end());
  return bytes;
}

/// Whether more than nothing can follow. Dead states are left out of an automaton, so any edge leads on.
bool goes_on(const Automaton& automaton, std::uint32_t state) { return !automaton.states[state].edges.empty(); }

/// Calls `visit` with each pair of states behind a '/', until it returns true. Where no directory can follow any more,
/// the walk ends.
template <typename Visit>
void walk(const Automaton& members, const Automaton& directories, Visit visit) {
  if (members.states.empty()) return;
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> seen;
  std::deque<Meeting> queue = {{0, directories.states.empty() ? kDead : 0, ""}};
  seen[{0, queue.front().directories}] = true;
  while (!queue.empty()) {
    Meeting at = std::move(queue.front());
    queue.pop_front();
    if (!at.path.empty() && at.path.back() == '/' && visit(at)) return;
    for (const auto& edge : members.states[at.members].edges) {
      for (unsigned char byte : representatives(edge, directories, at.directories)) {
        const std::uint32_t other = step(directories, at.directories, byte);
        if (other == kDead) continue;
        // The last byte is part of what a visit looks at, so a state reached by '/' is kept apart by the visit itself.
        if (!seen.emplace(std::pair{edge.target * 2 + (byte == '/' ? 1U : 0U), other}, true).second) continue;
        queue.push_back({edge.target, other, at.path + static_cast<char>(byte)});
      }
    }
  }
}

/// Walks the members beside several automata at once, without building their union.
class OutsideWalk {
 public:
  OutsideWalk(const Automaton& members, const std::vector<const Automaton*>& directories)
      : members_(members), directories_(directories) {}

  std::optional<std::string> run() {
    if (members_.states.empty()) return std::nullopt;
    Others start;
    for (std::uint32_t i = 0; i < directories_.size(); ++i)
      if (!directories_[i]->states.empty()) start.emplace_back(i, 0);
    push({0, std::move(start), 0, '\0'}, false);
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (points_.size() > kMaxPoints) throw paths::TooComplex();
      const Point at = points_[i];
      if (at.byte == '/' && goes_on(members_, at.members) && !covered(at.others)) return path_to(i);
      for (const auto& edge : members_.states[at.members].edges)
        for (unsigned char byte : bytes_of(edge, at.others))
          push({edge.target, follow(at.others, byte), i, byte}, true);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kMaxPoints = 200000;
  using Others = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // automaton, state; dead ones are left out
  struct Point {
    std::uint32_t members;
    Others others;
    std::size_t from;
    unsigned char byte;
  };

  void push(Point point, bool keep_from) {
    const std::uint32_t key = point.members * 2 + (point.byte == '/' ? 1U : 0U);
    if (!seen_.emplace(key, point.others).second) return;
    if (!keep_from) point.from = points_.size();
    points_.push_back(std::move(point));
  }

  bool covered(const Others& others) const {
    return std::any_of(others.begin(), others.end(),
                       [&](const auto& o) { return accepts(*directories_[o.first], o.second); });
  }

  Others follow(const Others& others, unsigned char byte) const {
    Others out;
    for (const auto& [index, state] : others)
      if (const std::uint32_t next = step(*directories_[index], state, byte); next != kDead)
        out.emplace_back(index, next);
    return out;
  }

  std::vector<unsigned char> bytes_of(const Automaton::Edge& edge, const Others& others) const {
    if (edge.first == edge.last) return {edge.first};
    std::set<unsigned char> bytes;
    for (const auto& [index, state] : others)
      for (unsigned char byte : representatives(edge, *directories_[index], state)) bytes.insert(byte);
    if (others.empty())
      for (unsigned char byte : representatives(edge, members_, kDead)) bytes.insert(byte);
    return {bytes.begin(), bytes.end()};
  }

  std::string path_to(std::size_t i) const {
    std::string out;
    for (; points_[i].from != i; i = points_[i].from) out += static_cast<char>(points_[i].byte);
    std::reverse(out.begin(), out.end());
    return out;
  }

  const Automaton& members_;
  const std::vector<const Automaton*>& directories_;
  std::vector<Point> points_;
  std::set<std::pair<std::uint32_t, Others>> seen_;
};

/// Collects the names that can follow in one component from a state.
class NameCollector {
 public:
  NameCollector(const Automaton& automaton, Children& out) : automaton_(automaton), out_(out) {}
  void run(std::uint32_t state) { visit(state, ""); }

 private:
  void visit(std::uint32_t state, const std::string& name) {
    if (out_.names.size() > kMaxNames) return;
    // A loop of single bytes, or more choices than a list of names would have.
    if (name.size() > 255 || ++steps_ > kMaxSteps) {
      out_.wildcard = true;
      wild(state);
      return;
    }
    if (!name.empty() && automaton_.states[state].accepting) found(name, false);
    for (const auto& edge : automaton_.states[state].edges) edge_from(edge, name);
  }

  void edge_from(const Automaton::Edge& edge, const std::string& name) {
    if (edge.first <= '/' && '/' <= edge.last && !name.empty() && automaton_.states[edge.target].accepting)
      found(name, true);
    if (edge.first == '/' && edge.last == '/') return;
    if (static_cast<std::size_t>(edge.last - edge.first) >= kMaxNames) {
      wild(edge.target);
      return;
    }
    for (unsigned byte = edge.first; byte <= edge.last; ++byte)
      if (byte != '/') visit(edge.target, name + static_cast<char>(byte));
  }

  void found(const std::string& name, bool directory) {
    out_.any = true;
    (directory ? out_.directories : out_.files) = true;
    out_.names.insert(name);
    if (out_.names.size() > kMaxNames) out_.wildcard = true;
  }

  /// Behind a choice of bytes: only whether the name can end, and how.
  void wild(std::uint32_t start) {
    std::vector<std::uint32_t> stack = {start};
    std::set<std::uint32_t> seen = {start};
    while (!stack.empty()) {
      const std::uint32_t state = stack.back();
      stack.pop_back();
      if (automaton_.states[state].accepting) out_.any = out_.wildcard = out_.files = true;
      for (const auto& edge : automaton_.states[state].edges) {
        if (edge.first <= '/' && '/' <= edge.last && automaton_.states[edge.target].accepting)
          out_.any = out_.wildcard = out_.directories = true;
        if (edge.first == '/' && edge.last == '/') continue;
        if (seen.insert(edge.target).second) stack.push_back(edge.target);
      }
    }
  }

  static constexpr std::size_t kMaxSteps = 2000;
  const Automaton& automaton_;
  Children& out_;
  std::size_t steps_ = 0;
};

}  // namespace

std::optional<std::string> ancestor_in(const Automaton& members, const Automaton& directories) {
  std::optional<std::string> found;
  walk(members, directories, [&](const Meeting& at) {
    if (!accepts(directories, at.directories) || !goes_on(members, at.members)) return false;
    found = at.path;
    return true;
  });
  return found;
}

std::optional<std::string> ancestor_outside(const Automaton& members, const std::vector<const Automaton*>& sets) {
  return OutsideWalk(members, sets).run();
}

Children children_in(const Automaton& members, const Automaton& directories) {
  Children out;
  walk(members, directories, [&](const Meeting& at) {
    if (!accepts(directories, at.directories)) return false;
    const bool before = out.any;
    NameCollector(members, out).run(at.members);
    if (out.any && !before) out.directory = at.path;
    return out.wildcard && out.files && out.directories;
  });
  return out;
}

}  // namespace macc::backends::selinux
