#include "compiler/paths/overlay.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
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

unsigned char readable_byte(unsigned first, unsigned last) {
  for (const std::string_view range : {"az", "AZ", "09", " ~"}) {
    const unsigned from = std::max<unsigned>(first, static_cast<unsigned char>(range[0]));
    if (from <= std::min<unsigned>(last, static_cast<unsigned char>(range[1]))) return static_cast<unsigned char>(from);
  }
  return static_cast<unsigned char>(first);
}

}  // namespace

class Overlay::Impl {
 public:
  Impl(std::vector<PathSet> sets, const std::bitset<256>& cuts) : sets_(std::move(sets)) {
    for (const PathSet& set : sets_) dfas_.push_back(&set.dfa());
    find_intervals(cuts);
    Places first;
    for (std::uint32_t i = 0; i < dfas_.size(); ++i) {
      if (!dfas_[i]->empty()) first.push_back({i, 0});
    }
    number_of(std::move(first));
  }

  [[nodiscard]] std::size_t intervals() const { return bytes_.size(); }
  [[nodiscard]] unsigned char byte_of(std::size_t interval) const { return bytes_[interval]; }
  [[nodiscard]] std::uint32_t label(State state) const { return labels_[state]; }
  [[nodiscard]] const std::vector<std::uint32_t>& members(std::uint32_t label) const { return *members_[label]; }

  const std::vector<State>& row(State state) {
    if (rows_[state].empty()) rows_[state] = make_row(*places_[state]);
    return rows_[state];
  }

 private:
  void find_intervals(std::bitset<256> cuts) {
    cuts.set(1);
    for (const Dfa* dfa : dfas_) {
      for (const Dfa::Edge& edge : dfa->edges) {
        cuts.set(edge.first);
        if (edge.last < 255) cuts.set(edge.last + 1U);
      }
    }
    for (unsigned byte = 1; byte < 256;) {
      unsigned end = byte + 1;
      while (end < 256 && !cuts[end]) ++end;
      for (unsigned b = byte; b < end; ++b) interval_[b] = static_cast<std::uint8_t>(bytes_.size());
      bytes_.push_back(readable_byte(byte, end - 1));
      byte = end;
    }
  }

  std::vector<State> make_row(const Places& from) {
    std::vector<Places> next(bytes_.size());
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
    kept_ += it->first.size();
    if (places_.size() >= most_states || kept_ > most_places) throw TooComplex();
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
  std::vector<unsigned char> bytes_;
  std::unordered_map<Places, State, PlacesHash> numbers_;
  std::vector<const Places*> places_;
  std::vector<std::vector<State>> rows_;
  std::vector<std::uint32_t> labels_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> label_numbers_;
  std::vector<const std::vector<std::uint32_t>*> members_;
  std::size_t kept_ = 0;
};

Overlay::Overlay(std::vector<PathSet> sets, const std::bitset<256>& cuts)
    : impl_(std::make_unique<Impl>(std::move(sets), cuts)) {}
Overlay::~Overlay() = default;
std::size_t Overlay::intervals() const { return impl_->intervals(); }
unsigned char Overlay::byte_of(std::size_t interval) const { return impl_->byte_of(interval); }
const std::vector<Overlay::State>& Overlay::row(State state) { return impl_->row(state); }
std::uint32_t Overlay::label(State state) const { return impl_->label(state); }
const std::vector<std::uint32_t>& Overlay::members(std::uint32_t label) const { return impl_->members(label); }

}  // namespace macc::paths
