#include "backends/selinux/formats.h"

#include <functional>
#include <optional>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/checkmodule.h"
#include "backends/selinux/interfaces.h"
#include "backends/selinux/line_origins.h"
#include "backends/selinux/link/package.h"

namespace macc::backends::selinux {
namespace {

/// Where the te format keeps what checkmodule reads.
constexpr std::string_view kPlainFolder = "checkmodule/";
constexpr std::string_view kNoContexts = "# This module labels no files.\n";

void report_refusal(const CompiledModule& compiled, const std::string& name, Diagnostics& diagnostics) {
  Diagnostic& diagnostic =
      diagnostics.report(Code::E1043, compiled.span, "checkmodule refuses the module `" + name + "`");
  for (const std::string& message : compiled.messages) diagnostic.note(message);
}

/// The package of a text, or nothing after a report; `trouble` when checkmodule cannot be run.
std::string package_of(const std::string& name, const ModuleText& text, const std::string& file_contexts,
                       std::string& trouble, Diagnostics& diagnostics) {
  const CompiledModule compiled = compile_module(name, text);
  trouble = compiled.trouble;
  if (!trouble.empty()) return "";
  if (compiled.bytes.empty()) {
    report_refusal(compiled, name, diagnostics);
    return "";
  }
  const PackageResult package = make_package(compiled.bytes, file_contexts);
  if (!package.reason.empty()) diagnostics.report(Code::E1043, {}, "the module `" + name + "`: " + package.reason);
  return package.bytes;
}

/// The files of one module.
class Files {
 public:
  Files(Context& context, const Module& module, const std::string& name, const std::string& what,
        const WrittenIndex* written)
      : context_(context),
        module_(module),
        name_(name),
        what_(what),
        written_(written),
        base_(chosen_base(context.input).base) {
    if (!base_) base_ = Base::skeleton();
  }

  std::vector<Artifact> cil() {
    add(name_ + ".cil", what_,
        [&](LineOrigins* lines) { return to_cil(module_, context_.input.sources, header(), lines); });
    if (!module_.file_contexts.empty()) contexts(name_ + ".fc", "for review", Dialect::plain);
    return std::move(list_);
  }

  std::vector<Artifact> te(Planned& planned) {
    if (!can_be_said(Dialect::macros)) return {};
    const std::string folder(kPlainFolder);
    (void)source(name_ + ".te", what_, Dialect::macros);
    contexts(name_ + ".fc", "", Dialect::macros);
    add(name_ + ".if", "interfaces of " + module_.name,
        [&](LineOrigins* lines) { return to_if(interfaces_of(context_, module_.name), what_, is_attribute(), lines); });
    planned.texts[name_] = source(folder + name_ + ".te", what_ + ", without macros", Dialect::plain);
    if (!module_.file_contexts.empty()) contexts(folder + name_ + ".fc", "without macros", Dialect::plain);
    return std::move(list_);
  }

  std::vector<Artifact> pp() {
    if (!can_be_said(Dialect::plain)) return {};
    const ModuleText plain = source(name_ + ".te", what_ + ", the source of the package", Dialect::plain);
    std::string trouble;
    std::string package = package_of(name_, plain, to_fc(module_, Dialect::plain), trouble, context_.diagnostics);
    if (!trouble.empty())
      context_.diagnostics.report(Code::E1042, {}, "the module `" + name_ + "` cannot be compiled: " + trouble)
          .note("module packages need it; `format = \"cil\"` does without");
    list_.push_back({name_ + ".pp", std::move(package), what_});
    if (!module_.file_contexts.empty()) contexts(name_ + ".fc", "", Dialect::plain);
    return std::move(list_);
  }

 private:
  bool can_be_said(Dialect dialect) {
    const std::size_t before = context_.diagnostics.error_count();
    check_module_language(module_, dialect, context_.diagnostics);
    return context_.diagnostics.error_count() == before;
  }

  [[nodiscard]] std::string header() const { return "SELinux " + what_ + ", written by macc"; }

  ModuleText source(std::string path, std::string what, Dialect dialect) {
    ModuleText text;
    add(std::move(path), std::move(what), [&](LineOrigins* lines) {
      text = to_te(module_, name_, header(), dialect, is_attribute(), context_.input.sources, lines);
      return text.text;
    });
    return text;
  }

