#include "backends/selinux/install.h"

#include <algorithm>
#include <set>
#include <variant>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/formats.h"
#include "backends/selinux/line_origins.h"
#include "backends/selinux/link/file_order.h"
#include "backends/selinux/system_contexts.h"
#include "backends/shell.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kUnits = "units/";
constexpr std::string_view kSystemUnits = "/etc/systemd/system/";

/// The text of a component without wildcards; "" for another.
std::string literal_name(const paths::Component& component) {
  if (component.any_depth || component.atoms.size() != 1) return "";
  const auto* literal = std::get_if<paths::Literal>(&component.atoms.front().value);
  return literal == nullptr ? std::string() : literal->bytes;
}

/// The file or the deepest directory that everything in a pattern is at or beneath.
std::string root_of(const paths::PathPattern& pattern) {
  if (pattern.anchor() == paths::PathPattern::Anchor::home) return "/home";
  std::string path;
  for (const auto& component : pattern.components()) {
    const std::string name = literal_name(component);
    if (name.empty()) break;
    path += "/" + name;
  }
  return path.empty() ? "/" : path;
}

std::vector<std::string> without_nested(const std::set<std::string>& all) {
  std::vector<std::string> list;
  for (const auto& path : all) {
    const auto above = [&](const std::string& other) {
      return path == other || other == "/" || path.starts_with(other + "/");
    };
    if (std::none_of(list.begin(), list.end(), above)) list.push_back(path);
  }
  return list;
}

/// Paths to be relabelled, without those beneath another. With `levels`, those of resources that have one.
std::vector<std::string> roots(const Context& context, bool levels) {
  std::set<std::string> all;
  const auto add = [&](const ir::PathExpr& paths) {
    for (const auto& pattern : paths.include) all.insert(root_of(pattern));
  };
  for (const auto& resource : context.policy.resources)
    if (!resource.external && !resource.adopt && (!levels || !resource.level.empty())) add(resource.paths);
  if (levels) return without_nested(all);
  for (const auto& domain : context.policy.domains)
    for (const auto& entry : domain.entries)
      if (entry.from != ir::Entry::From::unit) add(entry.paths);
  return without_nested(all);
}

/// What a file context of the system labels, as a word of a shell command: a path, or all paths that begin so.
std::string word_for(const std::string& regex) {
  SystemEntry entry;
  entry.regex = regex;
  std::string head = entry.head();
  constexpr std::string_view kTree = "(/.*)?";
  const std::string_view stem = regex;
  const bool is_tree = stem.ends_with(kTree) && context_order(stem.substr(0, stem.size() - kTree.size())).exact;
  if (is_tree || context_order(regex).exact) return shell_word(head);
  const bool is_folder = head.ends_with('/');
  if (is_folder && head.size() > 1) head.pop_back();
  return shell_word(head) + (is_folder ? "" : "*");
}

class Steps {
 public:
  Steps(const Context& context, Lowered& lowered)
      : context_(context), lowered_(lowered), format_(format_of(context.input.target)) {
    for (const auto& [module, content] : context.modules) names_.push_back(module_file(module));
  }

  void run() {
    modules();
    if (format_ != Format::cil) ports();
    drop_ins();
    relabel();
    Artifact list{"INSTALL.txt", text(), "the commands that install and remove this build"};
    list.origins = origins_in_words(list.content, always::kInstall);
    lowered_.artifacts.push_back(std::move(list));
  }

 private:
  void modules() {
    std::vector<std::string> files, packages;
    for (const auto& name : names_) files.push_back(installed_file(format_, name));
    if (format_ == Format::te)
      lowered_.install.push_back(shell_command("make -f /usr/share/selinux/devel/Makefile", files));
    std::string off, on;
    for (const auto& name : replaced()) {
      off += " -d " + shell_word(name);
      on += " -e " + shell_word(name);
    }
    lowered_.install.push_back("semodule" + off + shell_command(" -i", files));
    lowered_.remove.push_back("semodule" + on + shell_command(" -r", names_));
  }

