// What other domains rely on, and who writes it.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "compiler/lint/pairs.h"

namespace macc::lint {

/// A grant of another domain that a rule writes into.
struct Foreign {
  const Subject* owner = nullptr;
  const Grant* grant = nullptr;
  Written written;
};

/// The grants of all domains for which something holds, found by the start of their paths.
class Others {
 public:
  template <typename Wanted>
  Others(const Context& context, Wanted wanted) : context_(context) {
    for (const Subject& owner : context.all_domains()) {
      for (const Grant& grant : owner.reach->grants()) {
        if (!wanted(owner, grant)) continue;
        for (const std::string& start : grant.starts) index_.add(start, items_.size());
        items_.push_back({&owner, &grant});
      }
    }
  }

  /// Calls `f` once for each other domain, with the first of its grants whose paths, as objects of `verb`, a rule of
  /// the subject writes. Programs that the system brings, and everybody executes, belong to nobody: see
  /// system_control_writable.
  template <typename F>
  void each_written(const Subject& subject, ir::Verb verb, F f) const {
    std::set<ir::DomainId> told;
    for (const Grant& writer : subject.reach->grants()) {
      if (writer.rule == nullptr || writer.exec || !writer.verbs.meets(writing_verbs())) continue;
      for (const std::size_t id : ids_near(index_, writer.starts)) {
        const auto& [owner, grant] = items_[id];
        if (owner->id == subject.id || told.contains(owner->id)) continue;
        auto written = written_by(*subject.reach, writer, context_.meaning().objects(verb, *grant->paths));
        if (!written) continue;
        told.insert(owner->id);
        f(Foreign{owner, grant, std::move(*written)});
      }
    }
  }

 private:
  const Context& context_;
  std::vector<std::pair<const Subject*, const Grant*>> items_;
  paths::PrefixIndex index_;
};

}  // namespace macc::lint
