#include "backends/selinux/causes.h"

#include <algorithm>

namespace macc::backends::selinux {
namespace {

struct AttributeReason {
  std::string_view attribute, text;
};

constexpr AttributeReason kAttributes[] = {
#define MACC_ATTRIBUTE(attribute, need, source, class_name, permission, text) {attribute, text},
#include "backends/selinux/attributes.def"
#undef MACC_ATTRIBUTE
};

std::string_view reason_of(std::string_view attribute) {
  const auto found = std::find_if(std::begin(kAttributes), std::end(kAttributes),
                                  [&](const AttributeReason& row) { return row.attribute == attribute; });
  return found == std::end(kAttributes) ? "the system's policy has such types in it" : found->text;
}

std::vector<Span> places_of(const Declaration& declaration) {
  std::vector<Span> places = {declaration.span};
  if (declaration.cut.valid()) places.push_back(declaration.cut);
  return places;
}

}  // namespace

Cause Cause::in_words(std::string_view why) { return {std::string(why)}; }

void Cause::add(const Cause& other) {
  if (why.empty()) why = other.why;
  add_origins(origins, other.origins);
  places.insert(places.end(), other.places.begin(), other.places.end());
  names.insert(names.end(), other.names.begin(), other.names.end());
}

Causes::Causes(const Module& module, bool wanted) : module_(module), wanted_(wanted) {
  if (!wanted) return;
  for (const PortLabel& port : module.ports) ports_.emplace(port.type, &port);
}

const Declaration* Causes::declared(const std::string& type) const {
  const auto found = module_.types.find(type);
  return found == module_.types.end() ? nullptr : &found->second;
}

Cause Causes::of_type(const std::string& type) const {
  if (!wanted_) return {};
  const Declaration& declaration = module_.types.at(type);
  const auto port = ports_.find(type);
  if (port == ports_.end()) return {declaration.what, {}, places_of(declaration), {type}};
  return {declaration.what, port->second->origins, {}, {}, port->second};
}

Cause Causes::of_member(const std::string& type, const std::string& attribute) const {
  if (!wanted_) return {};
  Cause cause = of_type(type);
  const auto& joined = module_.types.at(type).joined;
  const auto asked = joined.find(attribute);
  if (asked != joined.end()) return {"the system's policy guards this by the attribute", asked->second, {}, {type}};
  cause.why.append(": ").append(reason_of(attribute));
  return cause;
}

Cause Causes::of_role(const std::string& type, const Origins& origins) const {
  if (!wanted_) return {};
  if (!origins.empty()) return {"a role that it runs in", origins, {}, {type}};
  Cause cause = of_type(type);
  cause.why += ": the role that every type has in labels";
  return cause;
}

Cause Causes::of_permissive(const std::string& type, Span span) const {
  if (!wanted_) return {};
  return {module_.types.at(type).what + ": complain, so what is refused is only recorded", {}, {span}, {type}};
}

Cause Causes::of(const BooleanDeclaration& boolean) const {
  if (!wanted_) return {};
  return {"", {boolean.span}};
}

Cause Causes::of(const OwnAttribute& attribute) const {
  if (!wanted_) return {};
  return {"the types that a rule is about", attribute.origins};
}

Cause Causes::of(const VectorKey& key, const VectorValue& value) const {
  if (!wanted_) return {};
  return {"", value.origins(), {}, {key.source, key.target}};
}

Cause Causes::of(const TransitionKey& key, const TransitionValue& value) const {
  if (!wanted_) return {};
  return {"", value.origins, {}, {key.source, key.target, value.result}};
}

Cause Causes::of(const std::pair<std::string, std::string>& key, const RangeTransition& value) const {
  if (!wanted_) return {};
  return {"the level that it runs at", value.origins, {}, {key.first, key.second}};
}

Cause Causes::of(const Promises::Group& group) const {
  if (!wanted_) return {};
  return {"the types that a promise is about", group.origins};
}

Cause Causes::of(const Promises::Rule& rule) const {
  if (!wanted_) return {};
  return {"", rule.origins, {}, {rule.key.source}};
}

Cause Causes::of(const FileContext& context) const {
  if (!wanted_) return {};
  const Declaration* own = declared(context.type);
  Cause cause;
  if (own == nullptr)
    cause.why = "what is left out keeps the label that the system gives it";
  else
    cause = {own->what, {}, places_of(*own), {context.type}};
  for (const Origin& origin : context.origins)
    if (own == nullptr || origin.span != own->span) cause.origins.push_back(origin);
  return cause;
}

Cause Causes::of(const PortLabel& port) const {
  if (!wanted_) return {};
  return {"", port.origins, {}, {}, &port};
}

Cause Causes::of(const RawLines& raw) const {
  if (!wanted_) return {};
  return {"", {raw.span}};
}

}  // namespace macc::backends::selinux