  /// `note` says what for, or how; it may be empty.
  void contexts(std::string path, const std::string& note, Dialect dialect) {
    add(std::move(path), "file contexts of " + module_.name + (note.empty() ? "" : ", " + note),
        [&](LineOrigins* lines) {
          if (lines != nullptr) note_contexts(*lines);
          return module_.file_contexts.empty() ? std::string(kNoContexts) : to_fc(module_, dialect);
        });
  }

  /// They have a line each.
  void note_contexts(LineOrigins& lines) const {
    const Causes causes(module_, true);
    std::uint32_t line = 0;
    for (const FileContext& context : module_.file_contexts) {
      ++line;
      lines.add(line, line, causes.of(context));
    }
    if (line == 0) lines.add(1, 1, Cause::in_words(always::kNoContexts));
  }

  [[nodiscard]] IsAttribute is_attribute() const {
    return [base = base_](std::string_view name) { return base->has_attribute(name); };
  }

  /// `write` takes what collects the origins of its lines, or nullptr, and gives the content.
  void add(std::string path, std::string what, const std::function<std::string(LineOrigins*)>& write) {
    std::optional<LineOrigins> lines;
    if (written_ != nullptr) lines.emplace(*written_, module_.name);
    std::string content = write(lines ? &*lines : nullptr);
    list_.push_back({std::move(path), std::move(content), std::move(what)});
    if (lines) list_.back().origins = lines->take();
  }

  Context& context_;
  const Module& module_;
  const std::string& name_;
  const std::string& what_;
  const WrittenIndex* written_;
  std::shared_ptr<const Base> base_;
  std::vector<Artifact> list_;
};

const std::string* content_of(const Lowered& lowered, const std::string& path) {
  for (const Artifact& artifact : lowered.artifacts)
    if (artifact.path == path) return &artifact.content;
  return nullptr;
}

/// What stands in a package for the linker. Ports are no part of one; the administrator gives them their types.
void add_package(const std::string& name, const Module& module, const SourceManager& sources,
                 const std::string& package, Emitted& emitted) {
  PackageResult text = package_text(package);
  if (!text.reason.empty()) emitted.reason = text.reason;
  emitted.modules.push_back({name + ".pp", std::move(text.bytes)});
  if (module.ports.empty()) return;
  Module ports;
  ports.name = module.name;
  ports.levels = module.levels;
  ports.user = module.user;
  ports.object_role = module.object_role;
  ports.ports = module.ports;
  emitted.modules.push_back({name + ".semanage", to_cil(ports, sources, "")});
}

}  // namespace

Format format_of(const Target& target) {
  auto it = target.settings.find("format");
  if (it == target.settings.end() || it->second.empty() || it->second == "cil") return Format::cil;
  return it->second == "te" ? Format::te : Format::pp;
}

std::string installed_file(Format format, const std::string& name) {
  return name + (format == Format::cil ? ".cil" : ".pp");
}

std::vector<Artifact> module_files(Context& context, const Module& module, const std::string& name,
                                   const std::string& what, Planned& planned, const WrittenIndex* written) {
  Files files(context, module, name, what, written);
  switch (format_of(context.input.target)) {
    case Format::cil:
      return files.cil();
    case Format::te:
      return files.te(planned);
    case Format::pp:
      return files.pp();
  }
  return {};
}

Emitted emitted_modules(const Input& input, const Lowered& lowered, Diagnostics& diagnostics) {
  const auto& plan = dynamic_cast<const Planned&>(*lowered.plan);
  const Format format = format_of(input.target);
  Emitted emitted;
  for (const auto& [module_name, module] : plan.modules) {
    const std::string name = module_file(module_name);
    std::string package;
    if (format == Format::pp) {
      package = *content_of(lowered, name + ".pp");
    } else {
      const std::string* contexts = content_of(lowered, std::string(kPlainFolder) + name + ".fc");
      package = package_of(name, plan.texts.at(name), contexts == nullptr ? std::string() : *contexts, emitted.reason,
                           diagnostics);
    }
    if (package.empty()) return emitted;
    add_package(name, module, input.sources, package, emitted);
    if (!emitted.reason.empty()) return emitted;
  }
  return emitted;
}

}  // namespace macc::backends::selinux
