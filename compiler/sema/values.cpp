// Texts with ${...}, path patterns, ports, conditions.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/paths/aliases.h"
#include "compiler/sema/analysis.h"

namespace macc::sema {

using paths::PathPattern;

namespace {
constexpr unsigned kMaxLetDepth = 16;
constexpr std::size_t kMaxPatterns = 4096;  // of one list, after alternatives are expanded
}  // namespace

ast::QualifiedName name_in_text(const std::string& dotted, Span span) {
  ast::QualifiedName out;
  out.span = span;
  std::size_t begin = 0;
  while (begin <= dotted.size()) {
    const std::size_t end = std::min(dotted.find('.', begin), dotted.size());
    out.parts.push_back(
        {dotted.substr(begin, end - begin),
         {span.file, static_cast<std::uint32_t>(span.begin + begin), static_cast<std::uint32_t>(span.begin + end)}});
    begin = end + 1;
  }
  return out;
}

std::optional<std::vector<std::string>> Analysis::let_texts(const Symbol& symbol, Span use, unsigned depth) {
  if (depth > kMaxLetDepth) {
    report(Code::E0408, use, "values refer to each other in a circle or too deeply").also(symbol.span, "one of them");
    return std::nullopt;
  }
  const Scope scope{symbol.module, nullptr, nullptr, {}, {}};
  std::vector<std::string> out;
  const ast::Value& value = symbol.let->value;
  const auto add = [&](const ast::Text& text) {
    auto raw = interpolate(text, scope, depth + 1);
    if (raw) out.push_back(std::move(*raw));
    return raw.has_value();
  };
  if (const auto* text = std::get_if<ast::Text>(&value.value)) {
    if (!add(*text)) return std::nullopt;
  } else if (const auto* list = std::get_if<std::vector<ast::Text>>(&value.value)) {
    for (const ast::Text& t : *list) {
      if (!add(t)) return std::nullopt;
    }
  } else if (const auto* name = std::get_if<ast::QualifiedName>(&value.value)) {
    const Symbol* other = lookup_kind(*name, scope, Symbol::Kind::let, "a value");
    return other == nullptr ? std::nullopt : let_texts(*other, use, depth + 1);
  } else {
    report(Code::E0209, use, "a text is needed here, this value holds ports").also(symbol.span, "declared here");
    return std::nullopt;
  }
  return out;
}

std::optional<std::string> Analysis::interpolate(const ast::Text& text, const Scope& scope, unsigned depth) {
  const std::string& raw = text.raw;
  if (raw.find("${") == std::string::npos) return raw;
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size()) {
      out += raw[i];
      out += raw[++i];
      continue;
    }
    if (raw[i] != '$' || i + 1 >= raw.size() || raw[i + 1] != '{') {
      out += raw[i];
      continue;
    }
    const std::size_t end = raw.find('}', i);
    const auto begin = static_cast<std::uint32_t>(text.span.begin + 1 + i);
    if (end == std::string::npos) {
      report(Code::E0407, {text.span.file, begin, begin + 2}, "`${` is not closed with `}`", &scope)
          .note("a dollar sign itself is written `\\$`");
      return std::nullopt;
    }
    const std::string word = raw.substr(i + 2, end - i - 2);
    const Span span{text.span.file, begin, static_cast<std::uint32_t>(text.span.begin + 2 + end)};
    const ast::QualifiedName name = name_in_text(word, {span.file, span.begin + 2, span.end - 1});
    std::vector<std::string> texts;
    if (const Argument* a = parameter(name, scope)) {
      texts = a->texts;
    } else {
      const Symbol* s = lookup_kind(name, scope, Symbol::Kind::let, "a value");
      if (s == nullptr) return std::nullopt;
      auto found = let_texts(*s, span, depth);
      if (!found) return std::nullopt;
      texts = std::move(*found);
    }
    if (texts.size() != 1) {
      report(Code::E0407, span, fmt::format("`{}` is not one text, it cannot stand inside another", printable(word)),
             &scope);
      return std::nullopt;
    }
    out += texts[0];
    if (out.size() > kMaxInterpolatedBytes) {
      report(Code::E0407, span, fmt::format("this text grows past {} bytes", kMaxInterpolatedBytes), &scope);
      return std::nullopt;
    }
    i = end;
  }
  return out;
}

std::optional<std::string> Analysis::plain_text(const ast::Text& text, const Scope& scope) {
  const auto raw = interpolate(text, scope);
  if (!raw) return std::nullopt;
  std::string out;
  paths::PatternError error;
  if (paths::decode_text(*raw, out, error)) return out;
  report(Code::E0108, text.span, error.message, &scope);
  return std::nullopt;
}

