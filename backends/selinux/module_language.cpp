#include "backends/selinux/module_language.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "backends/selinux/causes.h"
#include "backends/selinux/line_origins.h"

namespace macc::backends::selinux {
namespace {

using cil::Node;

constexpr std::size_t kColumns = 110;
constexpr std::string_view kVersion = "1.0";

// ---- words that have a meaning of their own

constexpr std::string_view kModuleWords[] = {
#define MACC_MODULE_WORD(word) word,
#include "backends/selinux/module_words.def"
#undef MACC_MODULE_WORD
};

struct M4Word {
  std::string_view word;
  bool bare;
};

constexpr M4Word kM4Words[] = {
#define MACC_M4_WORD(word, bare) {word, bare},
#include "backends/selinux/m4_words.def"
#undef MACC_M4_WORD
};

/// checkpolicy takes its words in small and in capital letters.
bool is_module_word(std::string_view name) {
  std::string small(name), capital(name);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (char& c : capital) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name != small && name != capital) return false;
  return std::find(std::begin(kModuleWords), std::end(kModuleWords), small) != std::end(kModuleWords);
}

bool is_m4_word(std::string_view word, bool called) {
  for (std::string_view ending : {"_pattern", "_perms", "_class_set"})
    if (word.ends_with(ending)) return true;
  return std::any_of(std::begin(kM4Words), std::end(kM4Words),
                     [&](const M4Word& row) { return row.word == word && (called || row.bare); });
}

bool is_word_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Whether m4 would find a macro in a text.
bool has_m4_word(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    if (is_m4_word(text.substr(at, end - at), end < text.size() && text[end] == '(')) return true;
    at = end;
  }
  return false;
}

bool is_name(std::string_view name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         name.find('.') == std::string_view::npos && !is_module_word(name);
}

/// checkpolicy's names of files in type transitions, less what selint cannot read.
bool is_file_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_word_byte(c) || c == '.' || c == '-' || c == '~' || c == ':'; });
}

// ---- parts of statements

bool is_symbol(const Node& node) { return node.text().front() != '('; }

std::string expression(const Node& node, bool outermost) {
  if (is_symbol(node)) return node.text();
  const std::string head = node.items().at(0).text();
  if (head == "not") return "! " + expression(node.items().at(1), false);
  const char* word = head == "and" ? " && " : " || ";
  std::string out = expression(node.items().at(1), false) + word + expression(node.items().at(2), false);
  return outermost ? out : "(" + out + ")";
}

void collect_booleans(const Node& node, std::set<std::string>& names) {
  if (is_symbol(node)) {
    names.insert(node.text());
    return;
  }
  for (std::size_t i = 1; i < node.items().size(); ++i) collect_booleans(node.items()[i], names);
}

struct TypeSet {
  std::vector<std::string> in, out;
};

void add_union(const Node& node, std::vector<std::string>& names) {
  if (is_symbol(node)) {
    names.push_back(node.text());
    return;
  }
  const auto& items = node.items();
  const bool is_union = !items.empty() && items.front().text() == "or";
  if (!is_union && std::any_of(items.begin(), items.end(), [](const Node& item) { return !is_symbol(item); }))
    throw std::logic_error("an attribute's expression that the module language cannot say: " + node.text());
  for (std::size_t i = is_union ? 1 : 0; i < items.size(); ++i) add_union(items[i], names);
}

TypeSet parse_type_set(const Node& node) {
  TypeSet set;
  const bool difference = !is_symbol(node) && node.items().size() == 3 && node.items()[0].text() == "and" &&
                          !is_symbol(node.items()[2]) && node.items()[2].items().at(0).text() == "not";
  add_union(difference ? node.items()[1] : node, set.in);
  if (difference) add_union(node.items()[2].items().at(1), set.out);
  return set;
}

/// "{ a b }", or "a" for a single one; long lists go over several lines.
std::string braces(const std::vector<std::string>& words, std::string_view indent) {
  if (words.size() == 1 && words.front().front() != '-') return words.front();
  std::string out = "{", line;
  std::size_t width = 0;
  for (const auto& word : words) width += word.size() + 1;
  if (width <= kColumns) {
    for (const auto& word : words) out += " " + word;
    return out + " }";
  }
  const auto end_line = [&] {
    if (!line.empty()) out.append("\n").append(indent).append("\t").append(line);
    line.clear();
  };
  for (const auto& word : words) {
    if (line.size() + word.size() + 1 > kColumns) end_line();
    line += (line.empty() ? "" : " ") + word;
  }
  end_line();
  return out.append("\n").append(indent).append("}");
}

