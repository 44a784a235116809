#include "compiler/driver/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/backend.h"
#include "compiler/project/discovery.h"
#include "compiler/project/modules.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

fs::path absolute(const Session& session, const fs::path& path) {
  return path.is_absolute() ? path : session.environment.current / path;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

/// The macc.toml above an operand.
std::optional<fs::path> file_above(const Session& session, const std::string& operand) {
  if (operand == "-") return project::find_file(session.environment.current);
  const fs::path path = absolute(session, operand).lexically_normal();
  return project::find_file(is_folder(path) ? path : path.parent_path());
}

/// The macc.toml above all operands. False when they have different ones: whose settings count would be a guess.
bool find_common(Session& session, std::optional<fs::path>& file) {
  const auto& operands = session.arguments.operands;
  if (operands.empty()) {
    file = project::find_file(session.environment.current);
    return true;
  }
  file = file_above(session, operands.front());
  for (const std::string& operand : operands) {
    const std::optional<fs::path> other = file_above(session, operand);
    if (other == file) continue;
    const auto project_of = [&](const std::optional<fs::path>& of) {
      return of ? fmt::format("the project `{}`", printable(session.loader.shown(*of))) : "no project";
    };
    session.diagnostics
        .report(Code::E0615, {},
                fmt::format("`{}` and `{}` are of different projects", printable(operands.front()), printable(operand)))
        .note(fmt::format("`{}` is of {}, `{}` of {}", printable(operands.front()), project_of(file),
                          printable(operand), project_of(other)))
        .note("run macc once for each project, or say with `--project` whose settings count");
    return false;
  }
  return true;
}

/// The macc.toml of the run, if there is one. False after a report.
bool choose_file(Session& session, std::optional<fs::path>& file) {
  if (!session.arguments.has(Option::project)) {
    return find_common(session, file);
  }
  const std::string given = session.arguments.value(Option::project);
  file = absolute(session, given);
  if (is_folder(*file)) *file /= project::kFileName;
  std::error_code error;
  if (fs::exists(fs::symlink_status(*file, error))) return true;
  session.diagnostics.report(Code::E0006, {}, fmt::format("there is no project file `{}`", printable(file->string())));
  return false;
}

std::optional<project::Project> load_project(Session& session) {
  std::optional<fs::path> file;
  if (!choose_file(session, file)) return std::nullopt;
  if (!file) return project::default_project(session.environment.current, backends::all());
  // As a policy a pipe is read, since the user named it; a project file is only come across.
  if (std::error_code error; fs::is_fifo(*file, error)) {
    session.diagnostics.report(
        Code::E0002, {}, fmt::format("`{}` cannot be read: it is a pipe", printable(session.loader.shown(*file))));
    return std::nullopt;
  }
  const auto id = session.loader.load(*file);
  if (!id) return std::nullopt;
  auto project = project::read(session.sources, *id, file->parent_path(), backends::all(), session.diagnostics);
  // What a broken project file does not say must not be looked for in its default place.
  if (session.diagnostics.has_errors()) return std::nullopt;
  return project;
}

bool in_site(const Session& session, const project::Project& project, const fs::path& path) {
  if (!project.site) return false;
  std::error_code error;
  const fs::path site = fs::weakly_canonical(absolute(session, project.site->path), error);
  const fs::path file = fs::weakly_canonical(absolute(session, path), error);
  const fs::path relative = file.lexically_relative(site);
  return !error && !relative.empty() && *relative.begin() != "..";
}

void add_root(Session& session, Inputs& inputs, const fs::path& path, bool site) {
  const auto id = session.loader.load(path);
  if (!id) return;
  const auto known = [&](const sema::Root& root) { return root.file == *id; };
  if (std::none_of(inputs.roots.begin(), inputs.roots.end(), known)) inputs.roots.push_back({*id, site});
}

/// The policies beside the given ones: without a project, imports are looked for there.
void add_neighbours(const Session& session, const fs::path& file, std::vector<fs::path>& out) {
  constexpr std::size_t kMaxEntries = 10'000;
  const fs::path folder = absolute(session, file).parent_path();
  std::error_code error;
  std::size_t entries = 0;
  for (fs::directory_iterator it(folder, error), end; !error && it != end && ++entries < kMaxEntries;
       it.increment(error)) {
    if (it->path().extension() == project::kPolicySuffix) out.push_back(it->path());
  }
}

void sort_unique(std::vector<fs::path>& files) {
  if (!std::is_sorted(files.begin(), files.end())) std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
}

/// The files that an operand names: itself, or the policies below a folder.
std::vector<fs::path> operand_files(Session& session, const std::string& operand) {
  if (operand == "-") return {operand};
  if (operand.empty()) {
    session.diagnostics.report(Code::E0005, {}, "an empty text is no file name");
    return {};
  }
  if (!is_folder(absolute(session, operand))) return {operand};
  std::vector<fs::path> files = project::walk({operand, {}}, session.loader);
  if (files.empty() && !session.diagnostics.has_errors()) {
    session.diagnostics.report(
        Code::E0006, {}, fmt::format("there is no policy (*.macc) in `{}`", printable(session.loader.shown(operand))));
  }
  return files;
}

void take_operands(Session& session, Inputs& inputs) {
  for (const std::string& operand : session.arguments.operands) {
    for (const fs::path& file : operand_files(session, operand)) {
      if (file == "-") {
        add_root(session, inputs, file, false);
        continue;
      }
      add_root(session, inputs, file, in_site(session, inputs.project, file));
      if (inputs.project.file == FileId::none) add_neighbours(session, file, inputs.module_files);
    }
  }
}

/// Whether the words behind the command are a question, so that files are named by an option.
bool asks_by_words(const Arguments& arguments) {
  if (arguments.command == Command::query) return true;
  return arguments.command == Command::explain && !arguments.has(Option::rule) && !arguments.has(Option::artifact) &&
         !arguments.has(Option::grants) && !arguments.has(Option::access);
}

/// The files of a project that is there, and was not only assumed.
std::vector<project::PolicyFile> project_files(Session& session, const project::Project& project, bool needed) {
  if (project.file == FileId::none) {
    if (!needed) return {};
    session.diagnostics.report(Code::E0006, {}, "there is no macc.toml here or above, and no file was named")
        .note(fmt::format("name a policy: `macc {} {}web.macc`", info(*session.arguments.command).word,
                          asks_by_words(session.arguments)             ? "... --in "
                          : session.arguments.command == Command::diff ? "old.macc "
                                                                       : ""))
        .note("or start a project: `macc init`");
    return {};
  }
  std::vector<project::PolicyFile> files = project::policy_files(project, session.loader);
  if (needed && files.empty() && !session.diagnostics.has_errors()) {
    const project::Location& first = project.policy.front();
    session.diagnostics.report(Code::E0006, first.span, "the project's policy folders hold no *.macc file")
        .note(fmt::format("looked in `{}`", printable(session.loader.shown(first.path))));
  }
  return files;
}

void take_project(Session& session, Inputs& inputs, bool as_roots) {
  for (const project::PolicyFile& file : project_files(session, inputs.project, as_roots)) {
    inputs.module_files.push_back(file.path);
    if (as_roots) add_root(session, inputs, file.path, file.site);
  }
}

}  // namespace

