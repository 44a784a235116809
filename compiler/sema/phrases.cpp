// Phrases: what allow, deny, never, audit and expect have in common, to accesses of the IR.
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "compiler/sema/analysis.h"

namespace macc::sema {

using ir::PathExpr;

std::optional<ir::Protocol> Analysis::protocol_of(const ast::Name& name) {
  for (ir::Protocol p : {ir::Protocol::tcp, ir::Protocol::udp, ir::Protocol::sctp}) {
    if (ir::word(p) == name.text) return p;
  }
  unknown_word(name, "protocol", {"tcp", "udp", "sctp", "unix"});
  return std::nullopt;
}

std::optional<ir::Peer> Analysis::peer_of(const ast::Peer& peer, const Scope& scope) {
  switch (peer.kind) {
    case ast::Peer::Kind::self:
      return ir::Peer{ir::Peer::Kind::self};
    case ast::Peer::Kind::any:
      return ir::Peer{ir::Peer::Kind::any};
    case ast::Peer::Kind::domain:
      break;
  }
  const ir::DomainId id = lookup_domain(peer.name, scope, "a domain, `self` or `any`");
  if (id == ir::DomainId::none) return std::nullopt;
  return ir::Peer{ir::Peer::Kind::domain, id};
}

PathExpr Analysis::resource_expr(ir::ResourceId id) const {
  // Holes are filled in when every resource is known (fill_holes).
  PathExpr out = policy_.resource(id).paths;
  out.resource = id;
  return out;
}

std::vector<PathExpr> Analysis::path_exprs(const ast::ObjectList& list, const Scope& scope,
                                           std::vector<const Symbol*>* symbols) {
  std::vector<PathExpr> out;
  PathExpr written;  // paths written out belong together
  std::vector<ast::Object> plain;
  for (const ast::Object& object : list.objects) {
    const auto* name = std::get_if<ast::QualifiedName>(&object);
    if (name == nullptr) {
      plain.push_back(object);
      continue;
    }
    if (const Argument* a = parameter(*name, scope)) {
      if (a->type == ast::ParameterType::resource) {
        out.push_back(resource_expr(a->resource));
        if (symbols != nullptr) symbols->push_back(nullptr);
      } else {
        plain.push_back(object);
      }
      continue;
    }
    bool is_private = false;
    const Symbol* s = lookup_quietly(*name, scope, is_private);
    if (s == nullptr || is_private || s->kind != Symbol::Kind::resource) {
      plain.push_back(object);  // a let, or a mistake that patterns_of reports
      continue;
    }
    used_.insert(s->span);
    out.push_back(resource_expr(s->resource));
    if (symbols != nullptr) symbols->push_back(s);
  }
  std::vector<paths::PathPattern> except;
  patterns_of(list.except, scope, except, true);
  if (patterns_of(plain, scope, written.include, true) && !written.include.empty()) {
    out.push_back(std::move(written));
    if (symbols != nullptr) symbols->push_back(nullptr);
  }
  for (PathExpr& e : out) e.exclude.insert(e.exclude.end(), except.begin(), except.end());
  return out;
}

ir::VerbSet opened_verbs(const std::vector<ast::Name>& words) {
  ir::VerbSet open;
  for (const ast::Name& word : words)
    if (auto verbs = ir::verbs_of(word.text)) open |= *verbs;
  return words.empty() ? ir::VerbSet::all() : open;
}

bool Analysis::check_public_verbs(const Symbol& symbol, const Scope& scope, const ast::FilesPhrase& p, Span use) {
  if (symbol.module == scope.module || symbol.public_verbs.empty()) return true;
  const ir::VerbSet open = opened_verbs(symbol.public_verbs);
  std::string words;
  for (const ast::Name& n : symbol.public_verbs) {
    words += (words.empty() ? "" : ", ") + n.text;
  }
  for (const ast::Name& n : p.verbs) {
    const auto v = ir::verbs_of(n.text);
    if (!v || !(*v - open).any()) continue;
    report(Code::E0321, n.span,
           fmt::format("module `{}` does not open this resource for `{}`", symbol.module->name, n.text), &scope)
        .also(symbol.span, fmt::format("public for {} only", words))
        .also(use, "used here");
    return false;
  }
  return true;
}

void Analysis::files(const ast::FilesPhrase& p, const ast::Phrase& phrase, const Scope& scope, PhraseUse use,
                     std::vector<ir::Access>& out) {
  ir::VerbSet verbs;
  bool good = true;
  for (const ast::Name& n : p.verbs) {
    if (const auto v = ir::verbs_of(n.text)) {
      verbs |= *v;
    } else {
      std::vector<std::string> known = ir::verb_words();
      if (p.verbs.size() == 1) known.emplace_back("exec");
      unknown_word(n, "verb", known);
      good = false;
    }
  }
  std::vector<const Symbol*> symbols;
  std::vector<PathExpr> exprs = path_exprs(p.objects, scope, &symbols);
  if (!good) return;
  for (std::size_t i = 0; i < exprs.size(); ++i) {
    if (use.grants && symbols[i] != nullptr && !check_public_verbs(*symbols[i], scope, p, p.objects.span)) continue;
    // A word of which nothing can apply is a mistake; of a group, what does not apply is left out.
    const auto& include = exprs[i].include;
    if (include.empty()) continue;  // what has no paths was reported
    const bool only_directories = std::all_of(include.begin(), include.end(), [](const paths::PathPattern& pattern) {
      return pattern.tail() == paths::Tail::directory;
    });
    ir::VerbSet fitting = verbs;
    if (only_directories) {
      for (ir::Verb v : verbs.list()) {
        if (!ir::applies_to(v, ir::ObjectClass::directory)) fitting.remove(v);
      }
      for (const ast::Name& n : p.verbs) {
        if (!ir::verbs_of(n.text)->meets(fitting)) {
          report(Code::E0302, n.span, fmt::format("`{}` does not apply to a directory itself", n.text), &scope)
              .also(p.objects.span, "a path that ends with `/` is the directory")
              .note("for its entries write `/**` behind it; to read its names use `list`");
          fitting = {};
          break;
        }
      }
    }
    if (fitting.any()) out.emplace_back(ir::FileAccess{fitting, std::move(exprs[i]), p.owner});
  }
  (void)phrase;
}

namespace {
void add_or_report(const std::optional<ir::Capability>& c, std::vector<ir::Capability>& out) {
  if (c && std::find(out.begin(), out.end(), *c) == out.end()) out.push_back(*c);
}

bool is_bus_name(const std::string& text) {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == ':';
  });
}
}  // namespace

