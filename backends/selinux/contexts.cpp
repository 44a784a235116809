#include "backends/selinux/contexts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "backends/selinux/file_context.h"
#include "backends/selinux/link/lookup.h"
#include "compiler/paths/aliases.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

/// An element with what is left of it when the elements inside it are taken away.
struct Node {
  Element element;
  PathSet exclusive;
  std::vector<std::size_t> around;  ///< elements that contain it
};

/// A file context before it is ordered.
struct Line {
  std::size_t node = 0;
  std::string regex, type;
  Kinds kinds = kinds::all;
  bool home = false;
  PathSet set;  ///< what it matches, of its kinds
};

class ContextPlanner {
 public:
  ContextPlanner(const Labels& labels, Diagnostics& diagnostics) : labels_(labels), diagnostics_(diagnostics) {}

  std::map<std::string, std::vector<FileContext>> run(const std::vector<Element>& elements) {
    for (const Element& element : elements) add(element);
    if (!close_under_intersection()) return {};
    find_nesting();
    lines_of_.resize(nodes_.size());
    for (std::size_t i : widest_first()) write(i);
    report_unbeatable();
    check();
    std::map<std::string, std::vector<FileContext>> result;
    for (const Line& line : lines_) {
      const Element& element = nodes_[line.node].element;
      for (Kinds kinds : line.kinds == kinds::all ? std::vector{kinds::all} : each_of(line.kinds))
        result[element.module].push_back({line.regex, kinds, line.type, element.span, {}, element.origins});
    }
    return result;
  }

 private:
  bool add(const Element& element) {
    for (std::size_t known : index_.near(element.set))
      if (nodes_[known].element.kinds == element.kinds && nodes_[known].element.set.equals(element.set)) {
        add_origins(nodes_[known].element.origins, element.origins);
        return false;
      }
    index_.add(element.set, nodes_.size());
    nodes_.push_back({element, {}, {}});
    return true;
  }

  static bool partial_overlap(const PathSet& a, const PathSet& b) {
    return a.meets(b) && !a.contains(b) && !b.contains(a);
  }

  /// With every intersection an element of its own, each path has one smallest element.
  bool close_under_intersection() {
    const std::size_t limit = 2 * nodes_.size() + kMaxCells;
    for (std::size_t i = 1; i < nodes_.size(); ++i)
      for (std::size_t j : index_.near(nodes_[i].element.set)) {
        if (j >= i) break;
        if (!partial_overlap(nodes_[i].element.set, nodes_[j].element.set)) continue;
        if (!add_intersection(i, j)) return false;
        if (nodes_.size() > limit) return report_overlap(i, j, "overlap in too many ways");
      }
    return true;
  }

  bool add_intersection(std::size_t i, std::size_t j) {
    // A file and a directory of one name do not compete.
    if (nodes_[i].element.kinds == kinds::file || nodes_[j].element.kinds == kinds::file) return true;
    auto patterns = (nodes_[i].element.set & nodes_[j].element.set).as_patterns(kMaxCells);
    if (!patterns) return report_overlap(i, j, "overlap in a way that no pattern can say");
    for (const PathPattern& pattern : *patterns) {
      Element element = nodes_[i].element;
      element.pattern = pattern;
      element.set = PathSet::of(pattern);
      element.kinds = element_kinds(pattern, kinds::all);
      add_origins(element.origins, nodes_[j].element.origins);
      add(element);
    }
    return true;
  }

  bool report_overlap(std::size_t i, std::size_t j, const std::string& how) {
    diagnostics_
        .report(Code::E1007, nodes_[i].element.span,
                "`" + printable(nodes_[i].element.pattern.text()) + "` and `" +
                    printable(nodes_[j].element.pattern.text()) + "` " + how)
        .also(nodes_[j].element.span, "the other pattern");
    return false;
  }

