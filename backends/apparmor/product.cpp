#include "backends/apparmor/product.h"

#include <algorithm>
#include <map>

namespace macc::backends::apparmor {

namespace {

/// Some seconds of work, and some 100 MB.
constexpr std::size_t kMostPairs = 2'000'000;

/// Lower is more readable in an example.
int rank(unsigned char byte) {
  if (byte >= 'a' && byte <= 'z') return 0;
  if (byte == '/') return 1;
  if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')) return 2;
  if (byte > ' ' && byte < 0x7f) return 3;
  return 4;
}

}  // namespace

Product::Product(paths::Overlay& overlay, const ByteAutomaton* compiled) : overlay_(overlay), compiled_(compiled) {
  find_steps();
  nowhere_.resize(steps_.size(), ByteAutomaton::dead);
}

void Product::find_steps() {
  std::map<std::pair<std::size_t, std::uint32_t>, unsigned char> classes;
  for (unsigned b = 1; b < 256; ++b) {
    const auto byte = static_cast<unsigned char>(b);
    const std::pair key(overlay_.interval_of(byte), compiled_ == nullptr ? 0 : compiled_->byte_class(byte));
    const auto [it, is_new] = classes.try_emplace(key, byte);
    if (rank(byte) < rank(it->second)) it->second = byte;
  }
  for (const auto& [key, byte] : classes) steps_.push_back({byte, key.first});
  std::sort(steps_.begin(), steps_.end(), [](const Step& a, const Step& b) {
    return std::pair(rank(a.byte), a.byte) < std::pair(rank(b.byte), b.byte);
  });
}

const std::vector<Product::State>& Product::compiled_row(State state) {
  if (compiled_ == nullptr || state == ByteAutomaton::dead) return nowhere_;
  std::vector<State>& row = rows_[state];
  if (row.empty()) {
    for (const Step& step : steps_) row.push_back(compiled_->step(state, step.byte));
  }
  return row;
}

void Product::walk(State from, const Visit& visit) {
  Seen seen;
  walk(from, seen, visit);
}

void Product::walk(State from, Seen& seen, const Visit& visit) {
  nodes_.clear();
  std::uint64_t last = ~std::uint64_t{0};  // most bytes lead where the one before does
  const auto reach = [&](const Place& place, unsigned char byte) {
    const std::uint64_t pair = std::uint64_t{place.meaning} << 32 | place.compiled;
    if (pair == last || !overlay_.is_alive(place.meaning)) return;  // where no set goes on, there are no more paths
    last = pair;
    if (!seen.insert(pair).second) return;
    if (nodes_.size() >= kMostPairs) throw paths::TooComplex();
    nodes_.push_back({place, at_, byte});
  };
  at_ = 0;
  reach({paths::Overlay::start, from}, 0);
  for (; at_ < nodes_.size(); ++at_) {
    const Place place = nodes_[at_].place;
    visit(place);
    const std::vector<State>& compiled = compiled_row(place.compiled);
    const std::vector<paths::Overlay::State>& meaning = overlay_.row(place.meaning);
    for (std::size_t i = 0; i < steps_.size(); ++i) reach({meaning[steps_[i].interval], compiled[i]}, steps_[i].byte);
  }
}

std::string Product::path() const {
  std::string out;
  for (std::size_t at = at_; at != 0; at = nodes_[at].before) out += static_cast<char>(nodes_[at].byte);
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace macc::backends::apparmor
