#include "backends/apparmor/compare.h"

#include "backends/apparmor/compare_parts.h"

namespace macc::backends::apparmor {

void Comparing::add(Difference::Way way, std::string what, std::string note, const Origin* origin) const {
  const Origin whole{domain().where.span, ""};
  const Origin& from = origin == nullptr ? whole : *origin;
  found.push_back({way, std::move(what), std::move(note), from.span, from.phrase});
}

class Comparison::Impl {
 public:
  Impl(Build& build, ir::DomainId id, const FidelityReport& report)
      : build_(build), id_(id), files_(build, id, report), overlay_(files_.sets()) {}

  std::vector<Difference> differences(const CompiledProfile& profile, const ir::Assignment& values) {
    std::vector<Difference> out;
    const Comparing comparing{build_, id_, profile, values, out};
    compare_files(comparing, files_, overlay_);
    compare_networks(comparing);
    compare_unix_sockets(comparing);
    compare_signals(comparing);
    compare_tracing(comparing);
    compare_changes_of_profile(comparing);
    compare_mounts(comparing);
    compare_bus(comparing);
    compare_capabilities(comparing);
    compare_profile(comparing);
    return out;
  }

 private:
  Build& build_;
  ir::DomainId id_;
  FileExpectation files_;
  paths::Overlay overlay_;
};

Comparison::Comparison(Build& build, ir::DomainId id, const FidelityReport& report)
    : impl_(std::make_unique<Impl>(build, id, report)) {}
Comparison::~Comparison() = default;

std::vector<Difference> Comparison::differences(const CompiledProfile& profile, const ir::Assignment& values) {
  return impl_->differences(profile, values);
}

}  // namespace macc::backends::apparmor
