#include "backends/apparmor/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "backends/apparmor/key_words.h"
#include "backends/apparmor/keys.h"
#include "compiler/base/diagnostic.h"
#include "compiler/ir/vocabulary.h"

namespace macc::backends::apparmor {

namespace {

using paths::PathSet;
using State = ByteAutomaton::State;

/// Two automata side by side; either may be missing.
class Pair final : public ByteAutomaton {
 public:
  Pair(const CompiledAutomaton* with, const CompiledAutomaton* without) : with_(with), without_(without) {
    number_of({dead, dead});
    number_of({with == nullptr ? dead : start, without == nullptr ? dead : start});
    if (states_.size() == 1) states_.push_back(states_.front());  // neither is there
  }

  [[nodiscard]] State step(State state, unsigned char byte) const override {
    const auto [a, b] = states_[state];
    return number_of({a == dead ? dead : with_->step(a, byte), b == dead ? dead : without_->step(b, byte)});
  }
  [[nodiscard]] std::uint32_t byte_class(unsigned char byte) const override {
    const std::uint32_t a = with_ == nullptr ? 0 : with_->byte_class(byte);
    const std::uint32_t b = without_ == nullptr ? 0 : without_->byte_class(byte);
    return a << 16 | b;
  }
  [[nodiscard]] std::uint32_t with(State state) const {
    const State a = states_[state].first;
    return a == dead ? 0 : with_->accept(a);
  }
  [[nodiscard]] std::uint32_t without(State state) const {
    const State b = states_[state].second;
    return b == dead ? 0 : without_->accept(b);
  }

 private:
  State number_of(std::pair<State, State> states) const {
    const auto [it, is_new] = numbers_.try_emplace(states, static_cast<State>(states_.size()));
    if (is_new) states_.push_back(states);
    if (states_.size() > kMost) throw paths::TooComplex();
    return it->second;
  }
  static constexpr std::size_t kMost = 200'000;

  const CompiledAutomaton *with_, *without_;
  mutable std::map<std::pair<State, State>, State> numbers_;
  mutable std::vector<std::pair<State, State>> states_;
};

const CompiledProfile* find(const CompiledPolicy& policy, const std::string& name) {
  const auto it = std::find_if(policy.profiles.begin(), policy.profiles.end(),
                               [&](const CompiledProfile& p) { return p.name == name; });
  return it == policy.profiles.end() ? nullptr : &*it;
}

template <class T>
const T* pointer(const std::optional<T>& value) {
  return value ? &*value : nullptr;
}

// ---- files ----

/// The part of a profile's files that has some property.
using Property = std::function<bool(std::uint32_t with, std::uint32_t without)>;

/// The automaton of a pair, explored once.
class Files {
 public:
  Files(const CompiledAutomaton* with, const CompiledAutomaton* without) : pair_(with, without) {
    const State first = ByteAutomaton::start;
    reach(first);
    for (std::size_t i = 0; i < order_.size(); ++i) {
      graph_.states.emplace_back();
      for (unsigned byte = 1; byte < 256; ++byte) {
        const State next = pair_.step(order_[i], static_cast<unsigned char>(byte));
        if (next == ByteAutomaton::dead) continue;
        const std::uint32_t target = reach(next);
        auto& edges = graph_.states[i].edges;
        const auto b = static_cast<unsigned char>(byte);
        if (!edges.empty() && edges.back().last + 1U == byte && edges.back().target == target) {
          edges.back().last = b;
        } else {
          edges.push_back({b, b, target});
        }
      }
    }
  }

  [[nodiscard]] PathSet paths(const Property& property) {
    bool any = false;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const bool accepts = property(pair_.with(order_[i]), pair_.without(order_[i]));
      graph_.states[i].accepting = accepts;
      any = any || accepts;
    }
    return any ? PathSet::from_automaton(graph_) & PathSet::all() : PathSet();
  }

 private:
  std::uint32_t reach(State state) {
    const auto [it, is_new] = numbers_.try_emplace(state, static_cast<std::uint32_t>(order_.size()));
    if (is_new) order_.push_back(state);
    return it->second;
  }

