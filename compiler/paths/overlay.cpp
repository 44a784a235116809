#include "compiler/paths/overlay.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <map>
#include <unordered_map>

#include "compiler/paths/automaton.h"

namespace macc::paths {
namespace {

/// A second's work or two, and some 100 MB.
constexpr std::size_t most_states = 400'000;
constexpr std::size_t most_places = 8'000'000;

struct Place {
  std::uint32_t set = 0;
  Dfa::State state = 0;
  friend bool operator==(const Place&, const Place&) = default;
};
using Places = std::vector<Place>;

struct PlacesHash {
  std::size_t operator()(const Places& places) const {
    std::size_t hash = places.size();
    for (const Place& place : places)
      hash = (hash ^ (std::uint64_t{place.set} << 32 | place.state)) * 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 29);
  }
};

}  // namespace

class Overlay::Impl {
 public:
  explicit Impl(std::vector<PathSet> sets) : sets_(std::move(sets)) {
    for (const PathSet& set : sets_) dfas_.push_back(&set.dfa());
    find_intervals();
    Places first;
    for (std::uint32_t i = 0; i < dfas_.size(); ++i) {
      if (!dfas_[i]->empty()) first.push_back({i, 0});
    }
    number_of(std::move(first));
  }

  [[nodiscard]] std::size_t interval_of(unsigned char byte) const { return interval_[byte]; }
  [[nodiscard]] bool is_alive(State state) const { return !places_[state]->empty(); }
  [[nodiscard]] std::uint32_t label(State state) const { return labels_[state]; }
  [[nodiscard]] const std::vector<std::uint32_t>& members(std::uint32_t label) const { return *members_[label]; }

  const std::vector<State>& row(State state) {
    if (rows_[state].empty()) rows_[state] = make_row(*places_[state]);
    return rows_[state];
  }

 private:
  void find_intervals() {
    std::bitset<257> begins;
    for (const Dfa* dfa : dfas_) {
      for (const Dfa::Edge& edge : dfa->edges) {
        begins.set(edge.first);
        begins.set(edge.last + 1U);
      }
    }
    for (unsigned byte = 1; byte < 256; ++byte)
      interval_[byte] = static_cast<std::uint8_t>(interval_[byte - 1] + (byte > 1 && begins[byte] ? 1 : 0));
  }

  std::vector<State> make_row(const Places& from) {
    std::vector<Places> next(interval_.back() + 1U);
    for (const Place& place : from) {
      for (const Dfa::Edge& edge : dfas_[place.set]->edges_of(place.state)) {
        if (edge.last == 0) continue;  // no path holds a NUL
        const unsigned first = interval_[std::max<unsigned>(edge.first, 1)];
        for (unsigned i = first; i <= interval_[edge.last]; ++i) next[i].push_back({place.set, edge.target});
      }
    }
    std::vector<State> out;
    for (std::size_t i = 0; i < next.size(); ++i) {
      const bool repeated = i != 0 && next[i] == *places_[out.back()];
      out.push_back(repeated ? out.back() : number_of(std::move(next[i])));
    }
    return out;
  }

  State number_of(Places places) {
    const auto [it, is_new] = numbers_.try_emplace(std::move(places), static_cast<State>(places_.size()));
    if (!is_new) return it->second;
    if (places_.size() >= most_states || kept_ + it->first.size() > most_places) {
      numbers_.erase(it);  // it has no state
      throw TooComplex();
    }
    kept_ += it->first.size();
    places_.push_back(&it->first);
    rows_.emplace_back();
    labels_.push_back(label_of(it->first));
    return it->second;
  }

  std::uint32_t label_of(const Places& places) {
    std::vector<std::uint32_t> holding;
    for (const Place& place : places) {
      if (dfas_[place.set]->accepting[place.state]) holding.push_back(place.set);
    }
    const auto [it, is_new] =
        label_numbers_.try_emplace(std::move(holding), static_cast<std::uint32_t>(members_.size()));
    if (is_new) members_.push_back(&it->first);
    return it->second;
  }

  std::vector<PathSet> sets_;  // keep the automata alive
  std::vector<const Dfa*> dfas_;
  std::array<std::uint8_t, 256> interval_{};
  std::unordered_map<Places, State, PlacesHash> numbers_;
  std::vector<const Places*> places_;
  std::vector<std::vector<State>> rows_;
  std::vector<std::uint32_t> labels_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> label_numbers_;
  std::vector<const std::vector<std::uint32_t>*> members_;
  std::size_t kept_ = 0;
};

Overlay::Overlay(std::vector<PathSet> sets) : impl_(std::make_unique<Impl>(std::move(sets))) {}
Overlay::~Overlay() = default;
std::size_t Overlay::interval_of(unsigned char byte) const { return impl_->interval_of(byte); }
const std::vector<Overlay::State>& Overlay::row(State state) { return impl_->row(state); }
bool Overlay::is_alive(State state) const { return impl_->is_alive(state); }
std::uint32_t Overlay::label(State state) const { return impl_->label(state); }
const std::vector<std::uint32_t>& Overlay::members(std::uint32_t label) const { return impl_->members(label); }

}  // namespace macc::paths