  void find_nesting() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      std::vector<PathSet> inside;
      for (std::size_t j : index_.near(nodes_[i].element.set))
        if (i != j) compare(i, j, inside);
      nodes_[i].exclusive = nodes_[i].element.set - unite(std::move(inside));
    }
  }

  void compare(std::size_t i, std::size_t j, std::vector<PathSet>& inside) {
    const PathSet& own = nodes_[i].element.set;
    const PathSet& other = nodes_[j].element.set;
    if (other.contains(own)) {
      if (!own.contains(other) || j < i) nodes_[i].around.push_back(j);
    } else if (own.contains(other)) {
      inside.push_back(other);
    }
  }

  std::vector<std::size_t> widest_first() const {
    std::vector<std::size_t> order(nodes_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return nodes_[a].around.size() < nodes_[b].around.size(); });
    return order;
  }

  // ---- which type

  /// What paths of an element shall have.
  struct Wanted {
    std::string type;
    PathSet set;
    Kinds kinds = kinds::all;
    bool of_system = false;  ///< the system's own file contexts say so
  };

  /// The labels of a part of an element, that of the shortest path first: what is left out of a resource keeps the
  /// labels that the system gives there, which may be several. Empty after a report.
  std::vector<Wanted> labels_of(const Node& node, const PathSet& part) {
    if (part.empty()) return {};
    const auto division = labels_.divide(part);
    if (!division->rest.empty()) return report_unknown(node, division->rest);
    std::vector<Wanted> wanted;
    for (const Part& labelled : division->parts) {
      const Region& region = *labelled.region;
      if (region.origin == Region::Origin::process || region.types.empty()) return report_unknown(node, labelled.set);
      wanted.push_back({region.types[0], labelled.set, labelled.kinds, region.by_contexts});
      if (wanted.back().type != wanted.front().type && !(wanted.back().of_system && wanted.front().of_system))
        return report_two_types(node, wanted.front().set, labelled.set);
    }
    const auto shortest = std::min_element(wanted.begin(), wanted.end(),
                                           [](const Wanted& a, const Wanted& b) { return depth(a) < depth(b); });
    std::iter_swap(wanted.begin(), shortest);
    return wanted;
  }

  static std::size_t depth(const Wanted& wanted) { return wanted.set.example().value_or("").size(); }

  std::vector<Wanted> report_unknown(const Node& node, const PathSet& part) {
    const std::string example = printable(part.example().value_or(""));
    diagnostics_
        .report(Code::E1010, node.element.span, "the label of `" + example + "`, which is left out here, is not known")
        .note("declare it: `external resource NAME { \"" + example + "\"; selinux type TYPE; }`");
    return {};
  }

  std::vector<Wanted> report_two_types(const Node& node, const PathSet& first, const PathSet& second) {
    diagnostics_.report(Code::E1007, node.element.span,
                        "`" + printable(node.element.pattern.text()) + "` cannot be labelled: `" +
                            printable(first.example().value_or("")) + "` and `" +
                            printable(second.example().value_or("")) +
                            "` need different types that no pattern here tells apart");
    return {};
  }

  // ---- lines

  void write(std::size_t index) {
    const Node& node = nodes_[index];
    if (node.exclusive.empty()) return;
    const PathSet files = node.exclusive & PathSet::non_directories();
    const PathSet directories = node.exclusive & PathSet::directories();
    const std::vector<Wanted> of_files = labels_of(node, files);
    if (of_files.empty() && !files.empty()) return;
    const std::vector<Wanted> of_directories = labels_of(node, directories);
    if (of_directories.empty() && !directories.empty()) return;
    const Kinds kinds = node.element.kinds;
    if (!files.empty()) write_line(index, kinds, of_files.front());
    if (files.empty() || (!directories.empty() && of_directories.front().type != of_files.front().type))
      write_line(index, kinds::directory, of_directories.front());
    if (is_hole(of_files) || is_hole(of_directories)) keep_labels(index);
  }

  /// Whether the system gives several labels to what a resource leaves out.
  static bool is_hole(const std::vector<Wanted>& wanted) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const Wanted& other) { return other.of_system && other.type != wanted.front().type; });
  }

  /// The pattern below the folder that the platform looks its paths up in.
  [[nodiscard]] PathPattern as_looked_up(const PathPattern& pattern) const {
    for (const LabelAlias& alias : labels_.aliases())
      if (auto below = paths::with_other_head(pattern, alias.from, alias.to)) return *below;
    return pattern;
  }

  static PathSet of_kinds(const PathSet& set, Kinds kinds) {
    if ((kinds & kinds::directory) == 0) return set & PathSet::non_directories();
    return (kinds & kinds::but_directories) == 0 ? set & PathSet::directories() : set;
  }

  void write_line(std::size_t index, Kinds kinds, const Wanted& wanted) {
    const Element& element = nodes_[index].element;
    const bool home = element.pattern.anchor() == PathPattern::Anchor::home;
    Line line{index,       file_context_regex(as_looked_up(element.pattern)),
              wanted.type, kinds,
              home,        of_kinds(element.set, kinds)};
    for (std::size_t earlier : lines_around(line)) {
      const Line& wider = lines_[earlier];
      if (wider.type == line.type || wider.home != line.home || wider.regex == line.regex) continue;
      if (!wider.set.meets(line.set)) continue;
      std::string padded = sorted_behind(line.regex, context_order(wider.regex));
      if (padded.empty()) return report_order(wider, line);
      line.regex = padded;
    }
    lines_of_[index].push_back(lines_.size());
    lines_.push_back(line);
    // Where a hole's line is matched before one of the system, that is the one that counts there, too.
    if (!wanted.of_system)
      beat_the_system(index, lines_.back());
    else
      lines_.back().regex = unlike_the_system(lines_.back());
  }

  // ---- entries of the system's own that would be matched after ours

  static PathSet objects_of(const PathSet& names, Kinds kinds) {
    const PathSet files = names & PathSet::non_directories();
    PathSet set;
    if ((kinds & kinds::but_directories) != 0) set = files;
    if ((kinds & kinds::directory) != 0) set = set | files.as_directories();
    return set;
  }

  /// Paths that an entry of the system matches as objects of these kinds.
  PathSet paths_of(std::size_t entry, Kinds kinds) const {
    const SystemContexts& system = *labels_.system_contexts();
    return objects_of(system.names(entry), kinds & system.entries()[entry].kinds);
  }

  static bool is_behind(const SystemEntry& entry, const Line& line) {
    if (line.home) return entry.from == SystemEntry::From::administrator;
    if (entry.from != SystemEntry::From::system) return true;
    const ContextOrder theirs = context_order(entry.regex), own = context_order(line.regex);
    return own <= theirs;
  }

  /// Where a line of ours would be matched before a line of the system about the same paths, it goes behind it, or a
  /// line for just these paths does.
  void beat_the_system(std::size_t index, Line line) {
    const SystemContexts* system = labels_.system_contexts();
    const Element& element = nodes_[index].element;
    if (system == nullptr || !(as_looked_up(element.pattern) == element.pattern)) return;
    const PathSet own = nodes_[index].exclusive & line.set;
    for (std::size_t id : system->near_names(names_of(own))) {
      const SystemEntry& entry = system->entries()[id];
      if (entry.type == line.type || !is_behind(entry, line)) continue;
      const PathSet common = own & paths_of(id, line.kinds);
      if (common.empty()) continue;
      if (entry.exact != context_order(line.regex).exact || entry.from != SystemEntry::From::system || line.home) {
        report_unbeatable(entry, line, common);
        continue;
      }
      std::string padded = sorted_behind(line.regex, context_order(entry.regex));
      if (padded.empty())
        override_entry(index, line, entry, common);
      else
        lines_[lines_of_[index].back()].regex = line.regex = std::move(padded);
    }
  }

  static PathSet names_of(const PathSet& set) {
    return (set & PathSet::non_directories()) | (set & PathSet::directories()).directory_names();
  }

  /// The regular expression of a line, padded where the system has a line with the same text: two are refused.
  std::string unlike_the_system(const Line& line) const {
    const SystemContexts& system = *labels_.system_contexts();
    for (std::size_t id : system.near_names(names_of(line.set)))
      if (system.entries()[id].regex == line.regex) return sorted_behind(line.regex, context_order(line.regex));
    return line.regex;
  }

  /// What is left out of a resource has the system's labels, where a line of the system is matched after ours. The
  /// others are said again, in their order.
  void keep_labels(std::size_t index) {
    const SystemContexts& system = *labels_.system_contexts();
    const PathSet& hole = nodes_[index].exclusive;
    std::vector<std::size_t> entries = system.near_names(names_of(hole));
    // What is matched before an entry about all of the hole, does not count.
    const auto whole = std::find_if(entries.rbegin(), entries.rend(), [&](std::size_t id) {
      return system.entries()[id].kinds == kinds::all && paths_of(id, kinds::all).contains(hole);
    });
    if (whole != entries.rend()) entries.erase(entries.begin(), whole.base() - 1);
    for (std::size_t id : entries) {
      const SystemEntry& entry = system.entries()[id];
      const PathSet common = paths_of(id, nodes_[index].element.kinds) & hole;
      const PathSet beaten = common & beating(index, entry);
      if (!beaten.empty() && !say_again(index, entry, common, beaten)) report_lost(index, entry, beaten);
    }
  }

  /// Paths for which a line of the element is matched after an entry of another type.
  [[nodiscard]] PathSet beating(std::size_t index, const SystemEntry& entry) const {
    std::vector<PathSet> sets;
    for (std::size_t id : lines_of_[index])
      if (lines_[id].type != entry.type && !is_behind(entry, lines_[id])) sets.push_back(lines_[id].set);
    return unite(std::move(sets));
  }

  /// Whether a line gives the type of an entry to the paths of the hole that it matches (`common`), or to those that it
  /// does not get by itself.
  bool say_again(std::size_t index, const SystemEntry& entry, const PathSet& common, const PathSet& beaten) {
    const auto kinds = static_cast<Kinds>(nodes_[index].element.kinds & entry.kinds);
    const std::string regex = below_head(index, entry);
    const auto names = regex.empty() ? std::nullopt : PathSet::from_regex(regex);
    if (names && (objects_of(*names, kinds) & nodes_[index].exclusive).equals(common) &&
        add_behind(index, {index, regex, entry.type, kinds, false, common}))
      return true;
    const auto patterns = beaten.as_patterns(kMaxCells);
    return patterns && std::all_of(patterns->begin(), patterns->end(), [&](const PathPattern& pattern) {
             const PathSet set = PathSet::of(pattern) & beaten;
             return add_behind(index, {index, file_context_regex(pattern), entry.type, kinds, false, set});
           });
  }

  /// The pattern of an entry that begins further up, with a wildcard (`/etc/.*l2tp(/.*)?`), below the head of a hole;
  /// as it is where it begins there. "" where neither is so.
  [[nodiscard]] std::string below_head(std::size_t index, const SystemEntry& entry) const {
    constexpr std::string_view kTree = "(/.*)?";
    std::string head = nodes_[index].element.set.literal_prefix();
    if (entry.head().starts_with(head)) return entry.regex;
    if (!head.ends_with('/')) return "";
    const std::size_t wildcard = std::min(entry.regex.find(".*"), entry.regex.find(kTree));
    if (wildcard == std::string::npos || !head.starts_with(entry.regex.substr(0, wildcard))) return "";
    head.pop_back();
    const std::string rest = entry.regex.substr(wildcard);
    return file_context_regex(PathPattern::literal(head)) + (rest.starts_with(kTree) ? "" : "/") + rest;
  }

  /// Puts a line behind those that its element has.
  bool add_behind(std::size_t index, Line line) {
    for (std::size_t earlier : lines_of_[index])
      if (!line.regex.empty() && lines_[earlier].set.meets(line.set))
        line.regex = sorted_behind(line.regex, context_order(lines_[earlier].regex));
    if (line.regex.empty()) return false;
    line.regex = unlike_the_system(line);
    lines_of_[index].push_back(lines_.size());
    lines_.push_back(std::move(line));
    return true;
  }

  void report_lost(std::size_t index, const SystemEntry& entry, const PathSet& lost) {
    Diagnostic diagnostic(Code::E1021, nodes_[index].element.span,
                          "`" + printable(lost.example().value_or("")) +
                              "`, which is left out here, would not get the system's label `" + entry.type + "`");
    diagnostic.severity = Severity::warning;
    diagnostic.note("no file context of ours can repeat the system's `" + printable(entry.text()) +
                    "` here; leave out more, or less");
    diagnostics_.add(std::move(diagnostic));
  }

  /// A line of its own for the paths that both match.
  void override_entry(std::size_t index, const Line& line, const SystemEntry& entry, const PathSet& common) {
    const auto patterns = common.as_patterns(kMaxCells);
    if (!patterns) return report_unbeatable(entry, line, common);
    for (const PathPattern& pattern : *patterns) {
      Line more{index,     sorted_behind(file_context_regex(pattern), context_order(entry.regex)),
                line.type, element_kinds(pattern, line.kinds),
                false,     PathSet::of(pattern) & line.set};
      if (more.regex.empty()) return report_unbeatable(entry, line, common);
      lines_of_[index].insert(lines_of_[index].end() - 1, lines_.size());
      lines_.push_back(std::move(more));
    }
  }

  void report_unbeatable(const SystemEntry& entry, const Line& line, const PathSet& common) {
    auto& [message, entries] = unbeatable_[nodes_[line.node].element.span];
    if (message.empty())
      message = "`" + printable(common.example().value_or("")) + "` would get " +
                (entry.type.empty() ? "no label" : "the label `" + entry.type + "`") + " instead of `" + line.type +
                "`";
    entries.insert(entry.text());
  }

  /// All of one resource together.
  void report_unbeatable() {
    for (const auto& [span, found] : unbeatable_) {
      Diagnostic& diagnostic = diagnostics_.report(Code::E1021, span, found.first);
      for (const auto& entry : found.second)
        diagnostic.note("the system's file context `" + printable(entry) +
                        "` is matched after any that we could write");
      diagnostic.note("leave these paths out, or `adopt` the resource");
    }
  }

  /// Lines of the elements around a line, as they were written.
  std::vector<std::size_t> lines_around(const Line& line) const {
    std::vector<std::size_t> list;
    for (std::size_t node : nodes_[line.node].around)
      list.insert(list.end(), lines_of_[node].begin(), lines_of_[node].end());
    std::sort(list.begin(), list.end());
    return list;
  }

  void report_order(const Line& wider, const Line& line) {
    diagnostics_
        .report(
            Code::E1009, nodes_[line.node].element.span,
            "the file context `" + printable(line.regex) + "` would be matched before `" + printable(wider.regex) + "`")
        .also(nodes_[wider.node].element.span, "the wider one");
  }

  // ---- the check, in the platform's order

  static int rank(Kinds kinds) { return kinds == kinds::all ? 0 : kinds == kinds::directory ? 2 : 1; }

  static bool before(const Line& a, const Line& b) {
    if (a.home != b.home) return !a.home;
    const ContextOrder x = context_order(a.regex), y = context_order(b.regex);
    if (x != y) return x < y;
    if (rank(a.kinds) != rank(b.kinds)) return rank(a.kinds) < rank(b.kinds);
    return a.regex < b.regex;
  }

  void check() {
    if (diagnostics_.has_errors()) return;
    std::stable_sort(lines_.begin(), lines_.end(), before);
    paths::PathIndex index;
    for (std::size_t i = 0; i < lines_.size(); ++i) index.add(lines_[i].set, i);
    std::map<std::string, std::vector<PathSet>> got;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      std::vector<PathSet> later;
      for (std::size_t j : index.near(lines_[i].set))
        if (j > i) later.push_back(lines_[j].set);
      got[lines_[i].type].push_back(lines_[i].set - unite(std::move(later)));
    }
    for (const Region& region : labels_.regions())
      if (region.is_own()) compare_with_plan(region, unite(std::move(got[region.types[0]])));
  }

  void compare_with_plan(const Region& region, const PathSet& found) {
    if (found.equals(region.set)) return;
    const auto missing = (region.set - found).example();
    const auto beyond = (found - region.set).example();
    diagnostics_.report(Code::E1007, region.span,
                        missing
                            ? "`" + printable(*missing) + "` would not get the type `" + region.types[0] + "`"
                            : "`" + printable(beyond.value_or("")) + "` would get the type `" + region.types[0] + "`");
  }

  const Labels& labels_;
  Diagnostics& diagnostics_;
  std::vector<Node> nodes_;
  paths::PathIndex index_;  ///< of nodes
  std::vector<Line> lines_;
  std::vector<std::vector<std::size_t>> lines_of_;                            ///< lines by node
  std::map<Span, std::pair<std::string, std::set<std::string>>> unbeatable_;  ///< message and entries of the system
};

}  // namespace

std::map<std::string, std::vector<FileContext>> plan_contexts(const std::vector<Element>& elements,
                                                              const Labels& labels, Diagnostics& diagnostics) {
  return ContextPlanner(labels, diagnostics).run(elements);
}

}  // namespace macc::backends::selinux
