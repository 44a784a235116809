#include "compiler/ir/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <type_traits>

namespace macc::ir {

namespace {

using Json = nlohmann::ordered_json;

class Writer {
 public:
  Writer(const Policy& policy, const SourceManager& sources) : policy_(policy), sources_(sources) {}

  Json whole() const {
    Json out;
    out["format"] = "macc-ir";
    out["version"] = kJsonVersion;
    out["booleans"] = list(policy_.booleans, [&](const Boolean& b) {
      return Json{{"name", b.module + "." + b.name}, {"value", b.value}, {"doc", b.doc}, {"at", at(b.span)}};
    });
    out["resources"] = list(policy_.resources, [&](const Resource& r) { return resource(r); });
    out["ports"] = list(policy_.ports, [&](const Ports& p) { return ports(p); });
    out["domains"] = list(policy_.domains, [&](const Domain& d) { return domain(d); });
    out["tests"] = list(policy_.tests, [&](const Test& t) { return test(t); });
    return out;
  }

 private:
  template <typename Items, typename One>
  static Json list(const Items& items, One one) {
    Json out = Json::array();
    for (const auto& item : items) out.push_back(one(item));
    return out;
  }

  Json at(Span span) const { return span.valid() ? Json(sources_.describe_stable(span)) : Json(nullptr); }

  Json where(const Provenance& p) const {
    Json out = {{"at", at(p.span)}};
    if (!p.includes.empty()) {
      out["through"] = list(p.includes, [&](const Provenance::Frame& f) {
        return Json{{"include", f.abstraction}, {"at", at(f.at)}};
      });
    }
    return out;
  }

  static Json patterns(const std::vector<paths::PathPattern>& all) {
    return list(all, [](const paths::PathPattern& p) { return Json(p.text()); });
  }

  Json name(DomainId id) const { return id == DomainId::none ? Json(nullptr) : Json(policy_.qualified_name(id)); }
  Json name(ResourceId id) const { return id == ResourceId::none ? Json(nullptr) : Json(policy_.qualified_name(id)); }

  Json expr(const PathExpr& e) const {
    Json out;
    if (e.resource != ResourceId::none) out["resource"] = name(e.resource);
    out["include"] = patterns(e.include);
    if (!e.exclude.empty()) out["exclude"] = patterns(e.exclude);
    if (!e.holes.empty()) out["holes"] = list(e.holes, [&](ResourceId r) { return name(r); });
    return out;
  }

  Json condition(const Condition& c) const {
    static constexpr const char* kWords[] = {"always", "boolean", "not", "and", "or"};
    const char* word = kWords[static_cast<int>(c.kind)];
    if (c.kind == Condition::Kind::boolean) {
      const Boolean& b = policy_.boolean(c.boolean);
      return Json{{word, b.module + "." + b.name}};
    }
    return Json{{word, list(c.operands, [&](const Condition& o) { return condition(o); })}};
  }

  static Json ranges(const std::vector<PortRange>& all) {
    return list(all, [](const PortRange& r) { return Json::array({r.first, r.last}); });
  }

  Json peer(const Peer& p) const {
    switch (p.kind) {
      case Peer::Kind::self:
        return "self";
      case Peer::Kind::any:
        return "any";
      case Peer::Kind::domain:
        return Json{{"domain", name(p.domain)}};
    }
    return nullptr;
  }

  Json access(const Access& a) const {
    return std::visit([&](const auto& x) { return one(x); }, a);
  }
  static Json verbs(VerbSet set) {
    return list(set.list(), [](Verb v) { return Json(word(v)); });
  }

