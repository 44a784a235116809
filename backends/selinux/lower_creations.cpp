// A new file takes its label from the directory. Where another label is planned, a transition gives it: one for each
// (domain, directory type, class), and others by literal names. What neither can give is an error.
#include <algorithm>

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

class CreationLowering {
 public:
  explicit CreationLowering(Subject& subject) : subject_(subject) {}

  void run() {
    for (const auto& [key, wishes] : subject_.creations) resolve(key.first, key.second, wishes);
  }

 private:
  using Wishes = std::vector<Creation>;

  void resolve(const std::string& parent, const std::string& class_name, const Wishes& wishes) {
    const Creation* general = nullptr;
    bool undecided = false;
    for (const Creation& wish : wishes) {
      if (!wish.wildcard) continue;
      if (general != nullptr && general->result != wish.result) {
        if (general->own || wish.own) return conflict(parent, *general, wish);
        undecided = true;
      }
      if (general == nullptr) general = &wish;
    }
    if (undecided) {
      leave_to_the_system(parent, wishes);
      general = nullptr;
    }
    const std::string usual = general == nullptr ? parent : general->result;
    if (general != nullptr && usual != parent) {
      add(parent, class_name, "", *general);
      for (const Creation& wish : wishes)
        if (wish.wildcard) also(parent, class_name, "", wish);
      say_any_name(parent, *general);
    }
    std::map<std::string, const Creation*> named;
    for (const Creation& wish : wishes) {
      if (wish.wildcard) continue;
      for (const auto& name : wish.names) {
        auto [it, fresh] = named.emplace(name, &wish);
        if (!fresh && it->second->result != wish.result) return conflict(parent, *it->second, wish);
        if (wish.result == usual) continue;
        if (fresh)
          add_named(parent, class_name, name, wish);
        else
          also(parent, class_name, name, wish);
      }
    }
  }

  void add_named(const std::string& parent, const std::string& class_name, const std::string& name,
                 const Creation& wish) {
    const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
      return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (plain) return add(parent, class_name, name, wish);
    subject_.context.diagnostics
        .report(Code::E1011, wish.span, "the name `" + printable(name) + "` cannot stand in a transition")
        .note("give " + wish.what + " a directory of its own");
  }

  void add(const std::string& parent, const std::string& class_name, const std::string& name, const Creation& wish) {
    add_transition(subject_.module, {}, {subject_.type, parent, class_name, name}, wish.result, wish.span);
  }

  /// Another rule that wants what a transition gives.
  void also(const std::string& parent, const std::string& class_name, const std::string& name, const Creation& wish) {
    const auto found = subject_.module.transitions[Guard()].find({subject_.type, parent, class_name, name});
    if (found != subject_.module.transitions[Guard()].end()) add_origin(found->second.origins, wish.span);
  }

  /// Without a name in it, the transition serves every name (seen: the kernel lets others be made as well).
  void say_any_name(const std::string& parent, const Creation& wish) {
    for (const auto& rule : subject_.domain.rules)
      if (rule.where.span == wish.span && rule.effect == ir::Effect::allow)
        subject_.say(rule, Topic::created_names, {parent + ": in all of its folders, as " + wish.result});
  }

  /// The system's labels of several names in one of its own folders. Its programs and `restorecon` give them; what this
  /// domain makes there has the folder's label.
  void leave_to_the_system(const std::string& parent, const Wishes& wishes) {
    std::map<Span, std::set<std::string>> by_place;
    for (const Creation& wish : wishes)
      if (wish.wildcard && wish.result != parent)
        by_place[wish.span].insert(wish.result + " for " + wish.what + ": made as " + parent);
    for (const auto& rule : subject_.domain.rules) {
      auto found = by_place.find(rule.where.span);
      if (found != by_place.end() && rule.effect == ir::Effect::allow)
        subject_.say(rule, Topic::label_drift, {found->second.begin(), found->second.end()});
    }
  }

  void conflict(const std::string& parent, const Creation& first, const Creation& second) {
    const bool drift = first.result == parent || second.result == parent;
    if (!reported_.insert({first.result, second.result}).second) return;
    auto& diagnostic = subject_.context.diagnostics.report(
        drift ? Code::E1011 : Code::E1012, second.span,
        "what `" + subject_.domain.name + "` creates in `" + printable(second.directory) + "` can be " + first.what +
            " or " + second.what + ", and only the name tells which");
    diagnostic.also(first.span, "the other label is wanted here");
    diagnostic.note(
        "the kernel labels a new file by its directory: give one of the two a directory of its own, or "
        "create it under a literal name");
  }

  Subject& subject_;
  std::set<std::pair<std::string, std::string>> reported_;
};

}  // namespace

void lower_creations(Subject& subject) { CreationLowering(subject).run(); }

}  // namespace macc::backends::selinux
