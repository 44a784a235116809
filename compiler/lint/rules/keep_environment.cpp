#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// Removes the two words from the statement.
std::vector<Edit> without_words(const Context& context, const Grant& grant) {
  constexpr std::string_view kWords = " keep environment";
  const auto statement = context.statement(grant.where());
  if (!statement || !grant.rule->where.includes.empty()) return {};
  const std::size_t at = context.sources().text(*statement).find(kWords);
  if (at == std::string_view::npos) return {};
  const auto begin = static_cast<std::uint32_t>(statement->begin + at);
  return {{{statement->file, begin, begin + static_cast<std::uint32_t>(kWords.size())}, ""}};
}

}  // namespace

void keep_environment(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      const auto* exec = grant.exec ? std::get_if<ir::ExecAccess>(&grant.rule->access) : nullptr;
      if (exec == nullptr || !exec->keep_environment || exec->mode == ir::ExecAccess::Mode::inside) continue;
      const auto reached = subject.reach->reached({&grant, ir::Verb::load, true});
      if (!reached) continue;
      context
          .report(Code::L0309, subject.id, grant.where(),
                  fmt::format("`{}` decides the environment of `{}`{}", subject.domain->name,
                              printable(reached->example), context.when(reached->values)))
          .note("LD_PRELOAD and LD_LIBRARY_PATH make the other program load what the caller likes")
          .note("leave out `keep environment`, and pass what is needed as arguments")
          .about("environment of " + ir::describe(context.policy(), *grant.paths))
          .fix("clean the environment", without_words(context, grant));
    }
  }
}

}  // namespace macc::lint::rules
