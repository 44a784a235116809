#include "backends/selinux/link/slice.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/sets.h"

namespace macc::backends::selinux {
namespace {

using Words = std::unordered_set<std::string_view>;

bool is_transition(std::string_view head) {
  return head == "typetransition" || head == "typechange" || head == "typemember";
}

/// What a statement of the base is, for the slice.
enum class Part {
  declaration,  // kept
  statement,    // constraints, neverallows and whatever is not known here: kept, with the sets that it names
  context,      // kept; a role in it has to fit its type
  rule,         // kept when a type of ours is, or can be, its source or target
  transition,   // as a rule, or when one of ours could contradict it
  set,          // typeattributeset: kept when something that is kept needs it
  conditional,  // booleanif: its rules are judged one by one
  role_type,    // kept for attributes, and for types that a context names
  file,         // filecon: kept when ours has the same text
  port,         // portcon: kept when ours has any
};

Part part_of(std::string_view head) {
  static const std::unordered_map<std::string_view, Part> parts = {
      {"allow", Part::rule},
      {"dontaudit", Part::rule},
      {"auditallow", Part::rule},
      {"allowx", Part::rule},
      {"dontauditx", Part::rule},
      {"auditallowx", Part::rule},
      {"typetransition", Part::transition},
      {"typechange", Part::transition},
      {"typemember", Part::transition},
      {"typeattributeset", Part::set},
      {"booleanif", Part::conditional},
      {"roletype", Part::role_type},
      {"filecon", Part::file},
      {"portcon", Part::port},
      {"type", Part::declaration},
      {"typealias", Part::declaration},
      {"typealiasactual", Part::declaration},
      {"typeattribute", Part::declaration},
      {"expandtypeattribute", Part::declaration},
      {"boolean", Part::declaration},
      {"category", Part::declaration},
      {"categoryorder", Part::declaration},
      {"sensitivitycategory", Part::declaration},
      {"class", Part::declaration},
      {"classorder", Part::declaration},
      {"context", Part::context},
      {"sidcontext", Part::context},
      {"genfscon", Part::context},
      {"fsuse", Part::context},
      {"netifcon", Part::context},
      {"nodecon", Part::context},
  };
  const auto at = parts.find(head);
  return at == parts.end() ? Part::statement : at->second;
}

/// The first words of a statement in one line, "(allow a b ...": "" where a list stands instead.
struct Head {
  std::string_view keyword, first, second, third;

  explicit Head(std::string_view line) {
    line.remove_prefix(1);
    for (std::string_view* word : {&keyword, &first, &second, &third}) {
      if (line.starts_with('(') || line.starts_with('"')) return;
      *word = line.substr(0, line.find_first_of(" )"));
      line.remove_prefix(word->size());
      if (!line.starts_with(' ')) return;
      line.remove_prefix(1);
    }
  }
};

std::string_view unquoted(std::string_view atom) {
  return atom.size() >= 2 && atom.front() == '"' ? atom.substr(1, atom.size() - 2) : atom;
}

/// The text that a filecon is for.
std::string_view file_of(std::string_view line) {
  const std::size_t begin = line.find('"');
  const std::size_t end = begin == std::string_view::npos ? begin : line.find('"', begin + 1);
  return end == std::string_view::npos ? Head(line).first : line.substr(begin + 1, end - begin - 1);
}

template <typename Visit>
void for_each_word(std::string_view line, Visit visit) {
  constexpr std::string_view kBetween = " ()";
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(kBetween), line.size()));
    if (line.empty()) return;
    const std::string_view word = line.substr(0, line.find_first_of(kBetween));
    visit(word);
    line.remove_prefix(word.size());
  }
}

/// A transition of ours.
struct OwnTransition {
  std::string_view keyword, source, target, class_name;
};

/// What modules of ours say, as far as a base can meet it.
class Own {
 public:
  Own(const std::vector<CilModule>& modules, SetTable& sets) : sets_(sets) {
    for (const CilModule& module : modules) {
      for_each_statement(module.text, [this](CilExpression& top) {
        add_words(top);
        add(top);
      });
    }
  }

