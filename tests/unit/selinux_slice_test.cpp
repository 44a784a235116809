// Random modules, linked with the part of the installed policy that they can meet and with all of it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"

using namespace macc::backends::selinux;

namespace {

/// Makes modules that mostly link, and now and then break each rule that the linker has.
class Generator {
 public:
  Generator(const Base& base, unsigned seed) : base_(base), random_(seed), attributes_(base.attributes()) {}

  std::string module() {
    const int domains = 1 + below(2), others = 1 + below(3);
    for (int i = 0; i < domains; ++i) declare(fmt::format("own{}_t", i), {"domain"});
    for (int i = 0; i < others; ++i) declare(fmt::format("own{}_data_t", i), {"file_type", "non_auth_file_type"});
    if (chance(3)) own_attributes();
    for (int i = 3 + below(10); i != 0; --i) rule();
    if (chance(2)) conditional();
    for (int i = below(4); i != 0; --i) transition();
    for (int i = below(4); i != 0; --i) file();
    if (chance(3)) port();
    if (chance(6)) text_ += fmt::format("(neverallow {} {} (file (write)))\n", own(), any());
    if (chance(8)) text_ += fmt::format("(optional maybe (allow {} nosuch_t (file (read))))\n", own());
    if (chance(10)) text_ += fmt::format("(type {})\n", pick(base_.types()));
    if (chance(10)) text_ += fmt::format("(allow {} nosuch_t (file (read)))\n", own());
    if (chance(10)) text_ += fmt::format("(allow {} shadow_t (file (read write)))\n", own());
    if (chance(15)) text_ += fmt::format("(allow {} {} (process (fly)))\n", own(), own());
    if (chance(5))
      text_ += fmt::format("(typealias other_t)(typealiasactual other_t {})\n(allow other_t {} (file (read)))\n",
                           own_[0], any());
    return text_;
  }
  [[nodiscard]] const std::vector<std::string>& types() const { return own_; }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  bool chance(int one_in) { return below(one_in) == 0; }
  template <typename T>
  const T& pick(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(list.size())))];
  }

  void declare(const std::string& name, std::vector<std::string> attributes) {
    own_.push_back(name);
    text_ += fmt::format("(type {0}) (roletype object_r {0}) (roletype system_r {0})\n", name);
    for (int i = below(3); i != 0; --i) attributes.push_back(pick(attributes_));
    for (const std::string& attribute : attributes)
      text_ += fmt::format("(typeattributeset {} ({}))\n", attribute, name);
  }
  void own_attributes() {
    static const std::vector<std::string> expressions = {"({0} {1})", "(and ({2}) (not ({0})))", "({0} {2})",
                                                         "(or ({0}) ({1}))"};
    text_ += fmt::format("(typeattribute ours)\n(typeattributeset ours {})\n",
                         fmt::format(fmt::runtime(pick(expressions)), own(), own(), pick(base_.types())));
    has_attribute_ = true;
  }
  std::string own() { return has_attribute_ && chance(6) ? "ours" : pick(own_); }
  std::string of_base() { return chance(3) ? pick(attributes_) : pick(base_.types()); }
  std::string any() { return chance(3) ? own() : of_base(); }

  std::string access() {
    static const std::vector<std::string> what = {
        "(file (read open getattr))",  "(file (write))",           "(dir (search getattr))", "(process (signal))",
        "(tcp_socket (name_connect))", "(file (execute execmod))", "(lnk_file (read))",      "(file (relabelto))",
        "(capability (sys_rawio))",    "(memprotect (mmap_zero))"};
    std::string source = own(), target = any();
    if (chance(4)) std::swap(source, target);
    if (chance(12)) source = of_base(), target = of_base();
    if (chance(8)) target = "self";
    return fmt::format("({} {} {} {})", chance(8) ? "dontaudit" : "allow", source, target, pick(what));
  }
  void rule() { text_ += access() + "\n"; }
  void conditional() {
    const std::string name = chance(2) ? "own_switch" : pick(base_.booleans()).name;
    if (name == "own_switch") text_ += "(boolean own_switch false)\n";
    text_ += fmt::format("(booleanif {} (true {} {}) (false {}))\n", name, access(), access(), access());
  }
  void transition() {
    static const std::vector<std::string> known = {"init_t sshd_exec_t process", "init_t httpd_exec_t process",
                                                   "sysadm_t etc_t file",        "initrc_t sshd_exec_t process",
                                                   "sshd_t tmp_t file",          "httpd_t var_log_t file"};
    if (chance(3)) {
      text_ += fmt::format("(typetransition {} {})\n", pick(known), pick(own_));
    } else if (chance(2)) {
      text_ +=
          fmt::format("(typetransition {} {} process {})\n", chance(2) ? "init_t" : of_base(), pick(own_), pick(own_));
    } else {
      text_ += fmt::format("(typetransition {} {} file {}{})\n", own(), of_base(), chance(2) ? "\"state\" " : "",
                           pick(own_));
    }
  }
  void file() {
    static const std::vector<std::string> paths = {"/srv/own(/.*)?",  "/srv/own/run",
                                                   "/etc/own\\.conf", "/etc/shadow.*",
                                                   "/etc/passwd",     "/usr/bin/[^/]*",
                                                   "/var/log/.*",     "/a?b",
                                                   "/srv/(x|y)/.+",   "/.*"};
    static const std::vector<std::string> kinds = {"any", "file", "dir", "socket", "symlink"};
    text_ += fmt::format("(filecon \"{}\" {} (system_u object_r {} ((s0) (s0))))\n", pick(paths), pick(kinds),
                         chance(4) ? pick(base_.types()) : pick(own_));
  }
  void port() {
    text_ += fmt::format("(portcon tcp {} (system_u object_r {} ((s0) (s0))))\n", chance(3) ? 22 : 40000 + below(9),
                         pick(own_));
  }

  const Base& base_;
  std::mt19937 random_;
  std::vector<std::string> attributes_;
  std::vector<std::string> own_;
  std::string text_;
  bool has_attribute_ = false;
};