bool Analysis::add_patterns(const std::string& raw, Span span, bool shifted, std::vector<PathPattern>& out) {
  paths::PatternError error;
  std::vector<PathPattern> patterns = PathPattern::parse(raw, error);
  if (patterns.empty()) {
    Span at = span;
    if (!shifted) {
      at.begin = static_cast<std::uint32_t>(std::min<std::size_t>(span.begin + 1 + error.offset, span.end));
      at.end = static_cast<std::uint32_t>(
          std::clamp<std::size_t>(at.begin + std::max<std::size_t>(error.length, 1), at.begin, span.end));
    }
    Diagnostic& d = report(Code::E0401, at, error.message);
    if (shifted) d.note(fmt::format("the whole path is \"{}\"", printable(raw)));
    return false;
  }
  if (out.size() + patterns.size() > kMaxPatterns) {
    list_is_full_ = true;
    report(Code::E0406, span, fmt::format("this list holds more than {} patterns", kMaxPatterns));
    return false;
  }
  for (const PathPattern& pattern : patterns) {
    for (PathPattern& named : paths::without_aliases(pattern)) {
      const bool known = named != pattern && std::find(out.begin(), out.end(), named) != out.end();  // `/{usr/,}bin/x`
      if (!known) out.push_back(std::move(named));
    }
  }
  return true;
}

bool Analysis::add_text_pattern(const ast::Text& text, const Scope& scope, std::vector<PathPattern>& out) {
  const auto raw = interpolate(text, scope);
  return raw && add_patterns(*raw, text.span, *raw != text.raw, out);
}

bool Analysis::patterns_of(const std::vector<ast::Object>& objects, const Scope& scope, std::vector<PathPattern>& out,
                           bool resources_too) {
  bool good = true;
  const auto add_all = [&](const std::vector<std::string>& texts, Span span) {
    for (const std::string& t : texts) good = !list_is_full_ && add_patterns(t, span, true, out) && good;
  };
  list_is_full_ = false;
  for (const ast::Object& object : objects) {
    if (list_is_full_) return false;
    if (const auto* text = std::get_if<ast::Text>(&object)) {
      good = add_text_pattern(*text, scope, out) && good;
      continue;
    }
    const auto& name = std::get<ast::QualifiedName>(object);
    const std::string_view wanted = resources_too ? "a path or a resource" : "a path";
    if (const Argument* a = parameter(name, scope)) {
      if (!a->texts.empty() && a->type == ast::ParameterType::path) {
        add_all(a->texts, name.span);
      } else if (resources_too && a->type == ast::ParameterType::resource) {
        const ir::PathExpr& e = policy_.resource(a->resource).paths;
        out.insert(out.end(), e.include.begin(), e.include.end());
      } else {
        report(Code::E0209, name.span, fmt::format("parameter `{}` is no path, expected {}", name.text(), wanted),
               &scope);
        good = false;
      }
      continue;
    }
    const Symbol* s = lookup(name, scope, wanted, [&](const Symbol& one) {
      return may_be_text(one) || (resources_too && one.kind == Symbol::Kind::resource);
    });
    if (s == nullptr) {
      good = false;
    } else if (s->kind == Symbol::Kind::let) {
      auto texts = let_texts(*s, name.span);
      if (texts) add_all(*texts, name.span);
      good = texts && good;
    } else if (resources_too && s->kind == Symbol::Kind::resource) {
      const ir::PathExpr& e = policy_.resource(s->resource).paths;
      out.insert(out.end(), e.include.begin(), e.include.end());
    } else {
      report(Code::E0209, name.span, fmt::format("`{}` is {}, expected {}", name.text(), describe(s->kind), wanted),
             &scope)
          .also(s->span, "declared here");
      good = false;
    }
  }
  return good;
}

// ---- ports ----

namespace {
void normalise(std::vector<ir::PortRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const ir::PortRange& a, const ir::PortRange& b) {
    return std::pair(a.first, a.last) < std::pair(b.first, b.last);
  });
  std::vector<ir::PortRange> out;
  for (const ir::PortRange& r : ranges) {
    if (!out.empty() && r.first <= static_cast<std::uint32_t>(out.back().last) + 1) {
      out.back().last = std::max(out.back().last, r.last);
    } else {
      out.push_back(r);
    }
  }
  ranges = std::move(out);
}
}  // namespace

