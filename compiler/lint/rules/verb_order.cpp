#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

namespace {

/// Groups come first, then verbs as the table lists them; words that are no verbs keep their place at the end.
std::size_t rank(const std::string& word) {
  if (word == "manage") return 0;
  if (word == "change") return 1;
  const auto verbs = ir::verbs_of(word);
  return verbs ? 2 + static_cast<std::size_t>(verbs->list().front()) : 2 + ir::kVerbCount;
}

void look(Context& context, const ast::FilesPhrase& phrase) {
  std::vector<ast::Name> sorted = phrase.verbs;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ast::Name& a, const ast::Name& b) { return rank(a.text) < rank(b.text); });
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i].text != phrase.verbs[i].text) edits.push_back({phrase.verbs[i].span, sorted[i].text});
  }
  if (edits.empty()) return;
  const Span place = cover(phrase.verbs.front().span, phrase.verbs.back().span);
  context.report(Code::L1001, ir::DomainId::none, place, "these verbs are not in the language's order")
      .note("one order everywhere makes rules easy to compare: read, list, write, append, create ...")
      .about(std::string(context.sources().text(place)))
      .fix("sort them", std::move(edits), true);
}

}  // namespace

void verb_order(Context& context) {
  for (const ast::File& file : parse_again(context)) {
    each_statement(file, [&](const ast::Statement& statement) {
      const auto* rule = std::get_if<ast::RuleStatement>(&statement.value);
      const auto* files = rule == nullptr ? nullptr : std::get_if<ast::FilesPhrase>(&rule->phrase.value);
      if (files != nullptr && !files->verbs.empty()) look(context, *files);
    });
  }
}

}  // namespace macc::lint::rules