/// All messages, in an order that does not depend on the linker's.
std::string said(const LinkResult& result) {
  std::multiset<std::string> list;
  for (const LinkMessage& message : result.messages) {
    std::vector<std::string> rules = message.rules;
    std::sort(rules.begin(), rules.end());
    list.insert(fmt::format("{} {} {} [{}]", static_cast<int>(message.problem), message.subject, message.text,
                            fmt::join(rules, " ")));
  }
  return fmt::format("{}", fmt::join(list, "\n"));
}

/// Where two texts begin to differ, or "".
std::string first_difference(const std::string& a, const std::string& b) {
  if (a == b) return {};
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto around = [](const std::string& text, std::string::const_iterator at) {
    const auto before = std::min<std::ptrdiff_t>(at - text.begin(), 100),
               after = std::min<std::ptrdiff_t>(text.end() - at, 100);
    return std::string(at - before, at + after);
  };
  return around(a, x) + "\n---- and ----\n" + around(b, y);
}

void compare(const Base& base, unsigned seed) {
  Generator generator(base, seed);
  const CilModule module{"own", generator.module()};
  CAPTURE(seed);
  CAPTURE(module.text);
  LinkOptions options;
  const LinkResult part = link(base, {module}, options);
  options.whole_base = true;
  const LinkResult whole = link(base, {module}, options);
  CHECK(said(part) == said(whole));
  CHECK(part.ok == whole.ok);
  CHECK(first_difference(part.file_contexts, whole.file_contexts) == "");
  if (!part.ok || !whole.ok) return;
  const auto a = CompiledPolicy::read(part.image), b = CompiledPolicy::read(whole.image);
  REQUIRE(a != nullptr);
  REQUIRE(b != nullptr);
  for (const std::string& type : generator.types()) {
    CAPTURE(type);
    CHECK((a->access_of(type) == b->access_of(type)));
    CHECK((a->access_to(type) == b->access_to(type)));
    CHECK((a->transitions_of(type) == b->transitions_of(type)));
    CHECK((a->attributes_of(type) == b->attributes_of(type)));
  }
}

/// How many modules are tried: MACC_SLICE_RUNS, or a few.
unsigned runs() {
  const char* wanted = std::getenv("MACC_SLICE_RUNS");
  return wanted == nullptr ? 8 : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

}  // namespace

TEST_SUITE("selinux slice") {
  TEST_CASE("a part of the base and all of it say the same about random modules") {
    const BaseOrReason installed = Base::installed();
    if (installed.base == nullptr) return;
    for (unsigned seed = 1; seed <= runs(); ++seed) compare(*installed.base, seed);
  }
}
