// The fields of every part of the syntax tree, each listed once, for what has to look at whole trees.
//
// `fields(part)` gives a tuple of references to all members of a part, in the order of their declaration. A structured
// binding names every member of a struct, so one that is missing here does not compile.
#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>

#include "compiler/syntax/ast.h"

namespace macc::ast {

#define MACC_FIELDS(type, ...)                        \
  template <class T>                                  \
  requires std::same_as<std::remove_const_t<T>, type> \
  auto fields(T& part) {                              \
    auto& [__VA_ARGS__] = part;                       \
    return std::tie(__VA_ARGS__);                     \
  }
#define MACC_NO_FIELDS(type)                          \
  template <class T>                                  \
  requires std::same_as<std::remove_const_t<T>, type> \
  auto fields(T&) {                                   \
    static_assert(std::is_empty_v<type>);             \
    return std::tuple<>();                            \
  }

MACC_FIELDS(Name, text, span)
MACC_FIELDS(QualifiedName, parts, span)
MACC_FIELDS(Text, raw, span)
MACC_NO_FIELDS(PortItem::Any)
MACC_FIELDS(PortItem::Range, first, last)
MACC_FIELDS(PortItem, value, span)
MACC_FIELDS(ObjectList, objects, except, span)
MACC_FIELDS(Peer, kind, name, span)

MACC_FIELDS(FilesPhrase, verbs, objects, owner, owner_span)
MACC_FIELDS(ExecPhrase, paths, to, unconfined, keep_environment, owner)
MACC_FIELDS(NetworkPhrase, listen, protocol, ports)
MACC_FIELDS(UnixPhrase, listen, sockets)
MACC_FIELDS(SocketPhrase, family, type)
MACC_FIELDS(UsePhrase, kinds, paths, from)
MACC_FIELDS(SignalPhrase, any, signals, peer)
MACC_FIELDS(ProcessPhrase, kind, peer)
MACC_FIELDS(CapabilityPhrase, names, in_userns)
MACC_FIELDS(MountPhrase, fstypes, options, from, on)
MACC_FIELDS(PathsPhrase, kind, paths)
MACC_FIELDS(PlainPhrase, kind)
MACC_FIELDS(DbusPhrase, own, name, interface, member, bus)
MACC_FIELDS(Phrase, value, span)
MACC_FIELDS(Condition, kind, name, operands, span)
MACC_FIELDS(Annotation::Argument, key, value)
MACC_FIELDS(Annotation, name, arguments, span)

MACC_FIELDS(RuleStatement, effect, audit, phrase)
MACC_FIELDS(IfStatement, condition, then, otherwise)
MACC_FIELDS(Value, value, span)
MACC_FIELDS(IncludeStatement, abstraction, arguments)
MACC_FIELDS(EntryStatement, from, paths, unit, level, external)
MACC_FIELDS(ModeStatement, complain)
MACC_FIELDS(LevelStatement, range)
MACC_FIELDS(ReplacesStatement::Item, backend, what)
MACC_FIELDS(ReplacesStatement, items)
MACC_FIELDS(RawStatement, backend, text, text_span)
MACC_FIELDS(ResourceDecl, is_public, public_verbs, name, kind, inside, adopt, level, relabel, paths, doc, span)
MACC_FIELDS(LetDecl, is_public, name, value, doc, span)
MACC_FIELDS(Statement, value, doc, span)

MACC_FIELDS(ImportDecl, module, alias, span)
MACC_FIELDS(BooleanDecl, is_public, name, value, doc, span)
MACC_FIELDS(Binding, backend, key, values, span)
MACC_FIELDS(ExternalDecl::Ports, protocol, items)
MACC_FIELDS(ExternalDecl, kind, is_public, name, resource_kind, paths, ports, by, bindings, doc, span)
MACC_FIELDS(DomainDecl, is_public, name, parent, body, doc, span)
MACC_FIELDS(AbstractionDecl::Parameter, name, type, span)
MACC_FIELDS(AbstractionDecl, is_public, name, parameters, body, doc, span)
MACC_FIELDS(ExtendDomainDecl, domain, body, span)
MACC_FIELDS(ExtendResourceDecl, resource, paths, span)
MACC_FIELDS(NeverDecl, phrase, except, span)
MACC_FIELDS(Expectation, allow, domain, phrase, when, span)
MACC_FIELDS(TestDecl, name, expectations, span)
MACC_FIELDS(Annotated, annotations, span)
MACC_FIELDS(EmptyBlock, kind, span)
MACC_FIELDS(File, id, version, version_span, module, imports, declarations, empty, annotated, lost)

#undef MACC_FIELDS
#undef MACC_NO_FIELDS

/// A struct of the syntax tree.
template <class T>
concept Part = requires(T& part) {
  fields(part);
};

}  // namespace macc::ast
