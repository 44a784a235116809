// Verification of emitted modules: whatever is added to one, or taken out of it, is found; by the statements of the
// module, and, where a type of ours takes part, by the walk over the linked policy alone.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "backends/selinux/link/base_rules.h"
#include "backends/selinux/link/switches.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/statements.h"
#include "backends/selinux/walk.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::test;

namespace {

constexpr const char* kPolicy = R"(macc 1;
module m;
boolean sw = false;
boolean other = true;
domain d {
  entry "/usr/lib/x/d" from init;
  resource state : state { "/srv/d/**" }
  resource config : config { "/etc/d/**" }
  allow manage state;
  allow read config;
  allow listen tcp 7777;
  allow exec "/usr/lib/x/e" to e;
  if sw { allow change config; }
  allow capability net_admin;
}
domain e {
  entry "/usr/lib/x/e";
  allow read d.config;
  allow signal term to self;
}
)";

bool has(const Diagnostics& diagnostics, Code code) {
  return std::any_of(diagnostics.all().begin(), diagnostics.all().end(),
                     [&](const Diagnostic& d) { return d.code == code; });
}

std::string all_of(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics.all()) text += std::string(info(d.code).id) + " " + d.message + "\n";
  return text;
}

backends::Artifact& module_of(backends::Lowered& lowered) {
  for (backends::Artifact& artifact : lowered.artifacts)
    if (artifact.path == "m.cil") return artifact;
  FAIL("no module");
  return lowered.artifacts.front();
}

/// What verify says about the modules with one text instead of another.
Diagnostics verified(const SelinuxTarget& built, const std::string& text) {
  backends::Lowered lowered = built.lowered;
  module_of(lowered).content = text;
  Diagnostics diagnostics;
  (void)backends::selinux_backend().verify(built.input(), lowered, diagnostics);
  return diagnostics;
}

/// What the comparison of statements says, with which each verification begins; the rest of one links.
Diagnostics compared(const SelinuxTarget& built, const std::string& text) {
  backends::Lowered lowered = built.lowered;
  module_of(lowered).content = text;
  Diagnostics diagnostics;
  (void)se::check_statements(lowered.artifacts, dynamic_cast<const se::Planned&>(*built.lowered.plan), diagnostics);
  return diagnostics;
}

/// Neverallows would hide from the walk what they refuse, and take libsepol half of its time.
se::LinkResult linked_with(const SelinuxTarget& built, const std::string& text) {
  std::vector<se::CilModule> modules;
  for (const auto& artifact : built.lowered.artifacts)
    if (artifact.path.ends_with(".cil"))
      modules.push_back({artifact.path, artifact.path == "m.cil" ? text : artifact.content});
  se::LinkOptions options;
  options.neverallow = false;
  return se::link(*se::Base::skeleton(), modules, options);
}

/// What the walk alone says; nothing when the text does not link, which is found by that.
std::optional<Diagnostics> walked(const SelinuxTarget& built, const std::string& text) {
  const auto base = se::Base::skeleton();
  const se::LinkResult linked = linked_with(built, text);
  if (!linked.ok) return std::nullopt;
  const auto policy = se::CompiledPolicy::read(linked.image);
  REQUIRE(policy);
  const se::BaseRules rules(*base);
  const auto& plan = dynamic_cast<const se::Planned&>(*built.lowered.plan);
  Diagnostics diagnostics;
  (void)se::walk({built.input(), plan, *base, rules, *policy}, diagnostics);
  return diagnostics;
}

class Mutations {
 public:
  explicit Mutations(unsigned seed) : random_(seed) {}