std::string escaped_xml(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

// ---- what a module uses and does not declare

struct Requires {
  std::set<std::string> types, attributes, roles, booleans, sensitivities, categories;
  std::map<std::string, std::set<std::string>> classes;

  [[nodiscard]] bool empty() const {
    return types.empty() && attributes.empty() && roles.empty() && booleans.empty() && classes.empty();
  }
};

class Collector {
 public:
  Collector(const Module& module, const IsAttribute& is_attribute)
      : module_(module), is_attribute_(is_attribute), dispensable_(dispensable_types(module)) {}

  Requires run() {
    for (const auto& [type, declaration] : module_.types)
      out_.attributes.insert(declaration.attributes.begin(), declaration.attributes.end());
    for (const auto& [pair, origins] : module_.role_types) {
      if (pair.first == module_.object_role) continue;
      out_.roles.insert(pair.first);
      add(pair.second);
    }
    for (const auto& [kind, guarded] : module_.vectors)
      for (const auto& [guard, vectors] : guarded) {
        if (!vectors.empty()) add_guard(guard);
        for (const auto& [key, value] : vectors) {
          add(key.source);
          add(key.target);
          out_.classes[key.class_name].insert(value.permissions.begin(), value.permissions.end());
        }
      }
    for (const auto& [guard, list] : module_.transitions) {
      if (!list.empty()) add_guard(guard);
      for (const auto& [key, value] : list) {
        for (const auto& name : {key.source, key.target, value.result}) add(name);
        out_.classes[key.class_name];
      }
    }
    for (const auto& [key, value] : module_.range_transitions) {
      add(key.first);
      add(key.second);
      out_.classes["process"];
      for (const Level* level : {&value.range.low, &value.range.high}) add_level(*level);
    }
    for (const FileContext& context : module_.file_contexts)
      if (!context.type.empty()) add(context.type);
    // checkmodule takes no module that requires nothing: one of switches alone.
    if (out_.empty()) out_.roles.insert(module_.object_role);
    return std::move(out_);
  }

 private:
  void add(const std::string& name) {
    if (name == "self" || name == kCaller || module_.types.count(name) != 0 || dispensable_.contains(name)) return;
    if (auto own = module_.attribute_sets.find(name); own != module_.attribute_sets.end()) {
      const TypeSet set = parse_type_set(own->second.expression);
      for (const auto& list : {set.in, set.out})
        for (const auto& member : list) add(member);
      return;
    }
    (is_attribute_(name) ? out_.attributes : out_.types).insert(name);
  }

  void add_guard(const Guard& guard) {
    if (guard.is_always()) return;
    std::set<std::string> names;
    collect_booleans(guard.node(), names);
    for (const auto& name : names)
      if (module_.booleans.count(name) == 0) out_.booleans.insert(name);
  }

  void add_level(const Level& level) {
    out_.sensitivities.insert("s" + std::to_string(level.sensitivity));
    for (unsigned i = 0; i < Level::kCategories; ++i)
      if (level.categories[i]) out_.categories.insert("c" + std::to_string(i));
  }

  const Module& module_;
  const IsAttribute& is_attribute_;
  const std::set<std::string> dispensable_;
  Requires out_;
};

// ---- the writer

/// Statements of one module or interface.
class Statements {
 public:
  Statements(const Module& module, Dialect dialect, const IsAttribute& is_attribute, const SourceManager* sources,
             LineOrigins* lines)
      : module_(module),
        dialect_(dialect),
        is_attribute_(is_attribute),
        sources_(sources),
        lines_(lines),
        causes_(module, lines != nullptr),
        dispensable_(dispensable_types(module)) {}

  [[nodiscard]] const Causes& causes() const { return causes_; }

  /// From here on every line is there for this, behind as many lines of the file.
  void begin_part(const Cause& cause, std::uint32_t lines_before) {
    part_ = &cause;
    lines_before_ = lines_before;
  }

  void indent(int by) { indent_ = std::string(static_cast<std::size_t>(static_cast<int>(indent_.size()) + by), '\t'); }

  void blank() {
    out_.text += '\n';
    out_.lines.emplace_back();
  }

  void line(const std::string& text, const Cause& cause, Span span = {}) {
    const std::size_t before = out_.lines.size();
    place(span);
    out_.text += indent_ + text + "\n";
    const auto count = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    out_.lines.insert(out_.lines.end(), count, span);
    if (lines_ == nullptr) return;
    lines_->add(number(before) + 1, number(out_.lines.size()), part_ == nullptr ? cause : *part_);
  }
  void line(const std::string& text, std::string_view why) {
    line(text, lines_ == nullptr ? Cause{} : Cause::in_words(why));
  }

  void section(const std::string& title) {
    blank();
    for (const std::string& text : {std::string(40, '#'), std::string("#"), "# " + title, std::string("#")})
      line(text, always::kTitle);
    blank();
    at_.clear();
  }

  /// `reason` says why the block is right where selint would rather have an interface called.
  void requires_block(const Requires& needs, bool excused, const Cause& cause) {
    if (needs.empty()) return;
    const char* excuse = excused ? " #selint-disable:S-001" : "";
    const bool macros = dialect_ == Dialect::macros;
    line((macros ? "gen_require(`" : "require {") + std::string(macros ? excuse : ""), cause);
    indent(1);
    list("bool", needs.booleans, cause);
    list("attribute", needs.attributes, cause);
    list("type", needs.types, cause);
    for (const auto& [name, permissions] : needs.classes)
      line("class " + name + (permissions.empty() ? "" : " " + braced(permissions)) + ";", cause);
    list("role", needs.roles, cause);
    if (!macros) {  // policy_module() brings all of them
      list("sensitivity", needs.sensitivities, cause);
      list("category", needs.categories, cause);
    }
    indent(-1);
    line(macros ? "')" : "}", cause);
  }

  void rules() {
    std::set<Guard> guards;
    for (const auto& of_kind : module_.vectors)
      for (const auto& [guard, vectors] : of_kind.second)
        if (std::any_of(vectors.begin(), vectors.end(),
                        [&](const auto& entry) { return !is_apart(of_kind.first, entry.first); }))
          guards.insert(guard);
    const auto transitions = placed_transitions(module_);
    for (const auto& [guard, list] : transitions) guards.insert(guard);
    for (const Guard& guard : guards) {
      Cause cause;
      if (!guard.is_always()) {
        cause = all_under(guard, transitions);
        blank();
        at_.clear();
        line("if (" + expression(guard.node(), true) + ") {", cause);
        indent(1);
      }
      under(guard, transitions);
      if (guard.is_always()) continue;
      indent(-1);
      line("}", cause);
    }
  }

  /// What is said about types that the system may lack.
  void optionals() {
    for (const auto& [type, statements] : optionals_by_type()) {
      const bool macros = dialect_ == Dialect::macros;
      const Cause whole = all_about(statements);
      blank();
      at_.clear();
      line(macros ? "optional_policy(`" : "optional {", whole);
      indent(1);
      Requires needs;
      (is_attribute_(type) ? needs.attributes : needs.types).insert(type);
      requires_block(needs, true, whole);
      for (const auto& group : statements.groups)
        line("typeattribute " + type + " " + group.attribute + ";", causes_.of(group), group.span);
      for (const auto& [guard, key, value] : statements.dont_audits) {
        const Cause cause = causes_.of(*key, *value);
        if (!guard->is_always()) {
          line("if (" + expression(guard->node(), true) + ") {", cause);
          indent(1);
        }
        vector(RuleKind::dont_audit, key->source, key->target, key->class_name, value->permissions, cause, value->span);
        if (guard->is_always()) continue;
        indent(-1);
        line("}", cause);
      }
      indent(-1);
      line(macros ? "')" : "}", whole);
    }
  }

  void range_transitions() {
    for (const auto& [key, value] : module_.range_transitions) {
      const Range& range = value.range;
      const std::string text =
          range.low == range.high ? range.low.text() : range.low.text() + " - " + range.high.text();
      line("range_transition " + set(key.first) + " " + key.second + ":process " + text + ";", causes_.of(key, value),
           value.span);
    }
  }

  void role(const std::string& role, const std::string& type, const Origins& origins) {
    line("role " + role + " types " + type + ";", causes_.of_role(type, origins));
  }

  [[nodiscard]] ModuleText take() { return std::move(out_); }

 private:
  /// A comment where the place of what follows changes.
  void place(Span span) {
    if (!span.valid() || sources_ == nullptr) return;
    std::string at =
        printable(sources_->file(span.file).stable_path(), 400) + ":" + std::to_string(sources_->position(span).line);
    if (at == at_) return;
    at_ = std::move(at);
    out_.text += indent_ + "# " + at_ + "\n";
    out_.lines.push_back(span);
  }

  [[nodiscard]] std::uint32_t number(std::size_t line) const {
    return lines_before_ + static_cast<std::uint32_t>(line);
  }

  void list(const std::string& keyword_, const std::set<std::string>& names, const Cause& cause) {
    for (const auto& name : names) line(keyword_ + " " + name + ";", cause);
  }

  [[nodiscard]] std::string braced(const std::set<std::string>& words) const {
    std::string out = braces({words.begin(), words.end()}, indent_);
    return words.size() == 1 ? "{ " + out + " }" : out;
  }

  /// A type or attribute as it stands in a rule: own attributes are written out.
  [[nodiscard]] std::string set(const std::string& name) const {
    auto own = module_.attribute_sets.find(name);
    if (own == module_.attribute_sets.end()) return name;
    const TypeSet types = parse_type_set(own->second.expression);
    std::vector<std::string> words_ = types.in;
    for (const auto& type : types.out) words_.push_back("-" + type);
    return braces(words_, indent_);
  }

  void under(const Guard& guard, const std::map<Guard, std::map<TransitionKey, TransitionValue>>& transitions) {
    for (const auto& [kind, guarded] : module_.vectors) {
      auto vectors = guarded.find(guard);
      if (vectors == guarded.end()) continue;
      if (kind == RuleKind::never_allow)
        never_allows(vectors->second);
      else
        for (const auto& [key, value] : vectors->second)
          if (!is_apart(kind, key))
            vector(kind, key.source, set(key.target), key.class_name, value.permissions, causes_.of(key, value),
                   value.span);
    }
    if (auto list_ = transitions.find(guard); list_ != transitions.end())
      for (const auto& [key, value] : list_->second)
        line("type_transition " + set(key.source) + " " + set(key.target) + ":" + key.class_name + " " + value.result +
                 (key.name.empty() ? "" : " \"" + key.name + "\"") + ";",
             causes_.of(key, value), value.span);
  }

  /// selint would rather have the reference policy's sets of permissions, which hold more than is wanted here.
  void vector(RuleKind kind, const std::string& source, const std::string& target, const std::string& class_name,
              const std::set<std::string>& permissions, const Cause& cause, Span span) {
    const bool files = class_name == "dir" || class_name.ends_with("file");
    const bool excused = dialect_ == Dialect::macros && kind == RuleKind::allow && files && permissions.size() > 1;
    line(std::string(keyword(kind)) + " " + set(source) + " " + target + ":" + class_name + " " +
             braces({permissions.begin(), permissions.end()}, indent_) + ";" +
             (excused ? " #selint-disable:S-010" : ""),
         cause, span);
  }

  void never_allows(const std::map<VectorKey, VectorValue>& vectors) {
    const Promises promises = promises_of(vectors, dispensable_);
    for (const auto& group : promises.groups) {
      const Cause cause = causes_.of(group);
      line("attribute " + group.attribute + ";", cause, group.span);
      for (const auto& type : group.types)
        if (!dispensable_.contains(type))
          line("typeattribute " + type + " " + group.attribute + ";", cause, group.span);
    }
    for (const auto& rule : promises.rules)
      vector(RuleKind::never_allow, rule.key.source, set(rule.key.target), rule.key.class_name, rule.permissions,
             causes_.of(rule), rule.span);
  }

  const Module& module_;
  Dialect dialect_;
  /// Whether a rule stands in an optional block. Neverallows do not: what they are about is in their attributes.
  [[nodiscard]] bool is_apart(RuleKind kind, const VectorKey& key) const {
    return kind == RuleKind::dont_audit && dispensable_.contains(key.target);
  }

  struct AboutType {
    std::vector<Promises::Group> groups;
    std::vector<std::tuple<const Guard*, const VectorKey*, const VectorValue*>> dont_audits;
  };

  [[nodiscard]] std::map<std::string, AboutType> optionals_by_type() const {
    std::map<std::string, AboutType> list;
    for (const auto& [kind, guarded] : module_.vectors)
      for (const auto& [guard, vectors] : guarded) {
        for (const auto& [key, value] : vectors)
          if (is_apart(kind, key)) list[key.target].dont_audits.emplace_back(&guard, &key, &value);
        if (kind != RuleKind::never_allow) continue;
        for (const auto& group : promises_of(vectors, dispensable_).groups)
          for (const auto& type : group.types)
            if (dispensable_.contains(type)) list[type].groups.push_back(group);
      }
    return list;
  }

  [[nodiscard]] Cause all_about(const AboutType& statements) const {
    Cause all;
    for (const auto& group : statements.groups) all.add(causes_.of(group));
    for (const auto& [guard, key, value] : statements.dont_audits) all.add(causes_.of(*key, *value));
    return all;
  }

  [[nodiscard]] Cause all_under(const Guard& guard,
                                const std::map<Guard, std::map<TransitionKey, TransitionValue>>& transitions) const {
    Cause all;
    if (lines_ == nullptr) return all;
    for (const auto& [kind, guarded] : module_.vectors)
      if (const auto vectors = guarded.find(guard); vectors != guarded.end())
        for (const auto& [key, value] : vectors->second)
          if (!is_apart(kind, key)) all.add(causes_.of(key, value));
    if (const auto list = transitions.find(guard); list != transitions.end())
      for (const auto& [key, value] : list->second) all.add(causes_.of(key, value));
    return all;
  }

  const IsAttribute& is_attribute_;
  const SourceManager* sources_;
  LineOrigins* lines_;
  const Causes causes_;
  const std::set<std::string> dispensable_;
  const Cause* part_ = nullptr;
  std::uint32_t lines_before_ = 0;
  std::string indent_;
  std::string at_;
  ModuleText out_;
};

class TeWriter {
 public:
  TeWriter(const Module& module, Dialect dialect, const IsAttribute& is_attribute, const SourceManager& sources,
           LineOrigins* lines)
      : module_(module),
        dialect_(dialect),
        is_attribute_(is_attribute),
        out_(module, dialect, is_attribute, &sources, lines) {}

  ModuleText run(std::string_view name, std::string_view header) {
    const bool macros = dialect_ == Dialect::macros;
    out_.line("# " + printable(header, 400), always::kHeader);
    out_.line(macros ? "policy_module(" + std::string(name) + ", " + std::string(kVersion) + ")"
                     : "module " + std::string(name) + " " + std::string(kVersion) + ";",
              always::kModule);
    out_.blank();
    if (macros) {
      out_.line("# Names of the system are used as they are: exactly what the policy grants, and no more, which the",
                always::kHeader);
      out_.line("# interfaces and sets of permissions of the reference policy would bring. Hence the marks for selint.",
                always::kHeader);
    }
    out_.requires_block(Collector(module_, is_attribute_).run(), true, Cause::in_words(always::kRequires));
    declarations();
    out_.section("Rules");
    out_.rules();
    out_.range_transitions();
    out_.optionals();
    return out_.take();
  }

 private:
  void declarations() {
    const bool any = !module_.booleans.empty() || !module_.types.empty();
    if (!any) return;
    const Causes& causes = out_.causes();
    out_.section("Declarations");
    for (const auto& [name, boolean] : module_.booleans) declare(name, boolean);
    for (const auto& [name, declaration] : module_.types) {
      std::string text = "type " + name;
      for (const auto& attribute : declaration.attributes) text += ", " + attribute;
      out_.line(text + ";", causes.of_type(name), declaration.span);
    }
    for (const auto& [type, span] : module_.permissive)
      out_.line("permissive " + type + ";", causes.of_permissive(type, span), span);
    for (const auto& [pair, origins] : module_.role_types)
      if (pair.first != module_.object_role) out_.role(pair.first, pair.second, origins);
  }

  void declare(const std::string& name, const BooleanDeclaration& boolean) {
    const char* value = boolean.value ? "true" : "false";
    const Cause cause = out_.causes().of(boolean);
    out_.line("## <desc>", cause);
    out_.line("##\t<p>", cause);
    if (boolean.doc.empty()) out_.line("##\tIt has no description.", cause);
    for (const std::string_view line : lines_of(boolean.doc))
      out_.line("##\t" + escaped_xml(printable(line, 400)), cause);
    out_.line("##\t</p>", cause);
    out_.line("## </desc>", cause);
    out_.line(
        dialect_ == Dialect::macros ? "gen_tunable(" + name + ", " + value + ")" : "bool " + name + " " + value + ";",
        cause, boolean.span);
    out_.blank();
  }

  const Module& module_;
  Dialect dialect_;
  const IsAttribute& is_attribute_;
  Statements out_;
};

ModuleText interface_text(const Interface& interface, const IsAttribute& is_attribute, LineOrigins* lines,
                          std::uint32_t lines_before) {
  Statements out(interface.body, Dialect::macros, is_attribute, nullptr, lines);
  const Cause cause = {"what is public, as an interface for other modules: " + interface.summary, {}, {interface.span}};
  out.begin_part(cause, lines_before);
  out.blank();
  out.line(std::string(40, '#'), cause);
  out.line("## <summary>", cause);
  out.line("##\t" + escaped_xml(printable(interface.summary, 400)), cause);
  for (const char* line : {"## </summary>", "## <param name=\"domain\">", "##\t<summary>", "##\tDomain allowed access.",
                           "##\t</summary>", "## </param>", "#"})
    out.line(line, cause);
  out.line("interface(`" + interface.name + "',`", cause);
  out.indent(1);
  out.requires_block(Collector(interface.body, is_attribute).run(), false, cause);
  out.blank();
  out.rules();
  out.indent(-1);
  out.line("')", cause);
  return out.take();
}

/// The arguments of gen_context() for a level: its sensitivity, and its categories where there are some.
std::string levels_of(const Level& level) {
  std::string text = level.text();
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return text;
  const std::string categories = text.substr(colon + 1);
  const bool list = categories.find(',') != std::string::npos;
  return text.substr(0, colon) + "," + (list ? "`" + categories + "'" : categories);
}

void check_name(const std::string& name, const char* what, Span span, Dialect dialect, Diagnostics& diagnostics) {
  const bool macro = dialect == Dialect::macros && is_m4_word(name, true);
  if (is_name(name) && !macro) return;
  diagnostics
      .report(Code::E1041, span,
              std::string("`") + printable(name) + "` cannot be the name of " + what +
                  (macro ? " in a source for m4" : " in the module language"))
      .note(macro ? "it is the name of a macro; call it otherwise"
                  : "a name begins with a letter, holds no `.` and is no reserved word");
}

}  // namespace

