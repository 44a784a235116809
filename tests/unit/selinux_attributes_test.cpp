// Each attribute of the system's policy that a build joins is needed: without it the module is refused, or somebody
// lacks an access that attributes.def names.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "backends/selinux/planned.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::test;

namespace {

enum class Need : std::uint8_t { refused, access, constraint };

struct Row {
  std::string attribute;
  Need need;
  std::string source, class_name, permission, reason;
};

std::vector<Row> rows() {
  return {
#define MACC_ATTRIBUTE(attribute, need, source, class_name, permission, reason) \
  {attribute, Need::need, source, class_name, permission, reason},
#include "backends/selinux/attributes.def"
#undef MACC_ATTRIBUTE
  };
}

/// Everything that has attributes: each kind of resource, ports, and accesses behind the neverallows of the system.
constexpr const char* kPolicy = R"(macc 1;
module m;
domain d {
  entry "/usr/sbin/acme-d";
  resource cached : cache { "/var/cache/acme-d/**" }
  resource settings : config { "/etc/acme-d/**" }
  resource pages : content { "/srv/acme-d/**" }
  resource code : library { "/usr/lib/acme-d/lib/**" }
  resource logs : log { "/var/log/acme-d/**" }
  resource tools : program { "/usr/lib/acme-d/bin/**" }
  resource run : runtime { "/run/acme-d/**" }
  resource keys : secret { "/etc/acme-d/keys/**" }
  resource peer : socket { "/run/acme-d.sock" }
  resource data : state { "/var/lib/acme-d/**" }
  resource scratch : temp { "/tmp/acme-d.*" }
  resource node : device { "/dev/acme-d" }
  allow read cached, settings, pages, code, logs, tools, run, keys, peer, data, scratch, node;
  allow listen tcp 7777;
  allow read "/etc/shadow";
  allow read, write "/dev/mem";
  allow capability sys_module;
}
)";

std::set<std::string> joined(const SelinuxTarget& built) {
  std::set<std::string> attributes;
  for (const auto& [name, module] : dynamic_cast<const se::Planned&>(*built.lowered.plan).modules)
    for (const auto& [type, declaration] : module.types)
      attributes.insert(declaration.attributes.begin(), declaration.attributes.end());
  return attributes;
}

std::set<std::string> gates() {
  return {
#define MACC_GATE(target, class_name, permission, attribute) attribute,
#include "backends/selinux/gates.def"
#undef MACC_GATE
  };
}

/// The modules without the memberships in an attribute.
std::vector<se::CilModule> without(const SelinuxTarget& built, const std::string& attribute) {
  std::vector<se::CilModule> modules;
  const std::string start = "(typeattributeset " + attribute + " (";
  for (const auto& artifact : built.lowered.artifacts) {
    if (!artifact.path.ends_with(".cil")) continue;
    std::string text = artifact.content;
    for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at))
      text.erase(at, text.find('\n', at) - at);
    modules.push_back({artifact.path, text});
  }
  return modules;
}

bool may(const se::CompiledPolicy& policy, const std::string& type, const Row& row) {
  const auto all = policy.access_to(type);
  return std::any_of(all.begin(), all.end(), [&](const se::AccessTo& entry) {
    const auto& permissions = entry.access.permissions;
    return entry.source == row.source && entry.access.class_name == row.class_name &&
           std::find(permissions.begin(), permissions.end(), row.permission) != permissions.end();
  });
}

std::set<std::string> types_in(const SelinuxTarget& built, const std::string& attribute) {
  std::set<std::string> types;
  for (const auto& [name, module] : dynamic_cast<const se::Planned&>(*built.lowered.plan).modules)
    for (const auto& [type, declaration] : module.types)
      if (declaration.attributes.contains(attribute)) types.insert(type);
  return types;
}

}  // namespace

TEST_CASE("the page on verification says why each attribute is joined") {
  std::ifstream in(std::filesystem::path(MACC_SOURCE_DIR) / "docs/verification.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  for (const Row& row : rows()) {
    CAPTURE(row.attribute);
    const std::size_t line = page.find("\n| `" + row.attribute + "` |");
    REQUIRE(line != std::string::npos);
    const std::string text = page.substr(line + 1, page.find('\n', line + 1) - line - 1);
    CHECK(text.ends_with("| " + row.reason + " |"));
  }
}

TEST_CASE("each attribute that a build joins is needed") {
  const auto opened = se::Base::installed();
  if (!opened.base) {
    MESSAGE("no policy of Debian: " << opened.reason);
    return;
  }
  const auto built = lower_on(opened.base, kPolicy);
  link_on(*built, *opened.base);
  const std::set<std::string> all = joined(*built), of_gates = gates();
  std::set<std::string> known;
  for (const Row& row : rows()) {
    CAPTURE(row.attribute);
    known.insert(row.attribute);
    CHECK(all.contains(row.attribute));  // a row about what is joined no more
    if (row.need == Need::constraint) continue;
    const se::LinkResult left_out = se::link(*opened.base, without(*built, row.attribute));
    CHECK(left_out.ok == (row.need == Need::access));
    if (row.need == Need::refused || !left_out.ok) continue;
    const auto policy = se::CompiledPolicy::read(left_out.image);
    const auto types = types_in(*built, row.attribute);
    // Some types have it by another attribute as well.
    CHECK(std::any_of(types.begin(), types.end(), [&](const std::string& type) {
      return may(*built->policy, type, row) && !may(*policy, type, row);
    }));
  }
  for (const std::string& attribute : all) {
    CAPTURE(attribute);
    if (known.contains(attribute)) continue;
    CHECK(of_gates.contains(attribute));
    CHECK_FALSE(se::link(*opened.base, without(*built, attribute)).ok);
  }
}
