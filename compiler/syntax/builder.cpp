#include "compiler/syntax/builder.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "compiler/syntax/messages.h"

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;
using G = Grammar;
using antlr4::ParserRuleContext;
using antlr4::Token;
using antlr4::tree::TerminalNode;

/// The documentation comments around declarations and statements.
class Docs {
 public:
  Docs(const Tokens& tokens, const SourceText& source) : tokens_(tokens), source_(source) {}

  /// What stands before `first`, and what follows `last` in its line.
  [[nodiscard]] std::string around(const Token* first, const Token* last) const {
    std::string out = before(first);
    const std::size_t next = last->getTokenIndex() + 1;
    if (next < tokens_.size() && tokens_[next]->getType() == T::DOC_COMMENT && is_trailing(next)) add(next, out);
    return out;
  }

  [[nodiscard]] std::string before(const Token* first) const {
    std::size_t begin = first->getTokenIndex();
    while (begin > 0 && tokens_[begin - 1]->getChannel() != Token::DEFAULT_CHANNEL) --begin;
    std::string out;
    for (std::size_t i = begin; i < first->getTokenIndex(); ++i) {
      if (tokens_[i]->getType() == T::DOC_COMMENT && !is_trailing(i)) add(i, out);
    }
    return out;
  }

 private:
  [[nodiscard]] Span span(std::size_t i) const {
    return source_.span(tokens_[i]->getStartIndex(), tokens_[i]->getStopIndex() + 1);
  }

  /// Whether the comment stands behind the end of a statement in the same line.
  [[nodiscard]] bool is_trailing(std::size_t i) const {
    std::size_t last = i;
    while (last > 0 && tokens_[last - 1]->getChannel() != Token::DEFAULT_CHANNEL) --last;
    if (last == 0) return false;
    const std::size_t type = tokens_[last - 1]->getType();
    return (type == T::SEMI || type == T::RBRACE) && !source_.line_break(span(last - 1).begin, span(i).begin);
  }

  void add(std::size_t i, std::string& out) const {
    std::string_view line = source_.slice(span(i)).substr(3);
    if (line.starts_with(' ')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    if (!out.empty()) out += '\n';
    out += line;
  }

  const Tokens& tokens_;
  const SourceText& source_;
};

class Builder {
 public:
  Builder(const Tokens& tokens, const SourceText& source, FileId id, Reports& reports, std::size_t max_depth)
      : tokens_(tokens), source_(source), reports_(reports), docs_(tokens, source), id_(id), max_depth_(max_depth) {}

  ast::File file(G::FileContext& tree) {
    ast::File out;
    out.id = id_;
    for (G::TopLevelContext* item : tree.topLevel()) top_level(*item, out);
    out.empty = std::move(empty_);
    out.annotated = std::move(annotated_);
    add_lost_words(out.lost);
    return out;
  }

 private:
  // ---- places and errors ----

  [[nodiscard]] Span span(const Token* token) const {
    return source_.span(token->getStartIndex(), token->getStopIndex() + 1);
  }
  [[nodiscard]] Span span(ParserRuleContext* context) const {
    const Token* last = context->stop != nullptr ? context->stop : context->start;
    const Span first = span(context->start);
    return source_.bytes(first.begin, std::max(first.end, span(last).end));
  }
  [[nodiscard]] Span from(const Token* first, ParserRuleContext* context) const {
    return source_.bytes(span(first).begin, span(context).end);
  }
  [[nodiscard]] std::string text_of(Span place) const { return std::string(source_.slice(place)); }

  /// Reports, and leaves the current statement out of the tree.
  Diagnostic& refuse(Code code, Span place, std::string message) {
    whole_ = false;
    return reports_.understood(code, place, std::move(message));
  }

  /// Whether all of `context` was understood.
  [[nodiscard]] bool intact(ParserRuleContext* context) const {
    const Span place = span(context);
    return !context->exception && !reports_.damaged(place.begin, place.end);
  }
  /// The same for what stands before `body`.
  [[nodiscard]] bool header_intact(ParserRuleContext* context, ParserRuleContext* body) const {
    return !context->exception && body != nullptr && !reports_.damaged(span(context).begin, span(body->start).begin);
  }

  /// Runs `build` for one construct; what it refuses doesn't spoil the construct around it.
  template <typename Build>
  bool whole(Build build) {
    const bool outer = std::exchange(whole_, true);
    build();
    return std::exchange(whole_, outer);
  }

  /// Remembers braces with nothing between them. What a mistake took out of them was something.
  void note_empty(ParserRuleContext* braces, bool holds_something, ast::EmptyBlock::Kind kind) {
    if (holds_something || !intact(braces)) return;
    empty_.push_back({kind, span(braces)});
  }
  void note_empty(G::BlockContext* block, ast::EmptyBlock::Kind kind) {
    if (block != nullptr) note_empty(block, !block->statement().empty(), kind);
  }

  /// Whether the name of something new follows.
  static bool gives_name(std::size_t type) {
    return type == T::DOMAIN || type == T::ABSTRACTION || type == T::BOOLEAN || type == T::LET || type == T::RESOURCE;
  }

  void add_lost_words(std::set<std::string>& out) const {
    std::vector<Span> places = reports_.lost();
    std::sort(places.begin(), places.end());
    std::uint32_t end = 0;  // of what the places before cover
    std::size_t next = 0;
    std::size_t before = 0;
    if (reports_.name_is_lost()) out.insert(ast::kAnyName);
    if (reports_.block_end_is_lost()) out.insert(ast::kAnyEnd);
    for (const Token* token : tokens_) {
      if (token->getChannel() != Token::DEFAULT_CHANNEL) continue;
      const Span place = span(token);
      for (; next < places.size() && places[next].begin <= place.begin; ++next) end = std::max(end, places[next].end);
      const std::size_t type = token->getType();
      if (place.begin < end) {
        if (type == T::IDENT) out.insert(text_of(place));
        if (type == T::IMPORT) out.insert(ast::kAnyImport);
        if (gives_name(before) && type != T::IDENT && type != T::SOCKET) out.insert(ast::kAnyName);
      }
      before = type;
    }
  }

  // ---- words ----

  ast::Name name(ParserRuleContext* context) const {
    const Span place = span(context);
    return {text_of(place), place};
  }

  ast::QualifiedName qualified(G::QualifiedNameContext* context) const {
    ast::QualifiedName out;
    if (context == nullptr) return out;
    for (G::NameContext* part : context->name()) out.parts.push_back(name(part));
    out.span = span(context);
    return out;
  }

  /// `fuse.sshfs`, `make-private`: one word, written without spaces.
  ast::Name compound(G::CompoundWordContext* context) {
    ast::Name out = name(context);
    if (out.text.find_first_of(" \t\r\n/") != std::string::npos) {
      refuse(Code::E0101, out.span, "a word with dots or dashes holds no spaces");
    }
    return out;
  }

