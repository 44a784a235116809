#include "compiler/syntax/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/base/diagnostic.h"

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;

constexpr std::array statement_starts = {T::ALLOW,    T::DENY,  T::NEVER,  T::AUDIT, T::EXEC,     T::IF,
                                         T::INCLUDE,  T::ENTRY, T::MODE,   T::LEVEL, T::REPLACES, T::RAW,
                                         T::RESOURCE, T::LET,   T::PUBLIC, T::AT};
constexpr std::array declaration_starts = {T::MODULE, T::IMPORT,      T::EXTEND,  T::EXTERNAL,
                                           T::DOMAIN, T::ABSTRACTION, T::BOOLEAN, T::TEST};
constexpr std::array both_starts = {T::PUBLIC, T::RESOURCE, T::LET, T::NEVER};
constexpr std::array phrase_starts = {T::EXEC,     T::LISTEN,  T::CONNECT, T::SOCKET, T::USE,    T::SIGNAL,
                                      T::INSPECT,  T::TRACE,   T::IPC,     T::BECOME, T::MEMORY, T::CAPABILITY,
                                      T::MOUNT,    T::UNMOUNT, T::PIVOT,   T::USERNS, T::BPF,    T::PERF,
                                      T::IO_URING, T::MQUEUE,  T::KEYRING, T::DBUS};
constexpr std::array texts = {
    T::TEXT, T::RAW_TEXT, T::UNTERMINATED_TEXT, T::SINGLE_QUOTED_TEXT, T::CURLY_QUOTED_TEXT, T::BARE_PATH};

template <typename Set, typename Value>
bool is_in(const Set& set, Value value) {
  return std::any_of(set.begin(), set.end(), [value](auto item) { return static_cast<Value>(item) == value; });
}

template <typename Set>
void add_spellings(const Set& set, std::vector<std::string>& words) {
  for (const auto type : set) {
    if (type != T::AT) words.push_back(spelling(type));
  }
}

/// The rule that `context` stands in, or none.
std::size_t rule(const antlr4::tree::ParseTree* context) {
  const auto* parent = dynamic_cast<const antlr4::ParserRuleContext*>(context);
  return parent == nullptr ? static_cast<std::size_t>(-1) : parent->getRuleIndex();
}

constexpr std::string_view an_object = "a path such as `\"/etc/x\"` or the name of a resource";

/// What a name stands for, by the rule that asks for one.
std::string_view name_in(const antlr4::tree::ParseTree* context) {
  const std::size_t parent = rule(context);
  // Behind `:` or `=` it is not what the construct is called.
  const bool second = context != nullptr && context->children.size() > 2;
  switch (parent) {
    case Grammar::RuleDomainDecl:
      return "the name of the domain";
    case Grammar::RuleAbstractionDecl:
      return "the name of the abstraction";
    case Grammar::RuleResourceDecl:
      return second ? "a kind such as `config`" : "the name of the resource";
    case Grammar::RuleExternalDecl:
      return second ? "a name" : "`resource`, `domain` or `ports`";
    case Grammar::RuleLetDecl:
      return "the name of the value";
    case Grammar::RuleBooleanDecl:
      return second ? "`true` or `false`" : "the name of the boolean";
    case Grammar::RuleParameter:
      return "the name of a parameter";
    case Grammar::RuleReplacesItem:
    case Grammar::RuleRawStatement:
      return "the name of a backend such as `selinux`";
    case Grammar::RuleNetworkPhrase:
      return "a protocol such as `tcp` or `unix`";
    default:
      return "a name";
  }
}

std::string_view qualified_name_in(std::size_t parent) {
  switch (parent) {
    case Grammar::RuleModuleClause:
    case Grammar::RuleImportClause:
      return "the name of a module such as `std.tls`";
    case Grammar::RuleExpectation:
    case Grammar::RuleExtendDecl:
    case Grammar::RuleExecTail:
    case Grammar::RuleUsePhrase:
      return "the name of a domain";
    case Grammar::RuleIncludeStatement:
      return "the name of an abstraction";
    case Grammar::RuleEntryStatement:
      return "`init`, `user`, `unit` or the name of an external domain";
    default:
      return "a name";
  }
}

std::string_view word_in(std::size_t parent) {
  switch (parent) {
    case Grammar::RuleSignalPhrase:
      return "the name of a signal such as `term`, or `any`";
    case Grammar::RuleCapabilityPhrase:
      return "the name of a capability such as `net_bind_service`";
    case Grammar::RuleMemoryPhrase:
      return "`execute`";
    case Grammar::RuleUsernsPhrase:
      return "`create`";
    case Grammar::RuleDbusPhrase:
      return "`own`, `talk`, `system` or `session`";
    case Grammar::RuleModeStatement:
      return "`enforce` or `complain`";
    case Grammar::RuleSocketPhrase:
      return "a family of sockets such as `netlink.route`";
    case Grammar::RuleMountOptions:
      return "a mount option such as `ro`";
    case Grammar::RuleParameter:
      return "the type of the parameter: `domain`, `resource`, `path`, `ports` or `text`";
    default:
      return "a word";
  }
}