template <typename Phrase>
void Analysis::lower(const Phrase& p, const ast::Phrase& phrase, const Scope& scope, PhraseUse use,
                     std::vector<ir::Access>& out) {
  using T = std::decay_t<Phrase>;
  if constexpr (std::is_same_v<T, ast::FilesPhrase>) {
    files(p, phrase, scope, use, out);
  } else if constexpr (std::is_same_v<T, ast::ExecPhrase>) {
    ir::ExecAccess base;
    base.keep_environment = p.keep_environment;
    if (p.owner) {
      report(Code::E0318, phrase.span, "`owner` is a condition on file rules, not on `exec`", &scope);
      return;
    }
    if (p.unconfined) base.mode = ir::ExecAccess::Mode::unconfined;
    if (p.to) {
      base.mode = ir::ExecAccess::Mode::transition;
      base.target = lookup_domain(*p.to, scope, "the domain to run in");
      if (base.target == ir::DomainId::none) return;
    }
    for (PathExpr& e : path_exprs(p.paths, scope)) {
      if (e.include.empty()) continue;
      const bool directories = std::all_of(e.include.begin(), e.include.end(), [](const paths::PathPattern& pattern) {
        return pattern.tail() == paths::Tail::directory;
      });
      if (directories) {
        report(Code::E0302, p.paths.span, "a directory cannot be executed", &scope);
        continue;
      }
      ir::ExecAccess a = base;
      a.paths = std::move(e);
      out.emplace_back(std::move(a));
    }
  } else if constexpr (std::is_same_v<T, ast::NetworkPhrase>) {
    const auto protocol = protocol_of(p.protocol);
    if (!protocol) return;
    auto ports = ports_of(p.ports, scope, protocol);
    if (ports && !ports->ranges.empty()) {
      out.emplace_back(ir::NetworkAccess{p.listen, *protocol, std::move(ports->ranges), ports->named});
    }
  } else if constexpr (std::is_same_v<T, ast::UnixPhrase>) {
    ast::ObjectList rest = p.sockets;
    rest.objects.clear();
    for (const ast::Object& object : p.sockets.objects) {
      const auto* text = std::get_if<ast::Text>(&object);
      if (text == nullptr || !text->raw.starts_with('@')) {
        rest.objects.push_back(object);
        continue;
      }
      const auto name = plain_text(*text, scope);
      if (!name) continue;
      if (name->size() < 2 || name->size() > 108) {
        report(Code::E0313, text->span, "an abstract socket name has 1 to 107 bytes behind the `@`", &scope);
        continue;
      }
      ir::UnixAccess a;
      a.listen = p.listen;
      a.abstract_name = name->substr(1);
      out.emplace_back(std::move(a));
    }
    for (PathExpr& e : path_exprs(rest, scope)) {
      ir::UnixAccess a;
      a.listen = p.listen;
      a.paths = std::move(e);
      out.emplace_back(std::move(a));
    }
  } else if constexpr (std::is_same_v<T, ast::SocketPhrase>) {
    const ast::Name family{p.family.text(), p.family.span};
    const auto& families = ir::family_words();
    if (std::find(families.begin(), families.end(), family.text) == families.end()) {
      unknown_word(family, "socket family", families);
      return;
    }
    if (p.type) {
      const auto& types = ir::socket_type_words();
      if (std::find(types.begin(), types.end(), p.type->text) == types.end()) {
        unknown_word(*p.type, "socket type", types);
        return;
      }
    }
    out.emplace_back(ir::SocketAccess{family.text, p.type ? p.type->text : std::string()});
  } else if constexpr (std::is_same_v<T, ast::UsePhrase>) {
    ir::UseAccess a;
    for (const ast::Name& kind : p.kinds) {
      if (kind.text == "tcp")
        a.tcp = true;
      else if (kind.text == "udp")
        a.udp = true;
      else if (kind.text == "unix")
        a.unix = true;
      else if (kind.text == "pipe")
        a.pipe = true;
      else if (kind.text == "terminal")
        a.terminal = true;
      else
        unknown_word(kind, "thing that is handed over", {"tcp", "udp", "unix", "pipe", "terminal"});
    }
    a.from = lookup_domain(p.from, scope, "the domain that opened it");
    if (a.from == ir::DomainId::none) return;
    std::vector<PathExpr> exprs = path_exprs(p.paths, scope);
    const bool kinds = a.tcp || a.udp || a.unix || a.pipe || a.terminal;
    if (kinds) out.emplace_back(a);
    for (PathExpr& e : exprs) {
      ir::UseAccess file;
      file.from = a.from;
      file.paths = std::move(e);
      out.emplace_back(std::move(file));
    }
  } else if constexpr (std::is_same_v<T, ast::SignalPhrase>) {
    ir::SignalAccess a;
    a.any = p.any;
    for (const ast::Name& n : p.signals) {
      if (const auto s = ir::signal_of(n.text)) {
        a.signals.push_back(*s);
      } else {
        unknown_word(n, "signal", ir::signal_words());
      }
    }
    std::sort(a.signals.begin(), a.signals.end());
    a.signals.erase(std::unique(a.signals.begin(), a.signals.end()), a.signals.end());
    const auto peer = peer_of(p.peer, scope);
    if (!peer || (!a.any && a.signals.empty())) return;
    a.peer = *peer;
    out.emplace_back(std::move(a));
  } else if constexpr (std::is_same_v<T, ast::ProcessPhrase>) {
    const auto peer = peer_of(p.peer, scope);
    if (!peer) return;
    const auto kind = static_cast<ir::ProcessAccess::Kind>(static_cast<int>(p.kind));
    if (kind == ir::ProcessAccess::Kind::become && peer->kind != ir::Peer::Kind::domain) {
      report(Code::E0209, p.peer.span, "`become` needs the domain to change to", &scope);
      return;
    }
    out.emplace_back(ir::ProcessAccess{kind, *peer});
  } else if constexpr (std::is_same_v<T, ast::CapabilityPhrase>) {
    ir::CapabilityAccess a;
    a.in_userns = p.in_userns;
    for (const ast::Name& n : p.names) {
      const auto c = ir::capability_of(n.text);
      if (!c) unknown_word(n, "capability", ir::capability_words());
      add_or_report(c, a.capabilities);
    }
    std::sort(a.capabilities.begin(), a.capabilities.end());
    if (!a.capabilities.empty()) out.emplace_back(std::move(a));
  } else if constexpr (std::is_same_v<T, ast::MountPhrase>) {
    ir::MountAccess a;
    for (const ast::Name& n : p.fstypes) a.fstypes.push_back(n.text);
    const auto& options = ir::mount_option_words();
    for (const ast::Name& n : p.options) {
      if (std::find(options.begin(), options.end(), n.text) == options.end()) unknown_word(n, "mount option", options);
      a.options.push_back(n.text);
    }
    const auto merge = [&](const ast::ObjectList& list, PathExpr& into) {
      for (PathExpr& e : path_exprs(list, scope)) {
        into.include.insert(into.include.end(), e.include.begin(), e.include.end());
        into.exclude.insert(into.exclude.end(), e.exclude.begin(), e.exclude.end());
      }
    };
    merge(p.from, a.from);
    merge(p.on, a.on);
    if (!a.on.include.empty()) out.emplace_back(std::move(a));
  } else if constexpr (std::is_same_v<T, ast::PathsPhrase>) {
    for (PathExpr& e : path_exprs(p.paths, scope)) {
      out.emplace_back(ir::PathsAccess{static_cast<ir::PathsAccess::Kind>(static_cast<int>(p.kind)), std::move(e)});
    }
  } else if constexpr (std::is_same_v<T, ast::PlainPhrase>) {
    out.emplace_back(ir::PlainAccess{static_cast<ir::PlainAccess::Kind>(static_cast<int>(p.kind))});
  } else {
    static_assert(std::is_same_v<T, ast::DbusPhrase>);
    ir::DbusAccess a;
    a.own = p.own;
    bool good = true;
    const auto read = [&](const ast::Text& text, std::string& into) {
      const auto value = plain_text(text, scope);
      if (value && !is_bus_name(*value)) {
        report(Code::E0313, text.span, "a bus name has letters, digits, `.`, `_`, `-` and `:` only", &scope);
      }
      good = good && value && is_bus_name(*value);
      if (value) into = *value;
    };
    read(p.name, a.name);
    if (p.interface) read(*p.interface, a.interface);
    if (p.member) read(*p.member, a.member);
    if (p.bus) {
      a.session_bus = p.bus->text == "session";
      if (!a.session_bus && p.bus->text != "system") {
        unknown_word(*p.bus, "bus", {"system", "session"});
        good = false;
      }
    }
    if (good) out.emplace_back(std::move(a));
  }
}

std::vector<ir::Access> Analysis::accesses(const ast::Phrase& phrase, const Scope& scope, PhraseUse use) {
  std::vector<ir::Access> out;
  std::visit([&](const auto& p) { lower(p, phrase, scope, use, out); }, phrase.value);
  return out;
}

}  // namespace macc::sema