  ast::Text text(G::TextContext* context) const {
    const Span place = span(context);
    std::string raw = text_of(place);
    if (context->TEXT() != nullptr) raw = raw.substr(1, raw.size() - 2);
    return {std::move(raw), place};
  }

  std::uint64_t number(TerminalNode* node) {
    const Span place = span(node->getSymbol());
    const std::string_view digits = source_.slice(place);
    std::uint64_t value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec != std::errc{}) {
      refuse(Code::E0110, place, fmt::format("`{}` is too large a number", printable(digits, 40)));
    }
    return value;
  }

  void wrong_word(const ast::Name& word, std::string_view wanted, const std::vector<std::string>& candidates) {
    Diagnostic& report =
        refuse(Code::E0115, word.span, fmt::format("expected {}, found `{}`", wanted, printable(word.text, 40)));
    const std::string guess = did_you_mean(word.text, candidates);
    if (!guess.empty()) report.suggest(fmt::format("write `{}`", guess), {{word.span, guess}});
  }

  /// Lists that the grammar lets stand without their commas.
  void need_comma(ParserRuleContext* item, bool has_comma, bool last) {
    if (last || has_comma) return;
    const std::uint32_t end = span(item).end;
    const Span place = source_.bytes(end, end);
    refuse(Code::E0101, place, "expected `,` between two items of a list")
        .suggest("add the comma", {{place, ","}}, true);
  }

  template <typename Item>
  void need_commas(const std::vector<Item*>& items) {
    for (Item* item : items) need_comma(item, item->COMMA() != nullptr, item == items.back());
  }

  // ---- objects ----

  ast::Object object(G::ObjectContext* context) const {
    if (context->text() != nullptr) return text(context->text());
    return qualified(context->qualifiedName());
  }

  void brace_objects(G::BraceListContext* context, std::vector<ast::Object>& out) {
    const auto items = context->braceItem();
    need_commas(items);
    for (G::BraceItemContext* item : items) {
      G::ValueItemContext* value = item->valueItem();
      if (value->text() != nullptr) {
        out.emplace_back(text(value->text()));
      } else if (value->qualifiedName() != nullptr) {
        out.emplace_back(qualified(value->qualifiedName()));
      } else {
        refuse(Code::E0101, span(value), "a list of paths holds paths and names, no ports");
      }
    }
  }

  void excepted(G::ExceptClauseContext* context, std::vector<ast::Object>& out) {
    if (G::BraceListContext* list = context->braceList()) {
      brace_objects(list, out);
      for (G::ExceptClauseContext* inner : list->exceptClause()) {
        refuse(Code::E0114, span(inner), "an `except` holds no other `except`");
      }
      return;
    }
    for (G::ObjectContext* item : context->object()) out.push_back(object(item));
  }

  static bool names_only(const std::vector<ast::Object>& objects) {
    return std::all_of(objects.begin(), objects.end(),
                       [](const ast::Object& object) { return std::holds_alternative<ast::QualifiedName>(object); });
  }

  void except_domains(std::vector<ast::Object>& names) {
    for (ast::Object& object : names) promise_except_.push_back(std::get<ast::QualifiedName>(std::move(object)));
  }

  /// `except` behind objects. At the end of a `never any`, names are the domains that the promise is not about.
  void except_clauses(const std::vector<G::ExceptClauseContext*>& clauses, bool at_end, std::vector<ast::Object>& out) {
    bool seen = false;
    for (G::ExceptClauseContext* clause : clauses) {
      std::vector<ast::Object> items;
      excepted(clause, items);
      if (in_promise_ && at_end && !items.empty() && names_only(items)) {
        except_domains(items);
        continue;
      }
      if (seen) {
        refuse(Code::E0114, span(clause), "only one `except` can follow: put all that is left out in braces");
      } else if (clause->braceList() == nullptr && items.size() > 1) {
        refuse(Code::E0114, span(clause), "more than one exception stands in braces: `except { ..., ... }`");
      }
      seen = true;
      std::move(items.begin(), items.end(), std::back_inserter(out));
    }
  }

  /// `except` behind a phrase that has no objects, or behind the words that follow its objects.
  void except_domains_only(const std::vector<G::ExceptClauseContext*>& clauses) {
    for (G::ExceptClauseContext* clause : clauses) {
      std::vector<ast::Object> items;
      excepted(clause, items);
      if (!in_promise_) {
        refuse(Code::E0114, span(clause), "`except` follows paths or names of resources at once");
      } else if (!names_only(items)) {
        refuse(Code::E0114, span(clause), "expected the domains that this promise is not about");
      } else {
        except_domains(items);
      }
    }
  }

  ast::ObjectList objects(G::ObjectsContext* context) {
    ast::ObjectList out;
    for (G::ObjectContext* item : context->object()) out.objects.push_back(object(item));
    except_clauses(context->exceptClause(), context->stop == phrase_stop_, out.except);
    out.span = span(context);
    return out;
  }

  ast::ObjectList path_list(G::BraceListContext* context) {
    ast::ObjectList out;
    brace_objects(context, out.objects);
    except_clauses(context->exceptClause(), false, out.except);
    out.span = span(context);
    return out;
  }

  // ---- ports and values ----

  ast::PortItem port_range(G::PortRangeContext* context) {
    const auto numbers = context->INT();
    ast::PortItem::Range range;
    range.first = number(numbers.front());
    range.last = numbers.size() > 1 ? number(numbers[1]) : range.first;
    return {range, span(context)};
  }

  template <typename Context>
  ast::PortItem port(Context* context, ast::QualifiedName as_name) {
    if (context->portRange() != nullptr) return port_range(context->portRange());
    if (context->ANY() != nullptr) return {ast::PortItem::Any{}, span(context)};
    if (as_name.parts.empty()) refuse(Code::E0101, span(context), "expected a port, a range of ports, `any` or a name");
    return {std::move(as_name), span(context)};
  }

  /// A list of values is a list of texts, or of ports and names.
  ast::Value value_list(const std::vector<G::ValueItemContext*>& items, Span place) {
    const auto is_text_item = [](G::ValueItemContext* item) { return item->text() != nullptr; };
    ast::Value out{{}, place};
    if (std::all_of(items.begin(), items.end(), is_text_item)) {
      std::vector<ast::Text> texts;
      for (G::ValueItemContext* item : items) texts.push_back(text(item->text()));
      out.value = std::move(texts);
      return out;
    }
    std::vector<ast::PortItem> ports;
    for (G::ValueItemContext* item : items) {
      if (is_text_item(item)) {
        refuse(Code::E0101, span(item), "a list holds texts, or ports and names, not both");
        return out;
      }
      ports.push_back(port(item, qualified(item->qualifiedName())));
    }
    out.value = std::move(ports);
    return out;
  }

