// The standard library against itself (it parses, analyses without a finding, is documented) and against the system
// policy that is installed here: what the table calls a path is what the system would label it.
#include "stdlib/stdlib.h"

#include <doctest/doctest.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "compiler/ir/meaning.h"
#include "compiler/sema/sema.h"

using namespace macc;

namespace {

class Library final : public sema::ModuleFinder {
 public:
  explicit Library(SourceManager& sources) : sources_(sources) {}
  [[nodiscard]] std::optional<sema::Found> find(const std::string& module) override {
    const auto text = stdlib::find(module);
    if (!text) return std::nullopt;
    const FileId file = sources_.add(module + ".macc", std::string(*text));
    return sema::Found{file, stdlib::tree(module, file)};
  }
  [[nodiscard]] std::vector<std::string> known() const override { return stdlib::names(); }

 private:
  SourceManager& sources_;
};

/// Analyses `text` as the only file of a project.
ir::Policy analyze(const std::string& text, SourceManager& sources, Diagnostics& diagnostics) {
  Library library(sources);
  const FileId root = sources.add("root.macc", text);
  return sema::analyze(sources, {{root, false}}, library, diagnostics);
}

void check_silent(const SourceManager& sources, const Diagnostics& diagnostics) {
  for (const Diagnostic& d : diagnostics.all()) {
    FAIL_CHECK(sources.describe(d.primary.span) << ": " << d.message);
  }
}

struct DocOf {
  template <class Decl>
  std::optional<std::string> operator()(const Decl& d) const {
    if constexpr (requires {
                    d.is_public;
                    d.name;
                    d.doc;
                  }) {
      if (d.is_public && d.doc.empty()) return d.name.text;
    }
    return std::nullopt;
  }
};

/// The type that the installed system gives a path; "" when it gives none.
class InstalledLabels {
 public:
  InstalledLabels() {
    selinux_opt option{SELABEL_OPT_PATH, kFile};
    if (std::filesystem::exists(kFile)) handle_ = selabel_open(SELABEL_CTX_FILE, &option, 1);
  }
  ~InstalledLabels() {
    if (handle_ != nullptr) selabel_close(handle_);
  }
  InstalledLabels(const InstalledLabels&) = delete;
  InstalledLabels& operator=(const InstalledLabels&) = delete;

  [[nodiscard]] bool available() const { return handle_ != nullptr; }
  [[nodiscard]] std::string type(const std::string& path, mode_t mode) const {
    char* context = nullptr;
    if (selabel_lookup_raw(handle_, &context, path.c_str(), static_cast<int>(mode)) != 0) return "";
    std::string text = context;
    freecon(context);
    const auto begin = text.find(':', text.find(':') + 1) + 1;
    return text.substr(begin, text.find(':', begin) - begin);
  }

