#include "compiler/sema/sema.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/sema/analysis.h"

namespace macc::sema {

ir::Policy Analysis::run(const std::vector<Root>& roots) {
  load(roots);
  check_import_cycles();
  declare_all();
  declare_children();
  expand_all();
  nest_resources();
  rules_all();
  module_rules();
  check_unused_abstractions();
  questions();
  fill_holes();
  drop_empty_rules();
  check_ways_into_children();
  part_exec_modes();
  exec_entries();
  check_exec_modes();
  connect_servers();
  check_entries();
  report_empty_blocks();
  report_unused_imports();
  expected_lints();
  unused_names();
  path_lists();
  if (options_.names != nullptr) complete_names();
  return std::move(policy_);
}

Diagnostic& Analysis::report(Code code, Span span, std::string message, const Scope* scope) {
  const bool about_values = code == Code::E0401 || code == Code::E0402 || code == Code::E0313 || code == Code::E0302 ||
                            code == Code::E0304 || code == Code::E0209 || code == Code::E0407;
  Diagnostics& sink = reread_ || (stand_ins_ && about_values) ? unheard_ : diagnostics_;
  Diagnostic& d = sink.report(code, span, std::move(message));
  if (scope != nullptr) {
    for (auto it = scope->includes.rbegin(); it != scope->includes.rend(); ++it) {
      d.note(fmt::format("through `include {}`", it->abstraction), it->at);
    }
  }
  return d;
}

DomainState* Analysis::state_of(ir::DomainId id) {
  const auto it = state_by_id_.find(static_cast<std::uint32_t>(id));
  return it == state_by_id_.end() ? nullptr : it->second;
}

ir::Policy analyze(const SourceManager& sources, const std::vector<Root>& roots, ModuleFinder& finder,
                   Diagnostics& diagnostics, const Options& options) {
  return Analysis(sources, finder, diagnostics, options).run(roots);
}

}  // namespace macc::sema
