// Files and imports.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/sema/analysis.h"

namespace macc::sema {

namespace {
/// The module that describes the system's own paths; part of every build.
constexpr const char* kSystemModule = "std.system";
constexpr std::uint64_t kLanguageVersion = 1;
}  // namespace

void Analysis::load(const std::vector<Root>& roots) {
  for (const Root& root : roots) load_module({root.file}, true, root.site);
  if (!by_name_.contains(kSystemModule)) {
    if (auto found = finder_.find(kSystemModule)) load_module(std::move(*found), false, false);
  }
  for (const std::string& name : options_.list_modules) {
    if (by_name_.contains(name)) continue;
    if (auto file = finder_.find(name)) load_module(*file, false, false);
  }
  // Imports of imports are appended while the list is walked.
  for (std::size_t i = 0; i < modules_.size(); ++i) load_imports(*modules_[i]);
  std::sort(modules_.begin(), modules_.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
}

Module* Analysis::load_module(Found found, bool root, bool site) {
  const FileId file = found.file;
  const std::size_t errors_before = diagnostics_.error_count();
  auto module = std::make_unique<Module>();
  module->file = found.tree ? std::move(*found.tree) : syntax::parse(sources_, file, diagnostics_, options_.limits);
  module->root = root;
  module->site = site;
  const ast::File& tree = module->file;
  lost_.insert(tree.lost.begin(), tree.lost.end());
  if (tree.version && *tree.version != kLanguageVersion) {
    report(Code::E0211, tree.version_span, fmt::format("language version {} is not known", *tree.version))
        .note(fmt::format("this macc reads `macc {};`", kLanguageVersion));
  }
  if (!tree.module) {
    const bool empty = tree.imports.empty() && tree.declarations.empty();
    // An empty file is no mistake, and a file with syntax errors may have lost the line.
    if (!empty && diagnostics_.error_count() == errors_before) {
      report(Code::E0206, Span{file, 0, 0}, "this file has no `module` declaration")
          .note("start it with a line such as `module acme.ledger;`");
    }
    module->name = fmt::format("unnamed.{}", static_cast<std::uint32_t>(file));
  } else {
    module->name = tree.module->text();
  }
  Module* raw = module.get();
  const auto [it, fresh] = by_name_.emplace(module->name, raw);
  if (!fresh) {
    report(Code::E0207, tree.module->span, fmt::format("module `{}` is declared in two files", module->name))
        .also(it->second->file.module->span, "the other declaration");
    return it->second;
  }
  modules_.push_back(std::move(module));
  if (tree.module) note_declared(DeclaredName::Kind::module, raw->name, tree.module->span, *raw, true);
  return raw;
}

void Analysis::load_imports(Module& module) {
  for (const ast::ImportDecl& decl : module.file.imports) {
    const std::string name = decl.module.text();
    const ast::Name& word = decl.alias ? *decl.alias : decl.module.parts.back();
    if (name == module.name) {
      report(Code::E0205, decl.span, fmt::format("module `{}` imports itself", name));
      continue;
    }
    Module* target = nullptr;
    if (auto it = by_name_.find(name); it != by_name_.end()) {
      target = it->second;
    } else if (auto found = finder_.find(name)) {
      target = load_module(std::move(*found), false, false);
    }
    if (target == nullptr || target->name != name) {
      lost_.insert(word.text);
      lost_.insert(ast::kAnyImport);
      Diagnostic& d = report(Code::E0203, decl.module.span, fmt::format("there is no module `{}`", printable(name)));
      std::vector<std::string> known = finder_.known();
      for (const auto& m : modules_) known.push_back(m->name);
      std::erase(known, module.name);  // which cannot import itself
      const bool library = std::find(known.begin(), known.end(), "std." + name) != known.end();
      const std::string guess = library ? "std." + name : did_you_mean(name, known);
      if (!guess.empty()) {
        d.suggest(fmt::format("did you mean `{}`?", guess), {{decl.module.span, guess}});
      } else {
        d.note("modules are found in the project's policy folders, then in the standard library");
      }
      continue;
    }
    note_use(decl.module.span, target->file.module ? target->file.module->span : Span{});
    if (decl.alias) note_declared(DeclaredName::Kind::import, decl.alias->text, decl.alias->span, module);
    const auto [it, fresh] = module.imports.emplace(word.text, Import{&decl, target});
    if (!fresh) {
      report(Code::E0210, decl.span,
             fmt::format("`{}` already stands for module `{}`", word.text, it->second.module->name))
          .also(it->second.decl->span, "imported here")
          .note(fmt::format("give one of them another word: `import {} as ...;`", name));
    }
  }
}

void Analysis::check_import_cycles() {
  enum class Color : std::uint8_t { white, grey, black };
  std::unordered_map<const Module*, Color> color;
  struct Step {
    Module* module;
    std::map<std::string, Import>::iterator next;
  };
  for (const auto& start : modules_) {
    if (color[start.get()] != Color::white) continue;
    std::vector<Step> path{{start.get(), start->imports.begin()}};
    color[start.get()] = Color::grey;
    while (!path.empty()) {
      Step& top = path.back();
      if (top.next == top.module->imports.end()) {
        color[top.module] = Color::black;
        path.pop_back();
        continue;
      }
      const Import& import = (top.next++)->second;
      if (color[import.module] == Color::grey) {
        std::string chain;
        bool inside = false;
        for (const Step& s : path) {
          inside = inside || s.module == import.module;
          if (inside) chain += s.module->name + " -> ";
        }
        report(Code::E0205, import.decl->span, fmt::format("imports go in a circle: {}{}", chain, import.module->name));
      } else if (color[import.module] == Color::white) {
        color[import.module] = Color::grey;
        path.push_back({import.module, import.module->imports.begin()});
      }
    }
  }
}

void Analysis::report_unused_imports() {
  // After errors a name may be missing for another reason.
  if (diagnostics_.has_errors()) return;
  for (const auto& module : modules_) {
    if (!module->root) continue;
    for (const auto& [word, import] : module->imports) {
      if (import.used) continue;
      report(Code::E0204, import.decl->span, fmt::format("import `{}` is not used", word))
          .suggest("remove it", {removal(sources_.file(import.decl->span.file), import.decl->span)}, true);
    }
  }
}

}  // namespace macc::sema
