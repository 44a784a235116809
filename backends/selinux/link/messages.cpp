#include "backends/selinux/link/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "backends/selinux/link/cil_reader.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kOwnSource = "own-";

/// A place as libsepol has it.
struct RawPlace {
  std::string source;
  std::uint32_t line = 0;
};

std::uint32_t leading_number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// "SOURCE:LINE..." when SOURCE is one that we named.
std::optional<RawPlace> place_at(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view source = text.substr(0, colon);
  if (source != kCoreSource && source != kRestSource && !source.starts_with(kOwnSource)) return std::nullopt;
  const std::uint32_t line = leading_number(text.substr(colon + 1));
  if (line == 0) return std::nullopt;
  return RawPlace{std::string(source), line};
}

/// The place of "... at SOURCE:LINE from ..." or "... at line LINE of SOURCE", and what stands before it.
std::optional<RawPlace> find_place(std::string_view line, std::string_view& before) {
  constexpr std::string_view kAt = " at ";
  for (std::size_t at = line.find(kAt); at != std::string_view::npos; at = line.find(kAt, at + 1)) {
    before = line.substr(0, at);
    std::string_view rest = line.substr(at + kAt.size());
    if (auto place = place_at(rest)) return place;
    if (!rest.starts_with("line ")) continue;
    const std::uint32_t number = leading_number(rest.substr(5));
    const std::size_t of = rest.find(" of ");
    if (number != 0 && of != std::string_view::npos) return RawPlace{std::string(rest.substr(of + 4)), number};
  }
  return std::nullopt;
}

