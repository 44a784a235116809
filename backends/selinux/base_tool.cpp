#include "backends/selinux/base_tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/platform.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using Names = std::vector<std::string>;

std::string joined(const Names& names) { return fmt::format("{}", fmt::join(names, " ")); }
std::string count(std::size_t number) { return fmt::format("{}", number); }

std::string range_of(const PortContext& port) {
  return port.low == port.high ? fmt::format("{}/{}", port.protocol, port.low)
                               : fmt::format("{}/{}-{}", port.protocol, port.low, port.high);
}

/// The lines of file contexts, with their types ("" for <<none>>).
struct FileLine {
  std::string pattern, flag, context;
};

std::vector<FileLine> file_lines(std::string_view text) {
  std::vector<FileLine> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::vector<std::string> words;
    while (!line.empty()) {
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
      if (!line.empty()) words.emplace_back(line.substr(0, line.find_first_of(" \t")));
      if (!line.empty()) line.remove_prefix(words.back().size());
    }
    if (words.size() == 2) lines.push_back({words[0], "", words[1]});
    if (words.size() == 3) lines.push_back({words[0], words[1], words[2]});
  }
  return lines;
}

BaseAnswer no_such(const std::string& what, const std::string& value, const Names& known) {
  BaseAnswer answer;
  answer.no_such_name = true;
  answer.problem = fmt::format("the base has no {} `{}`", what, printable(value));
  const std::string guess = did_you_mean(value, known);
  if (!guess.empty()) answer.hints.push_back(fmt::format("did you mean `{}`?", guess));
  return answer;
}

Table summary(const Base& base) {
  Table table{"base", base.description(), {"what", "value"}, {}};
  const auto add = [&](std::string what, std::string value) {
    if (!value.empty()) table.rows.push_back({std::move(what), std::move(value)});
  };
  std::size_t permissions = 0;
  for (const std::string& name : base.classes()) permissions += base.permissions_of(name).size();
  add("made from", base.origin());
  add("modules", count(base.modules().size()));
  add("types", count(base.types().size()));
  add("attributes", count(base.attributes().size()));
  add("classes", count(base.classes().size()));
  add("permissions", count(permissions));
  add("roles", joined(base.roles()));
  Names users;
  for (const PolicyUser& user : base.users()) users.push_back(user.name);
  add("users", joined(users));
  add("levels", !base.has_levels() ? "none"
                                   : fmt::format("{} sensitivities, {} categories", base.sensitivities().size(),
                                                 base.categories().size()));
  add("booleans", count(base.booleans().size()));
  add("ports", count(base.ports().size()));
  add("genfs contexts", count(base.genfs_contexts().size()));
  add("file systems", count(base.fs_uses().size()));
  add("file contexts", count(file_lines(base.file_contexts()).size()));
  add("local file contexts", count(file_lines(base.local_file_contexts()).size()));
  add("label aliases", count(base.label_aliases().size()));
  add("neverallows", count(base.neverallows().size()));
  for (const auto& [keyword, number] : base.rule_counts()) add(keyword + " rules", count(number));
  add("capabilities", joined(base.capabilities()));
  return table;
}

/// Adds to an answer what macc looks for in every policy and this one lacks.
void add_lacking(const Base& base, BaseAnswer& answer) {
  Table table{"lacking", "", {"name", "looked for", "what it is", "without it"}, {}};
  Names systems;
  std::string without_systems;
  for (const PlatformFinding& finding : check_platform(base)) {
    if (!finding.found.empty()) continue;
    if (finding.id.empty()) {
      systems.push_back(finding.what);
      without_systems = finding.without;
      continue;
    }
    table.rows.push_back({finding.id, fmt::format("{} {}", word(finding.kind), fmt::join(finding.looked_for, " or ")),
                          finding.what, finding.required ? "what needs it is refused" : finding.without});
  }
  const bool can_be_renamed = !table.rows.empty();
  if (!systems.empty())
    table.rows.push_back({"-", fmt::format("types of {} file systems", systems.size()), "what is mounted",
                          fmt::format("{}: {}", without_systems, joined(systems))});
  if (table.rows.empty()) return;
  table.title = "names that macc looks for and does not find";
  if (can_be_renamed)
    answer.notices.push_back(
        fmt::format("where this policy has another name for one of them, a target says so: `names = \"{}=NAME\"`",
                    table.rows.front()[0]));
  answer.tables.push_back(std::move(table));
}

struct Kind {
  ObjectKind kind;
  std::string_view word;
};
constexpr Kind kKinds[] = {{ObjectKind::file, "file"},
                           {ObjectKind::directory, "directory"},
                           {ObjectKind::symlink, "symlink"},
                           {ObjectKind::socket, "socket"},
                           {ObjectKind::fifo, "fifo"},
                           {ObjectKind::char_device, "char-device"},
                           {ObjectKind::block_device, "block-device"}};

