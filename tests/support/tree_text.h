// A compact written form of the syntax tree, without places and comments: two texts mean the same to the parser when
// theirs is the same.
#pragma once

#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

#include "compiler/syntax/ast.h"

namespace macc::tree_text {

template <typename List, typename Show>
inline std::string join(const List& list, Show show, const char* between = " ") {
  std::string out;
  for (const auto& item : list) {
    if (!out.empty()) out += between;
    out += show(item);
  }
  return out;
}

inline std::string show(const ast::Name& name) { return name.text; }
inline std::string show(const ast::Text& text) { return '"' + text.raw + '"'; }
inline std::string show(const ast::QualifiedName& name) { return name.text(); }
inline std::string show(const ast::Object& object) {
  return std::visit([](const auto& o) { return show(o); }, object);
}
inline std::string show(const ast::PortItem& item);
inline std::string show(const ast::Value& value);
inline std::string show(const ast::Statement& statement);
inline std::string show(const ast::Annotated& annotated);
inline std::string show(const ast::Declaration& declaration);
template <typename T>
inline std::string show(const std::vector<T>& list) {
  return join(list, [](const T& item) { return show(item); });
}

inline std::string show(const ast::PortItem& item) {
  if (std::holds_alternative<ast::PortItem::Any>(item.value)) return "any";
  if (const auto* range = std::get_if<ast::PortItem::Range>(&item.value)) {
    return range->first == range->last ? fmt::format("{}", range->first)
                                       : fmt::format("{}-{}", range->first, range->last);
  }
  return show(std::get<ast::QualifiedName>(item.value));
}

inline std::string show(const ast::ObjectList& list) {
  return "[" + show(list.objects) + (list.except.empty() ? "" : " - " + show(list.except)) + "]";
}

inline std::string show(const ast::Peer& peer) {
  if (peer.kind == ast::Peer::Kind::self) return "<self>";
  return peer.kind == ast::Peer::Kind::any ? "<any>" : show(peer.name);
}

inline std::string show(const ast::FilesPhrase& p) {
  return "files(" + show(p.verbs) + ") " + show(p.objects) + (p.owner ? " owner" : "");
}
inline std::string show(const ast::ExecPhrase& p) {
  return "exec " + show(p.paths) + (p.to ? " to " + show(*p.to) : "") + (p.unconfined ? " unconfined" : "") +
         (p.keep_environment ? " keep" : "") + (p.owner ? " owner" : "");
}
inline std::string show(const ast::NetworkPhrase& p) {
  return (p.listen ? "listen " : "connect ") + show(p.protocol) + " " + show(p.ports);
}
inline std::string show(const ast::UnixPhrase& p) {
  return (p.listen ? "listen unix " : "connect unix ") + show(p.sockets);
}
inline std::string show(const ast::SocketPhrase& p) {
  return "socket " + show(p.family) + (p.type ? " " + show(*p.type) : "");
}
inline std::string show(const ast::UsePhrase& p) {
  return "use (" + show(p.kinds) + ") " + show(p.paths) + " from " + show(p.from);
}
inline std::string show(const ast::SignalPhrase& p) {
  return "signal " + (p.any ? std::string("any") : "(" + show(p.signals) + ")") + " to " + show(p.peer);
}
inline std::string show(const ast::ProcessPhrase& p) {
  static const char* const kinds[] = {"inspect ", "trace ", "ipc ", "become "};
  return kinds[static_cast<int>(p.kind)] + show(p.peer);
}
inline std::string show(const ast::CapabilityPhrase& p) {
  return "capability " + show(p.names) + (p.in_userns ? " in userns" : "");
}
inline std::string show(const ast::MountPhrase& p) {
  return "mount (" + show(p.fstypes) + ") (" + show(p.options) + ") " + show(p.from) + " " + show(p.on);
}
inline std::string show(const ast::PathsPhrase& p) {
  static const char* const kinds[] = {"unmount ", "pivot ", "mqueue "};
  return kinds[static_cast<int>(p.kind)] + show(p.paths);
}
inline std::string show(const ast::PlainPhrase& p) {
  static const char* const kinds[] = {"memory execute", "userns create", "bpf", "perf", "io_uring", "keyring"};
  return kinds[static_cast<int>(p.kind)];
}
inline std::string show(const ast::DbusPhrase& p) {
  return std::string("dbus ") + (p.own ? "own " : "talk ") + show(p.name) +
         (p.interface ? " interface " + show(*p.interface) : "") + (p.member ? " member " + show(*p.member) : "") +
         (p.bus ? " on " + show(*p.bus) : "");
}
inline std::string show(const ast::Phrase& phrase) {
  return std::visit([](const auto& p) { return show(p); }, phrase.value);
}

inline std::string show(const ast::Condition& c) {
  using Kind = ast::Condition::Kind;
  const auto list = [&](const char* word) {
    return "(" +
           join(
               c.operands, [](const ast::Condition& o) { return show(o); }, word) +
           ")";
  };
  switch (c.kind) {
    case Kind::name:
      return show(c.name);
    case Kind::negation:
      return "!" + show(c.operands.at(0));
    case Kind::conjunction:
      return list(" & ");
    case Kind::disjunction:
      return list(" | ");
  }
  return "?";
}

inline std::string show(const ast::Value& value) {
  if (const auto* texts = std::get_if<std::vector<ast::Text>>(&value.value)) return "texts{" + show(*texts) + "}";
  if (const auto* ports = std::get_if<std::vector<ast::PortItem>>(&value.value)) return "ports{" + show(*ports) + "}";
  if (const auto* name = std::get_if<ast::QualifiedName>(&value.value)) return show(*name);
  return show(std::get<ast::Text>(value.value));
}

inline std::string show(const ast::Annotation& annotation) {
  return "@" + annotation.name.text + "(" +
         join(annotation.arguments,
              [](const ast::Annotation::Argument& a) { return (a.key ? a.key->text + "=" : "") + show(a.value); }) +
         ")";
}

inline std::string show(const ast::RuleStatement& s) {
  static const char* const effects[] = {"allow ", "deny ", "never "};
  return (s.audit ? "audit " : "") + std::string(effects[static_cast<int>(s.effect)]) + show(s.phrase);
}
inline std::string show(const ast::IfStatement& s);
inline std::string show(const ast::IncludeStatement& s) {
  return "include " + show(s.abstraction) + "(" + show(s.arguments) + ")";
}
inline std::string show(const ast::EntryStatement& s) {
  static const char* const from[] = {"init", "user", "unit ", ""};
  const bool external = s.from == ast::EntryStatement::From::external;
  const bool unit = s.from == ast::EntryStatement::From::unit;
  return "entry " + show(s.paths) + " from " + from[static_cast<int>(s.from)] + (unit ? show(s.unit) : "") +
         (external ? show(s.external) : "");
}
inline std::string show(const ast::ModeStatement& s) { return s.complain ? "mode complain" : "mode enforce"; }
inline std::string show(const ast::LevelStatement& s) { return "level " + show(s.range); }
inline std::string show(const ast::ReplacesStatement& s) {
  return "replaces " + join(
                           s.items, [](const auto& item) { return show(item.backend) + " " + show(item.what); }, ", ");
}
inline std::string show(const ast::RawStatement& s) { return "raw " + show(s.backend) + " <" + s.text + ">"; }
inline std::string show(const ast::ResourceDecl& d) {
  return std::string(d.is_public ? "public(" + show(d.public_verbs) + ") " : "") + "resource " + show(d.name) + " : " +
         show(d.kind) + (d.inside ? " in " + show(*d.inside) : "") + (d.adopt ? " adopt " : " ") + show(d.paths);
}
inline std::string show(const ast::LetDecl& d) {
  return std::string(d.is_public ? "public " : "") + "let " + show(d.name) + " = " + show(d.value);
}
inline std::string show(const ast::Statement& s) {
  return std::visit([](const auto& v) { return show(v); }, s.value);
}
/// The annotations of one statement or declaration.
inline std::string show(const ast::Annotated& annotated) {
  return join(annotated.annotations, [](const ast::Annotation& a) { return show(a); });
}
inline std::string body(const std::vector<ast::Statement>& statements) {
  return "{" +
         join(
             statements, [](const ast::Statement& s) { return show(s); }, "; ") +
         "}";
}
inline std::string show(const ast::IfStatement& s) {
  return "if " + show(s.condition) + " " + body(s.then) + (s.otherwise.empty() ? "" : " else " + body(s.otherwise));
}
inline std::string show(const ast::BooleanDecl& d) {
  return std::string(d.is_public ? "public " : "") + "boolean " + show(d.name) + (d.value ? " = true" : " = false");
}
inline std::string show(const ast::ExternalDecl& d) {
  static const char* const kinds[] = {"resource ", "domain ", "ports "};
  return std::string(d.is_public ? "public " : "") + "external " + kinds[static_cast<int>(d.kind)] + show(d.name) +
         (d.resource_kind ? " : " + show(*d.resource_kind) : "") + " " + show(d.paths) +
         join(
             d.ports, [](const auto& p) { return " " + show(p.protocol) + ":" + show(p.items); }, "") +
         (d.by ? " by " + show(*d.by) : "") +
         join(
             d.bindings, [](const auto& b) { return " " + show(b.backend) + "/" + show(b.key) + "=" + show(b.values); },
             "");
}
inline std::string show(const ast::DomainDecl& d) {
  return std::string(d.is_public ? "public " : "") + "domain " + show(d.name) + " " + body(d.body);
}
inline std::string type_name(ast::ParameterType type) {
  static const char* const names[] = {"domain", "resource", "path", "ports", "text"};
  return names[static_cast<int>(type)];
}
inline std::string show(const ast::AbstractionDecl& d) {
  return std::string(d.is_public ? "public " : "") + "abstraction " + show(d.name) + "(" +
         join(d.parameters, [](const auto& p) { return show(p.name) + ":" + type_name(p.type); }) + ") " + body(d.body);
}
inline std::string show(const ast::ExtendDomainDecl& d) {
  return "extend domain " + show(d.domain) + " " + body(d.body);
}
inline std::string show(const ast::ExtendResourceDecl& d) {
  return "extend resource " + show(d.resource) + " " + show(d.paths);
}
inline std::string show(const ast::NeverDecl& d) {
  return "never any " + show(d.phrase) + (d.except.empty() ? "" : " except " + show(d.except));
}
inline std::string show(const ast::TestDecl& d) {
  return "test " + show(d.name) + " {" +
         join(
             d.expectations,
             [](const ast::Expectation& e) {
               return std::string(e.allow ? "allow " : "deny ") + show(e.domain) + ": " + show(e.phrase) +
                      (e.when ? " when " + show(*e.when) : "");
             },
             "; ") +
         "}";
}
inline std::string show(const ast::Declaration& declaration) {
  return std::visit([](const auto& d) { return show(d); }, declaration);
}

/// The whole of a file but its head: declarations, then annotations in the order of the source.
inline std::string show(const ast::File& file) { return show(file.declarations) + " " + show(file.annotated); }

}  // namespace macc::tree_text