  ast::Value brace_value(G::BraceListContext* context) {
    need_commas(context->braceItem());
    for (G::ExceptClauseContext* clause : context->exceptClause()) {
      refuse(Code::E0114, span(clause), "a list of values has no `except`");
    }
    std::vector<G::ValueItemContext*> items;
    for (G::BraceItemContext* item : context->braceItem()) items.push_back(item->valueItem());
    return value_list(items, span(context));
  }

  ast::Value single_value(G::ValueItemContext* context) {
    ast::Value out{{}, span(context)};
    if (context->text() != nullptr) {
      out.value = text(context->text());
    } else if (context->qualifiedName() != nullptr) {
      out.value = qualified(context->qualifiedName());
    } else {
      out.value = std::vector<ast::PortItem>{port(context, {})};
    }
    return out;
  }

  ast::Value value(G::ValueContext* context) {
    if (context->braceList() != nullptr) return brace_value(context->braceList());
    const auto items = context->valueItem();
    if (items.size() == 1) return single_value(items.front());
    if (items.front()->text() != nullptr) {
      const Span place = span(context);
      refuse(Code::E0101, place, "a list of texts stands in braces")
          .suggest("add the braces", {{place, fmt::format("{{ {} }}", source_.slice(place))}}, true);
      return {};
    }
    return value_list(items, span(context));
  }

  // ---- phrases ----

  ast::Phrase phrase(G::PhraseContext* context) {
    phrase_stop_ = context->stop;
    ast::Phrase out;
    out.span = span(context);
    if (auto* p = context->filesPhrase()) out.value = files(p);
    if (auto* p = context->execPhrase()) out.value = exec(p);
    if (auto* p = context->networkPhrase()) network(p, out);
    if (auto* p = context->socketPhrase()) out.value = socket(p);
    if (auto* p = context->usePhrase()) out.value = use(p);
    if (auto* p = context->signalPhrase()) out.value = signal(p);
    if (auto* p = context->processPhrase()) out.value = process(p);
    if (auto* p = context->memoryPhrase()) out.value = plain_word(p, "execute", ast::PlainPhrase::Kind::memory_execute);
    if (auto* p = context->usernsPhrase()) out.value = plain_word(p, "create", ast::PlainPhrase::Kind::userns_create);
    if (auto* p = context->capabilityPhrase()) out.value = capability(p);
    if (auto* p = context->mountPhrase()) out.value = mount(p);
    if (auto* p = context->pathsPhrase()) out.value = paths(p);
    if (auto* p = context->plainPhrase()) out.value = plain(p);
    if (auto* p = context->dbusPhrase()) out.value = dbus(p);
    return out;
  }

  ast::FilesPhrase files(G::FilesPhraseContext* context) {
    ast::FilesPhrase out;
    for (G::VerbContext* verb : context->verb()) out.verbs.push_back(name(verb));
    out.objects = objects(context->objects());
    if (TerminalNode* owner = context->OWNER()) {
      out.owner = true;
      out.owner_span = span(owner->getSymbol());
    }
    except_domains_only(context->exceptClause());
    return out;
  }

  ast::ExecPhrase exec(G::ExecPhraseContext* context) {
    ast::ExecPhrase out;
    out.paths = objects(context->objects());
    if (G::ExecTailContext* tail = context->execTail()) {
      if (tail->qualifiedName() != nullptr) out.to = qualified(tail->qualifiedName());
      out.owner = tail->OWNER() != nullptr;
      exec_words(tail->name(), out);
    }
    except_domains_only(context->exceptClause());
    return out;
  }

