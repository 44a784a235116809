#include "backends/selinux/link/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/bytes.h"
#include "backends/selinux/link/child.h"
#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/file_order.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/link/messages.h"
#include "backends/selinux/link/reach.h"
#include "backends/selinux/link/sepol.h"
#include "backends/selinux/link/slice.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

LinkMessage message(LinkProblem problem, std::string text) {
  LinkMessage result;
  result.problem = problem;
  result.text = std::move(text);
  return result;
}

std::string serialise(const sepol::Compiled& compiled) {
  ByteWriter out;
  out.number(compiled.ok ? 1 : 0);
  out.texts(compiled.log);
  out.text(compiled.image);
  out.text(compiled.file_contexts);
  return out.take();
}

bool deserialise(std::string_view bytes, sepol::Compiled& compiled) {
  ByteReader in(bytes);
  compiled.ok = in.number() != 0;
  compiled.log = in.texts();
  compiled.image = in.text();
  compiled.file_contexts = in.text();
  return in.good();
}

/// One link. Modules are sorted, so their order does not matter.
class Linking {
 public:
  Linking(const Base& base, const std::vector<CilModule>& modules, const LinkOptions& options)
      : base_(base.data()), modules_(modules), options_(options) {
    std::sort(modules_.begin(), modules_.end(), [](const CilModule& a, const CilModule& b) {
      return std::tie(a.name, a.text) < std::tie(b.name, b.text);
    });
    result_.whole = options.whole_base || base_.rest.empty() || needs_whole_base(modules_, base_.inventory);
    if (!result_.whole) slice_ = slice(base_, modules_);
  }

  LinkResult run() {
    if (!readable()) return std::move(result_);
    sepol::Compiled compiled;
    bool neverallow = options_.neverallow;
    if (!compile(neverallow, compiled)) return std::move(result_);
    std::vector<LinkMessage> messages = read(compiled);
    if (neverallow && !compiled.ok && drop_faults_of_base(messages) && messages.empty()) {
      compiled = {};
      if (!compile(false, compiled)) return std::move(result_);
      messages = read(compiled);
    }
    result_.messages = std::move(messages);
    result_.ok = compiled.ok && patterns_are_good();
    if (!result_.ok) return std::move(result_);
    result_.image = std::move(compiled.image);
    result_.file_contexts = result_.whole ? std::move(compiled.file_contexts)
                                          : merge_file_contexts(base_.file_contexts, compiled.file_contexts);
    return std::move(result_);
  }

 private:
  /// libsepol takes a NUL byte for the end of a text.
  bool readable() {
    for (const CilModule& module : modules_) {
      if (module.text.find('\0') == std::string::npos) continue;
      result_.messages.push_back(
          message(LinkProblem::syntax, fmt::format("the module `{}` holds a NUL byte", printable(module.name))));
      result_.messages.back().places.push_back({printable(module.name), 0, false});
    }
    return result_.messages.empty();
  }

  [[nodiscard]] std::vector<sepol::Source> sources() const {
    std::vector<sepol::Source> list = {{std::string(kCoreSource), core()}};
    if (result_.whole) list.push_back({std::string(kRestSource), base_.rest});
    for (std::size_t i = 0; i < modules_.size(); ++i) list.push_back({source_name(i), modules_[i].text});
    return list;
  }

  [[nodiscard]] std::string_view core() const { return result_.whole ? base_.core : slice_; }

  bool compile(bool neverallow, sepol::Compiled& compiled) {
    const auto work = [&] { return serialise(sepol::compile(sources(), {.neverallow = neverallow})); };
    const ChildResult child = run_in_child(work, options_.time_limit);
    if (child.status == ChildResult::Status::finished && deserialise(child.output, compiled)) return true;
    result_.messages.push_back(message(LinkProblem::linker_failed, "libsepol " + describe(child)));
    return false;
  }

  [[nodiscard]] std::vector<LinkMessage> read(const sepol::Compiled& compiled) const {
    const LogContext context{modules_, core(), base_.rest, base_.inventory, base_.description};
    return read_log(compiled.log, !compiled.ok, context);
  }

  /// libsepol takes any text for the pattern of a file context; the system's tools would refuse to install it.
  bool patterns_are_good() {
    std::vector<LinkPlace> places;
    std::vector<std::string> patterns;
    for (const CilModule& module : modules_) {
      const LineMarks marks(module.text);
      for_each_statement(module.text,
                         [&](CilExpression& top) { collect_patterns(top, module, marks, patterns, places); });
    }
    const std::vector<BadPattern> bad = bad_patterns(patterns);
    for (const BadPattern& entry : bad) {
      LinkMessage& report = result_.messages.emplace_back(
          message(LinkProblem::pattern,
                  fmt::format("`{}` is no regular expression: {}", printable(patterns[entry.index]), entry.why)));
      report.subject = printable(patterns[entry.index], 1000);
      report.places.push_back(places[entry.index]);
    }
    return bad.empty();
  }

  static void collect_patterns(const CilExpression& statement, const CilModule& module, const LineMarks& marks,
                               std::vector<std::string>& patterns, std::vector<LinkPlace>& places) {
    const std::string_view pattern = statement.symbol(1);
    if (statement.head() == "filecon" && !pattern.empty()) {
      LinkPlace place{module.name, statement.line, false};
      (void)marks.find(statement.line, place);
      place.file = printable(place.file);
      const bool is_quoted = pattern.front() == '"' && pattern.size() > 1;
      patterns.emplace_back(is_quoted ? pattern.substr(1, pattern.size() - 2) : pattern);
      places.push_back(std::move(place));
      return;
    }
    for (const CilExpression& item : statement.items) {
      if (item.is_list()) collect_patterns(item, module, marks, patterns, places);
    }
  }

  /// Drops violations that the base has without us; false when there were none.
  [[nodiscard]] bool drop_faults_of_base(std::vector<LinkMessage>& messages) const {
    const std::set<std::string> known(base_.own_violations.begin(), base_.own_violations.end());
    bool dropped = false;
    for (LinkMessage& entry : messages) {
      if (entry.problem != LinkProblem::neverallow) continue;
      const auto before = entry.rules.size();
      std::erase_if(entry.rules, [&](const std::string& rule) { return known.contains(entry.subject + ' ' + rule); });
      dropped = dropped || entry.rules.size() != before;
    }
    std::erase_if(messages, [](const LinkMessage& entry) {
      return entry.problem == LinkProblem::neverallow && entry.rules.empty();
    });
    return dropped;
  }

  const Base::Data& base_;
  std::vector<CilModule> modules_;
  const LinkOptions& options_;
  std::string slice_;  // what stands for the core, unless the base is linked as a whole
  LinkResult result_;
};

}  // namespace

LinkResult link(const Base& base, const std::vector<CilModule>& modules, const LinkOptions& options) {
  return Linking(base, modules, options).run();
}

std::string linker_name() { return "libsepol " MACC_SEPOL_VERSION; }

}  // namespace macc::backends::selinux
