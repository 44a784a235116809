// macc.toml -> Project. The only file that knows the TOML parser.
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <sstream>

#include "compiler/project/allowances.h"
#include "compiler/project/project.h"

namespace macc::project {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxTargetName = 64;

/// Offset of a place that the parser counts in lines and code points.
std::uint32_t offset_of(const SourceFile& file, toml::source_position at) {
  if (at.line == 0) return 0;
  const std::string& text = file.text();
  std::size_t offset = file.line_begin(at.line);
  for (toml::source_index i = 1; i < at.column && offset < text.size() && text[offset] != '\n'; ++i) {
    do ++offset;
    while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U);
  }
  return static_cast<std::uint32_t>(offset);
}

Span span_of(const SourceManager& sources, FileId id, const toml::source_region& region) {
  const SourceFile& file = sources.file(id);
  const std::uint32_t begin = offset_of(file, region.begin);
  return {id, begin, std::max(begin, offset_of(file, region.end))};
}

std::string_view word(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "`true` or `false`";
    default:
      return "a date or time";
  }
}

bool is_target_name(std::string_view name) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kMaxTargetName && alnum(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

struct Text {
  std::string value;
  Span span;
};

/// Reads the tables of one file and reports what is wrong in them.
class Reader {
 public:
  Reader(const SourceManager& sources, FileId file, fs::path root, const BackendList& backends,
         Diagnostics& diagnostics)
      : sources_(sources), file_(file), root_(std::move(root)), backends_(backends), diagnostics_(diagnostics) {}

  Project read(const toml::table& top) {
    Project project = default_project(root_, backends_);
    project.file = file_;
    project.name = fs::absolute(root_).lexically_normal().filename().string();
    project.policy = {{root_ / "policy", {}}};
    check_keys(top, {"project", "target", "lint", "score"}, "macc.toml");
    if (const toml::table* table = table_at(top, "project", "project")) read_project(*table, project);
    if (const toml::table* table = table_at(top, "target", "target")) read_targets(*table, project);
    if (const toml::table* table = table_at(top, "lint", "lint")) read_lint(*table, project.lint);
    if (const toml::table* table = table_at(top, "score", "score")) read_score(*table, project.lint);
    return project;
  }

  std::vector<AllowedChange> read_allowances(const toml::table& top) {
    check_keys(top, {"allow"}, "the allowances");
    std::vector<AllowedChange> out;
    const toml::node* list = top.get("allow");
    if (list == nullptr) return out;
    if (!list->is_array_of_tables()) {
      wrong_type(*list, "allow", "a list of tables, each headed `[[allow]]`,");
      return out;
    }
    for (const toml::node& node : *list->as_array()) {
      if (auto one = read_allowance(*node.as_table())) out.push_back(std::move(*one));
    }
    return out;
  }

 private:
  std::optional<AllowedChange> read_allowance(const toml::table& table) {
    const std::vector<std::string> subjects = {"domain", "resource", "boolean"};
    std::vector<std::string> known = subjects;
    known.insert(known.end(), allowance_ways().begin(), allowance_ways().end());
    known.insert(known.end(), {"paths", "except", "text", "reason"});
    check_keys(table, known, "allow");
    AllowedChange out;
    out.span = at(table.source());
    const auto subject = only_key(table, subjects, out.span, "whose change is allowed");
    const auto way = only_key(table, allowance_ways(), out.span, "what changes");
    const auto reason = needed_text(table, "reason", out.span);
    if (!subject || !way || !reason) return std::nullopt;
    out.subject =
        static_cast<AllowedChange::Subject>(std::find(subjects.begin(), subjects.end(), *subject) - subjects.begin());
    out.way = *way;
    out.reason = *reason;
    const auto names = texts_at(table, *subject, "allow." + *subject).value_or(std::vector<Text>{});
    for (const Text& name : names) out.names.push_back(name.value);
    const auto change = needed_text(table, *way, out.span);
    if (!change || out.names.empty()) return std::nullopt;
    out.change = *change;
    for (const auto& [key, patterns] :
         {std::pair{"paths", &AllowedChange::paths}, std::pair{"except", &AllowedChange::except}})
      for (const Text& text : texts_at(table, key, fmt::format("allow.{}", key)).value_or(std::vector<Text>{}))
        add_patterns(text, out.*patterns);
    if (const auto text = text_at(table, "text", "allow.text")) out.text = text->value;
    return out;
  }

  /// The one of these keys that a table has; nullopt after a report.
  std::optional<std::string> only_key(const toml::table& table, const std::vector<std::string>& keys, Span span,
                                      std::string_view what) {
    std::vector<std::string> there;
    for (const std::string& key : keys)
      if (table.contains(key)) there.push_back(key);
    if (there.size() == 1) return there.front();
    diagnostics_
        .report(Code::E0511, span,
                there.empty() ? fmt::format("an allowed change does not say {}", what)
                              : fmt::format("an allowed change has both `{}`", fmt::join(there, "` and `")))
        .note(fmt::format("it has one of `{}`", fmt::join(keys, "`, `")));
    return std::nullopt;
  }

  /// A text that must be there and not empty; nullopt after a report.
  std::optional<std::string> needed_text(const toml::table& table, const std::string& key, Span span) {
    const auto text = text_at(table, key, "allow." + key);
    if (text && !text->value.empty()) return text->value;
    if (text || !table.contains(key))
      diagnostics_.report(Code::E0511, span, fmt::format("an allowed change needs a `{}`", key))
          .note("names and changes are as `macc diff` prints them, `reason` says why it is meant");
    return std::nullopt;
  }

  [[nodiscard]] Span at(const toml::source_region& region) const { return span_of(sources_, file_, region); }

  void check_keys(const toml::table& table, const std::vector<std::string>& known, const std::string& where) {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) unknown_key(key, known, where);
    }
  }

  void unknown_key(const toml::key& key, const std::vector<std::string>& known, const std::string& where) {
    Diagnostic& d = diagnostics_.report(Code::E0602, at(key.source()),
                                        fmt::format("unknown key `{}` in `{}`", printable(key.str()), where));
    const std::string guess = did_you_mean(key.str(), known);
    if (!guess.empty()) d.suggest(fmt::format("did you mean `{}`?", guess), {{at(key.source()), guess}});
    std::string list;
    for (const std::string& k : known) list += (list.empty() ? "`" : ", `") + k + "`";
    d.note("known here: " + list);
  }

  void wrong_type(const toml::node& node, const std::string& what, std::string_view needed) {
    diagnostics_.report(Code::E0603, at(node.source()),
                        fmt::format("`{}` is {}, but {} is needed", what, word(node.type()), needed));
  }

  const toml::table* table_at(const toml::table& from, std::string_view key, const std::string& what) {
    const toml::node* node = from.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) wrong_type(*node, what, "a table");
    return node->as_table();
  }

  std::optional<Text> text_of(const toml::node& node, const std::string& what) {
    const auto* value = node.as_string();
    if (value == nullptr) {
      wrong_type(node, what, "a text");
      return std::nullopt;
    }
    Text text{value->get(), at(node.source())};
    if (text.value.find('\0') == std::string::npos) return text;
    diagnostics_.report(Code::E0606, text.span, fmt::format("the text of `{}` holds a NUL character", what));
    return std::nullopt;
  }

  std::optional<Text> text_at(const toml::table& from, std::string_view key, const std::string& what) {
    const toml::node* node = from.get(key);
    return node == nullptr ? std::nullopt : text_of(*node, what);
  }

  /// nullopt when the key isn't there. One text stands for a list of one.
  std::optional<std::vector<Text>> texts_at(const toml::table& from, std::string_view key, const std::string& what) {
    const toml::node* node = from.get(key);
    return node == nullptr ? std::nullopt : std::optional(texts_of(*node, what));
  }

  std::vector<Text> texts_of(const toml::node& node, const std::string& what) {
    std::vector<Text> out;
    const auto add = [&](const toml::node& item) {
      if (auto text = text_of(item, what)) out.push_back(std::move(*text));
    };
    if (const toml::array* list = node.as_array()) {
      for (const toml::node& item : *list) add(item);
    } else if (node.is_string()) {
      add(node);
    } else {
      wrong_type(node, what, "a list of texts");
    }
    return out;
  }

  /// A path of the file system, from the project's folder on.
  std::optional<Location> location(const std::optional<Text>& text, const std::string& what) {
    if (!text) return std::nullopt;
    if (text->value.empty()) {
      diagnostics_.report(Code::E0606, text->span, fmt::format("`{}` is empty, but a path is needed", what));
      return std::nullopt;
    }
    return Location{(root_ / text->value).lexically_normal(), text->span};
  }

  void read_project(const toml::table& table, Project& project) {
    check_keys(table, {"name", "policy", "site", "out"}, "project");
    if (auto name = text_at(table, "name", "project.name")) project.name = name->value;
    if (const auto list = texts_at(table, "policy", "project.policy")) {
      project.policy.clear();
      for (const Text& text : *list) {
        if (auto place = location(text, "project.policy")) project.policy.push_back(std::move(*place));
      }
      if (list->empty()) {
        diagnostics_.report(Code::E0606, at(table.get("policy")->source()),
                            "`project.policy` names no folder, so that there is nothing to build");
      }
    }
    project.site = location(text_at(table, "site", "project.site"), "project.site");
    if (auto out = location(text_at(table, "out", "project.out"), "project.out")) project.out = out->path;
  }

  void read_lint(const toml::table& table, Lint& lint) {
    check_keys(table, {"fail-on", "baseline", "locked", "level", "path", "sets"}, "lint");
    if (const auto word = text_at(table, "fail-on", "lint.fail-on")) {
      if (const auto level = level_of(*word, "never")) lint.fail_on = *level;
    }
    lint.baseline = location(text_at(table, "baseline", "lint.baseline"), "lint.baseline");
    if (const toml::table* levels = table_at(table, "level", "lint.level"))
      read_levels(*levels, "lint.level", lint.settings.levels);
    if (const toml::node* paths = table.get("path")) read_lint_paths(*paths, lint.settings);
    read_locked(texts_at(table, "locked", "lint.locked").value_or(std::vector<Text>{}), lint.settings);
    if (const toml::table* sets = table_at(table, "sets", "lint.sets")) read_lint_sets(*sets, lint);
  }

  void read_score(const toml::table& table, Lint& lint) {
    check_keys(table, {"max"}, "score");
    const toml::node* max = table.get("max");
    if (max == nullptr) return;
    const auto number = max->value<double>();
    if (!number || max->is_boolean()) return wrong_type(*max, "score.max", "a number");
    if (*number >= 0 && *number <= 10) {
      lint.max_score = *number;
      return;
    }
    diagnostics_.report(Code::E0606, at(max->source()), "`score.max` lies between 0 and 10");
  }

  /// "error", "warning", "note", or the word that switches off.
  std::optional<lint::Level> level_of(const Text& word, const std::string& off) {
    if (word.value == "error") return Severity::error;
    if (word.value == "warning") return Severity::warning;
    if (word.value == "note") return Severity::note;
    if (word.value == off) return lint::Level();
    Diagnostic& d =
        diagnostics_.report(Code::E0606, word.span, fmt::format("`{}` is no level of a lint", printable(word.value)));
    const std::string guess = did_you_mean(word.value, {"error", "warning", "note", off});
    if (!guess.empty()) d.suggest(fmt::format("did you mean `{}`?", guess), {{word.span, '"' + guess + '"'}});
    d.note(fmt::format("it is one of `error`, `warning`, `note`, `{}`", off));
    return std::nullopt;
  }

  std::optional<Code> lint_of(const Text& name) {
    if (const LintInfo* row = find_lint(std::string_view(name.value))) return row->code;
    Diagnostic& d =
        diagnostics_.report(Code::E0630, name.span, fmt::format("no lint is called `{}`", printable(name.value)));
    std::vector<std::string> names;
    for (const LintInfo& row : lint_catalogue()) names.emplace_back(info(row.code).name);
    const std::string guess = did_you_mean(name.value, names);
    if (guess.empty()) {
      d.note("`macc explain` lists the lints");
    } else {
      d.note(fmt::format("did you mean `{}`?", guess));
    }
    return std::nullopt;
  }

  void read_levels(const toml::table& table, const std::string& what, lint::Levels& levels) {
    for (const auto& [key, node] : table) {
      const auto code = lint_of({std::string(key.str()), at(key.source())});
      const auto word = text_of(node, what + "." + printable(key.str()));
      if (!code || !word) continue;
      if (const auto level = level_of(*word, "off")) levels[*code] = *level;
    }
  }

  void read_locked(const std::vector<Text>& names, lint::Settings& settings) {
    for (const Text& name : names) {
      const auto code = lint_of(name);
      if (!code) continue;
      settings.locked.insert(*code);
      const auto level = settings.levels.find(*code);
      if (level == settings.levels.end() || level->second) continue;
      diagnostics_
          .report(Code::E0606, name.span,
                  fmt::format("`{}` is locked, and `lint.level` switches it off", printable(name.value)))
          .note("nothing silences a locked lint: give it a level, or take it out of `locked`");
    }
  }

  /// `[[lint.path]]`: files of the project, and the levels there.
  void read_lint_paths(const toml::node& node, lint::Settings& settings) {
    const toml::array* list = node.as_array();
    if (list == nullptr) return wrong_type(node, "lint.path", "a list of tables, `[[lint.path]]`");
    for (const toml::node& item : *list) {
      const toml::table* table = item.as_table();
      if (table == nullptr) {
        wrong_type(item, "lint.path", "a table");
        continue;
      }
      check_keys(*table, {"files", "level"}, "lint.path");
      lint::PathLevels rule;
      const auto files = texts_at(*table, "files", "lint.path.files");
      if (!files)
        diagnostics_.report(Code::E0606, at(item.source()), "`lint.path` says with `files` which policies it is about");
      for (const Text& file : files.value_or(std::vector<Text>{})) {
        lint::FileGlob& glob = rule.files.emplace_back();
        glob.place = file.span;
        add_patterns({"/" + file.value, file.span}, glob.patterns);
      }
      if (const toml::table* levels = table_at(*table, "level", "lint.path.level"))
        read_levels(*levels, "lint.path.level", rule.levels);
      settings.paths.push_back(std::move(rule));
    }
  }

  void read_lint_sets(const toml::table& table, Lint& lint) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      lint.sets.emplace(name, at(key.source()));
      for (const Text& text : texts_of(node, "lint.sets." + printable(name)))
        add_patterns(text, lint.settings.more[name]);
    }
  }

  void add_patterns(const Text& text, std::vector<paths::PathPattern>& out) {
    paths::PatternError error;
    std::vector<paths::PathPattern> patterns = paths::PathPattern::parse(text.value, error);
    if (patterns.empty()) diagnostics_.report(Code::E0606, text.span, error.message);
    for (paths::PathPattern& pattern : patterns) out.push_back(std::move(pattern));
  }

  void read_targets(const toml::table& table, Project& project) {
    project.targets.clear();
    for (const auto& [key, node] : table) {
      const std::string what = "target." + printable(key.str());
      if (!is_target_name(key.str())) {
        diagnostics_
            .report(Code::E0609, at(key.source()), fmt::format("`{}` is no name for a target", printable(key.str())))
            .note("the name becomes a folder: letters, digits, `-`, `_` and `.`, a letter or digit first, at most 64");
        continue;
      }
      if (!node.is_table()) {
        wrong_type(node, what, "a table");
        continue;
      }
      if (auto target = read_target(key, *node.as_table(), what)) project.targets.push_back(std::move(*target));
    }
  }

  std::optional<Target> read_target(const toml::key& key, const toml::table& table, const std::string& what) {
    Target target;
    target.target.name = key.str();
    target.span = at(key.source());
    if (table.get("backend") == nullptr) {
      diagnostics_.report(Code::E0608, target.span, fmt::format("`{}` does not say its backend", what))
          .note(fmt::format("write `backend = \"NAME\"`, where NAME is one of {}", backend_names()));
      return std::nullopt;
    }
    const auto backend_word = text_at(table, "backend", what + ".backend");
    const backends::Backend* backend = backend_word ? find_backend(*backend_word) : nullptr;
    if (backend == nullptr) return std::nullopt;
    target.target.backend = backend->name();
    read_limits(table, what, target);
    read_settings(table, what, *backend, target.target);
    return target;
  }

  [[nodiscard]] std::string backend_names() const {
    std::string out;
    for (const backends::Backend* b : backends_) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", b->name());
    return out;
  }

  const backends::Backend* find_backend(const Text& wanted) {
    std::vector<std::string> names;
    for (const backends::Backend* b : backends_) {
      if (b->name() == wanted.value) return b;
      names.emplace_back(b->name());
    }
    Diagnostic& d =
        diagnostics_.report(Code::E0605, wanted.span, fmt::format("there is no backend `{}`", printable(wanted.value)));
    const std::string guess = did_you_mean(wanted.value, names);
    if (!guess.empty()) d.suggest(fmt::format("did you mean `{}`?", guess), {{wanted.span, '"' + guess + '"'}});
    d.note("backends: " + backend_names());
    return nullptr;
  }

  void read_limits(const toml::table& table, const std::string& what, Target& target) {
    for (const Text& text : texts_at(table, "fail-on", what + ".fail-on").value_or(std::vector<Text>{})) {
      if (auto limit = limit_of(text)) target.fail_on.push_back(std::move(*limit));
    }
    for (const Text& text : texts_at(table, "accept", what + ".accept").value_or(std::vector<Text>{})) {
      target.accept.push_back({text.value, text.span});
    }
  }

  std::optional<Limit> limit_of(const Text& text) {
    constexpr std::array kinds = {Limit::Kind::wider, Limit::Kind::drifts, Limit::Kind::not_enforced,
                                  Limit::Kind::narrower, Limit::Kind::not_checked};
    const std::size_t colon = text.value.find(':');
    const std::string head = text.value.substr(0, colon);
    std::vector<std::string> words;
    for (const Limit::Kind kind : kinds) {
      words.emplace_back(project::word(kind));
      if (head != words.back() || (colon != std::string::npos && kind == Limit::Kind::not_checked)) continue;
      return Limit{kind, colon == std::string::npos ? "" : text.value.substr(colon + 1), text.span};
    }
    Diagnostic& d = diagnostics_.report(Code::E0606, text.span,
                                        fmt::format("`{}` is nothing that `fail-on` knows", printable(text.value)));
    const std::string guess = did_you_mean(head, words);
    if (!guess.empty()) {
      const std::string rest = colon == std::string::npos ? "" : text.value.substr(colon);
      d.suggest(fmt::format("did you mean `{}`?", guess), {{text.span, '"' + guess + rest + '"'}});
    }
    d.note("`wider`, `drifts`, `not-enforced`, `narrower` (each alone or as `wider:TOPIC`), `not-checked`");
    return std::nullopt;
  }

  void read_settings(const toml::table& table, const std::string& what, const backends::Backend& backend,
                     backends::Target& target) {
    std::vector<std::string> known = {"backend", "fail-on", "accept"};
    for (const backends::Setting& setting : backend.settings()) {
      known.emplace_back(setting.key);
      const toml::node* node = table.get(setting.key);
      const auto value = node == nullptr ? std::nullopt : setting_of(*node, what, setting);
      if (node != nullptr) target.places.emplace(setting.key, at(node->source()));
      target.settings.emplace(setting.key, value.value_or(std::string(setting.default_value)));
    }
    check_keys(table, known, what);
  }

  /// Settings are texts to a backend; `true` and numbers are as good as "true".
  std::optional<std::string> setting_of(const toml::node& node, const std::string& what,
                                        const backends::Setting& setting) {
    const std::string name = fmt::format("{}.{}", what, setting.key);
    if (setting.list) return list_of(node, name);
    std::optional<Text> text;
    if (const auto* flag = node.as_boolean()) {
      text = Text{flag->get() ? "true" : "false", at(node.source())};
    } else if (const auto* number = node.as_integer()) {
      text = Text{std::to_string(number->get()), at(node.source())};
    } else {
      text = text_of(node, name);
    }
    if (!text) return std::nullopt;
    const auto& choices = setting.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), text->value) != choices.end()) return text->value;
    if (setting.or_path && looks_like_path(text->value, choices)) {
      const auto place = location(text, name);
      return place ? std::optional(place->path.string()) : std::nullopt;
    }
    wrong_choice(*text, name, setting);
    return std::nullopt;
  }

  std::string list_of(const toml::node& node, const std::string& name) {
    std::string out;
    for (const Text& text : texts_of(node, name)) {
      if (text.value.empty() || text.value.find_first_of(" \t\r\n") != std::string::npos) {
        diagnostics_.report(Code::E0606, text.span, fmt::format("`{}` can't hold `{}`", name, printable(text.value)))
            .note("each item is one word");
        continue;
      }
      out += (out.empty() ? "" : " ") + text.value;
    }
    return out;
  }

  /// A word that was mistyped is no path.
  static bool looks_like_path(const std::string& text, const std::vector<std::string_view>& choices) {
    return text.find_first_of("/.") != std::string::npos ||
           did_you_mean(text, {choices.begin(), choices.end()}).empty();
  }

  void wrong_choice(const Text& text, const std::string& name, const backends::Setting& setting) {
    Diagnostic& d =
        diagnostics_.report(Code::E0606, text.span, fmt::format("`{}` can't be `{}`", name, printable(text.value)));
    const std::vector<std::string> words(setting.choices.begin(), setting.choices.end());
    const std::string guess = did_you_mean(text.value, words);
    if (!guess.empty()) d.suggest(fmt::format("did you mean `{}`?", guess), {{text.span, '"' + guess + '"'}});
    std::string list;
    for (const std::string& w : words) list += (list.empty() ? "`" : ", `") + w + "`";
    d.note(fmt::format("{}: one of {}{}", setting.doc, list, setting.or_path ? ", or a path" : ""));
  }

  const SourceManager& sources_;
  FileId file_;
  fs::path root_;
  const BackendList& backends_;
  Diagnostics& diagnostics_;
};

}  // namespace

Project read(const SourceManager& sources, FileId file, const fs::path& root, const BackendList& backends,
             Diagnostics& diagnostics) {
  try {
    const toml::table top = toml::parse(std::string_view(sources.file(file).text()));
    return Reader(sources, file, root, backends, diagnostics).read(top);
  } catch (const toml::parse_error& error) {
    diagnostics.report(Code::E0601, span_of(sources, file, error.source()),
                       fmt::format("this is not valid TOML: {}", error.description()));
    Project project = default_project(root, backends);
    project.file = file;
    return project;
  }
}

const std::vector<std::string>& allowance_ways() {
  static const std::vector<std::string> ways = {"gained", "lost", "uncertain", "given-up", "default"};
  return ways;
}

std::vector<AllowedChange> read_allowed_changes(const SourceManager& sources, FileId file, Diagnostics& diagnostics) {
  try {
    const toml::table top = toml::parse(std::string_view(sources.file(file).text()));
    return Reader(sources, file, {}, {}, diagnostics).read_allowances(top);
  } catch (const toml::parse_error& error) {
    diagnostics.report(Code::E0511, span_of(sources, file, error.source()),
                       fmt::format("this is not valid TOML: {}", error.description()));
    return {};
  }
}

}  // namespace macc::project
