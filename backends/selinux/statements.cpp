#include "backends/selinux/statements.h"

#include <fmt/format.h>

#include <unordered_map>

#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/names.h"

namespace macc::backends::selinux {
namespace {

constexpr std::size_t kShown = 300;

class ModuleCheck {
 public:
  ModuleCheck(const Module& module, const Artifact& artifact, Diagnostics& diagnostics)
      : module_(module), artifact_(artifact), diagnostics_(diagnostics) {}

  bool run() {
    for_each_statement(module_, [this](const cil::Node& node, Span span) { expect(node.text(), span); });
    for (const RawLines& raw : module_.raw)
      for_each_statement(raw.text,
                         [&, place = raw.span](CilExpression& statement) { expect(to_text(statement), place); });
    for_each_statement(artifact_.content, [this](CilExpression& statement) { take(statement); });
    for (const auto& [text, wanted] : wanted_)
      if (wanted.count > 0) missing_.emplace(text, wanted.span);
    for (const auto& [text, span] : missing_) {
      diagnostics_.report(Code::E1053, span,
                          fmt::format("`{}` lacks the statement `{}`, which this asks for", printable(artifact_.path),
                                      printable(text, kShown)));
    }
    return good_ && missing_.empty();
  }

 private:
  struct Wanted {
    int count = 0;
    Span span;
  };

  void expect(std::string text, Span span) {
    Wanted& wanted = wanted_[std::move(text)];
    ++wanted.count;
    if (!wanted.span.valid()) wanted.span = span;
  }

  void take(const CilExpression& statement) {
    const std::string text = to_text(statement);
    const auto found = wanted_.find(text);
    if (found != wanted_.end() && found->second.count > 0) {
      --found->second.count;
      return;
    }
    good_ = false;
    diagnostics_.report(Code::E1053, {},
                        fmt::format("`{}` line {} has the statement `{}`, and nothing in the source asks for it",
                                    printable(artifact_.path), statement.line, printable(text, kShown)));
  }

  const Module& module_;
  const Artifact& artifact_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string, Wanted> wanted_;
  std::map<std::string, Span> missing_;  // sorted
  bool good_ = true;
};

}  // namespace

bool check_statements(const std::vector<Artifact>& artifacts, const Planned& plan, Diagnostics& diagnostics) {
  std::map<std::string, const Module*> modules;
  for (const auto& [name, module] : plan.modules) modules.emplace(module_file(name) + ".cil", &module);
  bool good = true;
  for (const Artifact& artifact : artifacts) {
    if (!artifact.path.ends_with(".cil")) continue;
    const auto found = modules.find(artifact.path);
    if (found == modules.end()) {
      diagnostics.report(Code::E1053, {}, fmt::format("nothing in the source asks for `{}`", printable(artifact.path)));
      good = false;
      continue;
    }
    good = ModuleCheck(*found->second, artifact, diagnostics).run() && good;
    modules.erase(found);
  }
  return good;
}

}  // namespace macc::backends::selinux