  void exec_words(const std::vector<G::NameContext*>& words, ast::ExecPhrase& out) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const ast::Name word = name(words[i]);
      if (word.text == "keep" && i + 1 < words.size() && name(words[i + 1]).text == "environment") {
        out.keep_environment = true;
        ++i;
      } else if (word.text == "unconfined" && !out.to) {
        out.unconfined = true;
      } else {
        wrong_word(word.text == "keep" && i + 1 < words.size() ? name(words[i + 1]) : word,
                   "`to DOMAIN`, `unconfined`, `keep environment` or `;`", {"to", "unconfined", "keep", "environment"});
        return;
      }
    }
  }

  void network(G::NetworkPhraseContext* context, ast::Phrase& out) {
    const ast::Name protocol = name(context->name());
    const bool listen = context->LISTEN() != nullptr;
    if (protocol.text == "unix") {
      out.value = unix_socket(context, listen);
      return;
    }
    if (protocol.text != "tcp" && protocol.text != "udp" && protocol.text != "sctp") {
      wrong_word(protocol, "`tcp`, `udp`, `sctp` or `unix`", {"tcp", "udp", "sctp", "unix"});
    }
    ast::NetworkPhrase phrase{listen, protocol, {}};
    for (G::NetworkItemContext* item : context->networkItem()) {
      const ast::QualifiedName as_name =
          item->object() != nullptr ? qualified(item->object()->qualifiedName()) : ast::QualifiedName{};
      phrase.ports.push_back(port(item, as_name));
    }
    except_domains_only(context->exceptClause());
    out.value = std::move(phrase);
  }

  ast::UnixPhrase unix_socket(G::NetworkPhraseContext* context, bool listen) {
    ast::UnixPhrase out;
    out.listen = listen;
    for (G::NetworkItemContext* item : context->networkItem()) {
      if (item->object() == nullptr) {
        refuse(Code::E0101, span(item),
               "a unix socket is a path, an abstract name such as `\"@x\"` or a resource, no port");
        continue;
      }
      out.sockets.objects.push_back(object(item->object()));
    }
    except_clauses(context->exceptClause(), true, out.sockets.except);
    out.sockets.span = from(context->networkItem(0)->start, context);
    return out;
  }

  ast::SocketPhrase socket(G::SocketPhraseContext* context) {
    ast::SocketPhrase out;
    out.family = dotted(context->compoundWord());
    if (context->word() != nullptr) out.type = name(context->word());
    except_domains_only(context->exceptClause());
    return out;
  }

  ast::QualifiedName dotted(G::CompoundWordContext* context) {
    ast::QualifiedName out;
    out.span = span(context);
    for (G::TypeWordContext* word : context->typeWord()) out.parts.push_back(name(word));
    if (!context->DASH().empty() || !context->INT().empty()) {
      refuse(Code::E0101, out.span, "a name has letters, digits, `_` and dots, no `-`");
    }
    return out;
  }

  ast::UsePhrase use(G::UsePhraseContext* context) {
    static constexpr std::array<std::string_view, 5> kinds = {"tcp", "udp", "unix", "pipe", "terminal"};
    ast::UsePhrase out;
    ast::ObjectList all = objects(context->objects());
    out.paths.span = all.span;
    out.paths.except = std::move(all.except);
    for (ast::Object& item : all.objects) {
      auto* word = std::get_if<ast::QualifiedName>(&item);
      const bool kind = word != nullptr && word->parts.size() == 1 &&
                        std::find(kinds.begin(), kinds.end(), word->parts.front().text) != kinds.end();
      if (kind) {
        out.kinds.push_back(std::move(word->parts.front()));
      } else {
        out.paths.objects.push_back(std::move(item));
      }
    }
    out.from = qualified(context->qualifiedName());
    except_domains_only(context->exceptClause());
    return out;
  }

  ast::Peer peer(G::PeerContext* context) const {
    ast::Peer out;
    out.span = span(context);
    if (context->SELF() != nullptr) out.kind = ast::Peer::Kind::self;
    if (context->ANY() != nullptr) out.kind = ast::Peer::Kind::any;
    out.name = qualified(context->qualifiedName());
    return out;
  }

  ast::SignalPhrase signal(G::SignalPhraseContext* context) {
    ast::SignalPhrase out;
    out.any = context->ANY() != nullptr;
    for (G::WordContext* word : context->word()) out.signals.push_back(name(word));
    out.peer = peer(context->peer());
    except_domains_only(context->exceptClause());
    return out;
  }

  ast::ProcessPhrase process(G::ProcessPhraseContext* context) {
    using Kind = ast::ProcessPhrase::Kind;
    ast::ProcessPhrase out;
    if (context->TRACE() != nullptr) out.kind = Kind::trace;
    if (context->IPC() != nullptr) out.kind = Kind::ipc;
    if (context->BECOME() != nullptr) out.kind = Kind::become;
    out.peer = peer(context->peer());
    if (out.kind == Kind::become && out.peer.kind != ast::Peer::Kind::domain) {
      refuse(Code::E0101, out.peer.span,
             fmt::format("expected the name of a domain, found `{}`", text_of(out.peer.span)));
    }
    except_domains_only(context->exceptClause());
    return out;
  }

  template <typename Context>
  ast::PlainPhrase plain_word(Context* context, const std::string& wanted, ast::PlainPhrase::Kind kind) {
    const ast::Name word = name(context->word());
    if (word.text != wanted) wrong_word(word, fmt::format("`{}`", wanted), {wanted});
    except_domains_only(context->exceptClause());
    return {kind};
  }

  ast::CapabilityPhrase capability(G::CapabilityPhraseContext* context) {
    ast::CapabilityPhrase out;
    for (G::WordContext* word : context->word()) out.names.push_back(name(word));
    out.in_userns = context->IN() != nullptr;
    except_domains_only(context->exceptClause());
    return out;
  }

  ast::MountPhrase mount(G::MountPhraseContext* context) {
    ast::MountPhrase out;
    for (G::CompoundWordContext* word : context->compoundWord()) out.fstypes.push_back(compound(word));
    if (G::MountOptionsContext* options = context->mountOptions()) {
      for (G::CompoundWordContext* word : options->compoundWord()) out.options.push_back(compound(word));
    }
    const auto lists = context->objects();
    if (context->FROM() != nullptr) out.from = objects(lists.front());
    out.on = objects(lists.back());
    return out;
  }

  ast::PathsPhrase paths(G::PathsPhraseContext* context) {
    using Kind = ast::PathsPhrase::Kind;
    ast::PathsPhrase out;
    if (context->PIVOT() != nullptr) out.kind = Kind::pivot;
    if (context->MQUEUE() != nullptr) out.kind = Kind::mqueue;
    out.paths = objects(context->objects());
    return out;
  }

  ast::PlainPhrase plain(G::PlainPhraseContext* context) {
    using Kind = ast::PlainPhrase::Kind;
    except_domains_only(context->exceptClause());
    if (context->BPF() != nullptr) return {Kind::bpf};
    if (context->PERF() != nullptr) return {Kind::perf};
    if (context->IO_URING() != nullptr) return {Kind::io_uring};
    return {Kind::keyring};
  }

  ast::DbusPhrase dbus(G::DbusPhraseContext* context) {
    ast::DbusPhrase out;
    const ast::Name action = name(context->word(0));
    out.own = action.text == "own";
    if (!out.own && action.text != "talk") wrong_word(action, "`own` or `talk`", {"own", "talk"});
    out.name = text(context->text());
    for (G::DbusMatchContext* match : context->dbusMatch()) dbus_match(match, out);
    if (context->ON() != nullptr) {
      out.bus = name(context->word(1));
      if (out.bus->text != "system" && out.bus->text != "session") {
        wrong_word(*out.bus, "`system` or `session`", {"system", "session"});
      }
    }
    except_domains_only(context->exceptClause());
    return out;
  }

  void dbus_match(G::DbusMatchContext* context, ast::DbusPhrase& out) {
    const ast::Name key = name(context->word());
    std::optional<ast::Text>* place = key.text == "interface" ? &out.interface : key.text == "member" ? &out.member : nullptr;
    if (place == nullptr || out.own) {
      wrong_word(key, out.own ? "`on` or `;`" : "`interface`, `member`, `on` or `;`", {"interface", "member"});
    } else if (*place) {
      refuse(Code::E0101, key.span, fmt::format("`{}` stands here twice", key.text))
          .also((*place)->span, "the first one");
    } else {
      *place = text(context->text());
    }
  }

  // ---- conditions ----

  ast::Condition condition(G::ConditionContext* context) const {
    ast::Condition out;
    out.kind = ast::Condition::Kind::disjunction;
    out.span = span(context);
    for (G::ConjunctionContext* part : context->conjunction()) out.operands.push_back(conjunction(part));
    return out.operands.size() == 1 ? single(out) : out;
  }

  ast::Condition conjunction(G::ConjunctionContext* context) const {
    ast::Condition out;
    out.kind = ast::Condition::Kind::conjunction;
    out.span = span(context);
    for (G::NegationContext* part : context->negation()) out.operands.push_back(negation(part));
    return out.operands.size() == 1 ? single(out) : out;
  }

  static ast::Condition single(ast::Condition& list) {
    ast::Condition only = std::move(list.operands.front());
    return only;
  }

  /// An even number of `not` is none: the tree doesn't grow with them.
  ast::Condition negation(G::NegationContext* context) const {
    ast::Condition inner;
    if (G::ConditionContext* group = context->condition()) {
      inner = condition(group);
    } else {
      inner.name = qualified(context->qualifiedName());
      inner.span = span(context->qualifiedName());
    }
    if (context->NOT().size() % 2 == 0) return inner;
    ast::Condition out;
    out.kind = ast::Condition::Kind::negation;
    out.span = span(context);
    out.operands.push_back(std::move(inner));
    return out;
  }

  // ---- statements ----

  std::vector<ast::Statement> block(G::BlockContext* context) {
    std::vector<ast::Statement> out;
    if (context == nullptr) return out;
    for (G::StatementContext* item : context->statement()) statement(item, out);
    return out;
  }

  void statement(G::StatementContext* context, std::vector<ast::Statement>& out) {
    G::StatementBodyContext* body = context->statementBody();
    if (body == nullptr) return;
    ast::Statement next;
    const bool good = whole([&] {
      if (body->ifStatement() != nullptr) {
        // The statements inside stand or fall by themselves.
        next.value = if_statement(body->ifStatement());
        if (!header_intact(context, body->ifStatement()->block())) whole_ = false;
      } else if (intact(context)) {
        simple_statement(body, next);
      } else {
        whole_ = false;
      }
      if (whole_) annotate(context->annotation(), span(body));
    });
    if (!good) {
      reports_.lose(span(context));
      return;
    }
    next.span = span(body);
    next.doc = doc(context, body->start);
    if (auto* resource = std::get_if<ast::ResourceDecl>(&next.value)) resource->doc = next.doc;
    if (auto* let = std::get_if<ast::LetDecl>(&next.value)) let->doc = next.doc;
    out.push_back(std::move(next));
  }

  /// Comments stand before the annotations, or between them and `first`.
  std::string doc(ParserRuleContext* context, const Token* first) const {
    std::string out = docs_.around(context->start, context->stop);
    if (first == context->start) return out;
    const std::string inner = docs_.before(first);
    if (!out.empty() && !inner.empty()) out += '\n';
    return out + inner;
  }

  void simple_statement(G::StatementBodyContext* body, ast::Statement& out) {
    if (auto* s = body->ruleStatement()) out.value = rule(s);
    if (auto* s = body->includeStatement()) out.value = include(s);
    if (auto* s = body->entryStatement()) out.value = entry(s);
    if (auto* s = body->modeStatement()) out.value = mode(s);
    if (auto* s = body->levelStatement()) out.value = ast::LevelStatement{text(s->text())};
    if (auto* s = body->replacesStatement()) out.value = replaces(s);
    if (auto* s = body->rawStatement()) out.value = raw(s);
    if (auto* s = body->resourceDecl()) out.value = resource(s, body->publicMark());
    if (auto* s = body->letDecl()) out.value = let(s, body->publicMark());
  }

  ast::RuleStatement rule(G::RuleStatementContext* context) {
    ast::RuleStatement out;
    out.audit = context->AUDIT() != nullptr;
    if (context->DENY() != nullptr) out.effect = ast::Effect::deny;
    if (context->NEVER() != nullptr) out.effect = ast::Effect::never;
    if (G::ExecPhraseContext* short_form = context->execPhrase()) {
      phrase_stop_ = short_form->stop;
      out.phrase.span = span(short_form);
      out.phrase.value = exec(short_form);
    } else {
      out.phrase = phrase(context->phrase());
    }
    return out;
  }

  ast::IfStatement if_statement(G::IfStatementContext* context) {
    ast::IfStatement out;
    if (context->condition() != nullptr && intact(context->condition()))
      out.condition = condition(context->condition());
    out.then = block(context->block());
    note_empty(context->block(), ast::EmptyBlock::Kind::branch);
    const auto clauses = context->elseClause();
    if (clauses.size() > max_depth_) {
      refuse(Code::E0102, span(clauses[max_depth_]), fmt::format("more than {} `else` follow each other", max_depth_));
      return out;
    }
    out.otherwise = otherwise(clauses, 0);
    return out;
  }

  /// The clauses from `first` on: an `else if` is an if of its own.
  std::vector<ast::Statement> otherwise(const std::vector<G::ElseClauseContext*>& clauses, std::size_t first) {
    std::vector<ast::Statement> out;
    if (first == clauses.size()) return out;
    G::ElseClauseContext* clause = clauses[first];
    if (!header_intact(clause, clause->block())) whole_ = false;
    std::vector<ast::Statement> body = block(clause->block());
    note_empty(clause->block(), ast::EmptyBlock::Kind::branch);
    if (clause->IF() == nullptr) {
      if (first + 1 < clauses.size()) {
        refuse(Code::E0101, span(clauses[first + 1]->start), "an `else` can't follow an `else` without a condition");
      }
      return body;
    }
    ast::IfStatement chained;
    if (clause->condition() != nullptr && whole_) chained.condition = condition(clause->condition());
    chained.then = std::move(body);
    chained.otherwise = otherwise(clauses, first + 1);
    ast::Statement next;
    next.span = source_.bytes(span(clause->IF()->getSymbol()).begin, span(clauses.back()).end);
    next.value = std::move(chained);
    out.push_back(std::move(next));
    return out;
  }

  ast::IncludeStatement include(G::IncludeStatementContext* context) {
    ast::IncludeStatement out;
    out.abstraction = qualified(context->qualifiedName());
    need_commas(context->argument());
    for (G::ArgumentContext* argument : context->argument()) {
      out.arguments.push_back(argument->braceList() != nullptr ? brace_value(argument->braceList())
                                                               : single_value(argument->valueItem()));
    }
    return out;
  }

  ast::EntryStatement entry(G::EntryStatementContext* context) {
    using From = ast::EntryStatement::From;
    ast::EntryStatement out;
    out.paths = objects(context->objects());
    G::QualifiedNameContext* from = context->qualifiedName();
    if (from == nullptr) return out;
    out.external = qualified(from);
    const std::string word = out.external.text();
    out.from = word == "init" ? From::init : word == "user" ? From::user : word == "unit" ? From::unit : From::external;
    // The text behind LEVEL is the last one.
    auto texts = context->text();
    if (context->LEVEL() != nullptr) {
      out.level = text(texts.back());
      texts.pop_back();
    }
    if (!texts.empty() && out.from == From::unit) {
      out.unit = text(texts.front());
    } else if (!texts.empty()) {
      refuse(Code::E0101, span(texts.front()), fmt::format("expected `;` after `{}`", word));
    } else if (out.from == From::unit) {
      refuse(Code::E0101, span(from), "the name of the unit follows `unit`: `from unit \"redis.service\"`");
    }
    return out;
  }

  ast::ModeStatement mode(G::ModeStatementContext* context) {
    const ast::Name word = name(context->word());
    if (word.text != "enforce" && word.text != "complain") {
      wrong_word(word, "`enforce` or `complain`", {"enforce", "complain"});
    }
    return {word.text == "complain"};
  }

  ast::ReplacesStatement replaces(G::ReplacesStatementContext* context) {
    ast::ReplacesStatement out;
    for (G::ReplacesItemContext* item : context->replacesItem()) {
      out.items.push_back({name(item->name()), text(item->text())});
    }
    return out;
  }

  ast::RawStatement raw(G::RawStatementContext* context) {
    ast::RawStatement out;
    out.backend = name(context->name());
    if (context->RAW_TEXT() == nullptr) {
      refuse(Code::E0101, span(context->text()), "a raw text stands between triple quotes: `\"\"\"...\"\"\"`");
      return out;
    }
    const Span quoted = span(context->RAW_TEXT()->getSymbol());
    out.text_span = source_.bytes(quoted.begin + 3, quoted.end - 3);
    out.text = text_of(out.text_span);
    return out;
  }

  void annotate(const std::vector<G::AnnotationContext*>& annotations, Span annotated) {
    if (annotations.empty()) return;
    ast::Annotated next;
    next.span = annotated;
    for (G::AnnotationContext* item : annotations) next.annotations.push_back(annotation(item));
    annotated_.push_back(std::move(next));
  }

  ast::Annotation annotation(G::AnnotationContext* context) {
    ast::Annotation out;
    out.name = name(context->word());
    out.span = span(context);
    need_commas(context->annotationArgument());
    for (G::AnnotationArgumentContext* item : context->annotationArgument()) {
      ast::Annotation::Argument argument;
      if (item->name() != nullptr) argument.key = name(item->name());
      argument.value = text(item->text());
      out.arguments.push_back(std::move(argument));
    }
    return out;
  }

  // ---- declarations in a domain or a module ----

  const Token* first_token(G::PublicMarkContext* mark, ParserRuleContext* context) const {
    return mark != nullptr ? mark->start : context->start;
  }

  void no_verbs(G::PublicMarkContext* mark) {
    if (mark == nullptr || mark->verb().empty()) return;
    refuse(Code::E0101, span(mark->verb(0)), "only a resource is public for some verbs")
        .note("write `public` alone here");
  }

  void no_equals(TerminalNode* equals, std::string_view name_of_construct) {
    if (equals == nullptr) return;
    const Span place = span(equals->getSymbol());
    refuse(Code::E0101, place, fmt::format("the kind of {} stands behind `:`, not `=`", name_of_construct))
        .suggest("write `:`", {{place, ":"}}, true);
  }

  void no_colon(TerminalNode* colon) {
    if (colon == nullptr) return;
    const Span place = span(colon->getSymbol());
    refuse(Code::E0101, place, "the value stands behind `=`, not `:`").suggest("write `=`", {{place, "="}}, true);
  }

  ast::ResourceDecl resource(G::ResourceDeclContext* context, G::PublicMarkContext* mark) {
    ast::ResourceDecl out;
    out.is_public = mark != nullptr;
    if (mark != nullptr) {
      for (G::VerbContext* verb : mark->verb()) out.public_verbs.push_back(name(verb));
    }
    const auto names = context->name();
    const bool has_kind = context->COLON() != nullptr || context->EQUALS() != nullptr;
    no_equals(context->EQUALS(), "a resource");
    out.name = name(names.front());
    if (has_kind) {
      out.kind = name(names[1]);
    } else {
      refuse(Code::E0101, out.name.span,
             fmt::format("the resource `{0}` has no kind: write `{0} : config`, say", out.name.text));
    }
    if (context->qualifiedName() != nullptr) out.inside = qualified(context->qualifiedName());
    const std::size_t plain_names = has_kind ? 2 : 1;
    if (names.size() > plain_names) {
      const ast::Name word = name(names[plain_names]);
      out.adopt = word.text == "adopt";
      out.relabel = word.text == "relabel";
      if (!out.adopt && !out.relabel) wrong_word(word, "`in`, `adopt`, `relabel` or `{`", {"adopt", "relabel"});
    }
    if (context->LEVEL() != nullptr) out.level = text(context->text());
    out.paths = path_list(context->braceList());
    out.span = from(first_token(mark, context), context);
    return out;
  }

  ast::LetDecl let(G::LetDeclContext* context, G::PublicMarkContext* mark) {
    no_verbs(mark);
    no_colon(context->COLON());
    ast::LetDecl out;
    out.is_public = mark != nullptr;
    out.name = name(context->name());
    out.value = value(context->value());
    out.span = from(first_token(mark, context), context);
    return out;
  }

  // ---- module level ----

  void top_level(G::TopLevelContext& context, ast::File& out) {
    if (auto* clause = context.versionClause()) version(clause, out);
    if (auto* clause = context.moduleClause()) module(clause, out);
    if (auto* clause = context.importClause()) import(clause, out);
    const std::size_t before = out.declarations.size();
    G::DeclarationContext* declared = context.declaration();
    if (declared != nullptr) {
      whole([&] {
        declaration(&context, declared, out);
        if (whole_) annotate(context.annotation(), span(declared));
      });
    }
    const bool kept = declared != nullptr ? out.declarations.size() != before : intact(&context);
    if (!kept) reports_.lose(span(&context));
  }

  void version(G::VersionClauseContext* clause, ast::File& out) {
    if (!intact(clause)) return;
    if (out.version || out.module || !out.imports.empty() || !out.declarations.empty()) {
      refuse(Code::E0113, span(clause), "the language's version opens a file, once");
      return;
    }
    std::uint64_t value = 0;
    if (!whole([&] { value = number(clause->INT()); })) return;
    out.version = value;
    out.version_span = span(clause);
  }

  void module(G::ModuleClauseContext* clause, ast::File& out) {
    if (!intact(clause)) return;
    if (out.module) {
      refuse(Code::E0113, span(clause), "a file is one module").also(out.module->span, "it was named here");
      return;
    }
    if (!out.imports.empty() || !out.declarations.empty()) {
      refuse(Code::E0113, span(clause), "`module` stands before imports and declarations");
    }
    out.module = qualified(clause->qualifiedName());
  }

  void import(G::ImportClauseContext* clause, ast::File& out) {
    if (!intact(clause)) return;
    if (!out.declarations.empty() && !late_import_) {
      late_import_ = true;  // one report is enough for a file
      refuse(Code::E0113, span(clause), "imports stand before the first declaration");
    }
    ast::ImportDecl next;
    next.module = qualified(clause->qualifiedName());
    if (clause->name() != nullptr) next.alias = name(clause->name());
    next.span = span(clause);
    out.imports.push_back(std::move(next));
  }

  void declaration(G::TopLevelContext* context, G::DeclarationContext* declared, ast::File& out) {
    const std::string comment = doc(context, declared->start);
    G::PublicMarkContext* mark = declared->publicMark();
    if (auto* d = declared->neverDecl()) {
      never(context, d, out);
      return;
    }
    if (auto* d = declared->domainDecl()) domain(context, d, mark, comment, out);
    if (auto* d = declared->abstractionDecl()) abstraction(context, d, mark, comment, out);
    if (auto* d = declared->extendDecl()) extend(context, d, out);
    if (auto* d = declared->testDecl()) test(context, d, out);
    if (auto* d = declared->externalDecl()) external(context, d, mark, comment, out);
    if (!intact(context)) return;
    if (auto* d = declared->letDecl()) keep(out, let(d, mark), comment);
    if (auto* d = declared->booleanDecl()) keep(out, boolean(d, mark), comment);
    if (auto* d = declared->resourceDecl()) keep(out, resource(d, mark), comment);
  }

  template <typename Declaration>
  void keep(ast::File& out, Declaration declaration, const std::string& comment) {
    if (!whole_) return;
    declaration.doc = comment;
    out.declarations.emplace_back(std::move(declaration));
  }

  ast::BooleanDecl boolean(G::BooleanDeclContext* context, G::PublicMarkContext* mark) {
    no_verbs(mark);
    no_colon(context->COLON());
    ast::BooleanDecl out;
    out.is_public = mark != nullptr;
    out.name = name(context->name(0));
    const ast::Name value = name(context->name(1));
    out.value = value.text == "true";
    if (!out.value && value.text != "false") wrong_word(value, "`true` or `false`", {"true", "false"});
    out.span = from(first_token(mark, context), context);
    return out;
  }

  void domain(G::TopLevelContext* context, G::DomainDeclContext* decl, G::PublicMarkContext* mark,
              const std::string& comment, ast::File& out) {
    no_verbs(mark);
    ast::DomainDecl next;
    next.body = block(decl->block());
    if (!header_intact(context, decl->block())) return;
    next.is_public = mark != nullptr;
    next.name = name(decl->name());
    if (decl->qualifiedName() != nullptr) next.parent = qualified(decl->qualifiedName());
    next.span = from(first_token(mark, decl), decl);
    keep(out, std::move(next), comment);
  }

  void abstraction(G::TopLevelContext* context, G::AbstractionDeclContext* decl, G::PublicMarkContext* mark,
                   const std::string& comment, ast::File& out) {
    no_verbs(mark);
    ast::AbstractionDecl next;
    next.body = block(decl->block());
    note_empty(decl->block(), ast::EmptyBlock::Kind::abstraction);
    if (!header_intact(context, decl->block())) return;
    next.is_public = mark != nullptr;
    next.name = name(decl->name());
    need_commas(decl->parameter());
    for (G::ParameterContext* item : decl->parameter()) next.parameters.push_back(parameter(item));
    next.span = from(first_token(mark, decl), decl);
    keep(out, std::move(next), comment);
  }

  ast::AbstractionDecl::Parameter parameter(G::ParameterContext* context) {
    static constexpr std::array<std::pair<std::string_view, ast::ParameterType>, 5> types = {{
        {"domain", ast::ParameterType::domain},
        {"resource", ast::ParameterType::resource},
        {"path", ast::ParameterType::path},
        {"ports", ast::ParameterType::ports},
        {"text", ast::ParameterType::text},
    }};
    ast::AbstractionDecl::Parameter out;
    out.name = name(context->name());
    const ast::Name type = name(context->word());
    out.span = source_.bytes(out.name.span.begin, type.span.end);
    const auto* known =
        std::find_if(types.begin(), types.end(), [&](const auto& row) { return row.first == type.text; });
    if (known == types.end()) {
      wrong_word(type, "`domain`, `resource`, `path`, `ports` or `text`",
                 {"domain", "resource", "path", "ports", "text"});
    } else {
      out.type = known->second;
    }
    return out;
  }

  void extend(G::TopLevelContext* context, G::ExtendDeclContext* decl, ast::File& out) {
    if (decl->DOMAIN() != nullptr) {
      ast::ExtendDomainDecl next;
      next.body = block(decl->block());
      if (!header_intact(context, decl->block()) || !whole_) return;
      next.domain = qualified(decl->qualifiedName());
      next.span = span(decl);
      out.declarations.emplace_back(std::move(next));
      return;
    }
    if (!intact(context)) return;
    ast::ExtendResourceDecl next;
    next.resource = qualified(decl->qualifiedName());
    next.paths = path_list(decl->braceList());
    next.span = span(decl);
    if (whole_) out.declarations.emplace_back(std::move(next));
  }

  void never(G::TopLevelContext* context, G::NeverDeclContext* decl, ast::File& out) {
    if (!intact(context)) return;
    ast::NeverDecl next;
    in_promise_ = true;
    promise_except_.clear();
    next.phrase = phrase(decl->phrase());
    in_promise_ = false;
    next.except = std::move(promise_except_);
    next.span = span(decl);
    if (whole_) out.declarations.emplace_back(std::move(next));
  }

  void test(G::TopLevelContext* context, G::TestDeclContext* decl, ast::File& out) {
    ast::TestDecl next;
    if (decl->testBody() == nullptr) return;
    note_empty(decl->testBody(), !decl->testBody()->expectation().empty(), ast::EmptyBlock::Kind::test);
    for (G::ExpectationContext* item : decl->testBody()->expectation()) {
      if (!intact(item)) continue;
      ast::Expectation one;
      if (whole([&] { one = expectation(item); })) next.expectations.push_back(std::move(one));
    }
    if (!header_intact(context, decl->testBody()) || !whole_) return;
    next.name = text(decl->text());
    next.span = span(decl);
    out.declarations.emplace_back(std::move(next));
  }

  ast::Expectation expectation(G::ExpectationContext* context) {
    ast::Expectation out;
    out.allow = context->ALLOW() != nullptr;
    out.domain = qualified(context->qualifiedName());
    out.phrase = phrase(context->phrase());
    if (context->condition() != nullptr) out.when = condition(context->condition());
    out.span = span(context);
    return out;
  }

  // ---- external declarations ----

  void external(G::TopLevelContext* context, G::ExternalDeclContext* decl, G::PublicMarkContext* mark,
                const std::string& comment, ast::File& out) {
    using Kind = ast::ExternalDecl::Kind;
    if (!header_intact(context, decl->externalBody())) return;
    no_verbs(mark);
    no_equals(decl->EQUALS(), "an external resource");
    ast::ExternalDecl next;
    auto names = decl->name();
    if (decl->DOMAIN() != nullptr) next.kind = Kind::domain;
    if (decl->DOMAIN() == nullptr && decl->RESOURCE() == nullptr) {
      next.kind = Kind::ports;
      const ast::Name word = name(names.front());
      if (word.text != "ports") wrong_word(word, "`resource`, `domain` or `ports`", {"resource", "domain", "ports"});
      names.erase(names.begin());
    }
    next.is_public = mark != nullptr;
    next.name = name(names.front());
    if (names.size() > 1) next.resource_kind = name(names[1]);
    if (next.resource_kind && next.kind != Kind::resource) {
      refuse(Code::E0101, next.resource_kind->span, "only a resource has a kind");
    }
    for (G::ExternalLineContext* line : decl->externalBody()->externalLine()) {
      if (intact(line)) {
        external_line(line, next);
      } else {
        whole_ = false;
      }
    }
    next.span = from(first_token(mark, decl), decl);
    keep(out, std::move(next), comment);
  }

  void external_line(G::ExternalLineContext* line, ast::ExternalDecl& out) {
    using Kind = ast::ExternalDecl::Kind;
    if (line->BY() != nullptr) {
      if (out.kind != Kind::resource)
        refuse(Code::E0113, span(line), "`by` names the server of a socket: it stands in an external resource");
      if (out.by) refuse(Code::E0101, span(line), "`by` stands here twice").also(out.by->span, "the first one");
      out.by = qualified(line->qualifiedName());
      return;
    }
    const auto items = line->externalItem();
    const bool leading_word = items.front()->compoundWord() != nullptr && items.front()->COMMA() == nullptr;
    if (out.kind == Kind::ports && leading_word && items.size() > 1 && is_protocol(items.front())) {
      external_ports(items, line, out);
    } else if (leading_word && items.size() > 1) {
      binding(items, line, out);
    } else if (out.kind == Kind::resource) {
      external_paths(items, line, out);
    } else {
      refuse(Code::E0101, span(line),
             out.kind == Kind::ports
                 ? "expected ports such as `tcp 80, 443;` or a binding such as `selinux type http_port_t;`"
                 : "expected a binding such as `selinux type init_t;`");
    }
  }

  bool is_protocol(G::ExternalItemContext* item) const {
    const std::string word = text_of(span(item->compoundWord()));
    return word == "tcp" || word == "udp" || word == "sctp";
  }

  void external_ports(const std::vector<G::ExternalItemContext*>& items, G::ExternalLineContext* line,
                      ast::ExternalDecl& out) {
    no_except(line);
    no_or(items);
    ast::ExternalDecl::Ports ports;
    ports.protocol = compound(items.front()->compoundWord());
    for (std::size_t i = 1; i < items.size(); ++i) {
      need_comma(items[i], items[i]->COMMA() != nullptr || items[i]->OR() != nullptr, i + 1 == items.size());
      const bool is_name = items[i]->compoundWord() != nullptr;
      ports.items.push_back(port(items[i], is_name ? dotted(items[i]->compoundWord()) : ast::QualifiedName{}));
    }
    out.ports.push_back(std::move(ports));
  }

  void no_except(G::ExternalLineContext* line) {
    for (G::ExceptClauseContext* clause : line->exceptClause()) {
      refuse(Code::E0114, span(clause), "`except` follows a list of paths");
    }
  }

  void binding(const std::vector<G::ExternalItemContext*>& items, G::ExternalLineContext* line,
               ast::ExternalDecl& out) {
    no_except(line);
    ast::Binding next;
    next.span = span(line);
    next.backend = compound(items[0]->compoundWord());
    const bool names_key = items.size() >= 3 && items[1]->compoundWord() != nullptr && items[1]->COMMA() == nullptr;
    if (!names_key || items[0]->OR() != nullptr || items[1]->OR() != nullptr) {
      refuse(Code::E0101, span(line), "a binding is a backend, a key and values: `selinux type etc_t;`");
      return;
    }
    next.key = compound(items[1]->compoundWord());
    bool another = false;  // whether an `or` stands before the item
    for (std::size_t i = 2; i < items.size(); ++i) {
      const bool last = i + 1 == items.size();
      need_comma(items[i], items[i]->COMMA() != nullptr || items[i]->OR() != nullptr, last);
      if (last && items[i]->OR() != nullptr) refuse(Code::E0101, span(items[i]), "another name follows `or`");
      if (!another) next.values.emplace_back();
      binding_value(items[i], next.values.back());
      another = items[i]->OR() != nullptr;
    }
    out.bindings.push_back(std::move(next));
  }

  void binding_value(G::ExternalItemContext* item, std::vector<ast::Text>& out) {
    if (item->text() != nullptr) {
      out.push_back(text(item->text()));
    } else if (item->compoundWord() != nullptr) {
      ast::Name word = compound(item->compoundWord());
      out.push_back({std::move(word.text), word.span});
    } else {
      refuse(Code::E0101, span(item), "the values of a binding are words or texts");
    }
  }

  /// Alternatives are for names that systems give: paths and ports are the same everywhere.
  void no_or(const std::vector<G::ExternalItemContext*>& items) {
    for (G::ExternalItemContext* item : items) {
      if (item->OR() != nullptr) refuse(Code::E0101, span(item), "`or` stands between the names of a binding only");
    }
  }

  void external_paths(const std::vector<G::ExternalItemContext*>& items, G::ExternalLineContext* line,
                      ast::ExternalDecl& out) {
    if (out.paths.span.valid() || !out.bindings.empty() || out.by) {
      refuse(Code::E0113, span(line), "the paths of an external resource are one list and stand first");
      return;
    }
    no_or(items);
    for (G::ExternalItemContext* item : items) {
      need_comma(item, item->COMMA() != nullptr || item->OR() != nullptr, item == items.back());
      if (item->text() != nullptr) {
        out.paths.objects.emplace_back(text(item->text()));
      } else if (item->compoundWord() != nullptr) {
        out.paths.objects.emplace_back(dotted(item->compoundWord()));
      } else {
        refuse(Code::E0101, span(item), "a list of paths holds paths and names, no ports");
      }
    }
    except_clauses(line->exceptClause(), false, out.paths.except);
    out.paths.span = span(line);
  }

  const Tokens& tokens_;
  const SourceText& source_;
  Reports& reports_;
  Docs docs_;
  FileId id_;
  std::size_t max_depth_;
  std::vector<ast::EmptyBlock> empty_;
  std::vector<ast::Annotated> annotated_;

  bool whole_ = true;                               // nothing of the current construct was refused
  bool in_promise_ = false;                         // inside `never any`
  std::vector<ast::QualifiedName> promise_except_;  // its domains
  const Token* phrase_stop_ = nullptr;              // last token of the current phrase
  bool late_import_ = false;
};

}  // namespace

ast::File build(Grammar::FileContext& tree, const Tokens& tokens, const SourceText& source, FileId id, Reports& reports,
                std::size_t max_depth) {
  return Builder(tokens, source, id, reports, max_depth).file(tree);
}

}  // namespace macc::syntax