BaseAnswer about_path(const Base& base, const std::string& path) {
  BaseAnswer answer;
  if (!path.starts_with('/')) {
    answer.no_such_name = true;
    answer.problem = fmt::format("`{}` is no absolute path", printable(path));
    return answer;
  }
  std::vector<LookupQuery> queries;
  for (const Kind& kind : kKinds) queries.push_back({path, kind.kind});
  const LookupResult found = lookup(base, queries);
  const DecidingEntries entries = deciding_entries(base, queries);
  answer.problem = found.error.empty() ? entries.error : found.error;
  if (!answer.problem.empty()) return answer;
  Table table{"labels", fmt::format("labels of {}", printable(path)), {"object", "context", "decided by"}, {}};
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto& line = entries.lines[i];
    table.rows.push_back({std::string(kKinds[i].word), found.contexts[i].value_or("none"),
                          line ? line->substr(0, line->find_last_of(" \t")) : "no entry"});
    std::replace(table.rows.back()[2].begin(), table.rows.back()[2].end(), '\t', ' ');
  }
  answer.tables.push_back(std::move(table));
  return answer;
}

Table files_of(const Base& base, const std::string& type) {
  Table table{"file-contexts", fmt::format("file contexts of {}", type), {"pattern", "object", "context"}, {}};
  for (const std::string* text : {&base.file_contexts(), &base.local_file_contexts()}) {
    for (FileLine& line : file_lines(*text)) {
      if (base.canonical_type(type_of_context(line.context)) != type) continue;
      table.rows.push_back({std::move(line.pattern), line.flag.empty() ? "any" : line.flag, std::move(line.context)});
    }
  }
  return table;
}

Table ports_of(const Base& base, const std::string& type) {
  Table table{"ports", fmt::format("ports of {}", type), {"port", "type"}, {}};
  for (const PortContext& port : base.ports()) {
    if (base.canonical_type(port.type) == type) table.rows.push_back({range_of(port), port.type});
  }
  return table;
}

Table list_of(std::string key, std::string title, std::string column, const Names& names) {
  Table table{std::move(key), std::move(title), {std::move(column)}, {}};
  for (const std::string& name : names) table.rows.push_back({name});
  return table;
}

BaseAnswer about_type(const Base& base, const std::string& name) {
  const std::string type = base.canonical_type(name);
  if (type.empty()) {
    Names known = base.types();
    BaseAnswer answer = no_such("type", name, known);
    if (base.has_attribute(name))
      answer.hints = {fmt::format("it is an attribute: `macc base show --attribute {}`", name)};
    return answer;
  }
  BaseAnswer answer;
  Table about{"type", fmt::format("type {}", type), {"what", "value"}, {}};
  if (type != name) about.rows.push_back({"asked for", name});
  about.rows.push_back({"aliases", joined(base.aliases_of(type))});
  about.rows.push_back({"attributes", joined(base.attributes_of(type))});
  about.rows.push_back({"roles", joined(base.roles_of(type))});
  std::erase_if(about.rows, [](const auto& row) { return row[1].empty(); });
  answer.tables.push_back(std::move(about));
  answer.tables.push_back(files_of(base, type));
  answer.tables.push_back(ports_of(base, type));
  Table systems{"file-systems", fmt::format("file systems with {}", type), {"kind", "file system", "path"}, {}};
  for (const GenfsContext& entry : base.genfs_contexts()) {
    if (entry.type == type) systems.rows.push_back({"genfs", entry.fstype, entry.path});
  }
  for (const FsUse& use : base.fs_uses()) {
    if (use.type == type) systems.rows.push_back({use.kind, use.fstype, "/"});
  }
  answer.tables.push_back(std::move(systems));
  std::erase_if(answer.tables, [](const Table& table) { return table.rows.empty(); });
  return answer;
}