  Json one(const FileAccess& a) const {
    return {{"kind", "file"}, {"verbs", verbs(a.verbs)}, {"paths", expr(a.paths)}, {"owner", a.owner}};
  }
  Json one(const ExecAccess& a) const {
    static constexpr const char* kModes[] = {"inside", "transition", "unconfined"};
    return {{"kind", "exec"},
            {"mode", kModes[static_cast<int>(a.mode)]},
            {"paths", expr(a.paths)},
            {"to", name(a.target)},
            {"keep_environment", a.keep_environment}};
  }
  Json one(const NetworkAccess& a) const {
    return {{"kind", "network"},
            {"direction", a.listen ? "listen" : "connect"},
            {"protocol", word(a.protocol)},
            {"ports", ranges(a.ports)}};
  }
  Json one(const UnixAccess& a) const {
    Json out = {{"kind", "unix"}, {"direction", a.listen ? "listen" : "connect"}};
    if (a.abstract_name.empty()) {
      out["paths"] = expr(a.paths);
    } else {
      out["abstract"] = a.abstract_name;
    }
    out["servers"] = list(a.servers, [&](DomainId d) { return name(d); });
    return out;
  }
  Json one(const SocketAccess& a) const { return {{"kind", "socket"}, {"family", a.family}, {"type", a.type}}; }
  Json one(const UseAccess& a) const {
    Json kinds = Json::array();
    const auto add = [&](bool on, const char* word) {
      if (on) kinds.push_back(word);
    };
    add(a.tcp, "tcp");
    add(a.udp, "udp");
    add(a.unix, "unix");
    add(a.pipe, "pipe");
    add(a.terminal, "terminal");
    return {{"kind", "use"}, {"kinds", kinds}, {"paths", expr(a.paths)}, {"from", name(a.from)}};
  }
  Json one(const SignalAccess& a) const {
    return {{"kind", "signal"},
            {"signals", a.any ? Json("any") : list(a.signals, [](Signal s) { return Json(signal_word(s)); })},
            {"to", peer(a.peer)}};
  }
  Json one(const ProcessAccess& a) const {
    static constexpr const char* kWords[] = {"inspect", "trace", "ipc", "become"};
    return {{"kind", kWords[static_cast<int>(a.kind)]}, {"to", peer(a.peer)}};
  }
  Json one(const CapabilityAccess& a) const {
    return {{"kind", "capability"},
            {"names", list(a.capabilities, [](Capability c) { return Json(word(c)); })},
            {"in_userns", a.in_userns}};
  }
  Json one(const MountAccess& a) const {
    return {
        {"kind", "mount"}, {"fstypes", a.fstypes}, {"options", a.options}, {"from", expr(a.from)}, {"on", expr(a.on)}};
  }
  Json one(const PathsAccess& a) const {
    static constexpr const char* kWords[] = {"unmount", "pivot", "mqueue"};
    return {{"kind", kWords[static_cast<int>(a.kind)]}, {"paths", expr(a.paths)}};
  }
  Json one(const PlainAccess& a) const {
    static constexpr const char* kWords[] = {"memory execute", "userns create", "bpf", "perf", "io_uring", "keyring"};
    return {{"kind", kWords[static_cast<int>(a.kind)]}};
  }
  Json one(const DbusAccess& a) const {
    return {{"kind", a.own ? "dbus own" : "dbus talk"},
            {"bus", a.session_bus ? "session" : "system"},
            {"name", a.name},
            {"interface", a.interface},
            {"member", a.member}};
  }

  Json rule(const Rule& r) const {
    Json out = {{"effect", r.effect == Effect::allow ? "allow" : "deny"},
                {"audit", r.audit},
                {"access", access(r.access)},
                {"text", describe(policy_, r.access)}};
    if (!r.condition.is_always()) out["when"] = condition(r.condition);
    out["where"] = where(r.where);
    return out;
  }

  static Json bindings(const Bindings& b) {
    Json out = Json::object();
    for (const auto& [key, values] : b.values)
      out[key.first][key.second] = list(values, [](const auto& alternatives) {
        return alternatives.size() == 1 ? Json(alternatives.front()) : Json(alternatives);
      });
    return out;
  }

