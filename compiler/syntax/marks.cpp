#include "compiler/syntax/marks.h"

#include <array>

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;
using G = Grammar;
using antlr4::ParserRuleContext;
using antlr4::Token;
using antlr4::tree::TerminalNode;

/// The `nth` child of a rule that is `child` (a rule, or a token) can stand in a column.
struct Column {
  std::size_t rule;
  bool is_rule;
  std::size_t child;
  std::size_t nth;
  Slot slot;
};

constexpr bool token = false;
constexpr bool rule = true;

constexpr std::array columns = {
    Column{G::RuleImportClause, token, T::AS, 0, Slot::tail},
    Column{G::RuleLetDecl, token, T::EQUALS, 0, Slot::sign},
    Column{G::RuleLetDecl, rule, G::RuleValue, 0, Slot::value},
    Column{G::RuleBooleanDecl, token, T::EQUALS, 0, Slot::sign},
    Column{G::RuleBooleanDecl, rule, G::RuleName, 1, Slot::value},
    Column{G::RuleResourceDecl, token, T::RESOURCE, 0, Slot::keyword},
    Column{G::RuleResourceDecl, rule, G::RuleName, 0, Slot::name},
    Column{G::RuleResourceDecl, token, T::COLON, 0, Slot::sign},
    Column{G::RuleResourceDecl, rule, G::RuleName, 1, Slot::value},
    Column{G::RuleResourceDecl, token, T::IN, 0, Slot::inside},
    Column{G::RuleResourceDecl, rule, G::RuleName, 2, Slot::labelling},
    Column{G::RuleResourceDecl, token, T::LEVEL, 0, Slot::level},
    Column{G::RuleResourceDecl, rule, G::RuleBraceList, 0, Slot::body},
    Column{G::RuleExternalDecl, token, T::COLON, 0, Slot::sign},
    Column{G::RuleExternalDecl, rule, G::RuleExternalBody, 0, Slot::body},
    Column{G::RuleExternalLine, rule, G::RuleExternalItem, 1, Slot::value},
    Column{G::RuleExternalLine, rule, G::RuleExternalItem, 2, Slot::objects},
    Column{G::RuleRuleStatement, rule, G::RulePhrase, 0, Slot::phrase},
    Column{G::RuleNeverDecl, rule, G::RulePhrase, 0, Slot::phrase},
    Column{G::RuleEntryStatement, rule, G::RuleObjects, 0, Slot::objects},
    Column{G::RuleEntryStatement, token, T::FROM, 0, Slot::tail},
    Column{G::RuleExpectation, token, T::ALLOW, 0, Slot::decision},
    Column{G::RuleExpectation, token, T::DENY, 0, Slot::decision},
    Column{G::RuleExpectation, rule, G::RuleQualifiedName, 0, Slot::subject},
    Column{G::RuleExpectation, rule, G::RulePhrase, 0, Slot::phrase},
    Column{G::RuleExpectation, token, T::WHEN, 0, Slot::condition},
    Column{G::RuleFilesPhrase, rule, G::RuleObjects, 0, Slot::objects},
    Column{G::RuleFilesPhrase, token, T::OWNER, 0, Slot::tail},
    Column{G::RuleExecPhrase, rule, G::RuleObjects, 0, Slot::objects},
    Column{G::RuleExecPhrase, rule, G::RuleExecTail, 0, Slot::tail},
    Column{G::RuleNetworkPhrase, rule, G::RuleName, 0, Slot::protocol},
    Column{G::RuleNetworkPhrase, rule, G::RuleNetworkItem, 0, Slot::objects},
    Column{G::RuleSocketPhrase, rule, G::RuleCompoundWord, 0, Slot::objects},
    Column{G::RuleSocketPhrase, rule, G::RuleWord, 0, Slot::tail},
    Column{G::RuleUsePhrase, rule, G::RuleObjects, 0, Slot::objects},
    Column{G::RuleUsePhrase, token, T::FROM, 0, Slot::tail},
    Column{G::RuleSignalPhrase, token, T::ANY, 0, Slot::objects},
    Column{G::RuleSignalPhrase, rule, G::RuleWord, 0, Slot::objects},
    Column{G::RuleSignalPhrase, token, T::TO, 0, Slot::tail},
    Column{G::RuleProcessPhrase, rule, G::RulePeer, 0, Slot::objects},
    Column{G::RuleMemoryPhrase, rule, G::RuleWord, 0, Slot::objects},
    Column{G::RuleCapabilityPhrase, rule, G::RuleWord, 0, Slot::objects},
    Column{G::RuleCapabilityPhrase, token, T::IN, 0, Slot::tail},
    Column{G::RuleMountPhrase, rule, G::RuleCompoundWord, 0, Slot::protocol},
    Column{G::RuleMountPhrase, token, T::FROM, 0, Slot::objects},
    Column{G::RuleMountPhrase, token, T::ON, 0, Slot::tail},
    Column{G::RulePathsPhrase, rule, G::RuleObjects, 0, Slot::objects},
    Column{G::RuleUsernsPhrase, rule, G::RuleWord, 0, Slot::objects},
    Column{G::RuleDbusPhrase, rule, G::RuleWord, 0, Slot::protocol},
    Column{G::RuleDbusPhrase, rule, G::RuleText, 0, Slot::objects},
    Column{G::RuleDbusPhrase, token, T::ON, 0, Slot::tail},
};