std::optional<Inputs> gather(Session& session) {
  auto project = load_project(session);
  if (!project) return std::nullopt;
  return gather_for(session, std::move(*project));
}

std::optional<Inputs> gather_for(Session& session, project::Project project) {
  session.loader.set_root(project.root);
  Inputs inputs{.project = std::move(project), .roots = {}, .module_files = {}};
  const bool named = !session.arguments.operands.empty();
  take_project(session, inputs, !named);
  if (named) take_operands(session, inputs);
  sort_unique(inputs.module_files);
  if (inputs.roots.empty()) return std::nullopt;
  return inputs;
}

std::vector<fs::path> policy_paths(Session& session) {
  std::vector<fs::path> out;
  for (const std::string& operand : session.arguments.operands) {
    const std::vector<fs::path> files = operand_files(session, operand);
    out.insert(out.end(), files.begin(), files.end());
  }
  if (!session.arguments.operands.empty()) return out;
  const auto project = load_project(session);
  if (!project) return out;
  for (project::PolicyFile& file : project_files(session, *project, true)) out.push_back(std::move(file.path));
  return out;
}

ir::Policy analyze(Session& session, const Inputs& inputs, const std::vector<std::string>& list_modules,
                   const std::vector<FileId>& questions) {
  project::Modules modules(session.loader, inputs.module_files);
  sema::Options options;
  options.list_modules = list_modules;
  options.questions = questions;
  for (const backends::Backend* backend : backends::all()) options.backends.emplace_back(backend->name());
  return sema::analyze(session.sources, inputs.roots, modules, session.diagnostics, options);
}

}  // namespace macc::driver