  [[nodiscard]] bool names(std::string_view word) const { return words_.contains(word); }
  [[nodiscard]] bool has_attribute(std::string_view word) const { return attributes_.contains(word); }
  [[nodiscard]] bool has_file(std::string_view text) const { return files_.contains(text); }
  [[nodiscard]] bool has_ports() const { return words_.contains("portcon"); }
  [[nodiscard]] const std::vector<OwnTransition>& transitions() const { return transitions_; }
  [[nodiscard]] const Words& words() const { return words_; }

 private:
  void add_words(const CilExpression& expression) {
    if (!expression.is_list()) words_.insert(expression.atom);
    for (const CilExpression& item : expression.items) add_words(item);
  }

  void add(CilExpression& s) {
    const std::string_view head = s.head();
    if (head == "type") {
      sets_.declare_member(s.symbol(1));
    } else if (head == "typealiasactual") {
      sets_.declare_alias(s.symbol(1), s.symbol(2));
    } else if (head == "typeattribute") {
      attributes_.insert(s.symbol(1));
      sets_.declare_set(s.symbol(1));
    } else if (head == "typeattributeset" && s.items.size() == 3) {
      sets_.define(s.symbol(1), std::move(s.items[2]));
    } else if (head == "filecon") {
      files_.insert(unquoted(s.symbol(1)));
    } else if (is_transition(head)) {
      transitions_.push_back({head, s.symbol(1), s.symbol(2), s.symbol(3)});
    } else if (head == "optional" || head == "booleanif" || head == "true" || head == "false") {
      for (CilExpression& item : s.items) {
        if (item.is_list()) add(item);
      }
    }
  }

  SetTable& sets_;
  Words words_, attributes_, files_;
  std::vector<OwnTransition> transitions_;
};

/// One line of the base, which is one statement or a mark.
struct Line {
  std::string_view text;
  Part part = Part::declaration;
  std::string_view set;   // typeattributeset: its name
  bool kept = false;      // no matter which sets are needed
  std::string rewritten;  // what stands for it, when not `text`
};

