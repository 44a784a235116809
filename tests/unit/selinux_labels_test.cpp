// Which labels a system gives to paths: automata against libselinux's own lookup.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/system_contexts.h"
#include "tests/support/selinux_target.h"

using namespace macc::backends::selinux;
using macc::paths::PathPattern;
using macc::paths::PathSet;

namespace {

std::vector<const Base*> bases() {
  std::vector<const Base*> list = {Base::skeleton().get()};
  static const BaseOrReason installed = Base::installed();
  if (installed.base == nullptr) {
    MESSAGE("not tried with the installed policy: " << installed.reason);
  } else {
    list.push_back(installed.base.get());
  }
  return list;
}

constexpr std::pair<Kinds, ObjectKind> kKinds[] = {{kinds::file, ObjectKind::file},
                                                   {kinds::directory, ObjectKind::directory},
                                                   {kinds::symlink, ObjectKind::symlink},
                                                   {kinds::socket, ObjectKind::socket},
                                                   {kinds::fifo, ObjectKind::fifo},
                                                   {kinds::char_device, ObjectKind::char_device},
                                                   {kinds::block_device, ObjectKind::block_device}};

struct Question {
  std::string name;
  Kinds kind;
  std::string expected;
};

/// Compares with libselinux, all at once.
void compare(const Base& base, const std::vector<Question>& questions) {
  std::vector<LookupQuery> queries;
  for (const Question& question : questions)
    for (const auto& [kind, object] : kKinds)
      if (kind == question.kind) queries.push_back({question.name, object});
  const LookupResult found = lookup(base.file_contexts(), queries);
  REQUIRE(found.error == "");
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string type = found.contexts[i] ? type_of_context(*found.contexts[i]) : "";
    if (type == questions[i].expected) continue;
    CAPTURE(questions[i].name);
    CAPTURE(class_of(questions[i].kind));
    CHECK(questions[i].expected == type);
  }
}

PathSet literal(const std::string& path) { return PathSet::of(PathPattern::literal(path)); }

/// A path near one that an entry matches: as it is, longer, or with another letter.
std::string varied(const std::string& path, std::mt19937& random) {
  std::string text = path;
  switch (random() % 4) {
    case 0:
      text += "/x";
      break;
    case 1:
      text += "y";
      break;
    case 2:
      if (text.size() > 2 && text[text.size() / 2] != '/') text[text.size() / 2] = 'q';
      break;
    default:
      break;
  }
  return text;
}

void ask(const SystemContexts& contexts, const std::string& name, std::vector<Question>& questions) {
  const PathSet both = literal(name);  // the entry and the directory
  for (const auto& [kind, object] : kKinds) {
    const bool directory = kind == kinds::directory;
    std::string type = "no part";
    for (const LabelledPart& part : contexts.divide(both))
      if ((part.kinds & kind) != 0 && part.set.contains(directory ? name + "/" : name)) type = part.type;
    questions.push_back({name, kind, type});
  }
}

std::string without_slash(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

TEST_CASE("each path has the label that libselinux finds") {
  for (const Base* base : bases()) {
    CAPTURE(base->description());
    const SystemContexts contexts(*base);
    std::mt19937 random(7);
    std::vector<Question> questions;
    const std::size_t step = contexts.entries().size() / 700 + 1;
    for (std::size_t i = random() % step; i < contexts.entries().size(); i += step) {
      const PathSet names = contexts.names(i) & (PathSet::non_directories() | PathSet::directories());
      const auto example = names.example();
      if (!example) continue;
      const std::string name = without_slash(*example);
      ask(contexts, name, questions);
      ask(contexts, varied(name, random), questions);
    }
    for (const char* name :
         {"/var/run/app", "/lib/systemd/system/a.service", "/usr/lib64/libx.so.1", "/lib64", "/bin", "/run/lock/a",
          "/var/lock", "/root/.ssh/id", "/home/anna/.ssh/id", "/home/anna", "/home", "/home/lost+found", "/tmp/x",
          "/proc/1", "/sys/class", "/dev/null", "/mnt/a/b", "/.autofsck"})
      ask(contexts, name, questions);
    CHECK(questions.size() > 100);
    compare(*base, questions);
  }
}

TEST_CASE("what a resource leaves out keeps all the labels that the system gives there") {
  const BaseOrReason installed = Base::installed();
  if (installed.base == nullptr) return;
  const Base& base = *installed.base;
  const auto built = macc::test::lower_on(
      installed.base,
      "macc 1;\nmodule acme.web;\ndomain webd {\n  entry \"/usr/sbin/acme-webd\";\n"
      "  resource site : content relabel { \"/var/www/**\" except { \"/var/www/html/**\", \"/var/www/cgi-bin/**\", "
      "\"/var/www/apcupsd/**\", \"/var/www/nut-cgi-bin/**\" } }\n"
      "  resource conf : config relabel { \"/etc/acme/**\" except \"/etc/acme/sub/**\" }\n"
      "  allow read site, conf;\n}\n");
  CAPTURE(built->messages());
  CHECK(built->diagnostics.all().empty());
  macc::test::link_on(*built, base);
  std::vector<LookupQuery> queries;
  for (const char* hole : {"/var/www/html", "/var/www/cgi-bin", "/var/www/apcupsd", "/etc/acme/sub"})
    for (const char* below :
         {"", "/x", "/logs", "/logs/x", "/x/logs/nextcloud/apps", "/nextcloud/apps/logs/x", "/x/cgi-bin/y", "/cgi-bin",
          "/cgi-bin/nextcloud/data/x", "/munin/cgi/x", "/munin/x", "/cvsweb.cgi", "/x/sites/default/files/logs/y",
          "/wp-content", "/l2tp", "/x/al2tp/logs", "/lightsquid/report/x", "/roundcubemail/temp"})
      for (const auto& [kind, object] : kKinds)
        if (*below != '\0' || kind == kinds::directory) queries.push_back({std::string(hole) + below, object});
  const LookupResult before = lookup(base.file_contexts(), queries);
  const LookupResult after = lookup(built->linked.file_contexts, queries);
  REQUIRE(before.error + after.error == "");
  for (std::size_t i = 0; i < queries.size(); ++i) {
    CAPTURE(queries[i].path);
    CHECK(before.contexts[i] == after.contexts[i]);
  }
}

TEST_CASE("a set is divided into the labels that its paths have") {
  for (const Base* base : bases()) {
    CAPTURE(base->description());
    const SystemContexts contexts(*base);
    std::vector<Question> questions;
    for (const char* text :
         {"/etc/**", "/var/lib/**", "/run/**", "/dev/**", "/usr/lib/*.so", "/home/*/.s*/**", "/usr/bin/*",
          "/srv/**/www/**", "/var/run/**", "/etc/{ssh,ssl,shadow*}/**", "/opt/*/bin/*"}) {
      CAPTURE(text);
      macc::paths::PatternError error;
      const PathSet set = PathSet::of(PathPattern::parse(text, error));
      PathSet all;
      for (const auto& [kind, object] : kKinds) {
        const PathSet& wanted = kind == kinds::directory ? PathSet::directories() : PathSet::non_directories();
        PathSet seen;
        for (const LabelledPart& part : contexts.divide(set)) {
          if ((part.kinds & kind) == 0) continue;
          if (part.exact) CHECK(!seen.meets(part.set));
          seen = seen | part.set;
          if (!part.exact) continue;
          const auto example = part.set.example();
          REQUIRE(example);
          questions.push_back({without_slash(*example), kind, part.type});
        }
        CHECK(seen.equals(set & wanted));
      }
    }
    compare(*base, questions);
  }
}