 private:
  static constexpr const char* kFile = "/etc/selinux/default/contexts/files/file_contexts";
  selabel_handle* handle_ = nullptr;
};

mode_t mode_of(const ir::Resource& resource, const std::string& path) {
  if (path.ends_with('/')) return S_IFDIR;
  if (resource.kind == ir::Kind::socket) return S_IFSOCK;
  if (resource.kind == ir::Kind::device) {
    const bool disk = resource.name == "dev_disks" || resource.name == "dev_removable";
    return disk ? S_IFBLK : S_IFCHR;
  }
  return S_IFREG;
}

/// Labels of /proc and /sys come from the kernel's own table, those of sockets and homes in part from what runs.
bool labelled_by_files(const std::string& path) {
  for (const char* prefix : {"/proc", "/sys/", "/run/user/", "/dev/mqueue", "/dev/hugepages", "/dev/pts/"}) {
    if (path.starts_with(prefix)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("stdlib: modules are found by name") {
  const std::vector<std::string> names = stdlib::names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::find(names.begin(), names.end(), "std.system") != names.end());
  for (const std::string& name : names) {
    CAPTURE(name);
    REQUIRE(stdlib::find(name).has_value());
    CHECK(stdlib::find(name)->find("module " + name + ";") != std::string_view::npos);
  }
  CHECK_FALSE(stdlib::find("std.nothing").has_value());
  CHECK_FALSE(stdlib::find("").has_value());
}

TEST_CASE("stdlib: every public element says what it is for") {
  for (const std::string& name : stdlib::names()) {
    SourceManager sources;
    Diagnostics diagnostics;
    const FileId file = sources.add(name, std::string(*stdlib::find(name)));
    const ast::File tree = syntax::parse(sources, file, diagnostics);
    check_silent(sources, diagnostics);
    CHECK_FALSE(tree.declarations.empty());
    for (const ast::Declaration& declaration : tree.declarations) {
      const auto undocumented = std::visit(DocOf{}, declaration);
      if (undocumented) FAIL_CHECK(name << ": `" << *undocumented << "` has no comment");
    }
  }
}

TEST_CASE("stdlib: the page of the library names every abstraction") {
  std::ifstream page(std::string(MACC_SOURCE_DIR) + "/docs/standard-library.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  REQUIRE_FALSE(text.empty());
  for (const std::string& name : stdlib::names()) {
    SourceManager sources;
    Diagnostics diagnostics;
    const FileId file = sources.add(name, std::string(*stdlib::find(name)));
    for (const ast::Declaration& declaration : syntax::parse(sources, file, diagnostics).declarations) {
      const auto* a = std::get_if<ast::AbstractionDecl>(&declaration);
      if (a == nullptr || !a->is_public) continue;
      const std::string used = "`" + name.substr(name.find('.') + 1) + "." + a->name.text;
      if (text.find(used) == std::string::npos) FAIL_CHECK("docs/standard-library.md does not name " << used << "`");
    }
  }
}

TEST_CASE("stdlib: every module and every abstraction without parameters can be used") {
  for (const std::string& name : stdlib::names()) {
    CAPTURE(name);
    SourceManager sources;
    Diagnostics diagnostics;
    const FileId file = sources.add(name, std::string(*stdlib::find(name)));
    const ast::File tree = syntax::parse(sources, file, diagnostics);
    std::string text = "module root;\nimport " + name + " as it;\ndomain d {\n  entry \"/usr/sbin/d\";\n";
    bool any = false;
    for (const ast::Declaration& declaration : tree.declarations) {
      const auto* a = std::get_if<ast::AbstractionDecl>(&declaration);
      if (a == nullptr || !a->is_public || !a->parameters.empty()) continue;
      text += "  include it." + a->name.text + ";\n";
      any = true;
    }
    if (!any) continue;
    (void)analyze(text + "}\n", sources, diagnostics);
    check_silent(sources, diagnostics);
  }
}

TEST_CASE("stdlib: abstractions with parameters can be used") {
  SourceManager sources;
  Diagnostics diagnostics;
  (void)analyze(R"(module root;
import std.cron; import std.http; import std.log; import std.service; import std.tmp; import std.tool;
domain served { include http.server("served", "/usr/sbin/served", 8000); }
domain packed { include service.packaged("packed", "/usr/sbin/packed"); include service.pid_file("packed"); }
domain night  { include cron.job("/usr/sbin/night"); include log.rotated_files("night"); }
domain hand   { include tool.interactive("/usr/bin/hand"); include tmp.files("hand."); include tmp.shared_memory("hand."); }
)",
                sources, diagnostics);
  check_silent(sources, diagnostics);
}

TEST_CASE("stdlib: the table of the system agrees with the installed system policy") {
  const InstalledLabels labels;
  if (!labels.available()) {
    MESSAGE("no system policy is installed: not compared");
    return;
  }
  SourceManager sources;
  Diagnostics diagnostics;
  const ir::Policy policy = analyze("module root;\n", sources, diagnostics);
  const ir::Meaning meaning(policy);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < policy.resources.size(); ++i) {
    const ir::Resource& resource = policy.resources[i];
    const auto* types = resource.bindings.find("selinux", "type");
    REQUIRE(types != nullptr);
    const paths::PathSet region = meaning.region(static_cast<ir::ResourceId>(i));
    for (const paths::PathPattern& pattern : resource.paths.include) {
      const auto example = (region & paths::PathSet::of(pattern)).example();
      if (!example || !labelled_by_files(*example)) continue;
      const std::string plain =
          example->size() > 1 && example->ends_with('/') ? example->substr(0, example->size() - 1) : *example;
      const std::string type = labels.type(plain, mode_of(resource, *example));
      if (type.empty()) continue;  // given at run time
      CAPTURE(resource.name);
      CAPTURE(*example);
      CHECK_MESSAGE(
          std::any_of(types->begin(), types->end(),
                      [&](const auto& names) { return std::find(names.begin(), names.end(), type) != names.end(); }),
          "the system says ", type);
      ++compared;
    }
  }
  CHECK(compared > 400);
}