void check_module_language(const Module& module, Dialect dialect, Diagnostics& diagnostics) {
  for (const RawLines& raw : module.raw)
    diagnostics.report(Code::E1041, raw.span, "raw SELinux text is CIL, which a module in this format cannot hold")
        .note("build this target with `format = \"cil\"`");
  for (const auto& [name, boolean] : module.booleans) check_name(name, "a switch", boolean.span, dialect, diagnostics);
  for (const auto& [name, declaration] : module.types)
    check_name(name, "a type", declaration.span, dialect, diagnostics);
  for (const auto& [guard, list] : module.transitions)
    for (const auto& [key, value] : list)
      if (!is_file_name(key.name))
        diagnostics
            .report(Code::E1041, value.span,
                    "`" + printable(key.name) + "` cannot stand as a file's name in the module language")
            .note("it knows letters, digits, `_`, `.`, `-`, `~` and `:`; build this target with `format = \"cil\"`");
}

ModuleText to_te(const Module& module, std::string_view name, std::string_view header, Dialect dialect,
                 const IsAttribute& is_attribute, const SourceManager& sources, LineOrigins* lines) {
  ModuleText text = TeWriter(module, dialect, is_attribute, sources, lines).run(name, header);
  text.levels = module.levels;
  return text;
}

std::string to_fc(const Module& module, Dialect dialect) {
  if (dialect == Dialect::plain) return to_file_contexts(module);
  std::string out;
  for (const auto& fc : module.file_contexts) {
    out += has_m4_word(fc.regex) ? "`" + fc.regex + "'" : fc.regex;
    out += "\t";
    if (const std::string_view flag = flag_of(fc.kinds); !flag.empty()) out.append(flag).append("\t");
    if (fc.type.empty()) {
      out += "<<none>>\n";
      continue;
    }
    out += "gen_context(" + object_context(module, fc.type) + "," + levels_of(fc.level) + ")\n";
  }
  return out;
}

std::string to_if(const std::vector<Interface>& interfaces, std::string_view summary, const IsAttribute& is_attribute,
                  LineOrigins* lines) {
  std::string out = "## <summary>" + escaped_xml(printable(summary, 400)) + "</summary>\n";
  std::uint32_t count = 1;
  if (lines != nullptr) lines->add(1, count, Cause::in_words(always::kHeader));
  for (const Interface& interface : interfaces) {
    const ModuleText text = interface_text(interface, is_attribute, lines, count);
    out += text.text;
    count += static_cast<std::uint32_t>(text.lines.size());
  }
  return out;
}

std::string type_set(const cil::Node& expression) {
  const TypeSet types = parse_type_set(expression);
  std::vector<std::string> words_ = types.in;
  for (const auto& type : types.out) words_.push_back("-" + type);
  return braces(words_, "");
}

}  // namespace macc::backends::selinux