class Slicer {
 public:
  Slicer(const Base::Data& base, const std::vector<CilModule>& modules) : base_(base), own_(modules, sets_) {
    for (std::string_view rest = base.core; !rest.empty();) {
      const std::string_view text = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(text.size() + 1, rest.size()));
      if (!text.empty()) read(text);
    }
    for (const PolicyUser& user : base_.inventory.users) user_roles_.insert(user.roles.begin(), user.roles.end());
    for (const OwnTransition& transition : own_.transitions()) {
      if (could_be_of_base(transition.source) && could_be_of_base(transition.target))
        foreign_transitions_.push_back(transition);
    }
  }

  std::string run() {
    for (const std::string_view word : own_.words()) need(word);
    for (Line& line : lines_) line.kept = judge(line);
    while (!open_sets_.empty()) {
      const std::string_view set = open_sets_.back();
      open_sets_.pop_back();
      for (const CilExpression& definition : sets_.definitions().at(set)) need_all(definition);
    }
    std::string out;
    for (const Line& line : lines_) {
      if (!line.kept && !needed_.contains(line.set)) continue;
      (out += line.rewritten.empty() ? line.text : std::string_view(line.rewritten)) += '\n';
    }
    return out;
  }

 private:
  void read(std::string_view text) {
    Line& line = lines_.emplace_back();
    line.text = text;
    if (!text.starts_with('(')) return;  // a mark
    const Head head(text);
    line.part = part_of(head.keyword);
    if (head.keyword == "typeattribute") {
      sets_.declare_set(head.first);
    } else if (head.keyword == "typebounds") {
      // What a parent may do counts as much as what its child may: the linker compares them.
      sets_.declare_member(head.first);
      sets_.declare_member(head.second);
    } else if (line.part == Part::set) {
      line.set = head.first;
      for_each_statement(text, [&](CilExpression& s) {
        if (s.items.size() == 3) sets_.define(head.first, std::move(s.items[2]));
      });
    } else if (line.part == Part::context || line.part == Part::port ||
               (line.part == Part::file && own_.has_file(file_of(text)))) {
      for_each_word(text, [this](std::string_view word) { in_contexts_.insert(word); });
    }
  }

  bool judge(Line& line) {
    const Head head(line.text);
    switch (line.part) {
      case Part::declaration:
        return true;
      case Part::context:
      case Part::statement:
        for_each_word(line.text, [this](std::string_view word) { need(word); });
        return true;
      case Part::rule:
      case Part::transition:
        return judge_rule(head.keyword, head.first, head.second, head.third);
      case Part::set:
        return false;
      case Part::conditional:
        return judge_conditional(line);
      case Part::role_type:
        need(head.second);
        // Processes of types that are met by attribute run in the roles of users, too, and the probe asks about them.
        return sets_.is_set(head.second) || own_.names(head.second) || in_contexts_.contains(head.second) ||
               user_roles_.contains(head.first);
      case Part::file:
        return own_.has_file(file_of(line.text));
      case Part::port:
        return own_.has_ports();
    }
    return true;
  }

  /// Whether the slice has to have a rule; "" stands for what is no plain name.
  bool judge_rule(std::string_view keyword, std::string_view source, std::string_view target,
                  std::string_view class_name) {
    const bool wanted = source.empty() || target.empty() || holds_own(source) || holds_own(target) ||
                        contradicts(keyword, source, target, class_name);
    if (!wanted) return false;
    need(source);
    need(target);
    return true;
  }

  bool judge_conditional(Line& line) {
    std::string branches;
    for_each_statement(line.text, [&](CilExpression& s) {
      if (s.items.size() < 2) return;
      for (std::size_t i = 2; i < s.items.size(); ++i) branches += wanted_branch(s.items[i]);
      if (!branches.empty()) line.rewritten = "(booleanif " + to_text(s.items[1]) + branches + ")";
    });
    return !branches.empty();
  }

  std::string wanted_branch(const CilExpression& branch) {
    std::string rules;
    for (std::size_t i = 1; i < branch.items.size(); ++i) {
      const CilExpression& rule = branch.items[i];
      const std::string_view class_name = is_transition(rule.head()) ? rule.symbol(3) : std::string_view();
      if (judge_rule(rule.head(), rule.symbol(1), rule.symbol(2), class_name)) append_text(rule, rules += ' ');
    }
    if (rules.empty()) return {};
    return " (" + std::string(branch.head()) + rules + ")";
  }

  /// Whether a name of the base is, or may hold, a type of ours (or one in bounds).
  bool holds_own(std::string_view name) {
    const auto [known, added] = holds_own_.try_emplace(name, false);
    if (added) known->second = sets_.holds_any(name);
    return known->second;
  }

  /// An attribute of ours may hold types of the base.
  [[nodiscard]] bool could_be_of_base(std::string_view name) const {
    return own_.has_attribute(name) || base_.inventory.has_type(name) || base_.inventory.attributes.contains(name);
  }

  /// Whether one of our transitions between types of the base could be meant for the same case.
  bool contradicts(std::string_view keyword, std::string_view source, std::string_view target,
                   std::string_view class_name) const {
    return std::any_of(foreign_transitions_.begin(), foreign_transitions_.end(), [&](const OwnTransition& transition) {
      return transition.keyword == keyword && transition.class_name == class_name &&
             overlap(transition.source, source) && (target == "self" || overlap(transition.target, target));
    });
  }
  [[nodiscard]] bool overlap(std::string_view own, std::string_view of_base) const {
    if (own_.has_attribute(own) || own == "self") return true;
    const std::vector<std::string> a = types_of(own), b = types_of(of_base);
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
  }
  [[nodiscard]] std::vector<std::string> types_of(std::string_view name) const {
    const Inventory& inventory = base_.inventory;
    if (const auto set = inventory.attributes.find(name); set != inventory.attributes.end()) return set->second;
    const auto alias = inventory.aliases.find(name);
    return {alias == inventory.aliases.end() ? std::string(name) : alias->second};
  }

  void need(std::string_view name) {
    if (!name.empty() && sets_.is_set(name) && needed_.insert(name).second) open_sets_.push_back(name);
  }
  void need_all(const CilExpression& expression) {
    if (!expression.is_list()) need(expression.atom);
    for (const CilExpression& item : expression.items) need_all(item);
  }

  const Base::Data& base_;
  SetTable sets_;
  Own own_;
  std::vector<OwnTransition> foreign_transitions_;
  std::vector<Line> lines_;
  Words in_contexts_, needed_, user_roles_;
  std::vector<std::string_view> open_sets_;
  std::unordered_map<std::string_view, bool> holds_own_;
};

}  // namespace

std::string slice(const Base::Data& base, const std::vector<CilModule>& modules) { return Slicer(base, modules).run(); }

}  // namespace macc::backends::selinux