  Pair pair_;
  std::map<State, std::uint32_t> numbers_;
  std::vector<State> order_;
  PathSet::Automaton graph_;
};

/// Both halves of a word, for files of whichever user.
std::uint32_t halves(std::uint32_t accept) { return (accept | accept >> kHalfBits) & kHalfMask; }

/// Where paths of a set lie, for readers: a few patterns, else how they begin.
std::string places(const PathSet& set) {
  constexpr std::size_t kMost = 12;
  std::string out;
  std::size_t count = 0;
  const auto add = [&](const std::string& text) {
    if (count++ < kMost) out += (out.empty() ? "" : ", ") + printable(text, 120);
  };
  if (const auto patterns = set.as_patterns(kMost)) {
    for (const paths::PathPattern& p : *patterns) add(p.text());
  } else {
    for (const paths::Head& head : set.heads()) add(head.whole ? head.text : head.text + "...");
  }
  if (count > kMost) out += fmt::format(" and {} more places", count - kMost);
  return out;
}

constexpr std::uint32_t kChanges = kWrite | kAppend, kRuns = kExec | kMap;

bool both(std::uint32_t accept, std::uint32_t a, std::uint32_t b) {
  const std::uint32_t own = accept & kHalfMask, others = accept >> kHalfBits & kHalfMask;
  return ((own & a) != 0 && (own & b) != 0) || ((others & a) != 0 && (others & b) != 0);
}

bool is_unconfined(std::uint32_t accept) {
  for (const std::uint32_t half : {accept & kHalfMask, accept >> kHalfBits & kHalfMask}) {
    const bool ux = (half >> kExecIndexShift & 0xf) == 1;
    if ((half & kExec) != 0 && (ux || (half & kUnconfinedFallback) != 0)) return true;
  }
  return false;
}

void file_effects(Files& files, Effects& out) {
  const auto grave = [&](const std::string& what, const PathSet& set) {
    if (set.empty()) return;
    const std::string text =
        fmt::format("{}: {} (for example `{}`)", what, places(set), printable(set.example().value_or(""), 200));
    out.all.push_back(text);
    out.grave.push_back(text);
  };
  grave("write and execute or map as code", files.paths([](std::uint32_t with, std::uint32_t without) {
    return both(with, kChanges, kRuns) && !both(without, kChanges, kRuns);
  }));
  grave("execute unconfined", files.paths([](std::uint32_t with, std::uint32_t without) {
    return is_unconfined(with) && !is_unconfined(without);
  }));
  static constexpr std::pair<std::uint32_t, std::string_view> kWords[] = {{kExec, "execute"},    {kChanges, "write"},
                                                                          {kMap, "map as code"}, {kLink, "link"},
                                                                          {kRead, "read"},       {kLock, "lock"}};
  for (const auto& [bits, verb] : kWords) {
    const PathSet gained = files.paths([bits = bits](std::uint32_t with, std::uint32_t without) {
      return (halves(with) & bits) != 0 && (with & ~without & (bits | bits << kHalfBits)) != 0;
    });
    if (!gained.empty()) out.all.push_back(fmt::format("{}: {}", verb, places(gained)));
  }
}

void file_losses(Files& files, Effects& out) {
  const PathSet lost = files.paths([](std::uint32_t with, std::uint32_t without) {
    constexpr std::uint32_t kPermissions = kRead | kChanges | kExec | kMap | kLock | kLink;
    return (without & ~with & (kPermissions | kPermissions << kHalfBits)) != 0;
  });
  if (!lost.empty()) out.all.push_back("takes away access to " + places(lost));
}

// ---- everything else ----

std::string words_of(std::uint64_t set) {
  std::string out;
  for (const std::string& word : ir::capability_words()) {
    const auto capability = ir::capability_of(word);
    if (capability && (set >> static_cast<unsigned>(*capability) & 1) != 0) out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

/// Classes of keys, the gravest first, with the bits that they grant.
struct KeyClass {
  unsigned char number;
  std::string_view what;
};
constexpr KeyClass kClasses[] = {
    {7, "mounts"},   {9, "tracing or inspection"}, {14, "sockets"},        {32, "D-Bus"},
    {10, "signals"}, {21, "user namespaces"},      {19, "message queues"}, {18, "io_uring"}};

/// The first keys of a class on which the two differ, as readable as bytes allow.
std::vector<std::string> key_examples(const Pair& pair, unsigned char number, bool gained) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> out;
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  constexpr std::size_t kClassAlone = 1;  // its mark says that it is mediated
  KeyWalk walk;
  ByteSet every;
  every.set();
  walk.add({bytes(std::string(1, static_cast<char>(number))), KeyText{every, false}}, true);
  walk.run(&pair, [&](const auto&, State state, const std::string& key) {
    const std::uint32_t with = pair.with(state), without = pair.without(state);
    const std::uint32_t difference = gained ? with & ~without : without & ~with;
    const bool more = difference != 0 && key.size() > kClassAlone && out.size() < kMost;
    if (more && seen.emplace(with, without).second) out.push_back(describe_key(key, difference));
  });
  return out;
}

void class_effects(const Pair& pair, bool gained, Effects& out) {
  for (const KeyClass& c : kClasses) {
    const auto examples = key_examples(pair, c.number, gained);
    if (examples.empty()) continue;
    std::string text;
    for (const std::string& example : examples) text += (text.empty() ? "" : "; ") + example;
    out.all.push_back(fmt::format("{}{}, for example: {}", gained ? "" : "takes away ", c.what, text));
  }
}

void profile_effects(const CompiledProfile& with, const CompiledProfile& without, Effects& out) {
  Files files(pointer(with.files), pointer(without.files));
  const Pair classes(pointer(with.classes), pointer(without.classes));
  const std::uint64_t gained = with.capabilities.allowed & ~without.capabilities.allowed;
  const std::uint64_t lost = without.capabilities.allowed & ~with.capabilities.allowed;
  file_effects(files, out);
  if (gained != 0)
    out.all.insert(out.all.begin() + static_cast<std::ptrdiff_t>(out.grave.size()), "capability: " + words_of(gained));
  class_effects(classes, true, out);
  if (with.limits && !without.limits) out.all.emplace_back("sets resource limits");
  file_losses(files, out);
  if (lost != 0) out.all.push_back("takes away the capabilities " + words_of(lost));
  class_effects(classes, false, out);
}

}  // namespace

Effects effects_of(const CompiledPolicy& with, const CompiledPolicy& without, const std::string& name) {
  Effects out;
  const CompiledProfile *a = find(with, name), *b = find(without, name);
  if (a != nullptr && b != nullptr) profile_effects(*a, *b, out);
  return out;
}

}  // namespace macc::backends::apparmor
