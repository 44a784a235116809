#include "compiler/lsp/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <system_error>

#include "compiler/lint/fold.h"
#include "compiler/lint/lint.h"
#include "compiler/project/baseline.h"
#include "compiler/project/discovery.h"
#include "compiler/project/modules.h"
#include "compiler/report/places.h"

namespace macc::lsp {

namespace fs = std::filesystem;

namespace {

/// Against what names of files are resolved and shown.
fs::path base_of(const Unit& unit) {
  if (unit.project) return unit.project->parent_path();
  return unit.alone ? unit.alone->parent_path() : fs::path("/");
}

bool lies_in(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(folder, error);
  const fs::path relative = file.lexically_relative(error ? folder : real);
  return !relative.empty() && *relative.begin() != "..";
}

bool is_policy(const fs::path& path) { return path.native().ends_with(project::kPolicySuffix); }

/// A policy that lies in a folder of the project, whether it was saved or not.
bool belongs_to(const project::Project& project, const fs::path& file) {
  const auto holds = [&](const project::Location& location) { return lies_in(file, location.path); };
  return std::any_of(project.policy.begin(), project.policy.end(), holds) || (project.site && holds(*project.site));
}

void add_neighbours(const fs::path& file, std::vector<fs::path>& out) {
  constexpr std::size_t kMaxEntries = 10'000;
  std::error_code error;
  std::size_t entries = 0;
  for (fs::directory_iterator it(file.parent_path(), error), end; !error && it != end && ++entries < kMaxEntries;
       it.increment(error)) {
    if (is_policy(it->path())) out.push_back(it->path());
  }
  std::sort(out.begin(), out.end());
}

}  // namespace

Unit unit_of(const Document& document) {
  if (!document.in_file) return {std::nullopt, document.path};
  const auto toml = project::find_file(document.path.parent_path());
  if (!toml) return {std::nullopt, document.path};
  if (document.path == *toml) return {toml, std::nullopt};
  SourceManager sources;
  Diagnostics unheard;
  std::istringstream nothing;
  project::Loader loader(sources, unheard, toml->parent_path(), nothing);
  const auto id = loader.load(*toml);
  if (!id) return {toml, std::nullopt};
  const project::Project project = project::read(sources, *id, toml->parent_path(), backends::all(), unheard);
  // A broken project file is reported, instead of doing without it.
  if (unheard.has_errors() || belongs_to(project, document.path)) return {toml, std::nullopt};
  return {toml, document.path};
}

Snapshot::Snapshot(const Unit& unit, const Documents& documents, Depth depth)
    : unit_(unit),
      depth_(depth),
      no_input_(std::make_unique<std::istringstream>()),
      loader_(sources_, diagnostics_, base_of(unit), *no_input_),
      encoding_(documents.encoding()),
      links_(documents.links()) {
  for (const auto& [uri, document] : documents.all()) {
    loader_.hold(document.path, document.text);
    uris_.emplace(document.path, uri);
  }
  read_project(unit);
  if (!diagnostics_.has_errors()) {
    gather(unit, documents, depth);
    analyse();
  }
  if (sound_ && depth != Depth::names) {
    check(depth);
  } else {
    for (const Diagnostic& d : diagnostics_.all()) note_mendable(d);
  }
  index_files();
  diagnostics_.sort();
  all_ = diagnostics_.all();
}

void Snapshot::read_project(const Unit& unit) {
  project_ = project::default_project(base_of(unit), backends::all());
  if (!unit.project) return;
  const auto id = loader_.load(*unit.project);
  if (id) project_ = project::read(sources_, *id, base_of(unit), backends::all(), diagnostics_);
}

void Snapshot::add_root(const fs::path& path, bool site) {
  const auto id = loader_.load(path);
  const auto known = [&](const sema::Root& root) { return root.file == *id; };
  if (id && std::none_of(roots_.begin(), roots_.end(), known)) roots_.push_back({*id, site});
}

void Snapshot::gather(const Unit& unit, const Documents& documents, Depth depth) {
  loader_.set_root(project_.root);
  if (unit.project) {
    for (const project::PolicyFile& file : project::policy_files(project_, loader_)) {
      module_files_.push_back(file.path);
      std::error_code error;
      const std::uintmax_t bytes = fs::file_size(file.path, error);
      if (!error) size_ += bytes;
      const bool wanted = depth != Depth::open || documents.find(fs::weakly_canonical(file.path, error)) != nullptr;
      if (!unit.alone && wanted) add_root(file.path, file.site);
    }
  }
  if (unit.alone) {
    if (!unit.project) add_neighbours(*unit.alone, module_files_);
    // One that is open, and is no file any more, is no policy either.
    if (unit.alone->filename() != project::kFileName) add_root(*unit.alone, false);
  } else {
    add_new_files(documents);
  }
}

void Snapshot::add_new_files(const Documents& documents) {
  for (const auto& [uri, document] : documents.all()) {
    std::error_code error;
    const bool fresh = document.in_file && is_policy(document.path) && !fs::exists(document.path, error);
    if (!fresh || !belongs_to(project_, document.path)) continue;
    module_files_.push_back(document.path);
    add_root(document.path, project_.site && lies_in(document.path, project_.site->path));
  }
}

void Snapshot::analyse() {
  if (roots_.empty()) return;
  project::Modules modules(loader_, module_files_);
  sema::Options options;
  options.list_modules = {lint::kSensitiveModule};
  options.names = &names_;
  for (const backends::Backend* backend : backends::all()) options.backends.emplace_back(backend->name());
  policy_ = sema::analyze(sources_, roots_, modules, diagnostics_, options);
  modules_ = modules.known();
  sound_ = !diagnostics_.has_errors();
  if (sound_) meaning_ = std::make_unique<ir::Meaning>(policy_);
}

void Snapshot::check(Depth depth) {
  ir::check_promises(*meaning_, diagnostics_);
  ir::run_tests(*meaning_, diagnostics_);
  lint(depth == Depth::whole && project_.file != FileId::none);
}

void Snapshot::lint(bool whole_project) {
  const lint::Settings& settings = project_.lint.settings;
  lint::Input input{*meaning_, sources_, settings, {}, whole_project};
  for (const sema::Root& root : roots_) input.files.insert(root.file);
  std::vector<lint::Finding> findings = lint::run(input).findings;
  for (const Diagnostic& d : diagnostics_.all()) note_mendable(d);
  for (const lint::Finding& finding : findings) note_mendable(finding.diagnostic);
  if (project_.lint.baseline) {
    auto baseline = project::Baseline::read(loader_, project_.lint.baseline->path);
    if (baseline) baseline->take_out(findings, settings.locked);
  }
  for (lint::Finding& finding : lint::fold(std::move(findings), settings.locked))
    diagnostics_.add(std::move(finding.diagnostic));
}

void Snapshot::note_mendable(const Diagnostic& d) {
  if (d.fix && d.fix->safe && !d.fix->edits.empty()) mendable_.push_back(d);
}

fs::path Snapshot::path(FileId file) const {
  const fs::path shown = sources_.file(file).path();
  return (shown.is_absolute() ? shown : loader_.current() / shown).lexically_normal();
}

std::string Snapshot::home() const {
  if (unit_.alone) return uri_of_path(*unit_.alone);
  return unit_.project ? uri_of_path(*unit_.project) : "";
}

std::string Snapshot::uri(FileId file) const { return uri_of_path(path(file)); }

std::string Snapshot::uri_of_path(const fs::path& full) const {
  if (const auto open = uris_.find(full); open != uris_.end()) return open->second;
  std::error_code error;
  const auto open = uris_.find(fs::weakly_canonical(full, error));
  return open != uris_.end() && !error ? open->second : report::uri_of(links_.shown(full).string());
}

FileId Snapshot::file(const Document& document) const {
  const auto known = files_.find(document.uri);
  return known == files_.end() ? FileId::none : known->second;
}

bool Snapshot::has_read(const Document& document) const {
  const auto& trees = names_.trees;
  return std::any_of(trees.begin(), trees.end(), [&](const auto& row) {
    std::error_code error;
    return is_file(row.first) && fs::weakly_canonical(path(row.first), error) == document.path;
  });
}

void Snapshot::index_files() {
  for (std::size_t i = 1; i <= sources_.count(); ++i) {
    const auto id = static_cast<FileId>(i);
    if (!is_file(id)) continue;
    if (const auto open = uris_.find(path(id)); open != uris_.end()) files_.emplace(open->second, id);
  }
  if (files_.size() == uris_.size()) return;
  for (std::size_t i = 1; i <= sources_.count(); ++i) {  // behind links
    const auto id = static_cast<FileId>(i);
    if (is_file(id)) files_.emplace(uri(id), id);
  }
}

const Lines& Snapshot::lines(FileId file) const {
  const auto known = lines_.find(file);
  if (known != lines_.end()) return known->second;
  return lines_.emplace(file, Lines(sources_.file(file).text(), encoding_)).first->second;
}

Json Snapshot::location(Span span) const {
  return {{"uri", uri(span.file)}, {"range", lines(span.file).range(span.begin, span.end)}};
}

const project::Target* Snapshot::target_of(const OnTarget& target) const {
  const auto at = std::find_if(project_.targets.begin(), project_.targets.end(),
                               [&](const project::Target& row) { return row.target.name == target.target; });
  return at == project_.targets.end() ? nullptr : &*at;
}

const backends::Backend* Snapshot::backend(const OnTarget& target) const {
  const project::Target* row = target_of(target);
  return row == nullptr ? nullptr : backends::find(row->target.backend);
}

const std::vector<OnTarget>& Snapshot::targets() const {
  if (targets_ || !sound_) return targets_ ? *targets_ : targets_.emplace();
  targets_.emplace();
  for (const project::Target& target : project_.targets) {
    OnTarget out{target.target.name, ""};
    Diagnostics said;
    try {
      out.lowered = backends::find(target.target.backend)->lower({policy_, *meaning_, sources_, target.target}, said);
    } catch (const std::exception& error) {
      out.trouble = error.what();
    }
    for (const Diagnostic& d : said.all()) {
      if (d.severity == Severity::error && out.trouble.empty()) out.trouble = d.message;
    }
    targets_->push_back(std::move(out));
  }
  return *targets_;
}

backends::Explanation Snapshot::explain(const OnTarget& target, Span statement) const {
  const project::Target* row = target_of(target);
  backends::Question question;
  question.places = {statement};
  return backend(target)->explain({policy_, *meaning_, sources_, row->target}, target.lowered, question);
}

}  // namespace macc::lsp
