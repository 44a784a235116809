// The reader of compiled AppArmor policy: against what the real parser writes and against a reader of its own, and with
// bytes that are no policy.
#include "backends/apparmor/blob.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/support/apparmor_target.h"

namespace {

using namespace macc::backends::apparmor;
using macc::test::ScratchFolder;

std::string compile(const std::string& text, const std::string& target = "ubuntu22.04") {
  const ScratchFolder folder;
  const auto& features = *find_features(target);
  folder.write("apparmor.d/abi/" + std::string(features.abi), abi_features(features));
  const std::string file = folder.write("apparmor.d/one", "abi <abi/" + std::string(features.abi) + ">,\n" + text);
  const macc::test::Compiled out = macc::test::compile_profile(folder, file, target);
  REQUIRE_MESSAGE(out.error == "", out.error);
  return out.bytes;
}

constexpr const char* kMany = R"(
profile one /usr/bin/{one,uno} flags=(attach_disconnected) {
  capability net_admin, audit capability chown, deny capability sys_admin, capability bpf,
  /etc/** r,
  audit /var/log/one w,
  deny /etc/secret r,
  owner /home/*/x rwlk,
  /lib/** mr,
  /usr/bin/a Px -> two, /usr/bin/b ix, /usr/bin/c Ux, /usr/bin/d Cx -> child, /usr/bin/e pix, /usr/bin/f pux,
  link subset /a/* -> /b/*,
  signal send set=(term) peer=two,
  ptrace read peer=two,
  network inet stream,
  mount options=ro /dev/sda -> /mnt/,
  unix (create, bind) type=dgram addr=@one,
  dbus send bus=system path=/x interface=org.x,
  change_profile -> three,
  profile child { /c/** r, }
  ^hat { /d/** r, }
}
profile two flags=(complain, audit) { set rlimit nofile <= 10, }
profile /usr/bin/three { /t/* w, }
)";
constexpr const char* kSmall = "profile small /usr/bin/small { /etc/** r, capability kill, signal send peer=a, }\n";

void check_same(const std::optional<CompiledAutomaton>& got, const std::optional<macc::test::Automaton>& wanted) {
  REQUIRE(got.has_value() == wanted.has_value());
  if (!got) return;
  REQUIRE(got->size() == wanted->size());
  for (std::uint32_t state = 0; state < got->size(); ++state) {
    CHECK(got->accept(state) == wanted->accept(state));
    CHECK(got->accept2(state) == wanted->accept2(state));
    bool same = true;
    for (unsigned byte = 0; byte < 256; ++byte)
      same = same && got->step(state, static_cast<unsigned char>(byte)) ==
                         wanted->step(state, static_cast<unsigned char>(byte));
    CHECK(same);
  }
}

/// Walks over what was read, so that a table that leads out would be found.
bool is_sound(const std::optional<CompiledAutomaton>& automaton) {
  if (!automaton) return true;
  for (std::uint32_t state = 0; state < std::min<std::size_t>(automaton->size(), 20); ++state) {
    for (const unsigned char byte : {0x00, 0x01, 0x0a, 0x2f, 0x61, 0xff}) {
      if (automaton->step(state, byte) >= automaton->size()) return false;
    }
  }
  return automaton->run("/a/b", CompiledAutomaton::dead) == CompiledAutomaton::dead &&
         automaton->accept(CompiledAutomaton::dead) == 0;
}

bool is_sound(const CompiledPolicy& policy) {
  return policy.error.empty() != policy.profiles.empty() &&
         std::all_of(policy.profiles.begin(), policy.profiles.end(), [](const CompiledProfile& p) {
           return is_sound(p.attachment) && is_sound(p.files) && is_sound(p.classes);
         });
}

// ---- bytes by hand ----

template <typename Number>
std::string little(Number value) {
  std::string out;
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  return out;
}
std::string big(std::uint32_t value, unsigned width = 4) {
  std::string out;
  while (width-- > 0) out += static_cast<char>(value >> (8 * width));
  return out;
}

std::string tag(unsigned number) { return {static_cast<char>(number)}; }
std::string number(std::uint32_t value) { return tag(2) + little(value); }
std::string named(const std::string& label, const std::string& element) {
  return tag(4) + little(static_cast<std::uint16_t>(label.size() + 1)) + label + '\0' + element;
}
std::string text(const std::string& value) {
  return tag(5) + little(static_cast<std::uint16_t>(value.size() + 1)) + value + '\0';
}
std::string blob(const std::string& data) { return tag(6) + little(static_cast<std::uint32_t>(data.size())) + data; }
std::string structure(const std::string& content) { return tag(7) + content + tag(8); }
std::string array(std::size_t size, const std::string& content) {
  return tag(11) + little(static_cast<std::uint16_t>(size)) + content + tag(12);
}

constexpr unsigned kAccept = 1, kBase = 2, kCheck = 3, kDefault = 4, kClasses = 5, kAccept2 = 7, kNext = 8;
using Tables = std::map<unsigned, std::vector<std::uint32_t>>;

std::string table(unsigned id, unsigned width, std::uint32_t count, const std::string& data) {
  std::string out = big(id, 2) + big(width, 2) + big(0) + big(count) + data;
  out.resize((out.size() + 7) / 8 * 8);
  return out;
}
const std::string kHead = big(0x1B5E783D) + big(16) + std::string(8, '\0');

std::string automaton(const Tables& tables) {
  std::string out = kHead;
  for (const auto& [id, values] : tables) {
    std::string data;
    for (const std::uint32_t value : values) data += big(value);
    out += table(id, 4, static_cast<std::uint32_t>(values.size()), data);
  }
  return out;
}

/// Three states: `/` leads from the first to the last one, which accepts.
Tables slash(std::uint32_t accept) {
  Tables out = {{kAccept, {0, 0, accept}}, {kBase, {0, 1, 0}}, {kDefault, {0, 0, 0}}};
  out[kCheck].resize(257);
  out[kNext].resize(257);
  out[kCheck][1 + '/'] = 1;
  out[kNext][1 + '/'] = 2;
  return out;
}

const std::string kFlags =
    named("flags", structure(number(0) + number(0) + number(0))) + number(0) + number(0) + number(0) + number(0);
std::string profile(const std::string& parts, const std::string& before_flags = "") {
  return named("version", number(5)) + named("profile", structure(text("p") + before_flags + kFlags + parts));
}
std::string files(const std::string& data) { return profile(named("aadfa", blob(data))); }
std::string files(const Tables& tables) { return files(automaton(tables)); }
Tables with(Tables tables, unsigned id, std::vector<std::uint32_t> values) {
  tables[id] = std::move(values);
  return tables;
}
Tables without(Tables tables, unsigned id) {
  tables.erase(id);
  return tables;
}

struct Row {
  std::uint32_t allow = 0, audit = 0, quiet = 0, exec = 0;
};
std::string permissions(const std::vector<Row>& rows, std::uint32_t version = 1) {
  std::string numbers;
  for (const Row& row : rows) {
    for (const std::uint32_t value :
         {0U, row.allow, 0U, 0U, 0U, 0U, 0U, 0U, row.audit, row.quiet, 0U, row.exec, 0U, 0U})
      numbers += number(value);
  }
  return named("perms", structure(named("version", number(version)) + array(rows.size(), numbers)));
}

std::string error_of(const std::string& bytes) {
  const CompiledPolicy policy = read_policy(bytes);
  CHECK(is_sound(policy));
  return policy.error;
}

}  // namespace

TEST_CASE("apparmor blob: what the parser writes is read as by a reader of its own") {
  for (const char* target : {"debian12", "ubuntu22.04"}) {
    CAPTURE(target);
    std::string text = kMany;
    if (std::string(target) == "debian12") {  // has no rules of these
      for (const char* word : {"  unix (", "  dbus "})
        text.erase(text.find(word), text.find('\n', text.find(word)) - text.find(word));
    }
    const std::string bytes = compile(text, target);
    const CompiledPolicy policy = read_policy(bytes);
    REQUIRE(policy.error == "");
    CHECK(is_sound(policy));
    const auto wanted = macc::test::read_compiled_policy(bytes);
    REQUIRE(policy.profiles.size() == wanted.size());
    REQUIRE(wanted.size() == 5);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const CompiledProfile& got = policy.profiles[i];
      CAPTURE(got.name);
      CHECK(got.name == wanted[i].name);
      CHECK((got.mode == 1) == wanted[i].complain);
      CHECK(got.capabilities.allowed == wanted[i].capabilities);
      CHECK(got.capabilities.audited == wanted[i].audited_capabilities);
      CHECK(got.capabilities.quiet == wanted[i].quiet_capabilities);
      CHECK(got.exec_targets == wanted[i].transitions);
      check_same(got.attachment, wanted[i].attachment);
      check_same(got.files, wanted[i].files);
      check_same(got.classes, wanted[i].others);
      for (int number = 0; number < 256; ++number)
        CHECK(got.mediates(static_cast<unsigned char>(number)) == wanted[i].mediates(number));
      CHECK(got.version == policy.profiles.front().version);
      CHECK(got.policy_namespace == "");
      CHECK(!got.attributes);
      CHECK(got.notices.empty());
    }
  }
}

TEST_CASE("apparmor blob: the profile as a whole") {
  const CompiledPolicy policy = read_policy(compile(kMany));
  const auto find = [&](const std::string& name) -> const CompiledProfile& {
    const auto it = std::find_if(policy.profiles.begin(), policy.profiles.end(),
                                 [&](const CompiledProfile& p) { return p.name == name; });
    REQUIRE_MESSAGE(it != policy.profiles.end(), name);
    return *it;
  };
  const CompiledProfile& one = find("one");
  CHECK(one.version >= 5);
  CHECK(one.version <= 8);
  CHECK(one.path_flags == 4);
  CHECK(one.attachment.has_value());
  CHECK(!one.hat);
  CHECK(!one.limits);
  CHECK(!one.audits_all);
  CHECK(one.capabilities.allowed == (1ULL << 12 | 1ULL << 0 | 1ULL << 39));  // net_admin, chown, bpf
  CHECK(one.capabilities.audited == 1);
  CHECK((one.files->accept(one.files->run("/home/u/x")) & kHalfMask) == (kRead | kWrite | kAppend | kLink | kLock));
  CHECK((one.files->accept2(one.files->run("/etc/secret")) >> 7 & kRead) != 0);
  CHECK((one.files->accept(one.files->run("three")) & kChangeProfile) != 0);
  CHECK(find("one//hat").hat);
  CHECK(!find("one//child").hat);
  CHECK(!find("one//child").attachment);
  CHECK(find("two").limits);
  CHECK(find("two").mode == 1);
  CHECK(find("two").audits_all);
  CHECK(!find("/usr/bin/three").attachment);
}

TEST_CASE("apparmor blob: complain mode that the whole file is loaded in") {
  const auto mode = [](std::uint32_t version) {
    const auto policy =
        read_policy(named("version", number(version)) + named("profile", structure(text("p") + kFlags)));
    REQUIRE(policy.profiles.size() == 1);
    CHECK(policy.profiles[0].version == (version & 0x3ff));
    return policy.profiles[0].mode;
  };
  CHECK(mode(7) == 0);
  CHECK(mode(0x202007) == 0);
  CHECK(mode(0x202807) == 1);
}

TEST_CASE("apparmor blob: in complain mode, all happens but what is quiet") {
  const auto happens = [](const std::vector<Row>& rows, std::uint32_t version) {
    const auto policy = read_policy(named("version", number(version)) +
                                    named("profile", structure(text("p") + kFlags + permissions(rows) +
                                                               named("aadfa", blob(automaton(slash(1)))))));
    REQUIRE(policy.error == "");
    const auto profile = as_it_happens(policy.profiles[0]);
    return profile.files->accept(profile.files->run("/")) & kHalfMask;
  };
  const std::uint32_t all = kExec | kWrite | kRead | kAppend | kLink | kLock | kMap | kInherit | kKeepEnvironment;
  CHECK(happens({{}, {0x4}}, 0x202807) == all);
  CHECK(happens({{}, {0x4, 0, 0x2}}, 0x202807) == (all & ~kWrite));
  CHECK(happens({{}, {0x4, 0, 0x1}}, 0x202807) == (kWrite | kRead | kAppend | kLink | kLock | kMap));
  CHECK(happens({{}, {0x1, 0, 0, 0x08000000}}, 0x202807) ==
        ((all & ~kInherit & ~kKeepEnvironment) | 4U << kExecIndexShift));
  CHECK(happens({{}, {0x4}}, 7) == kRead);

  // Where no path has a rule, there is no automaton.
  const auto none = read_policy(named("version", number(0x202807)) + named("profile", structure(text("p") + kFlags)));
  const auto profile = as_it_happens(none.profiles.at(0));
  REQUIRE(profile.files.has_value());
  CHECK((profile.files->accept(profile.files->run("/etc/x")) & kHalfMask) == all);
  CHECK(profile.capabilities.allowed == ~std::uint64_t{0});
}

TEST_CASE("apparmor blob: a namespace is seen") {
  const CompiledPolicy policy = read_policy(compile("profile :other:x { /a r, }\n"));
  REQUIRE(policy.profiles.size() == 1);
  CHECK(policy.profiles[0].name == "x");
  CHECK(policy.profiles[0].policy_namespace == "other");
}

TEST_CASE("apparmor blob: cut anywhere it is no policy") {
  const std::string bytes = compile(kSmall);
  CHECK(read_policy(bytes).error == "");
  std::size_t read = 0, unsound = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const CompiledPolicy policy = read_policy(std::string_view(bytes).substr(0, length));
    read += policy.error.empty() ? 1 : 0;
    unsound += is_sound(policy) ? 0 : 1;
  }
  CHECK(read == 0);
  CHECK(unsound == 0);
}

TEST_CASE("apparmor blob: a changed byte gives a policy or a sentence") {
  std::mt19937 dice(11);
  for (const char* source : {kSmall, kMany}) {
    const std::string bytes = compile(source);
    std::size_t refused = 0, unsound = 0;
    for (int i = 0; i < 1500; ++i) {
      std::string changed = bytes;
      changed[dice() % changed.size()] = static_cast<char>(dice());
      const CompiledPolicy policy = read_policy(changed);
      refused += policy.error.empty() ? 0 : 1;
      unsound += is_sound(policy) ? 0 : 1;
    }
    CHECK(unsound == 0);
    CHECK(refused > 0);
  }
}

TEST_CASE("apparmor blob: what is no policy says why") {
  CHECK(error_of("") == "there is no profile in it");
  CHECK(error_of(named("version", number(5))) == "there is no profile in it");
  CHECK(error_of(named("other\x1b", number(5))) == "`other\\x1b` is no part of a policy");
  CHECK(error_of(tag(2) + "a") == "it is cut short");
  CHECK(error_of("hello") == "byte 0 holds no known mark");
  CHECK(error_of(named("version", tag(13))) == "byte 11 holds no known mark");
  CHECK(error_of(named("profile", structure(tag(10)))) == "byte 12 holds no known mark");
  CHECK(error_of(std::string(100, '\7')) == "it is nested too deeply");
  CHECK(error_of(named("profile", structure(std::string(2'000'002, '\0')))) == "it has too many parts");
  CHECK(error_of(named("profile", structure(kFlags))) == "a profile has no name");
  CHECK(error_of(named("profile", structure(text("p") + named("flags", structure(number(0)))))) ==
        "a number is missing");
  CHECK(error_of(profile(named("dfa_start", number(2)))) == "an automaton starts in another state than the first");
  CHECK(error_of(profile(named("policydb", structure(named("start", number(0)))))) ==
        "an automaton starts in another state than the first");
}

TEST_CASE("apparmor blob: an automaton that leads out of its tables says why") {
  const Tables good = slash(kRead);
  const std::string malformed = "an automaton is malformed: ";
  CHECK(error_of(files(good)) == "");
  CHECK(error_of(files(std::string(7, '\0') + automaton(good))) == "");  // padding
  CHECK(error_of(files("no automaton")) == malformed + "it is cut short");
  CHECK(error_of(files(kHead + table(kBase, 3, 1, "abc"))) == malformed + "a table has an unknown width");
  CHECK(error_of(files(kHead + table(kBase, 4, 0xffffffff, ""))) == malformed + "a table is cut short");
  CHECK(error_of(files(kHead + table(kBase, 4, 20, "abcd"))) == malformed + "it is cut short");
  CHECK(error_of(files(kHead + table(kBase, 1, 1, "a") + table(kBase, 1, 1, "a"))) ==
        malformed + "a table stands there twice");
  CHECK(error_of(files(kHead)) == malformed + "its tables differ in length");
  for (const unsigned id : {kAccept, kBase, kDefault})
    CHECK(error_of(files(without(good, id))) == malformed + "its tables differ in length");
  CHECK(error_of(files(with(good, kAccept2, {1}))) == malformed + "its tables differ in length");
  for (const unsigned id : {kCheck, kNext})
    CHECK(error_of(files(without(good, id))) == malformed + "a table is missing or has another length");
  CHECK(error_of(files(with(good, kClasses, {1}))) == malformed + "a table is missing or has another length");
  CHECK(error_of(files(with(good, kDefault, {0, 3, 0}))) == malformed + "it leads to states that are not there");
  Tables out = good;
  out[kNext][1 + '/'] = 3;
  CHECK(error_of(files(out)) == malformed + "it leads to states that are not there");
  CHECK(error_of(files(with(good, kDefault, {1, 0, 0}))) == malformed + "its dead state leads on");
  CHECK(error_of(files(with(good, kAccept, {kRead, 0, 0}))) == malformed + "its dead state leads on");
  const std::uint32_t differs = 0x80000000;
  const Tables circle = with(good, kBase, {0, differs, differs});
  CHECK(error_of(files(with(circle, kDefault, {0, 2, 1}))) == malformed + "its states ask each other in a circle");
  CHECK(error_of(files(with(circle, kDefault, {0, 1, 1}))) == malformed + "its states ask each other in a circle");
  CHECK(error_of(files(with(circle, kDefault, {0, 2, 0}))) == "");
}

TEST_CASE("apparmor blob: a base that points behind the tables leads to the default") {
  const auto policy = read_policy(files(with(slash(kRead), kBase, {0, 0xffffff, 0})));
  REQUIRE(policy.error == "");
  CHECK(policy.profiles[0].files->step(1, '/') == CompiledAutomaton::dead);
}

TEST_CASE("apparmor blob: parts that are not known are said") {
  const auto policy = read_policy(profile(named("novel", number(1)) + named("disconnected", text("/x"))));
  REQUIRE(policy.profiles.size() == 1);
  CHECK(policy.profiles[0].notices == std::vector<std::string>{"a part `novel` that macc does not know",
                                                               "a part `disconnected` that macc does not know"});
}

TEST_CASE("apparmor blob: permissions in a table of their own") {
  const std::vector<Row> rows = {
      {},
      {0x4 | 0x1 | 0x8000 | 0x10000 | 0x40000, 0x4, 0x2, 0x08000000 | 0x10000000 | 1},  // r, x, k, m, l of one's own
      {0x4},                                                                            // of others
      {0x40000000 | 0x20000000},                                                        // a profile's name
      {0x2 | 0x100 | 0x200 | 0x100000 | 0x200000 | 0x400000 | 0x1000000 | 0x2000000, 0x2, 0x4 | 0x100}};
  const auto file_word = [&](std::uint32_t row, std::uint32_t owner) {
    const Tables tables = with(slash(row), kAccept2, {0, 0, owner});
    const auto policy = read_policy(profile(permissions(rows) + named("aadfa", blob(automaton(tables)))));
    REQUIRE(policy.error == "");
    REQUIRE(policy.profiles[0].files.has_value());
    CHECK(
        policy.profiles[0].notices ==
        std::vector<std::string>{"permissions in a table of their own, as documented; macc has seen no such file yet"});
    const CompiledAutomaton& files = *policy.profiles[0].files;
    const auto state = files.run("/");
    return std::pair(files.accept(state), files.accept2(state));
  };
  const std::uint32_t own = kRead | kExec | kLock | kMap | kLink | kKeepEnvironment | 5U << kExecIndexShift;
  const std::uint32_t log = kRead | kWrite << 7;
  CHECK(file_word(1, 0) == std::pair(own | own << kHalfBits, log | log << 14));
  CHECK(file_word(1, 1) == std::pair(own | kRead << kHalfBits, log));
  CHECK(file_word(3, 0) == std::pair(kChangeProfile | kChangeOnExec, 0U));
  CHECK(file_word(2, 0) == std::pair(kRead | kRead << kHalfBits, 0U));

  SUBCASE("of what is no file, in the same bits as without") {
    const std::string database = structure(permissions(rows) + named("aadfa", blob(automaton(slash(4)))));
    const auto policy = read_policy(profile(named("policydb", database)));
    REQUIRE(policy.profiles.size() == 1);
    const CompiledAutomaton& classes = *policy.profiles[0].classes;
    CHECK(classes.accept(classes.run("/")) == (0x2U | 0x1fc000U));
    CHECK(classes.accept2(classes.run("/")) == (0x2U | (0x4U | 1U << 14) << 7));
  }
  SUBCASE("of an attachment") {
    const std::string attachment = permissions({{}, {0x1}}) + named("aadfa", blob(automaton(slash(1))));
    const auto policy = read_policy(profile("", attachment));
    REQUIRE(policy.profiles.size() == 1);
    const CompiledAutomaton& entered = *policy.profiles[0].attachment;
    CHECK(entered.accept(entered.run("/")) == kExec);
    CHECK(!policy.profiles[0].files);
  }
}

TEST_CASE("apparmor blob: how programs are run, in a table of permissions") {
  const auto mode = [](std::uint32_t exec) {
    const auto policy =
        read_policy(profile(permissions({{}, {0x1, 0, 0, exec}}) + named("aadfa", blob(automaton(slash(1))))));
    REQUIRE(policy.error == "");
    const CompiledAutomaton& files = *policy.profiles[0].files;
    return files.accept(files.run("/")) & kExecModeMask;
  };
  const std::uint32_t unconfined = 1U << kExecIndexShift, named_profile = 2U << kExecIndexShift,
                      child = 3U << kExecIndexShift;
  CHECK(mode(0) == 0);
  CHECK(mode(0x40000000) == kInherit);
  CHECK(mode(0x80000000) == unconfined);
  CHECK(mode(0x90000000) == (unconfined | kKeepEnvironment));
  CHECK(mode(0x04000000) == named_profile);
  CHECK(mode(0x24000000) == child);
  CHECK(mode(0x84000000) == (named_profile | kUnconfinedFallback));
  CHECK(mode(0x48000000) == (4U << kExecIndexShift | kInherit));
  CHECK(mode(0x0800000b) == 15U << kExecIndexShift);
}

TEST_CASE("apparmor blob: a table of permissions that is none says why") {
  const auto with_table = [](const std::string& table, std::uint32_t row) {
    return error_of(profile(table + named("aadfa", blob(automaton(slash(row))))));
  };
  CHECK(with_table(permissions({{}, {4}}), 1) == "");
  CHECK(with_table(permissions({{}, {4}}), 2) == "a state has permissions that are not in the table");
  CHECK(with_table(permissions({}), 0) == "a state has permissions that are not in the table");
  CHECK(with_table(permissions({{4}, {4}}), 1) == "its dead state has permissions");
  CHECK(with_table(permissions({{}, {1, 0, 0, 0x0800000c}}), 1) ==
        "it has more targets of programs than macc can tell apart");
  CHECK(with_table(permissions({{}, {4}}, 2), 1) == "its permission table has a version that is not documented");
  CHECK(with_table(named("perms", structure("")), 1) == "its permission table has a version that is not documented");
  CHECK(with_table(named("perms", structure(named("version", number(1)))), 1) ==
        "its permission table has an unknown form");
  CHECK(with_table(named("perms", structure(named("version", number(1)) + array(1, number(0)))), 1) ==
        "its permission table has an unknown form");
}
