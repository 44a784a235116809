#include "backends/apparmor/probe_files.h"

#include <map>
#include <set>
#include <utility>

#include "backends/apparmor/product.h"

namespace macc::backends::apparmor {

namespace {

using paths::PathSet;

const CompiledAutomaton* files_of(const CompiledProfile& profile) { return profile.files ? &*profile.files : nullptr; }

std::uint32_t half_of(std::uint32_t accept, bool owned) {
  return owned ? accept & kHalfMask : accept >> kHalfBits & kHalfMask;
}

/// Names and targets, each of the set or not.
class Links {
 public:
  Links(const CompiledProfile& profile, const PathSet& set, bool owned)
      : files_(files_of(profile)),
        owned_(owned),
        overlay_({PathSet::non_directories(), set}),
        names_(overlay_, files_),
        targets_(overlay_, files_) {}

  LinksFound run() {
    names_.walk(CompiledAutomaton::start, [&](const Product::Place& place) {
      const auto& sets = overlay_.members(overlay_.label(place.meaning));
      if (sets.empty() || sets.front() != 0) return;
      const bool asked = sets.size() == 2;
      const auto between = files_ == nullptr ? ByteAutomaton::dead : files_->step(place.compiled, 0);
      if (!seen_.emplace(between, asked).second) return;
      name_ = names_.path();
      targets(between, asked);
    });
    return std::move(out_);
  }

 private:
  void targets(ByteAutomaton::State between, bool name_asked) {
    if (between == ByteAutomaton::dead && !name_asked) return;
    targets_.walk(between, [&](const Product::Place& place) {
      const auto& sets = overlay_.members(overlay_.label(place.meaning));
      if (sets.empty() || sets.front() != 0) return;
      const bool asked = sets.size() == 2;
      const std::uint32_t accept = files_ == nullptr ? 0 : files_->accept(place.compiled);
      const bool may = (half_of(accept, owned_) & kLink) != 0;
      if (may && (asked || name_asked) && !out_.allowed) out_.allowed = {name_, targets_.path()};
      if (!may && asked && name_asked && !out_.denied) out_.denied = {name_, targets_.path()};
    });
  }

  const CompiledAutomaton* files_;
  bool owned_;
  paths::Overlay overlay_;
  Product names_, targets_;
  std::set<std::pair<ByteAutomaton::State, bool>> seen_;
  std::string name_;
  LinksFound out_;
};

}  // namespace

PathsFound look_up(const CompiledProfile& profile, const PathSet& set, bool owned, const Judge& judge) {
  const CompiledAutomaton* files = files_of(profile);
  paths::Overlay overlay({set});
  Product product(overlay, files);
  std::map<std::uint32_t, Granted> judged;
  PathsFound out;
  product.walk(CompiledAutomaton::start, [&](const Product::Place& place) {
    if (overlay.members(overlay.label(place.meaning)).empty()) return;
    const std::uint32_t half = half_of(files == nullptr ? 0 : files->accept(place.compiled), owned);
    auto it = judged.find(half);
    if (it == judged.end()) it = judged.emplace(half, judge(half)).first;
    if (it->second.some && !out.allowed) out.allowed = {product.path(), half};
    if (!it->second.all && !out.denied) out.denied = {product.path(), half};
  });
  return out;
}

LinksFound look_up_links(const CompiledProfile& profile, const PathSet& set, bool owned) {
  return Links(profile, set, owned).run();
}

}  // namespace macc::backends::apparmor
