// Each word of the language that AppArmor has a number for: the parser's own numbers show whether macc's are right.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/support/apparmor_target.h"

using namespace macc;
using namespace macc::test;

namespace {

/// What verification has to say about a policy of one domain with these statements.
std::string verified(const std::string& statements) {
  ApparmorTarget t("module m;\ndomain d {\n  entry \"/usr/bin/d\";\n" + statements + "}\n");
  Diagnostics found;
  const auto result = backends::apparmor_backend().verify(t.input(), t.lowered, found);
  std::string out = result.status == backends::Verification::Status::passed ? "" : "not passed: " + result.reason;
  for (const Diagnostic& d : found.all()) out += d.message + "\n";
  return out;
}

}  // namespace

TEST_CASE("apparmor: every socket family has the number that the parser gives it") {
  for (const std::string& family : ir::family_words()) {
    const std::string wrong = verified(fmt::format("  allow socket {};\n", family));
    CHECK_MESSAGE(wrong.empty(), family << ": " << wrong);
  }
}

TEST_CASE("apparmor: every socket type has the number that the parser gives it") {
  for (const std::string& type : ir::socket_type_words()) {
    const std::string wrong = verified(fmt::format("  allow socket vsock {};\n", type));
    CHECK_MESSAGE(wrong.empty(), type << ": " << wrong);
  }
}

TEST_CASE("apparmor: every mount option has the flags that the parser gives it") {
  for (const std::string& option : ir::mount_option_words()) {
    const std::string wrong = verified(fmt::format("  allow mount options {} on \"/mnt/\";\n", option));
    CHECK_MESSAGE(wrong.empty(), option << ": " << wrong);
  }
}

TEST_CASE("apparmor: options that are given together have the flags that the parser gives them") {
  for (const char* options :
       {"ro, nosuid", "ro, rw", "suid, nosuid", "bind, ro", "rbind, bind", "remount, rw", "remount, bind",
        "remount, bind, ro", "remount, rbind, nosuid, ro", "move, ro", "slave, rslave"}) {
    const std::string wrong = verified(fmt::format("  allow mount options {} on \"/mnt/\";\n", options));
    CHECK_MESSAGE(wrong.empty(), options << ": " << wrong);
  }
}

TEST_CASE("apparmor: every signal and capability has the number that the parser gives it") {
  std::string text;
  for (const std::string& word : ir::signal_words()) text += fmt::format("  allow signal {} to self;\n", word);
  for (const std::string& word : ir::capability_words()) text += fmt::format("  allow capability {};\n", word);
  CHECK(verified(text) == "");
  for (const std::string& word : ir::signal_words())
    CHECK_MESSAGE(verified(fmt::format("  deny signal {} to any;\n", word)) == "", word);
}
