#include "compiler/driver/diff/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "compiler/driver/diff/words.h"
#include "compiler/report/cells.h"

namespace macc::driver {

using query::Change;
using query::Difference;
using query::Direction;
using query::DomainDifference;

/// One thing that changed, as a gate sees it: something that fails unless an allowance agrees to it.
struct ChangedItem {
  using Subject = project::AllowedChange::Subject;

  Subject subject = Subject::domain;
  std::vector<std::string> names;
  std::string way;                 ///< one of project::allowance_ways()
  std::string what;                ///< as it is printed
  std::string title;               ///< "`web` may now: connect tcp 25"
  const Change* change = nullptr;  ///< null for promises and booleans
  const void* of = nullptr;        ///< the part of the difference that it is
  Span span;                       ///< in the newer policy
};

namespace {

std::string quoted(const std::string& text) {
  std::string out = nlohmann::ordered_json(report::valid_utf8(text)).dump();
  // The only character that JSON takes as it is and TOML does not.
  for (std::size_t at = 0; (at = out.find('\x7f', at)) != std::string::npos;) out.replace(at, 1, "\\u007F");
  return out;
}

std::string quoted(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& text : list) out += (out.empty() ? "" : ", ") + quoted(text);
  return list.size() == 1 ? out : "[" + out + "]";
}

Span source_of(const ir::Provenance& where) { return where.includes.empty() ? where.span : where.includes.front().at; }

std::vector<ChangedItem> items_of(const Difference& difference) {
  std::vector<ChangedItem> out;
  for (const DomainDifference& domain : difference.domains) {
    for (const Change& change : domain.changes) {
      const char* verb = change.direction == Direction::gained ? "may now"
                         : change.direction == Direction::lost ? "may no longer"
                                                               : "may or may not be wider";
      const std::string what = words(change);
      out.push_back({ChangedItem::Subject::domain,
                     {domain.domain},
                     std::string(query::word(change.direction)),
                     what,
                     fmt::format("`{}` {}: {}", domain.domain, verb, printable(what, 400)),
                     &change,
                     &change,
                     change.in_old ? Span() : source_of(change.where)});
    }
  }
  for (const auto& [resource, change] : difference.resources)
    out.push_back({ChangedItem::Subject::resource,
                   {resource},
                   std::string(query::word(change.direction)),
                   change.what,
                   fmt::format("what may use `{}` may or may not be wider: {}", resource, printable(change.what, 400)),
                   &change,
                   &change,
                   change.in_old ? Span() : source_of(change.where)});
  for (const query::GivenUp& given_up : difference.promises)
    out.push_back({ChangedItem::Subject::domain, given_up.domains, "given-up", given_up.promise,
                   fmt::format("`{}` is no longer promised about `{}`", printable(given_up.promise, 400),
                               fmt::join(given_up.domains, "`, `")),
                   nullptr, &given_up, Span()});
  for (const query::Redeclared& boolean : difference.defaults)
    out.push_back({ChangedItem::Subject::boolean,
                   {boolean.boolean},
                   "default",
                   value_of(boolean),
                   fmt::format("boolean `{}` is {} by default now", boolean.boolean, value_of(boolean)),
                   nullptr,
                   &boolean,
                   boolean.span});
  return out;
}

bool is_about(const project::AllowedChange& allowance, const ChangedItem& item) {
  return allowance.subject == item.subject && allowance.way == item.way && allowance.change == item.what &&
         std::all_of(item.names.begin(), item.names.end(), [&](const std::string& name) {
           return std::find(allowance.names.begin(), allowance.names.end(), name) != allowance.names.end();
         });
}

/// Whether all that changed is among what is allowed by entries that are about it.
bool reach(const std::vector<const project::AllowedChange*>& allowances, const ChangedItem& item) {
  if (item.change == nullptr) return true;
  const Change& change = *item.change;
  if (change.untold) return false;
  paths::PathSet allowed;
  try {
    for (const project::AllowedChange* allowance : allowances) {
      if (allowance->text != change.text) continue;
      if (allowance->paths.empty() && (change.sets.empty() || change.named)) return true;
      if (!allowance->paths.empty()) allowed = allowed | paths::PathSet::of(allowance->paths, allowance->except);
    }
    return !change.sets.empty() && std::all_of(change.sets.begin(), change.sets.end(),
                                               [&](const paths::PathSet& set) { return allowed.contains(set); });
  } catch (const paths::TooComplex&) {
    return false;
  }
}

/// What the file of allowed changes has to say, ready to be copied.
std::string entry_for(const ChangedItem& item) {
  static constexpr const char* kSubjects[] = {"domain", "resource", "boolean"};
  std::string out = fmt::format("[[allow]]\n{} = {}\n{} = {}\n", kSubjects[static_cast<int>(item.subject)],
                                quoted(item.names), item.way, quoted(item.what));
  if (item.change != nullptr) {
    const Change& change = *item.change;
    if (!change.named && !change.paths.empty()) {
      out += fmt::format("paths = {}\n", quoted(change.paths));
      if (!change.except.empty()) out += fmt::format("except = {}\n", quoted(change.except));
    }
    if (!change.text.empty()) out += fmt::format("text = {}\n", quoted(change.text));
  }
  return out + "reason = \"...\"";
}

}  // namespace

