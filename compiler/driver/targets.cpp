#include "compiler/driver/targets.h"

#include <fmt/format.h>

#include <algorithm>

namespace macc::driver {

namespace fs = std::filesystem;

fs::path out_folder(const Session& session, const project::Project& project) {
  const fs::path given = session.arguments.value(Option::out);
  const fs::path folder = given.empty() ? project.out : given;
  return (folder.is_absolute() ? folder : session.environment.current / folder).lexically_normal();
}

Shown shown_by(const Session& session) {
  return [&loader = session.loader](const fs::path& path) { return loader.shown(path); };
}

bool check_out_folder(Session& session) {
  if (!session.arguments.has(Option::out) || !session.arguments.value(Option::out).empty()) return true;
  session.diagnostics.report(Code::E0005, {}, "`--out` is empty, but a folder is needed");
  return false;
}

std::vector<const project::Target*> chosen_targets(Session& session, const project::Project& project) {
  std::vector<std::string> names;
  std::vector<const project::Target*> all;
  for (const project::Target& target : project.targets) {
    names.push_back(target.target.name);
    all.push_back(&target);
  }
  if (!session.arguments.has(Option::target)) return all;
  const std::vector<std::string>& wanted = session.arguments.values.at(Option::target);
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    Diagnostic& d =
        session.diagnostics.report(Code::E0610, {}, fmt::format("there is no target `{}`", printable(name)));
    std::string list;
    for (const std::string& n : names) list += (list.empty() ? "`" : ", `") + n + "`";
    const std::string guess = did_you_mean(name, names);
    if (!guess.empty()) d.note(fmt::format("did you mean `{}`?", guess));
    d.note(names.empty() ? "the project has no targets" : "targets: " + list);
  }
  std::erase_if(all, [&](const project::Target* target) {
    return std::find(wanted.begin(), wanted.end(), target->target.name) == wanted.end();
  });
  return all;
}

std::string in_full(const ir::Policy& policy, const ir::Access& asked, const std::string& example) {
  const auto* exec = std::get_if<ir::ExecAccess>(&asked);
  if (exec == nullptr || example.empty()) return example;
  std::string out = example;
  if (exec->mode == ir::ExecAccess::Mode::transition) out += " to " + policy.domain(exec->target).name;
  if (exec->mode == ir::ExecAccess::Mode::unconfined) out += " unconfined";
  return exec->keep_environment ? out + " keep environment" : out;
}

}  // namespace macc::driver
