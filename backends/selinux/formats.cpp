#include "backends/selinux/formats.h"

#include "backends/selinux/base_choice.h"
#include "backends/selinux/checkmodule.h"
#include "backends/selinux/interfaces.h"
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
  Files(Context& context, const Module& module, const std::string& name, const std::string& what)
      : context_(context), module_(module), name_(name), what_(what), base_(chosen_base(context.input).base) {
    if (!base_) base_ = Base::skeleton();
  }

  std::vector<Artifact> cil() {
    add(name_ + ".cil", to_cil(module_, context_.input.sources, header()), what_);
    if (!module_.file_contexts.empty())
      add(name_ + ".fc", to_file_contexts(module_), "file contexts of " + module_.name + ", for review");
    return std::move(list_);
  }

  std::vector<Artifact> te(Planned& planned) {
    if (!can_be_said(Dialect::macros)) return {};
    add(name_ + ".te", text(Dialect::macros).text, what_);
    add(name_ + ".fc", module_.file_contexts.empty() ? std::string(kNoContexts) : to_fc(module_, Dialect::macros),
        "file contexts of " + module_.name);
    add(name_ + ".if", to_if(interfaces_of(context_, module_.name), what_, is_attribute()),
        "interfaces of " + module_.name);
    ModuleText plain = text(Dialect::plain);
    add(std::string(kPlainFolder) + name_ + ".te", plain.text, what_ + ", without macros");
    if (!module_.file_contexts.empty())
      add(std::string(kPlainFolder) + name_ + ".fc", to_fc(module_, Dialect::plain),
          "file contexts of " + module_.name + ", without macros");
    planned.texts[name_] = std::move(plain);
    return std::move(list_);
  }

  std::vector<Artifact> pp() {
    if (!can_be_said(Dialect::plain)) return {};
    const ModuleText plain = text(Dialect::plain);
    const std::string contexts = to_fc(module_, Dialect::plain);
    std::string trouble;
    std::string package = package_of(name_, plain, contexts, trouble, context_.diagnostics);
    if (!trouble.empty())
      context_.diagnostics.report(Code::E1042, {}, "the module `" + name_ + "` cannot be compiled: " + trouble)
          .note("module packages need it; `format = \"cil\"` does without");
    add(name_ + ".pp", std::move(package), what_);
    add(name_ + ".te", plain.text, what_ + ", the source of the package");
    if (!contexts.empty()) add(name_ + ".fc", contexts, "file contexts of " + module_.name);
    return std::move(list_);
  }

 private:
  bool can_be_said(Dialect dialect) {
    const std::size_t before = context_.diagnostics.error_count();
    check_module_language(module_, dialect, context_.diagnostics);
    return context_.diagnostics.error_count() == before;
  }

  [[nodiscard]] std::string header() const { return "SELinux " + what_ + ", written by macc"; }

  [[nodiscard]] ModuleText text(Dialect dialect) const {
    return to_te(module_, name_, header(), dialect, is_attribute(), context_.input.sources);
  }

  [[nodiscard]] IsAttribute is_attribute() const {
    return [base = base_](std::string_view name) { return base->has_attribute(name); };
  }

  void add(std::string path, std::string content, std::string what) {
    list_.push_back({std::move(path), std::move(content), std::move(what)});
  }

  Context& context_;
  const Module& module_;
  const std::string& name_;
  const std::string& what_;
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
                                   const std::string& what, Planned& planned) {
  Files files(context, module, name, what);
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