  template <typename T>
  const T& one_of(const std::vector<T>& list) {
    return list[random_() % list.size()];
  }
  std::string own() { return one_of<std::string>({"d_t", "e_t", "d_state_t", "d_config_t", "d_exec_t"}); }
  std::string system() {
    return one_of<std::string>({"etc_t", "shadow_t", "init_t", "usr_t", "bin_t", "var_t", "unconfined_t", "tmp_t"});
  }
  std::string access() {
    return one_of<std::string>({"file (relabelfrom execmod)", "file (read write)", "dir (add_name remove_name)",
                                "process (ptrace)", "process (transition)", "file (entrypoint)",
                                "unix_stream_socket (connectto)", "lnk_file (create)", "chr_file (ioctl)"});
  }
  std::string allow(const std::string& source, const std::string& target) {
    return "(allow " + source + " " + target + " (" + access() + "))";
  }
  /// A statement in which a type of ours takes part.
  std::string own_statement() {
    switch (random_() % 9) {
      case 0:
        return allow(own(), system());
      case 1:
        return allow(own(), own());
      case 2:
        return allow(system(), own());
      case 3:
        return "(booleanif sw (true " + allow(own(), system()) + "))";
      case 4:
        return "(booleanif (not other) (false " + allow(own(), own()) + "))";
      case 5:
        return "(typetransition " + one_of<std::string>({"d_t", "e_t"}) + " " + system() + " file d_config_t)";
      case 6:
        return "(typeattributeset " + one_of<std::string>({"can_read_shadow_passwords", "userdomain"}) + " (e_t))";
      case 7:
        return "(typepermissive " + one_of<std::string>({"d_t", "e_t"}) + ")";
      default:
        return "(allow domain " + own() + " (" + access() + "))";
    }
  }
  std::string any_statement() {
    switch (random_() % 7) {
      case 0:
        return allow(system(), system());
      case 1:
        return allow("domain", system());
      case 2:
        return "(filecon \"/srv/other" + std::to_string(random_() % 100) + "(/.*)?\" any (system_u object_r " + own() +
               " ((s0) (s0))))";
      case 3:
        return "(portcon tcp " + std::to_string(8000 + random_() % 1000) + " (system_u object_r etc_t ((s0) (s0))))";
      case 4:
        return "(roletype sysadm_r d_t)";
      case 5:
        return "(typeattributeset domain (etc_t))";
      default:
        return own_statement();
    }
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("what was emitted is verified") {
  const auto built = build(kPolicy);
  CHECK(all_of(verified(*built, built->cil())) == "");
  const auto diagnostics = walked(*built, built->cil());
  REQUIRE(diagnostics);
  CHECK(all_of(*diagnostics) == "");
}

TEST_CASE("every statement that is added to a module is found") {
  const auto built = build(kPolicy);
  Mutations mutations(1);
  for (int i = 0; i < 100; ++i) {
    const std::string statement = mutations.any_statement();
    CAPTURE(statement);
    CHECK(has(compared(*built, built->cil() + statement + "\n"), Code::E1053));
    if (i % 10 == 0) CHECK(has(verified(*built, built->cil() + statement + "\n"), Code::E1053));
  }
}

TEST_CASE("the walk finds what is added about own types, by the linked policy alone") {
  const auto built = build(kPolicy);
  const std::string before = built->cil();
  Mutations mutations(2);
  int linked = 0;
  for (int i = 0; i < 120; ++i) {
    const std::string statement = mutations.own_statement();
    if (before.find(statement) != std::string::npos) continue;
    CAPTURE(statement);
    const auto found = walked(*built, before + statement + "\n");
    if (!found) continue;  // libsepol refuses it: a second transition
    ++linked;
    // What the domain has already is no addition.
    if (all_of(*found).empty()) {
      const auto with = se::CompiledPolicy::read(linked_with(*built, before + statement + "\n").image);
      for (const char* type : {"d_t", "e_t", "d_state_t", "d_config_t", "d_exec_t"}) {
        CHECK(with->access_of(type) == built->policy->access_of(type));
        CHECK(with->access_to(type) == built->policy->access_to(type));
      }
    } else {
      CHECK(has(*found, Code::E1050));
    }
  }
  CHECK(linked > 80);
}

TEST_CASE("a permission that is taken out is found") {
  const auto built = build(kPolicy);
  const std::string before = built->cil();
  int taken = 0;
  for (std::size_t at = before.find("(allow "); at != std::string::npos; at = before.find("(allow ", at + 1)) {
    const std::size_t close = before.find("))", at);
    const std::size_t space = before.rfind(' ', close);
    const std::size_t open = before.rfind('(', close);
    if (space < open) continue;  // the last permission of a rule stays
    std::string text = before;
    text.erase(space, close - space);
    CAPTURE(before.substr(at, close + 2 - at));
    CHECK(has(compared(*built, text), Code::E1053));
    if (taken % 10 == 0) CHECK(has(verified(*built, text), Code::E1053));
    const auto found = walked(*built, text);
    REQUIRE(found);
    ++taken;
    // Others may grant it too: then the domain keeps it.
    if (all_of(*found).empty()) continue;
    CHECK(has(*found, Code::E1051));
  }
  CHECK(taken > 20);
}

TEST_CASE("conditions are compared by meaning") {
  const auto parsed = [](const char* text) {
    auto result = se::Switches::parse(text);
    REQUIRE(result);
    return *result;
  };
  const auto implies = [&](const char* condition, std::vector<const char*> others) {
    std::vector<se::Switches> list;
    for (const char* other : others) list.push_back(parsed(other));
    std::vector<const se::Switches*> pointers;
    for (const auto& other : list) pointers.push_back(&other);
    return parsed(condition).implies(pointers);
  };
  CHECK(implies("a", {"a"}));
  CHECK(implies("(and a b)", {"a"}));
  CHECK_FALSE(implies("a", {"(and a b)"}));
  CHECK(implies("a", {"(and a b)", "(and a (not b))"}));
  CHECK(implies("", {"a", "(not a)"}));
  CHECK_FALSE(implies("", {"a"}));
  CHECK(implies("a", {""}));
  CHECK(implies("(not (or a b))", {"(and (not b) (not a))"}));
  CHECK(implies("(xor a b)", {"(neq b a)"}));
  CHECK_FALSE(implies("a", {}));
  CHECK_FALSE(se::Switches::parse("(and a)"));
  CHECK_FALSE(se::Switches::parse("a b"));
  CHECK(parsed("(and a (not b))").text() == "(a and not b)");
  CHECK(parsed("(not (and a b))").text() == "not (a and b)");
}