bool Gate::read_allowances() {
  if (!session_.arguments.has(Option::allow)) return true;
  const auto file = session_.loader.load(session_.environment.current / session_.arguments.value(Option::allow));
  if (file) allowances_ = project::read_allowed_changes(session_.sources, *file, session_.diagnostics);
  used_.resize(allowances_.size());
  return !session_.diagnostics.has_errors();
}

void Gate::check(const Difference& difference) {
  if (level_ == "never") return;
  for (const ChangedItem& item : items_of(difference)) {
    if (!is_allowed(item) && fails(item)) refuse(item);
  }
  for (std::size_t i = 0; i < allowances_.size(); ++i) {
    if (used_[i]) continue;
    session_.diagnostics
        .report(Code::E0512, allowances_[i].span,
                fmt::format("`{}` did not change in this way", printable(allowances_[i].names.front())))
        .note("take the entry out once its change is part of what is compared with");
  }
}

std::string Gate::reason(const void* of) const {
  const auto it = reasons_.find(of);
  return it == reasons_.end() ? "" : it->second;
}

bool Gate::fails(const ChangedItem& item) const {
  if (level_ == "any") return true;
  return item.change != nullptr && item.change->direction != Direction::lost;
}

bool Gate::is_allowed(const ChangedItem& item) {
  std::vector<const project::AllowedChange*> about;
  std::set<std::string> reasons;
  for (std::size_t i = 0; i < allowances_.size(); ++i) {
    if (!is_about(allowances_[i], item)) continue;
    // An entry that allows too little is told of with what it does not allow.
    used_[i] = true;
    about.push_back(&allowances_[i]);
    reasons.insert(allowances_[i].reason);
  }
  if (about.empty() || !reach(about, item)) return false;
  reasons_[item.of] = fmt::format("{}", fmt::join(reasons, "; "));
  return true;
}

void Gate::refuse(const ChangedItem& item) {
  Diagnostic& d = session_.diagnostics.report(Code::E0510, is_shown() ? item.span : Span(), item.title);
  if (!is_shown() && item.span.valid())
    d.note(fmt::format("in `{}`, at {}", printable(after_.name), printable(after_.place(session_, item.span), 400)));
  if (item.change != nullptr) {
    const Change& change = *item.change;
    if (const std::string paths = paths_of(change); !paths.empty()) d.note(printable(paths, 400));
    if (!change.example.empty()) d.note("such as " + printable(change.example));
    if (!change.why.empty()) d.note(printable(change.why, 400));
    if (is_shown() && !change.in_old && !change.where.includes.empty()) d.note("by this rule", change.where.span);
  }
  for (const project::AllowedChange& allowance : allowances_) {
    if (is_about(allowance, item)) d.note("this entry does not allow all of it", allowance.span);
  }
  if (item.change == nullptr || !item.change->untold)
    d.note("where it is meant, a file for `--allow` takes\n" + entry_for(item));
}

}  // namespace macc::driver
