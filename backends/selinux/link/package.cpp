#include "backends/selinux/link/package.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <utility>

#include "backends/selinux/link/child.h"
#include "backends/selinux/link/sepol.h"

namespace macc::backends::selinux {
namespace {

constexpr std::chrono::seconds kTimeLimit{60};
constexpr std::string_view kRequired = "cil_gen_require";

PackageResult in_child(const std::function<std::string()>& work, const char* otherwise) {
  ChildResult child = run_in_child(work, kTimeLimit);
  if (child.status != ChildResult::Status::finished) return {"", "libsepol " + describe(child)};
  if (child.output.empty()) return {"", otherwise};
  return {std::move(child.output), ""};
}

}  // namespace

PackageResult make_package(const std::string& module, const std::string& file_contexts) {
  return in_child([&] { return sepol::make_package(module, file_contexts); }, "libsepol cannot pack the module");
}

PackageResult package_text(const std::string& package) {
  return in_child([&] { return sepol::package_to_cil(package); }, "libsepol cannot read the module package");
}

bool takes_packages(const Base& base) { return base.has_attribute(kRequired); }

CilModule package_declarations() {
  return {"base-package", fmt::format("(typeattribute {0})\n(roleattribute {0})\n", kRequired)};
}

}  // namespace macc::backends::selinux