std::optional<Analysis::PortSet> Analysis::ports_of(const std::vector<ast::PortItem>& items, const Scope& scope,
                                                    std::optional<ir::Protocol> protocol, unsigned depth) {
  constexpr std::uint16_t kLast = 65535;
  PortSet out;
  bool good = true;
  const auto add = [&](const std::vector<ir::PortRange>& more) {
    out.ranges.insert(out.ranges.end(), more.begin(), more.end());
  };
  const auto named = [&](ir::PortsId id, Span span) {
    std::size_t found = 0;
    for (const ir::Ports::Item& item : policy_.port_set(id).items) {
      if (protocol && item.protocol != *protocol) continue;
      add(item.ranges);
      ++found;
    }
    if (found == 0 && protocol) {
      report(Code::E0302, span, fmt::format("`{}` has no {} port", policy_.port_set(id).name, ir::word(*protocol)),
             &scope)
          .also(policy_.port_set(id).span, "declared here");
      good = false;
    }
    out.named = id;
  };
  for (const ast::PortItem& item : items) {
    if (std::holds_alternative<ast::PortItem::Any>(item.value)) {
      out.ranges.push_back({0, kLast});
    } else if (const auto* range = std::get_if<ast::PortItem::Range>(&item.value)) {
      if (range->first > kLast || range->last > kLast) {
        report(Code::E0304, item.span, "there is no such port").label("ports go from 0 to 65535");
        good = false;
      } else if (range->first > range->last) {
        report(Code::E0304, item.span, "this range of ports ends before it starts");
        good = false;
      } else {
        out.ranges.push_back({static_cast<std::uint16_t>(range->first), static_cast<std::uint16_t>(range->last)});
      }
    } else {
      const auto& name = std::get<ast::QualifiedName>(item.value);
      if (const Argument* a = parameter(name, scope)) {
        if (a->type != ast::ParameterType::ports) {
          report(Code::E0209, name.span, fmt::format("parameter `{}` holds no ports", name.text()), &scope);
          good = false;
        } else if (a->named_ports != ir::PortsId::none) {
          named(a->named_ports, name.span);
        } else {
          add(a->ports);
        }
        continue;
      }
      const Symbol* s = lookup(name, scope, "a port or the name of ports", may_be_ports);
      if (s == nullptr) {
        good = false;
      } else if (s->kind == Symbol::Kind::ports) {
        named(s->ports, name.span);
      } else if (s->kind == Symbol::Kind::let && depth < kMaxLetDepth) {
        const Scope inner{s->module, nullptr, nullptr, {}, {}};
        std::optional<PortSet> more;
        if (const auto* list = std::get_if<std::vector<ast::PortItem>>(&s->let->value.value)) {
          more = ports_of(*list, inner, protocol, depth + 1);
        } else if (const auto* other = std::get_if<ast::QualifiedName>(&s->let->value.value)) {
          more = ports_of({{*other, other->span}}, inner, protocol, depth + 1);
        } else {
          report(Code::E0209, name.span, fmt::format("`{}` is a text, expected ports", name.text()), &scope)
              .also(s->span, "declared here");
        }
        good = good && more;
        if (more) add(more->ranges);
      } else {
        report(Code::E0209, name.span, fmt::format("`{}` is {}, expected ports", name.text(), describe(s->kind)),
               &scope)
            .also(s->span, "declared here");
        good = false;
      }
    }
  }
  if (!good) return std::nullopt;
  normalise(out.ranges);
  if (items.size() != 1) out.named = ir::PortsId::none;
  return out;
}

std::optional<ir::Condition> Analysis::condition_of(const ast::Condition& c, const Scope& scope) {
  ir::Condition out;
  switch (c.kind) {
    case ast::Condition::Kind::name: {
      const Symbol* s = lookup_kind(c.name, scope, Symbol::Kind::boolean, "a boolean");
      if (s == nullptr) return std::nullopt;
      out.kind = ir::Condition::Kind::boolean;
      out.boolean = s->boolean;
      return out;
    }
    case ast::Condition::Kind::negation:
      out.kind = ir::Condition::Kind::negation;
      break;
    case ast::Condition::Kind::conjunction:
      out.kind = ir::Condition::Kind::conjunction;
      break;
    case ast::Condition::Kind::disjunction:
      out.kind = ir::Condition::Kind::disjunction;
      break;
  }
  for (const ast::Condition& operand : c.operands) {
    auto inner = condition_of(operand, scope);
    if (!inner) return std::nullopt;
    out.operands.push_back(std::move(*inner));
  }
  return out;
}

}  // namespace macc::sema