  /// Modules of the system that the build replaces; one of the same name gives way by itself.
  [[nodiscard]] std::set<std::string> replaced() const {
    std::set<std::string> list;
    for (const auto& domain : context_.policy.domains)
      for (const auto& replacement : domain.replaces)
        if (replacement.backend == "selinux" &&
            std::find(names_.begin(), names_.end(), replacement.what) == names_.end())
          list.insert(replacement.what);
    return list;
  }

  /// A module package cannot hold contexts of ports.
  void ports() {
    std::vector<std::string> undo;
    for (const auto& [module, content] : context_.modules)
      for (const auto& port : content.ports) {
        std::string range = std::to_string(port.range.first);
        if (port.range.last != port.range.first) range += "-" + std::to_string(port.range.last);
        const std::string protocol = "-p " + std::string(ir::word(port.protocol)) + " " + range;
        lowered_.install.push_back("semanage port -a -t " + shell_word(port.type) + " " + protocol);
        undo.push_back("semanage port -d " + protocol);
      }
    lowered_.remove.insert(lowered_.remove.begin(), undo.begin(), undo.end());
  }

  void drop_ins() {
    std::vector<std::string> files;
    for (const auto& artifact : lowered_.artifacts) {
      if (!artifact.path.starts_with(kUnits)) continue;
      const std::string place = std::string(kSystemUnits) + artifact.path.substr(kUnits.size());
      lowered_.install.push_back(shell_command("install -D -m 0644", {artifact.path, place}));
      files.push_back(place);
    }
    if (files.empty()) return;
    lowered_.install.emplace_back("systemctl daemon-reload");
    lowered_.remove.push_back(shell_command("rm -f", files));
    lowered_.remove.emplace_back("systemctl daemon-reload");
  }

  /// Levels are changed by force only; without it, those that files got from their processes stay.
  void relabel() {
    const auto paths = roots(context_, false);
    const auto with_level = context_.platform.base().has_levels() ? roots(context_, true) : std::vector<std::string>();
    std::set<std::string> words;
    for (const auto& path : paths) words.insert(shell_word(path));
    // The types of what the replaced modules label are gone, and back again afterwards.
    for (const auto& regex : replaced_contexts(context_.input))
      if (!regex.starts_with("HOME_")) words.insert(word_for(regex));
    std::string places;
    for (const auto& word : words) places += " " + word;
    for (auto* list : {&lowered_.install, &lowered_.remove}) {
      if (!places.empty()) list->push_back("restorecon -R -i" + places);
      if (!with_level.empty()) list->push_back(shell_command("restorecon -R -F -i", with_level));
    }
  }

  [[nodiscard]] std::string text() const {
    std::string out = "As root, in this folder. To install:\n\n";
    for (const auto& line : lowered_.install) out += "    " + line + "\n";
    out += "\nThen restart what the policy is about. To remove:\n\n";
    for (const auto& line : lowered_.remove) out += "    " + line + "\n";
    return out + switches();
  }

  [[nodiscard]] std::string switches() const {
    std::string out;
    for (const auto& [module, content] : context_.modules)
      for (const auto& [name, boolean] : content.booleans) {
        out += "\n    " + name + " (" + (boolean.value ? "on" : "off") + " as installed)\n";
        for (const auto& line : lines_of(boolean.doc)) out += "        " + printable(line, 400) + "\n";
      }
    return out.empty() ? out : "\nSwitches, which `setsebool -P NAME on` and `off` set for good:\n" + out;
  }

  const Context& context_;
  Lowered& lowered_;
  Format format_;
  std::vector<std::string> names_;
};

}  // namespace

void add_install_steps(const Context& context, Lowered& lowered) { Steps(context, lowered).run(); }

}  // namespace macc::backends::selinux