  Json resource(const Resource& r) const {
    Json out = {
        {"name", qualified(r)}, {"kind", r.kind ? Json(word(*r.kind)) : Json(nullptr)}, {"external", r.external}};
    if (r.adopt) out["adopt"] = true;
    if (!r.level.empty()) out["level"] = r.level;
    if (r.opened.any()) out["public"] = verbs(r.opened);
    if (r.relabel) out["relabel"] = true;
    if (r.owner != DomainId::none) out["owner"] = name(r.owner);
    out["paths"] = expr(r.paths);
    if (!r.inside.empty()) out["inside"] = list(r.inside, [&](ResourceId i) { return name(i); });
    if (r.server != DomainId::none) out["server"] = name(r.server);
    if (!r.bindings.values.empty()) out["bindings"] = bindings(r.bindings);
    out["doc"] = r.doc;
    out["where"] = where(r.where);
    return out;
  }
  Json qualified(const Resource& r) const { return name(static_cast<ResourceId>(&r - policy_.resources.data())); }

  Json ports(const Ports& p) const {
    return {{"name", p.module + "." + p.name},
            {"items", list(p.items,
                           [](const Ports::Item& i) {
                             return Json{{"protocol", word(i.protocol)}, {"ranges", ranges(i.ranges)}};
                           })},
            {"bindings", bindings(p.bindings)},
            {"at", at(p.span)}};
  }

  Json entry(const Entry& e) const {
    static constexpr const char* kFrom[] = {"init", "user", "unit", "external", "project"};
    Json out = {{"from", kFrom[static_cast<int>(e.from)]}, {"paths", expr(e.paths)}};
    if (e.from == Entry::From::unit) out["unit"] = e.unit;
    if (!e.level.empty()) out["level"] = e.level;
    if (e.from == Entry::From::external) out["external"] = name(e.external);
    out["where"] = where(e.where);
    return out;
  }

  Json domain(const Domain& d) const {
    Json out = {{"name", name(static_cast<DomainId>(&d - policy_.domains.data()))}, {"external", d.external}};
    if (d.external) {
      out["bindings"] = bindings(d.bindings);
      out["where"] = where(d.where);
      return out;
    }
    out["mode"] = d.complain ? "complain" : "enforce";
    if (d.opened) out["public"] = true;
    if (d.parent != DomainId::none) out["parent"] = name(d.parent);
    if (!d.level.empty()) out["level"] = d.level;
    out["doc"] = d.doc;
    out["entries"] = list(d.entries, [&](const Entry& e) { return entry(e); });
    out["resources"] = list(d.resources, [&](ResourceId r) { return name(r); });
    out["rules"] = list(d.rules, [&](const Rule& r) { return rule(r); });
    out["never"] = list(d.never, [&](const Obligation& o) {
      return Json{{"access", access(o.access)}, {"text", describe(policy_, o.access)}, {"where", where(o.where)}};
    });
    out["raw"] = list(d.raw, [&](const RawText& r) {
      return Json{{"backend", r.backend}, {"text", r.text}, {"where", where(r.where)}};
    });
    out["replaces"] = list(d.replaces, [&](const Replacement& r) {
      return Json{{"backend", r.backend}, {"what", r.what}, {"at", at(r.span)}};
    });
    out["where"] = where(d.where);
    return out;
  }

  Json test(const Test& t) const {
    return {{"name", t.name},
            {"expectations", list(t.expectations,
                                  [&](const TestExpectation& e) {
                                    Json out = {{"effect", e.allow ? "allow" : "deny"},
                                                {"domain", name(e.domain)},
                                                {"access", access(e.access)}};
                                    if (!e.when.is_always()) out["when"] = condition(e.when);
                                    out["at"] = at(e.span);
                                    return out;
                                  })},
            {"at", at(t.span)}};
  }

  const Policy& policy_;
  const SourceManager& sources_;
};

}  // namespace

std::string to_json(const Policy& policy, const SourceManager& sources) {
  // Path bytes need not be UTF-8: what isn't becomes U+FFFD in the JSON text, patterns escape such bytes themselves.
  return Writer(policy, sources).whole().dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace macc::ir