/// The rows of one rule stand together.
std::pair<const Column*, const Column*> columns_of_rule(std::size_t of) {
  const auto* first =
      std::find_if(columns.begin(), columns.end(), [of](const Column& column) { return column.rule == of; });
  const auto* last = std::find_if(first, columns.end(), [of](const Column& column) { return column.rule != of; });
  return {first, last};
}

class Marker {
 public:
  explicit Marker(const Items& items) : items_(items) { out_.of_item.resize(items.list.size()); }

  Marks run(G::FileContext& tree) {
    for (G::TopLevelContext* top : tree.topLevel()) visit(top);
    mark_words();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::uint32_t item(const Token* of) const { return items_.of_token[of->getTokenIndex()]; }

  void visit(ParserRuleContext* context) {
    const std::uint32_t outer = current_;
    enter(context);
    add_cells(context);
    for (antlr4::tree::ParseTree* child : context->children) {
      if (auto* inner = dynamic_cast<ParserRuleContext*>(child)) visit(inner);
    }
    current_ = outer;
  }

  void enter(ParserRuleContext* context) {
    switch (context->getRuleIndex()) {
      case G::RuleAnnotation:
        begin_statement(context);
        no_space(dynamic_cast<G::AnnotationContext*>(context)->LPAREN());
        break;
      case G::RuleVersionClause:
      case G::RuleModuleClause:
      case G::RuleImportClause:
      case G::RuleDeclaration:
      case G::RuleStatementBody:
      case G::RuleExternalLine:
      case G::RuleExpectation:
        begin_statement(context);
        break;
      case G::RuleBlock:
      case G::RuleTestBody:
      case G::RuleExternalBody:
        block(context);
        break;
      case G::RuleBraceList:
        list(context);
        break;
      case G::RuleParameter:
        no_space(dynamic_cast<G::ParameterContext*>(context)->COLON());
        break;
      case G::RuleAbstractionDecl:
        no_space(dynamic_cast<G::AbstractionDeclContext*>(context)->LPAREN());
        break;
      case G::RuleIncludeStatement:
        no_space(dynamic_cast<G::IncludeStatementContext*>(context)->LPAREN());
        break;
      case G::RuleObjects:
        out_.of_item[item(context->start)].may_break = true;
        break;
      default:
        break;
    }
  }

  void begin_statement(const ParserRuleContext* context) {
    current_ = static_cast<std::uint32_t>(out_.statements.size());
    Statement& next = out_.statements.emplace_back();
    next.first = item(context->start);
    next.last = item(context->stop);
    next.may_share_line = context->getRuleIndex() == G::RuleExternalLine;
    out_.of_item[next.first].begins = current_;
    out_.of_item[next.last].ends = true;
  }

  void block(const ParserRuleContext* context) {
    std::uint32_t& first = out_.statements[current_].first_block;
    if (first == kNoIndex) first = item(context->start);
    add_group(context, {.block = true});
  }

  void list(const ParserRuleContext* context) {
    const auto* parent = dynamic_cast<const ParserRuleContext*>(context->parent);
    const std::size_t of = parent == nullptr ? 0 : parent->getRuleIndex();
    add_group(context, {.part = of != G::RuleResourceDecl && of != G::RuleExtendDecl && of != G::RuleValue});
  }

  void add_group(const ParserRuleContext* context, Group group) {
    group.open = item(context->start);
    group.close = item(context->stop);
    group.statement = current_;
    out_.of_item[group.open].opens = static_cast<std::uint32_t>(out_.groups.size());
    out_.of_item[group.close].closes = true;
    out_.groups.push_back(group);
  }

  void no_space(TerminalNode* node) {
    if (node != nullptr) out_.of_item[item(node->getSymbol())].no_space = true;
  }

  void add_cells(ParserRuleContext* context) {
    const std::size_t of = context->getRuleIndex();
    const auto [first, last] = columns_of_rule(of);
    if (first == last) return;
    Statement& statement = out_.statements[current_];
    // The rules of a statement's parts stand below its own.
    const bool is_part = statement.sort != 0;
    if (!is_part) statement.sort = sort_of(context);
    std::array<std::size_t, columns.size()> seen{};
    for (antlr4::tree::ParseTree* child : context->children) {
      for (const Column* column = first; column != last; ++column) {
        const Token* found = is(child, *column);
        if (found == nullptr || seen.at(static_cast<std::size_t>(column - first))++ != column->nth) continue;
        statement.cells.push_back({column->slot, is_part ? static_cast<std::uint32_t>(of) : 0, item(found)});
      }
    }
  }

  /// What is recorded is set apart from what is not: there the words before the verbs are longer.
  static std::uint32_t sort_of(ParserRuleContext* context) {
    const std::uint32_t audit = context->start->getType() == T::AUDIT ? 1 : 0;
    return static_cast<std::uint32_t>(context->getRuleIndex()) * 2 + audit;
  }

  /// The first token of a child, if it is the one that a column is about.
  static const Token* is(antlr4::tree::ParseTree* child, const Column& column) {
    if (auto* inner = dynamic_cast<ParserRuleContext*>(child)) {
      return column.is_rule && inner->getRuleIndex() == column.child ? inner->start : nullptr;
    }
    auto* leaf = dynamic_cast<TerminalNode*>(child);
    const bool same = leaf != nullptr && !column.is_rule && leaf->getSymbol()->getType() == column.child;
    return same ? leaf->getSymbol() : nullptr;
  }

  /// Lines may begin behind commas and with the words between the parts of a phrase.
  void mark_words() {
    for (std::size_t i = 1; i < items_.list.size(); ++i) {
      switch (items_.list[i].type) {
        case T::EXCEPT:
        case T::FROM:
        case T::TO:
        case T::ON:
        case T::WHEN:
        case T::AND:
        case T::OR:
          out_.of_item[i].may_break = true;
          break;
        default:
          if (items_.list[i - 1].type == T::COMMA) out_.of_item[i].may_break = true;
      }
    }
  }

  const Items& items_;
  Marks out_;
  std::uint32_t current_ = 0;  // the statement that is being visited
};

}  // namespace

Marks marks_of(Grammar::FileContext& tree, const Items& items) { return Marker(items).run(tree); }

}  // namespace macc::syntax
