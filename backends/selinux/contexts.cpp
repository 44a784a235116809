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
  std::string regex, object, type;
  bool home = false;
  PathSet set;  ///< what it matches, of its object
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
      for (const auto& object : objects(line.object))
        result[element.module].push_back({line.regex, object, line.type, element.span});
    }
    return result;
  }

 private:
  /// A file context is about one class or about all of them.
  static std::vector<std::string> objects(const std::string& object) {
    if (object != "nondir") return {object};
    return {"file", "char", "block", "socket", "pipe", "symlink"};
  }

  bool add(const Element& element) {
    for (std::size_t known : index_.near(element.set))
      if (nodes_[known].element.object == element.object && nodes_[known].element.set.equals(element.set)) return false;
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
    if (nodes_[i].element.object == "file" || nodes_[j].element.object == "file") return true;
    auto patterns = (nodes_[i].element.set & nodes_[j].element.set).as_patterns(kMaxCells);
    if (!patterns) return report_overlap(i, j, "overlap in a way that no pattern can say");
    for (const PathPattern& pattern : *patterns) {
      Element element = nodes_[i].element;
      element.pattern = pattern;
      element.set = PathSet::of(pattern);
      element.object = element_object(pattern, "any");
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

  /// The type of a part of an element; nullopt after a report.
  std::optional<std::string> type_of(const Node& node, const PathSet& part) {
    const auto division = labels_.divide(part);
    if (!division->rest.empty()) return report_unknown(node, division->rest);
    const Part* first = nullptr;
    for (const Part& labelled : division->parts) {
      if (labelled.region->origin == Region::Origin::process || labelled.region->types.empty())
        return report_unknown(node, labelled.set);
      if (first == nullptr)
        first = &labelled;
      else if (labelled.region->types[0] != first->region->types[0])
        return report_two_types(node, first->set, labelled.set);
    }
    return first->region->types[0];
  }

  std::nullopt_t report_unknown(const Node& node, const PathSet& part) {
    const std::string example = printable(part.example().value_or(""));
    diagnostics_
        .report(Code::E1010, node.element.span, "the label of `" + example + "`, which is left out here, is not known")
        .note("declare it: `external resource NAME { \"" + example + "\"; selinux type TYPE; }`");
    return std::nullopt;
  }

  std::nullopt_t report_two_types(const Node& node, const PathSet& first, const PathSet& second) {
    diagnostics_.report(Code::E1007, node.element.span,
                        "`" + printable(node.element.pattern.text()) + "` cannot be labelled: `" +
                            printable(first.example().value_or("")) + "` and `" +
                            printable(second.example().value_or("")) +
                            "` need different types that no pattern here tells apart");
    return std::nullopt;
  }

  // ---- lines

  void write(std::size_t index) {
    const Node& node = nodes_[index];
    if (node.exclusive.empty()) return;
    const PathSet files = node.exclusive & PathSet::non_directories();
    const PathSet directories = node.exclusive & PathSet::directories();
    std::optional<std::string> file_type, directory_type;
    if (!files.empty() && !(file_type = type_of(node, files))) return;
    if (!directories.empty() && !(directory_type = type_of(node, directories))) return;
    if (file_type) write_line(index, node.element.object, *file_type);
    if (directory_type && directory_type != file_type) write_line(index, "dir", *directory_type);
  }

  /// The pattern below the folder that the platform looks its paths up in.
  [[nodiscard]] PathPattern as_looked_up(const PathPattern& pattern) const {
    for (const LabelAlias& alias : labels_.aliases())
      if (auto below = paths::with_other_head(pattern, alias.from, alias.to)) return *below;
    return pattern;
  }

  void write_line(std::size_t index, const std::string& object, const std::string& type) {
    const Element& element = nodes_[index].element;
    Line line{index, file_context_regex(as_looked_up(element.pattern)),     object,
              type,  element.pattern.anchor() == PathPattern::Anchor::home, element.set};
    if (object == "file" || object == "nondir") line.set = line.set & PathSet::non_directories();
    if (object == "dir") line.set = line.set & PathSet::directories();
    for (std::size_t earlier : lines_around(line)) {
      const Line& wider = lines_[earlier];
      if (wider.type == line.type || wider.home != line.home || wider.regex == line.regex) continue;
      std::string padded = sorted_behind(line.regex, context_order(wider.regex));
      if (padded.empty()) return report_order(wider, line);
      line.regex = padded;
    }
    lines_of_[index].push_back(lines_.size());
    lines_.push_back(line);
    beat_the_system(index, lines_.back());
  }

  // ---- entries of the system's own that would be matched after ours

  /// Paths that an entry of the system matches as objects of the line's kind.
  PathSet paths_of(std::size_t entry, const std::string& object) const {
    const SystemContexts& system = *labels_.system_contexts();
    const Kinds kinds = system.entries()[entry].kinds;
    PathSet set;
    const PathSet names = system.names(entry) & PathSet::non_directories();
    if (object != "dir" && (kinds & kinds::but_directories) != 0) set = names;
    if (object != "file" && object != "nondir" && (kinds & kinds::directory) != 0) set = set | names.as_directories();
    return set;
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
    const PathSet names = (own & PathSet::non_directories()) | (own & PathSet::directories()).directory_names();
    for (std::size_t id : system->near_names(names)) {
      const SystemEntry& entry = system->entries()[id];
      if (entry.type == line.type || !is_behind(entry, line)) continue;
      const PathSet common = own & paths_of(id, line.object);
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

  /// A line of its own for the paths that both match.
  void override_entry(std::size_t index, const Line& line, const SystemEntry& entry, const PathSet& common) {
    const auto patterns = common.as_patterns(kMaxCells);
    if (!patterns) return report_unbeatable(entry, line, common);
    for (const PathPattern& pattern : *patterns) {
      Line more{index,
                sorted_behind(file_context_regex(pattern), context_order(entry.regex)),
                element_object(pattern, line.object),
                line.type,
                false,
                PathSet::of(pattern) & line.set};
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

  static int object_rank(const std::string& object) { return object == "any" ? 0 : object == "dir" ? 2 : 1; }

  static bool before(const Line& a, const Line& b) {
    if (a.home != b.home) return !a.home;
    const ContextOrder x = context_order(a.regex), y = context_order(b.regex);
    if (x != y) return x < y;
    if (object_rank(a.object) != object_rank(b.object)) return object_rank(a.object) < object_rank(b.object);
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
