// Random policies for the tests of the AppArmor backend: the same for the same seed.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace macc::test {

/// Policies of a domain `d` and another one `e`, with the booleans `one` and `two`.
class Generator {
 public:
  /// `everything`: also what is no file.
  explicit Generator(unsigned seed, bool everything = false) : random_(seed), everything_(everything) {}

  std::string policy() {
    std::string out = "module m;\nboolean one = false;\nboolean two = true;\n";
    out += "domain d {\n  entry \"/usr/bin/d\";\n" + resources();
    const std::size_t count = 1 + below(6);
    for (std::size_t i = 0; i < count; ++i) out += "  " + statement() + "\n";
    out += "}\ndomain e { entry \"/usr/bin/e\"; exec \"/usr/bin/d\" to d; allow listen unix \"/t/e.sock\", \"@e\";";
    for (std::size_t i = 0; everything_ && i < below(3); ++i) out += "\n  allow " + towards("d") + ";";
    return out + " }\n";
  }

  /// Expectations about `d`, for behind the policy that was made last.
  std::string test(std::size_t count) {
    std::string out = "test \"t\" {\n";
    named_.clear();  // of the domain
    for (std::size_t i = 0; i < count; ++i) {
      const bool file = !everything_ || chance(3);
      out += "  expect allow d " + (file ? phrase(true) : no_file()) + ";\n";
    }
    return out + "}\n";
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  template <class List>
  std::string pick(const List& list) {
    return list[below(std::size(list))];
  }
  bool chance(unsigned one_in) { return below(one_in) == 0; }

  std::string resources() {
    static constexpr std::array kOuter = {"/t/r/**", "/t/r/**/*.x", "/t/r/", "/t/r/*"};
    static constexpr std::array kInner = {"/t/r/i/**", "/t/r/i", "/t/r/i/", "/t/r/i*/**", "/t/r/[^a-h]i/**"};
    named_.clear();
    std::string out;
    const auto declare = [&](const char* name, const char* kind, std::string paths) {
      out += fmt::format("  resource {} : {} {{ \"{}\"{} }}\n", name, kind, paths,
                         chance(4) ? " except \"" + paths.substr(0, paths.find_first_of("*[", 1)) + "e/**\"" : "");
      named_.emplace_back(name);
    };
    if (chance(2)) declare("outer", "state", chance(3) ? pick(kOuter) : "/t/r/**");
    if (chance(2)) declare("inner", "secret", pick(kInner));
    if (named_.size() == 2 && chance(3)) declare("core", "log", "/t/r/i/c/**");
    return out;
  }

  std::string place() {
    static constexpr std::array kPlaces = {
        "/t/**",      "/t/a/**",      "/t/a",     "/t/a/b",      "/t/*",       "/t/*/b",         "/t/a*",
        "/t/**/b",    "/t/a/",        "/t/b/**",  "/t/[^a]*",    "/t/{a,b}/b", "/t/{a,b/c}/**",  "/t/a?",
        "/t/**/",     "/t/*/",        "/t/*.x",   "/t/a/**/*.x", "/t/[a-c]",   "/t/[^a-y-]/**",  "/t/{,a}b",
        "/t/r/**",    "/t/r/i/**",    "/t/r/i/c", "/t/{*,a}",    "/t/**/a/**", "/t/a/**/b/**/c", "/t/*a*/*b",
        "/t/\\*\\{b", "/t/[\\]\\-x]", "/**",      "/t/b/**/*.x", "/t/*/*/",    "/t/r/*",         "/t"};
    return '"' + pick(kPlaces) + '"';
  }

  std::string objects() {
    if (!named_.empty() && chance(3)) return pick(named_);
    std::string out = place();
    if (chance(4)) out += ", " + place();
    if (chance(3)) out += " except " + (chance(3) ? "{ " + place() + ", " + place() + " }" : place());
    return out;
  }

  std::string phrase(bool deny) {
    static constexpr std::array kVerbs = {"read",       "list", "write",         "append",     "create", "delete",
                                          "rename",     "lock", "setattr",       "load",       "change", "manage",
                                          "read, list", "link", "create, write", "read, load", "watch",  "mknod"};
    if (chance(6)) return exec(deny);
    if (chance(12)) return (chance(2) ? "listen unix " : "connect unix ") + std::string("\"/t/e.sock\"");
    if (chance(12)) return "use " + place() + " from e";
    return pick(kVerbs) + " " + objects() + (chance(5) ? " owner" : "");
  }

  std::string exec(bool deny) {
    const std::string out = "exec " + place();
    if (chance(2)) return out;
    return out + (chance(2) ? " to e" : " unconfined") + (!deny && chance(3) ? " keep environment" : "");
  }

  /// What two domains have to do with each other.
  std::string towards(const std::string& other) {
    const std::string peer = chance(4) ? "any" : chance(4) ? "self" : other;
    static constexpr std::array kSignals = {"term", "hup, usr1", "any", "kill, exists", "tstp"};
    switch (below(5)) {
      case 0:
        return "inspect " + peer;
      case 1:
        return "trace " + peer;
      case 2:
        return "become " + other;
      default:
        return "signal " + pick(kSignals) + " to " + peer;
    }
  }

  std::string no_file() {
    static constexpr std::array kPhrases = {"connect tcp 80",
                                            "connect tcp any",
                                            "listen tcp 80, 443",
                                            "listen udp any",
                                            "connect udp 53",
                                            "connect sctp 9",
                                            "socket netlink.route",
                                            "socket netlink.audit raw",
                                            "socket packet",
                                            "socket raw",
                                            "socket icmp",
                                            "capability chown",
                                            "capability chown, net_raw, syslog",
                                            "capability mknod",
                                            "capability chown in userns",
                                            "bpf",
                                            "perf",
                                            "io_uring",
                                            "userns create",
                                            "keyring",
                                            "memory execute",
                                            "ipc e",
                                            "listen unix \"@d\"",
                                            "connect unix \"@e\"",
                                            "use tcp, unix from e",
                                            "use pipe, terminal from e",
                                            "dbus own \"a.b\" on system",
                                            "dbus talk \"a.c\" on session",
                                            "dbus talk \"a.c\" interface \"a.I\" member \"M\" on system"};
    static constexpr std::array kMounts = {"mount on ",
                                           "mount ext4, xfs on ",
                                           "mount options ro, nosuid on ",
                                           "mount tmpfs options noatime, rbind from \"/t/s/*\" on ",
                                           "mount options remount, ro on ",
                                           "mount options rprivate on ",
                                           "mount options move from \"/t/{s,r/*}\" on ",
                                           "unmount ",
                                           "pivot ",
                                           "mount ext4 options rw from \"/dev/sd?\" on "};
    if (chance(4)) return pick(kMounts) + place();
    return chance(3) ? towards("e") : pick(kPhrases);
  }

  std::string statement() {
    const bool deny = chance(3);
    const std::string out = std::string(chance(8) ? "audit " : "") + (deny ? "deny " : "allow ") +
                            (everything_ && !chance(3) ? no_file() : phrase(deny)) + ";";
    static constexpr std::array kConditions = {"one", "not one", "one and two", "one or not two", "two"};
    if (!chance(4)) return out;
    return "if " + pick(kConditions) + " { " + out + " }" + (chance(4) ? " else { " + statement() + " }" : "");
  }

  std::mt19937 random_;
  bool everything_;
  std::vector<std::string> named_;
};

/// MACC_SEEDS="FIRST COUNT" tries others.
inline std::pair<unsigned, unsigned> seeds(unsigned count) {
  std::pair<unsigned, unsigned> out = {1, count};
  if (const char* wanted = std::getenv("MACC_SEEDS")) std::istringstream(wanted) >> out.first >> out.second;
  return out;
}

}  // namespace macc::test
