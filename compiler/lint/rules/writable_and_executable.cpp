#include <fmt/format.h>

#include <map>

#include "compiler/lint/fingerprint.h"
#include "compiler/lint/moves.h"
#include "compiler/lint/pairs.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// What is both written by one rule and run by another.
struct Both {
  const Grant* writer = nullptr;
  ir::Verb verb = ir::Verb::write;
  Reached reached;
};

class Search {
 public:
  Search(Context& context, const Subject& subject) : context_(context), subject_(subject), writers_(*subject.reach) {}

  void run() {
    if (writers_.empty()) return;
    for (const Grant& grant : subject_.reach->grants()) {
      if (grant.rule == nullptr) continue;
      if (grant.exec) look({&grant, ir::Verb::load, true});
      if (grant.verbs.has(ir::Verb::load)) look({&grant, ir::Verb::load, false});
    }
  }

 private:
  void look(const Use& run) {
    for (const Grant* writer : writers_.near(run.grant->starts)) {
      if (++pairs_ > kMaxPairs) return too_many(run);
      const auto both = meeting(run, *writer);
      if (!both) continue;
      report(run, *both);
      return;  // one finding a rule that runs; the others of its writers come up once this one is gone
    }
    report_move(run);
  }

  /// A folder with other files can take the place of the one with the programs.
  void report_move(const Use& run) {
    const auto move = movable_folder(*subject_.reach, *run.grant->paths);
    if (!move || !subject_.reach->reached(run)) return;
    const auto values = values_for(context_.policy(), {&run.grant->condition(), &move->grant->condition()}, {});
    if (!values) return;
    Report report = context_.report(
        Code::L0301, subject_.id, run.grant->where(),
        fmt::format("`{}` may rename `{}`, put another folder there and {} what it holds{}", subject_.domain->name,
                    printable(move->folder), run.exec ? "execute" : "load", context_.when(*values)));
    if (move->grant->rule != run.grant->rule) report.with(move->grant->where(), "this lets it rename the folder");
    report.note("whoever makes the program prepare such a folder runs code of their own in it");
    report.note(fmt::format("keep the folder where it is: `deny change \"{}\";`", printable(move->folder)));
    report.about(fmt::format("{} behind {}", run.exec ? "execute" : "load", move->folder));
  }

  [[nodiscard]] std::optional<Both> meeting(const Use& run, const Grant& writer) const {
    for (const ir::Verb verb : (writer.verbs & writing_verbs()).list()) {
      auto reached = subject_.reach->reached({run, {&writer, verb, false}}, paths::PathSet::all());
      if (reached) return Both{&writer, verb, std::move(*reached)};
    }
    return std::nullopt;
  }

  void report(const Use& run, const Both& both) {
    const bool one_rule = both.writer->rule == run.grant->rule;
    const std::string path = printable(both.reached.example);
    Report report =
        context_.report(Code::L0301, subject_.id, run.grant->where(),
                        fmt::format("`{}` may {} `{}` and {} it{}", subject_.domain->name, ir::word(both.verb), path,
                                    run.exec ? "execute" : "load", context_.when(both.reached.values)));
    if (!one_rule) report.with(both.writer->where(), fmt::format("this lets it {} there", ir::word(both.verb)));
    report.note("whoever makes the program write a file there runs code of their own in it");
    report.note("keep what is executed out of what is written: another folder, or `except`, or a domain of its own");
    report.about(fmt::format("{} {}", run.exec ? "execute" : "load", name_of(both.reached.set)));
  }

  void too_many(const Use& run) {
    if (told_) return;
    told_ = true;
    context_
        .report(Code::L0301, subject_.id, run.grant->where(),
                fmt::format("`{}` has too many rules that write and run files near each other to look at all of them",
                            subject_.domain->name))
        .note(fmt::format("the first {} pairs of rules were looked at", kMaxPairs))
        .about("not looked at");
  }

  Context& context_;
  const Subject& subject_;
  const Writers writers_;
  std::size_t pairs_ = 0;
  bool told_ = false;
};

}  // namespace

void writable_and_executable(Context& context) {
  for (const Subject& subject : context.subjects()) Search(context, subject).run();
}

}  // namespace macc::lint::rules
