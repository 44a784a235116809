#include "compiler/paths/aliases.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace macc::paths {
namespace {

struct Alias {
  std::vector<Component> from, to;
};

const std::vector<Alias>& aliases() {
  static const std::vector<Alias> list = {
#define MACC_ALIAS(from, to) {PathPattern::literal(from).components(), PathPattern::literal(to).components()},
#include "compiler/paths/aliases.def"
#undef MACC_ALIAS
  };
  return list;
}

/// The names of a component that has no wildcards, `{s,}bin` as "sbin" and "bin"; nothing when there are many.
std::optional<std::vector<std::string>> names_of(const Sequence& atoms) {
  constexpr std::size_t most = 16;
  std::vector<std::string> names = {""};
  for (const Atom& atom : atoms) {
    std::vector<std::string> next;
    if (const auto* literal = std::get_if<Literal>(&atom.value)) {
      next.push_back(literal->bytes);
    } else if (const auto* alternatives = std::get_if<Alternatives>(&atom.value)) {
      for (const Sequence& choice : alternatives->choices) {
        const auto inner = names_of(choice);
        if (!inner) return std::nullopt;
        next.insert(next.end(), inner->begin(), inner->end());
      }
    } else {
      return std::nullopt;
    }
    if (names.size() * next.size() > most) return std::nullopt;
    std::vector<std::string> joined;
    for (const std::string& head : names) {
      for (const std::string& tail : next) joined.push_back(head + tail);
    }
    names = std::move(joined);
  }
  return names;
}

Component named(const std::string& name) { return {false, {Atom{Literal{name}}}}; }

/// Whether a name at `index` could belong to an alias.
bool begins_alias(const PathPattern& pattern, std::size_t index, const std::string& name) {
  return std::any_of(aliases().begin(), aliases().end(), [&](const Alias& alias) {
    const auto& from = alias.from;
    return index < from.size() && named(name) == from[index] &&
           std::equal(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(index), pattern.components().begin());
  });
}

PathPattern with_components(const PathPattern& pattern, std::vector<Component> components) {
  return PathPattern::from_parts(pattern.anchor(), std::move(components), pattern.tail(), pattern.excludes_top());
}

std::optional<PathPattern> replaced(const PathPattern& pattern, const Alias& alias) {
  const auto &components = pattern.components(), &from = alias.from;
  if (components.size() < from.size() || !std::equal(from.begin(), from.end(), components.begin())) return std::nullopt;
  std::vector<Component> parts = alias.to;
  parts.insert(parts.end(), components.begin() + static_cast<std::ptrdiff_t>(from.size()), components.end());
  return with_components(pattern, std::move(parts));
}

PathPattern replaced(const PathPattern& pattern) {
  for (const Alias& alias : aliases()) {
    if (auto result = replaced(pattern, alias)) return *result;
  }
  return pattern;
}

/// Adds the pattern with alternatives taken apart from `index` on, where one of them could belong to an alias.
void add(const PathPattern& pattern, std::size_t index, std::vector<PathPattern>& out) {
  constexpr std::size_t longest = 2;  // components of an alias
  if (index == longest || index >= pattern.components().size()) return out.push_back(replaced(pattern));
  const Component& component = pattern.components()[index];
  const auto names = component.any_depth ? std::nullopt : names_of(component.atoms);
  const bool apart = names && names->size() > 1 && std::any_of(names->begin(), names->end(), [&](const auto& name) {
                       return begins_alias(pattern, index, name);
                     });
  if (!apart) return add(pattern, index + 1, out);
  for (const std::string& name : *names) {
    std::vector<Component> parts = pattern.components();
    parts[index] = named(name);
    add(with_components(pattern, std::move(parts)), index + 1, out);
  }
}

}  // namespace

std::optional<PathPattern> with_other_head(const PathPattern& pattern, std::string_view from, std::string_view to) {
  if (pattern.anchor() != PathPattern::Anchor::root) return std::nullopt;
  return replaced(pattern, {PathPattern::literal(from).components(), PathPattern::literal(to).components()});
}

std::vector<PathPattern> without_aliases(const PathPattern& pattern) {
  std::vector<PathPattern> out;
  if (pattern.anchor() == PathPattern::Anchor::root)
    add(pattern, 0, out);
  else
    out.push_back(pattern);
  return out;
}

}  // namespace macc::paths