BaseAnswer about_attribute(const Base& base, const std::string& name) {
  if (!base.has_attribute(name)) {
    BaseAnswer answer = no_such("attribute", name, base.attributes());
    if (base.has_type(name)) answer.hints = {fmt::format("it is a type: `macc base show --type {}`", name)};
    return answer;
  }
  BaseAnswer answer;
  const Names members = base.types_in(name);
  answer.tables.push_back(list_of("members", fmt::format("{} types in {}", members.size(), name), "type", members));
  if (const Names expressions = base.expressions_of(name); !expressions.empty())
    answer.tables.push_back(list_of("expressions", fmt::format("how {} is defined", name), "expression", expressions));
  return answer;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

BaseAnswer about_port(const Base& base, const std::string& value) {
  const std::size_t slash = value.find('/');
  if (slash == std::string::npos && !base.canonical_type(value).empty()) {
    BaseAnswer answer;
    answer.tables.push_back(ports_of(base, base.canonical_type(value)));
    return answer;
  }
  const std::string protocol = value.substr(0, slash);
  static const Names kProtocols = {"tcp", "udp", "dccp", "sctp"};
  const auto number =
      slash == std::string::npos ? std::nullopt : port_number(std::string_view(value).substr(slash + 1));
  BaseAnswer answer;
  if (!number || std::find(kProtocols.begin(), kProtocols.end(), protocol) == kProtocols.end()) {
    answer.no_such_name = true;
    answer.problem = fmt::format("`{}` is neither a port nor a type of the base", printable(value));
    answer.hints = {"a port is written `tcp/8080`, with tcp, udp, dccp or sctp and a number up to 65535"};
    return answer;
  }
  Table table{"ports", fmt::format("entries for {}, the narrowest decides", value), {"port", "type"}, {}};
  std::vector<PortContext> matching;
  for (const PortContext& port : base.ports()) {
    if (port.protocol == protocol && port.low <= *number && *number <= port.high) matching.push_back(port);
  }
  std::stable_sort(matching.begin(), matching.end(),
                   [](const auto& a, const auto& b) { return a.high - a.low < b.high - b.low; });
  for (const PortContext& port : matching) table.rows.push_back({range_of(port), port.type});
  if (table.rows.empty()) table.rows.push_back({"any other", "the default of all ports"});
  answer.tables.push_back(std::move(table));
  return answer;
}

BaseAnswer about_boolean(const Base& base, const std::string& name) {
  Names known;
  for (const PolicyBoolean& boolean : base.booleans()) {
    known.push_back(boolean.name);
    if (boolean.name != name) continue;
    BaseAnswer answer;
    answer.tables.push_back(
        {"boolean", fmt::format("boolean {}", name), {"boolean", "value"}, {{name, boolean.value ? "true" : "false"}}});
    answer.tables.push_back(
        list_of("conditions", fmt::format("rules that depend on {}", name), "statement", base.conditions_on(name)));
    return answer;
  }
  return no_such("boolean", name, known);
}

BaseAnswer about_class(const Base& base, const std::string& name) {
  const Names permissions = base.permissions_of(name), classes = base.classes();
  if (!std::binary_search(classes.begin(), classes.end(), name)) return no_such("class", name, classes);
  BaseAnswer answer;
  answer.tables.push_back(
      list_of("permissions", fmt::format("{} permissions of {}", permissions.size(), name), "permission", permissions));
  return answer;
}

BaseAnswer about(const Base& base, const BaseQuestion& question) {
  using Answer = BaseAnswer (*)(const Base&, const std::string&);
  static const std::map<std::string_view, Answer> answers = {{"path", about_path},           {"type", about_type},
                                                             {"attribute", about_attribute}, {"port", about_port},
                                                             {"boolean", about_boolean},     {"class", about_class}};
  return answers.at(question.topic)(base, question.value);
}

/// What differs between two bases, topic by topic. Each item is a key and what is said of it.
class Comparison {
 public:
  Comparison(const Base& first, const Base& second) : first_(first), second_(second) {}

  std::vector<Table> run() {
    names("modules", [](const Base& base) { return base.modules(); });
    names("types", [](const Base& base) { return base.types(); });
    names("attributes", [](const Base& base) { return base.attributes(); });
    items("members", "members of attributes", members);
    items("permissions", "classes and permissions", permissions);
    names("roles", [](const Base& base) { return base.roles(); });
    items("users", "users", [](const Base& base) {
      Items items;
      for (const PolicyUser& user : base.users())
        items[user.name] = fmt::format("{} {} {}-{}", joined(user.roles), user.level, user.low, user.high);
      return items;
    });
    items("booleans", "booleans", [](const Base& base) {
      Items items;
      for (const PolicyBoolean& boolean : base.booleans()) items[boolean.name] = boolean.value ? "true" : "false";
      return items;
    });
    items("ports", "ports", [](const Base& base) {
      Items items;
      for (const PortContext& port : base.ports()) items[range_of(port)] = port.type;
      return items;
    });
    items("file-systems", "file systems", file_systems);
    items("file-contexts", "file contexts", [](const Base& base) {
      Items items;
      for (const std::string* text : {&base.file_contexts(), &base.local_file_contexts()}) {
        for (const FileLine& line : file_lines(*text))
          items[line.flag.empty() ? line.pattern : line.pattern + ' ' + line.flag] = line.context;
      }
      return items;
    });
    items("label-aliases", "label aliases", [](const Base& base) {
      Items items;
      for (const LabelAlias& alias : base.label_aliases()) items[alias.from] = alias.to;
      return items;
    });
    names("neverallows", [](const Base& base) { return base.neverallows(); });
    items("rules", "numbers of rules", [](const Base& base) {
      Items items;
      for (const auto& [keyword, number] : base.rule_counts()) items[keyword] = count(number);
      return items;
    });
    return std::move(tables_);
  }

 private:
  using Items = std::map<std::string, std::string>;

  void items(std::string key, std::string title, const std::function<Items(const Base&)>& of) {
    const Items first = of(first_), second = of(second_);
    Table table{std::move(key), std::move(title), {"what", "first", "second"}, {}};
    for (const auto& [name, value] : first) {
      const auto other = second.find(name);
      const std::string there = other == second.end() ? "-" : other->second;
      if (there != value) table.rows.push_back({name, value, there});
    }
    for (const auto& [name, value] : second) {
      if (!first.contains(name)) table.rows.push_back({name, "-", value});
    }
    std::sort(table.rows.begin(), table.rows.end());
    if (!table.rows.empty()) tables_.push_back(std::move(table));
  }
  void names(const std::string& key, const std::function<Names(const Base&)>& of) {
    items(key, key, [&of](const Base& base) {
      Items items;
      for (const std::string& name : of(base)) items.emplace(name, "there");
      return items;
    });
  }

  static Items members(const Base& base) {
    Items items;
    for (const std::string& attribute : base.attributes()) {
      for (const std::string& type : base.types_in(attribute)) items.emplace(attribute + ' ' + type, "in");
    }
    return items;
  }
  static Items permissions(const Base& base) {
    Items items;
    for (const std::string& name : base.classes()) {
      for (const std::string& permission : base.permissions_of(name)) items.emplace(name + ' ' + permission, "there");
    }
    return items;
  }
  static Items file_systems(const Base& base) {
    Items items;
    for (const GenfsContext& entry : base.genfs_contexts())
      items[fmt::format("genfs {} {} {}", entry.fstype, entry.path, entry.class_name)] = entry.type;
    for (const FsUse& use : base.fs_uses()) items[use.kind + ' ' + use.fstype] = use.type;
    return items;
  }

  const Base& first_;
  const Base& second_;
  std::vector<Table> tables_;
};

class SelinuxBases final : public BaseTool {
 public:
  ImportedBase import(const BaseSource& source) const override {
    ImportedBase result;
    const BaseOrReason made = Base::import({source.from, source.policy, source.root}, source.leave_out);
    if (!made.base) {
      result.summary.problem = made.reason;
      result.summary.hints = {
          "name a folder of *.pp, a module store, /etc/selinux/NAME or a binary policy, or a "
          "system's root with `--root`"};
      return result;
    }
    result.bytes = made.base->to_bytes();
    result.file_name = name_for(made.base->origin());
    result.summary.notices = made.base->notices();
    result.summary.tables.push_back(summary(*made.base));
    add_lacking(*made.base, result.summary);
    return result;
  }

  BaseAnswer show(const std::string& which, const std::vector<BaseQuestion>& questions) const override {
    const BaseOrReason opened = open_base(which);
    if (!opened.base) return unusable(opened.reason);
    BaseAnswer answer;
    answer.notices = opened.base->notices();
    if (questions.empty()) {
      answer.tables.push_back(summary(*opened.base));
      add_lacking(*opened.base, answer);
    }
    for (const BaseQuestion& question : questions) {
      BaseAnswer part = about(*opened.base, question);
      if (!part.problem.empty()) return part;
      std::move(part.tables.begin(), part.tables.end(), std::back_inserter(answer.tables));
    }
    return answer;
  }

  BaseAnswer differences(const std::string& first, const std::string& second) const override {
    const BaseOrReason a = open_base(first), b = open_base(second);
    for (const BaseOrReason* opened : {&a, &b}) {
      if (!opened->base) return unusable(opened->reason);
    }
    BaseAnswer answer;
    answer.tables = Comparison(*a.base, *b.base).run();
    return answer;
  }

  bool is_base(const std::string& path) const override { return is_base_file(path); }

 private:
  static BaseAnswer unusable(const std::string& reason) {
    BaseAnswer answer;
    answer.problem = reason;
    answer.hints = {"`macc base import` makes a base from a system's policy"};
    return answer;
  }
  /// "default.base" of /usr/share/selinux/default, "policy.base" of policy.33.
  static std::string name_for(const std::string& origin) {
    const std::filesystem::path path = std::filesystem::path(origin).lexically_normal();
    std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
    if (name.starts_with("policy.")) name = "policy";
    return (name.empty() || name == "/" ? "system" : name) + ".base";
  }
};

}  // namespace

const BaseTool& base_tool() {
  static const SelinuxBases tool;
  return tool;
}

}  // namespace macc::backends::selinux