std::string_view without_blanks(std::string_view line) {
  while (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

/// The text between the first two single quotes.
std::string quoted(std::string_view line) {
  const std::size_t begin = line.find('\'');
  const std::size_t end = begin == std::string_view::npos ? begin : line.find('\'', begin + 1);
  return end == std::string_view::npos ? std::string() : std::string(line.substr(begin + 1, end - begin - 1));
}

/// What follows `start`, when the line starts with it.
std::optional<std::string_view> after(std::string_view line, std::string_view start) {
  if (!line.starts_with(start)) return std::nullopt;
  return line.substr(start.size());
}

/// Knows the texts behind the places.
class Places {
 public:
  explicit Places(const LogContext& context) : context_(context) {}

  [[nodiscard]] LinkPlace resolve(const RawPlace& raw) {
    LinkPlace place{raw.source, raw.line, false};
    const bool in_base = raw.source == kCoreSource || raw.source == kRestSource;
    if (const CilModule* module = own(raw.source)) place.file = module->name;
    if (!marks(raw.source).find(raw.line, place) && in_base) place.file = "base";
    place.in_base = in_base;
    if (in_base) place.line = 0;
    place.file = printable(place.file);
    return place;
  }

  /// The innermost statement that begins on this line, or the one at the top that the line is in.
  [[nodiscard]] const CilExpression* statement(const RawPlace& raw) {
    const CilExpression* found = nullptr;
    for (const CilExpression& top : statements(raw.source)) {
      if (top.line <= raw.line) found = &top;
    }
    return found == nullptr ? nullptr : innermost(*found, raw.line);
  }

  /// Where our statements put something into an attribute.
  [[nodiscard]] std::vector<RawPlace> memberships(std::string_view attribute) {
    std::vector<RawPlace> found;
    for (std::size_t i = 0; i < context_.modules.size(); ++i) {
      const std::string source = source_name(i);
      for (const CilExpression& top : statements(source))
        if (top.head() == "typeattributeset" && top.symbol(1) == attribute) found.push_back({source, top.line});
    }
    return found;
  }

  /// Where one of our statements has this keyword.
  [[nodiscard]] std::optional<RawPlace> find_keyword(std::string_view keyword) {
    for (std::size_t i = 0; i < context_.modules.size(); ++i) {
      const std::string source = source_name(i);
      for (const CilExpression& top : statements(source)) {
        if (const CilExpression* found = with_keyword(top, keyword)) return RawPlace{source, found->line};
      }
    }
    return std::nullopt;
  }

 private:
  const CilModule* own(std::string_view source) const {
    if (!source.starts_with(kOwnSource)) return nullptr;
    const std::size_t index = leading_number(source.substr(kOwnSource.size()));
    return index < context_.modules.size() ? &context_.modules[index] : nullptr;
  }
  std::string_view text(std::string_view source) const {
    if (source == kCoreSource) return context_.core;
    if (source == kRestSource) return context_.rest;
    const CilModule* module = own(source);
    return module != nullptr ? std::string_view(module->text) : std::string_view();
  }
  const LineMarks& marks(const std::string& source) {
    return marks_.try_emplace(source, LineMarks(text(source))).first->second;
  }
  const std::vector<CilExpression>& statements(const std::string& source) {
    auto found = statements_.find(source);
    if (found != statements_.end()) return found->second;
    std::vector<CilExpression>& list = statements_[source];
    for_each_statement(text(source), [&](CilExpression& top) { list.push_back(std::move(top)); });
    return list;
  }
  static const CilExpression* innermost(const CilExpression& statement, std::uint32_t line) {
    if (statement.line == line) return &statement;
    for (const CilExpression& item : statement.items) {
      if (!item.is_list() || item.line > line) continue;
      const CilExpression* inner = innermost(item, line);
      if (inner->line == line) return inner;
    }
    return &statement;
  }
  static const CilExpression* with_keyword(const CilExpression& statement, std::string_view keyword) {
    if (statement.head() == keyword) return &statement;
    for (const CilExpression& item : statement.items) {
      if (const CilExpression* found = with_keyword(item, keyword)) return found;
    }
    return nullptr;
  }

  const LogContext& context_;
  std::map<std::string, LineMarks> marks_;
  std::map<std::string, std::vector<CilExpression>> statements_;
};

/// Words that a statement holds besides names.
bool is_keyword(std::string_view word) {
  static const std::set<std::string_view> words = {"self",       "all",        "and",
                                                   "or",         "not",        "xor",
                                                   "eq",         "neq",        "dom",
                                                   "domby",      "incomp",     "any",
                                                   "file",       "dir",        "char",
                                                   "block",      "socket",     "pipe",
                                                   "symlink",    "tcp",        "udp",
                                                   "dccp",       "sctp",       "true",
                                                   "false",      "range",      "ioctl",
                                                   "task",       "trans",      "xattr",
                                                   "subject",    "object",     "source",
                                                   "target",     "allow",      "dontaudit",
                                                   "auditallow", "neverallow", "typetransition",
                                                   "typechange", "typemember"};
  return words.contains(word);
}

/// Names in a statement that are declared neither in the base nor by us.
class UnknownNames {
 public:
  explicit UnknownNames(const LogContext& context) : inventory_(context.inventory) {
    for (const CilModule& module : context.modules) {
      for_each_statement(module.text, [this](CilExpression& top) { collect(top); });
    }
  }

  [[nodiscard]] std::vector<std::string> in(const CilExpression& statement) const {
    std::vector<std::string> names;
    for (std::size_t i = 1; i < statement.items.size(); ++i) search(statement.items[i], names);
    return names;
  }

 private:
  void collect(const CilExpression& statement) {
    constexpr std::array kDeclarations = {"type", "typeattribute", "typealias", "role",     "roleattribute", "boolean",
                                          "user", "class",         "common",    "category", "sensitivity"};
    const std::string_view head = statement.head();
    if (std::find(kDeclarations.begin(), kDeclarations.end(), head) != kDeclarations.end())
      own_.emplace(statement.symbol(1));
    for (const CilExpression& item : statement.items) {
      if (item.is_list()) collect(item);
    }
  }
  [[nodiscard]] bool known(std::string_view name) const {
    return is_keyword(name) || inventory_.knows(name) || own_.contains(name);
  }
  [[nodiscard]] bool is_permission(std::string_view name) const {
    return std::any_of(inventory_.permissions_of_class.begin(), inventory_.permissions_of_class.end(),
                       [name](const auto& item) { return item.second.contains(name); });
  }
  void search(const CilExpression& expression, std::vector<std::string>& names) const {
    for (const CilExpression& item : expression.items) search(item, names);
    const std::string_view name = expression.atom;
    const bool is_name = !name.empty() && name.front() != '"' && (name.front() < '0' || name.front() > '9');
    if (!is_name || known(name) || is_permission(name)) return;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  }

  const Inventory& inventory_;
  std::set<std::string, std::less<>> own_;
};

/// Reads the log from top to bottom, a paragraph at a time.
class LogReader {
 public:
  LogReader(const sepol::Log& log, const LogContext& context) : log_(log), context_(context), places_(context) {}

  std::vector<LinkMessage> read(bool failed) {
    while (at_ < log_.size()) read_paragraph();
    if (failed && !has_error()) keep_leftovers();
    return std::move(messages_);
  }

 private:
  using Reader = bool (LogReader::*)();

  void read_paragraph() {
    static constexpr std::array<Reader, 10> readers = {&LogReader::read_conflict,   &LogReader::read_neverallow,
                                                       &LogReader::read_bounds,     &LogReader::read_transition,
                                                       &LogReader::read_redeclared, &LogReader::read_optional,
                                                       &LogReader::read_unresolved, &LogReader::read_context,
                                                       &LogReader::read_syntax,     &LogReader::read_bad_statement};
    const bool understood =
        std::any_of(readers.begin(), readers.end(), [this](Reader reader) { return (this->*reader)(); });
    if (understood) return before_.clear();
    if (is_chatter(line())) {
      before_.clear();
    } else {
      before_.emplace_back(line());
      leftovers_.emplace_back(line());
    }
    ++at_;
  }

  /// What libsepol says of the steps that it takes.
  [[nodiscard]] static bool is_chatter(std::string_view text) {
    constexpr std::array<std::string_view, 12> kStarts = {
        "Parsing ",      "Building ", "Destroying ", "Resolving ", "Resetting ", "Qualifying ",
        "Compile post ", "Checking ", "Problem at ", "Writing ",   "Amending ",  "Expanded from "};
    return text.empty() || std::any_of(kStarts.begin(), kStarts.end(),
                                       [text](std::string_view start) { return text.starts_with(start); });
  }

  /// The lines right above this one, which say why.
  [[nodiscard]] std::string reasons() const {
    std::string why;
    for (const std::string& text : before_) {
      if (text != "Invalid context") why += ": " + printable(text);
    }
    return why;
  }

  [[nodiscard]] std::string_view line() const { return log_[at_]; }
  [[nodiscard]] bool more() const { return at_ < log_.size(); }
  [[nodiscard]] bool has_error() const {
    return std::any_of(messages_.begin(), messages_.end(),
                       [](const LinkMessage& m) { return m.level == LinkMessage::Level::error; });
  }

  LinkMessage& report(LinkProblem problem, const std::string& subject, std::string text) {
    LinkMessage message;
    message.problem = problem;
    message.subject = printable(subject, 1000);
    message.text = std::move(text);
    messages_.push_back(std::move(message));
    return messages_.back();
  }

  void add_place(LinkMessage& message, const RawPlace& raw) {
    LinkPlace place = places_.resolve(raw);
    auto& list = message.places;
    if (std::find(list.begin(), list.end(), place) != list.end()) return;
    const auto first_of_base = std::find_if(list.begin(), list.end(), [](const LinkPlace& p) { return p.in_base; });
    list.insert(place.in_base ? list.end() : first_of_base, std::move(place));
  }

  // "Found conflicting filecon rules", then places.
  bool read_conflict() {
    const auto rest = after(line(), "Found conflicting ");
    if (!rest) return false;
    const std::string_view kind = rest->substr(0, rest->find(' '));
    ++at_;
    std::vector<RawPlace> raw;
    for (std::string_view before; more() && line().starts_with("  at "); ++at_) {
      if (auto place = find_place(log_[at_].substr(1), before)) raw.push_back(*place);
    }
    const bool is_filecon = kind == "filecon";
    std::string subject, contexts;
    for (const RawPlace& place : raw) describe_labelled(place, subject, contexts);
    LinkMessage& message =
        report(is_filecon          ? LinkProblem::filecon
               : kind == "portcon" ? LinkProblem::portcon
                                   : LinkProblem::other,
               subject, fmt::format("`{}` has two contexts ({})", printable(subject), printable(contexts)));
    for (const RawPlace& place : raw) add_place(message, place);
    const bool of_base =
        std::any_of(message.places.begin(), message.places.end(), [](const LinkPlace& p) { return p.in_base; });
    if (of_base && !context_.base.empty()) message.text += fmt::format(", one of them in {}", context_.base);
    return true;
  }

  void describe_labelled(const RawPlace& raw, std::string& subject, std::string& contexts) {
    const CilExpression* statement = places_.statement(raw);
    if (statement == nullptr || statement->items.size() < 4) return;
    const CilExpression& context = statement->items.back();
    subject = statement->head() == "portcon" ? to_text(statement->items[1]) + ' ' + to_text(statement->items[2])
                                             : to_text(statement->items[1]);
    if (subject.size() > 1 && subject.front() == '"') subject = subject.substr(1, subject.size() - 2);
    if (!contexts.empty()) contexts += ", ";
    contexts += context.is_list() && context.items.size() > 2 ? std::string(context.symbol(2)) : "none";
  }

  // "neverallow check failed at ..." then "  (neverallow ...)" and the rules.
  bool read_neverallow() {
    std::string_view before;
    const auto place = find_place(line(), before);
    if (!place || before != "neverallow check failed") return false;
    ++at_;
    const std::string rule(more() ? without_blanks(line()) : std::string_view());
    if (more()) ++at_;
    LinkMessage& message = report(LinkProblem::neverallow, rule, {});
    read_broken_rules(message);
    add_memberships(message);
    add_place(message, *place);
    const bool of_base = places_.resolve(*place).in_base;
    message.text = fmt::format("{} what a neverallow of {} forbids: `{}`",
                               message.rules.size() == 1 ? "a rule allows" : "rules allow",
                               of_base ? base_name() : "the policy itself", printable(rule));
    if (of_base) message.text += generated_attribute(rule);
    return true;
  }

  /// What stands behind a name like base_typeattr_11, which the conversion of a module package made up.
  [[nodiscard]] std::string generated_attribute(std::string_view rule) const {
    const std::size_t middle = rule.find("_typeattr_");
    if (middle == std::string_view::npos) return {};
    const std::size_t begin = rule.find_last_of(" (", middle) + 1;
    const std::string_view name = rule.substr(begin, rule.find_first_of(" )", begin) - begin);
    const std::string start = fmt::format("\n(typeattributeset {} ", name);
    const std::size_t at = context_.core.find(start);
    if (at == std::string_view::npos) return {};
    std::string_view definition = context_.core.substr(at + start.size());
    definition = definition.substr(0, definition.find('\n'));
    if (!definition.empty()) definition.remove_suffix(1);
    return fmt::format(", where `{}` is `{}`", name, printable(definition, 400));
  }

  // "    allow at ..." and "      (allow ...)", again and again, up to an empty line or the next paragraph.
  void read_broken_rules(LinkMessage& message) {
    for (; more() && line().starts_with(' '); ++at_) {
      std::string_view before;
      const std::string_view text = without_blanks(line());
      if (text.starts_with('(')) {
        std::string rule = printable(text, 1000);
        if (std::find(message.rules.begin(), message.rules.end(), rule) == message.rules.end())
          message.rules.push_back(std::move(rule));
      } else if (const auto place = find_place(line(), before)) {
        const std::string_view what = without_blanks(before);
        if (what == "allow" || what == "allowx") add_place(message, *place);
      }
    }
  }

  /// A rule of the base that reaches a type of ours has no place of ours: what put the type into the rule's source has,
  /// or, where nothing did, into its target.
  void add_memberships(LinkMessage& message) {
    const auto ours = [](const LinkPlace& place) { return !place.in_base; };
    if (std::any_of(message.places.begin(), message.places.end(), ours)) return;
    for (const std::size_t word : {1, 2}) {
      for (const std::string& rule : message.rules)
        for_each_statement(rule, [&](CilExpression& allow) {
          for (const RawPlace& raw : places_.memberships(allow.symbol(word))) add_place(message, raw);
        });
      if (std::any_of(message.places.begin(), message.places.end(), ours)) return;
    }
  }

  bool read_bounds() {
    const auto child = after(line(), "Child type ");
    if (!child) return false;
    const std::string text(line());
    LinkMessage& message = report(LinkProblem::bounds, std::string(child->substr(0, child->find(' '))), {});
    ++at_;
    read_broken_rules(message);
    add_memberships(message);
    message.text = "the " + printable(text.substr(6));
    return true;
  }

  // "Conflicting type rules (...)", more of it, then "Binary policy creation failed at ...".
  bool read_transition() {
    if (!line().starts_with("Conflicting type rules") && !line().starts_with("Conflicting name type transition") &&
        !line().starts_with("Conflicting role transition") && !line().starts_with("Conflicting Range transition"))
      return false;
    const std::string text(line());
    const std::size_t open = text.find('(');
    const std::string detail = open == std::string::npos ? std::string() : text.substr(open);
    LinkMessage& message =
        report(LinkProblem::transition, detail,
               "two transitions from the same types have different results " + printable(detail, 300));
    for (++at_; more(); ++at_) {
      std::string_view before;
      const auto place = find_place(line(), before);
      if (place) add_place(message, *place);
      if (place || !line().starts_with("Expanded from")) break;
    }
    if (more()) ++at_;
    return true;
  }

  bool read_redeclared() {
    const auto rest = after(line(), "Re-declaration of ");
    if (!rest) return false;
    const std::size_t space = rest->find(' ');
    const std::string kind(rest->substr(0, space));
    const std::string name(space == std::string_view::npos ? std::string_view() : rest->substr(space + 1));
    const bool of_base = context_.inventory.knows(name);
    LinkMessage& message =
        report(LinkProblem::redeclared, name,
               of_base ? fmt::format("{} already has the name `{}`", base_name(), printable(name))
                       : fmt::format("the {} `{}` is declared twice", printable(kind), printable(name)));
    ++at_;
    for (std::string_view before; more(); ++at_) {
      const bool belongs = line().starts_with("Previous declaration") || line().starts_with("Bad ");
      if (!belongs) break;
      if (const auto place = find_place(line(), before)) add_place(message, *place);
    }
    return true;
  }

  // "Failed to resolve X statement at A", "Disabling optional 'n' at B": no error.
  bool read_optional() {
    std::size_t skip = at_;
    while (skip < log_.size() && log_[skip].starts_with("Failed to resolve")) ++skip;
    if (skip == log_.size() || !log_[skip].starts_with("Disabling optional ")) return false;
    std::string_view before;
    std::vector<std::string> unknown;
    for (; at_ < skip; ++at_) {
      if (const auto place = find_place(line(), before)) unknown = unknown_names(*place);
    }
    const std::string name = quoted(line());
    const auto place = find_place(line(), before);
    LinkMessage& message = report(LinkProblem::optional_left_out, name, {});
    message.level = LinkMessage::Level::warning;
    message.text = fmt::format("the optional block `{}` is left out", printable(name));
    if (!unknown.empty()) message.text += ": " + declared_nowhere(unknown);
    if (place) add_place(message, *place);
    ++at_;
    return true;
  }

  std::vector<std::string> unknown_names(const RawPlace& raw) {
    const CilExpression* statement = places_.statement(raw);
    if (statement == nullptr) return {};
    if (!unknown_) unknown_.emplace(context_);
    return unknown_->in(*statement);
  }
  [[nodiscard]] std::string base_name() const { return context_.base.empty() ? "the policy" : context_.base; }
  std::string declared_nowhere(const std::vector<std::string>& names) const {
    std::string list;
    for (const std::string& name : names) list += fmt::format("{}`{}`", list.empty() ? "" : ", ", printable(name));
    const char* are = names.size() == 1 ? "is" : "are";
    if (context_.base.empty()) return fmt::format("{} {} declared nowhere", list, are);
    return fmt::format("{} {} declared neither in the policy nor in {}", list, are, context_.base);
  }

  // "Failed to resolve permission x" or "Failed to find sensitivity", then "Failed to resolve X statement at ...".
  bool read_unresolved() {
    if (const auto permission = after(line(), "Failed to resolve permission ")) {
      missing_permission_ = *permission;
      ++at_;
      return true;
    }
    if (!line().starts_with("Failed to resolve ")) return false;
    std::string_view before;
    const auto place = find_place(line(), before);
    if (!place) return false;
    const std::vector<std::string> unknown = unknown_names(*place);
    std::string text;
    std::string subject = missing_permission_;
    if (!missing_permission_.empty()) {
      text = fmt::format("the class has no permission `{}`", printable(missing_permission_));
    } else if (!unknown.empty()) {
      subject = unknown.front();
      text = declared_nowhere(unknown);
    } else {
      text = fmt::format("a name in a `{}` statement cannot be resolved{}", printable(word_of(before)), reasons());
    }
    LinkMessage& message = report(LinkProblem::unresolved_name, subject, std::move(text));
    add_place(message, *place);
    missing_permission_.clear();
    ++at_;
    return true;
  }
  static std::string_view word_of(std::string_view failed) {
    failed.remove_prefix(std::string_view("Failed to resolve ").size());
    return failed.substr(0, failed.find(' '));
  }

  // "Type x is invalid for role y", "Invalid context", "Invalid filecon at ...".
  bool read_context() {
    std::string_view before;
    const auto place = find_place(line(), before);
    if (!place || !before.starts_with("Invalid ") || before.starts_with("Invalid token")) return false;
    LinkMessage& message = report(
        LinkProblem::context, std::string(before.substr(8)),
        fmt::format("a `{}` has a context that the policy does not permit{}", printable(before.substr(8)), reasons()));
    add_place(message, *place);
    ++at_;
    return true;
  }

  bool read_syntax() {
    std::string_view before;
    if (const auto keyword = after(line(), "Error: Unknown keyword ")) {
      LinkMessage& message = report(LinkProblem::syntax, std::string(*keyword),
                                    fmt::format("`{}` is no statement of CIL", printable(*keyword)));
      if (const auto place = places_.find_keyword(*keyword)) add_place(message, *place);
      ++at_;
      return true;
    }
    const bool is_syntax = line().starts_with("Open parenthesis") || line().starts_with("Close parenthesis") ||
                           line().starts_with("Invalid token") || line().starts_with("Unknown token") ||
                           line().starts_with("Problem with high-level line mark") ||
                           line().starts_with("High-level language line marker");
    const auto place = is_syntax ? find_place(line(), before) : std::nullopt;
    if (!place) return false;
    LinkMessage& message = report(LinkProblem::syntax, "", "CIL that cannot be read: " + printable(before));
    add_place(message, *place);
    ++at_;
    return true;
  }

  // "Bad allow rule at ...", with a reason before it.
  bool read_bad_statement() {
    std::string_view before;
    const auto place = find_place(line(), before);
    if (!place || is_chatter(line()) || line().starts_with(' ')) return false;
    LinkMessage& message = report(before.starts_with("Bad ") ? LinkProblem::syntax : LinkProblem::other, "",
                                  printable(before) + reasons());
    add_place(message, *place);
    ++at_;
    return true;
  }

  void keep_leftovers() {
    std::string text = "libsepol refuses the policy";
    for (const std::string& leftover : leftovers_) text += ": " + printable(leftover);
    report(LinkProblem::other, "", std::move(text));
  }

  const sepol::Log& log_;
  const LogContext& context_;
  Places places_;
  std::optional<UnknownNames> unknown_;
  std::size_t at_ = 0;
  std::string missing_permission_;
  std::vector<std::string> before_;     // not understood, since the last line that was
  std::vector<std::string> leftovers_;  // all of them
  std::vector<LinkMessage> messages_;
};

}  // namespace

std::string source_name(std::size_t module) { return std::string(kOwnSource) + std::to_string(module); }

std::vector<LinkMessage> read_log(const sepol::Log& log, bool failed, const LogContext& context) {
  return LogReader(log, context).read(failed);
}

}  // namespace macc::backends::selinux
