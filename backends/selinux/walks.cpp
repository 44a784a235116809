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
