// The profile as a whole.
#include <fmt/format.h>

#include "backends/apparmor/compare_parts.h"
#include "backends/apparmor/lower.h"

namespace macc::backends::apparmor {

namespace {

using Way = Difference::Way;
using paths::PathSet;

void compare_attachment(const Comparing& c) {
  const PathSet wanted = c.build.meaning.objects(ir::Verb::load, attached_paths(c.domain()));
  const PathSet files = PathSet::non_directories();
  if (!c.profile.attachment) {
    if (!wanted.empty())
      c.add(Way::otherwise, fmt::format("no program enters the compiled profile of `{}` by its path", c.domain().name),
            "its entries say which do");
    return;
  }
  paths::Overlay overlay({files, wanted});
  Product product(overlay, &*c.profile.attachment);
  bool said[2] = {false, false};
  product.walk(CompiledAutomaton::start, [&](const Product::Place& place) {
    const auto& holding = overlay.members(overlay.label(place.meaning));
    if (holding.empty() || holding.front() != 0) return;
    const bool should = holding.size() == 2, does = c.profile.attachment->accept(place.compiled) != 0;
    if (should == does || said[should ? 1 : 0]) return;
    said[should ? 1 : 0] = true;
    c.add(Way::otherwise,
          fmt::format("the program `{}` {} the compiled profile of `{}`", printable(product.path(), 400),
                      does ? "enters" : "does not enter", c.domain().name),
          "its entries say otherwise");
  });
}

}  // namespace

void compare_profile(const Comparing& c) {
  constexpr std::uint64_t kEnforce = 0, kComplain = 1;
  const CompiledProfile& p = c.profile;
  const auto differs = [&](std::string what) {
    c.add(Way::otherwise, std::move(what), "the policy says nothing of it");
  };
  if (p.mode != (c.domain().complain ? kComplain : kEnforce))
    c.add(Way::otherwise, fmt::format("the compiled profile of `{}` is not in {} mode", c.domain().name,
                                      c.domain().complain ? "complain" : "enforce"));
  if (!p.policy_namespace.empty()) differs(fmt::format("the profile of `{}` lies in a namespace", c.domain().name));
  if (p.hat) differs(fmt::format("the profile of `{}` is a hat", c.domain().name));
  if (p.audits_all) differs(fmt::format("the profile of `{}` logs every access", c.domain().name));
  constexpr std::uint64_t kAttachDisconnectedFlag = 4;
  const std::uint64_t wanted = is_attached_when_disconnected(c.build, c.id) ? kAttachDisconnectedFlag : 0;
  if (p.path_flags != wanted)
    differs(
        fmt::format("the profile of `{}` has other flags about paths than the target's settings say", c.domain().name));
  if (p.limits) differs(fmt::format("the profile of `{}` sets resource limits", c.domain().name));
  if (p.attributes) differs(fmt::format("the profile of `{}` asks for extended attributes", c.domain().name));
  compare_attachment(c);
}

}  // namespace macc::backends::apparmor