std::string_view by_rule(const antlr4::ParserRuleContext& context) {
  const std::size_t parent = rule(context.parent);
  switch (context.getRuleIndex()) {
    case Grammar::RuleObjects:
    case Grammar::RuleObject:
      return parent == Grammar::RuleNetworkItem ? "a port, a socket's path or the name of a resource" : an_object;
    case Grammar::RuleExceptClause:
      return "a path, a name or a list in braces";
    case Grammar::RuleNetworkItem:
      return "a port, a range of ports, `any`, a socket's path or a name";
    case Grammar::RulePhrase:
      return "a verb such as `read` or `exec`";
    case Grammar::RuleVerb:
      return "a verb such as `read`";
    case Grammar::RulePeer:
      return "the name of a domain, `self` or `any`";
    case Grammar::RuleText:
      return "a text between double quotes";
    case Grammar::RuleNegation:
      return "the name of a boolean, `not` or `(`";
    case Grammar::RuleValue:
    case Grammar::RuleValueItem:
      return "a text, a number, a name or a list in braces";
    case Grammar::RuleArgument:
      return "an argument: a text, a number, a name or a list in braces";
    case Grammar::RuleName:
      return name_in(context.parent);
    case Grammar::RuleQualifiedName:
      return qualified_name_in(parent);
    case Grammar::RuleTypeWord:
      return word_in(parent == Grammar::RuleWord || parent == Grammar::RuleCompoundWord ? rule(context.parent->parent)
                                                                                        : parent);
    case Grammar::RuleWord:
    case Grammar::RuleCompoundWord:
      return word_in(parent);
    case Grammar::RuleSignalPhrase:
      return "the name of a signal such as `term`, or `any`";
    case Grammar::RuleRuleStatement:
      return "`allow` or `deny`";
    case Grammar::RuleExpectation:
      return "`allow` or `deny`";
    case Grammar::RuleExternalDecl:
      return "`resource`, `domain` or `ports`";
    case Grammar::RuleExtendDecl:
      return "`domain` or `resource`";
    case Grammar::RuleRawStatement:
      return "a text between triple quotes";
    case Grammar::RuleLetDecl:
    case Grammar::RuleBooleanDecl:
      return "`=`";
    case Grammar::RulePortRange:
      return "the last port of the range";
    case Grammar::RuleDeclaration:
    case Grammar::RuleTopLevel:
      return "a declaration such as `domain` or `resource`";
    case Grammar::RuleStatement:
    case Grammar::RuleStatementBody:
      return "a statement such as `allow`";
    default:
      return {};
  }
}

}  // namespace

std::string spelling(std::size_t token_type) {
  static const auto names = [] {
    antlr4::ANTLRInputStream nothing;
    gen::MaccLexer lexer(&nothing);
    return lexer.getVocabulary();
  }();
  const std::string quoted = names.getLiteralName(token_type);
  return quoted.size() < 2 ? std::string() : quoted.substr(1, quoted.size() - 2);
}

bool is_reserved(std::size_t t) { return t >= T::MODULE && t <= T::IN && t != T::SOCKET; }
bool is_text(std::size_t t) { return is_in(texts, t); }
bool starts_statement(std::size_t t) { return is_in(statement_starts, t); }
bool starts_declaration_only(std::size_t t) { return is_in(declaration_starts, t); }
bool is_file_verb(std::string_view word) {
  static constexpr std::array<std::string_view, 16> verbs = {"read",   "list",   "write",  "append", "create",  "mknod",
                                                             "delete", "rename", "link",   "lock",   "setattr", "load",
                                                             "watch",  "ioctl",  "change", "manage"};
  return is_in(verbs, word);
}
bool starts_phrase(std::size_t t) { return is_in(phrase_starts, t); }

const std::vector<std::string>& statement_words() {
  static const auto words = [] {
    std::vector<std::string> list;
    add_spellings(statement_starts, list);
    return list;
  }();
  return words;
}

const std::vector<std::string>& declaration_words() {
  static const auto words = [] {
    std::vector<std::string> list;
    add_spellings(declaration_starts, list);
    add_spellings(both_starts, list);
    return list;
  }();
  return words;
}

const std::vector<std::string>& phrase_words() {
  static const auto words = [] {
    std::vector<std::string> list;
    add_spellings(phrase_starts, list);
    return list;
  }();
  return words;
}

std::string found(std::size_t token_type, std::string_view text) {
  if (token_type == antlr4::Token::EOF) return "the end of the file";
  const std::string shown = printable(text, 40);
  if (token_type == T::RAW_TEXT) return "a raw text";
  if (is_text(token_type)) return fmt::format("the text `{}`", shown);
  if (token_type == T::INT) return fmt::format("the number `{}`", shown);
  return fmt::format("`{}`", shown);
}

std::string expected(const antlr4::ParserRuleContext& context, std::size_t wanted) {
  if (wanted == T::INT) return "a number";
  const std::string literal = wanted == 0 ? std::string() : spelling(wanted);
  if (!literal.empty()) return fmt::format("`{}`", literal);
  return std::string(by_rule(context));
}

}  // namespace macc::syntax
