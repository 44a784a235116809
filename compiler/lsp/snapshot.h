// What is known of the policies of one project at one moment, with what the editor has not saved yet.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "compiler/ir/meaning.h"
#include "compiler/lsp/documents.h"
#include "compiler/project/loader.h"
#include "compiler/project/project.h"
#include "compiler/sema/sema.h"

namespace macc::lsp {

/// Which policies are looked at together: those of a project, or one file that belongs to none.
struct Unit {
  std::optional<std::filesystem::path> project;  ///< its macc.toml
  std::optional<std::filesystem::path> alone;    ///< a policy outside the folders of the project

  friend auto operator<=>(const Unit&, const Unit&) = default;
};

/// How much of it.
enum class Depth : std::uint8_t {
  open,   ///< the files that the editor has open, and what they import
  names,  ///< every file, without lints and promises
  whole   ///< every file
};

/// What became of the policy on one target.
struct OnTarget {
  std::string target;
  /// Set when the target could not be built: why, in a sentence.
  std::string trouble;
  backends::Lowered lowered = {};
};

class Snapshot {
 public:
  /// Reads and analyses. What is wrong is in diagnostics().
  Snapshot(const Unit& unit, const Documents& documents, Depth depth);

  [[nodiscard]] const SourceManager& sources() const { return sources_; }
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return all_; }
  /// Those that can be mended and change nothing of what is allowed, also where findings are folded or known before.
  [[nodiscard]] const std::vector<Diagnostic>& mendable() const { return mendable_; }
  [[nodiscard]] const Unit& unit() const { return unit_; }
  [[nodiscard]] Depth depth() const { return depth_; }
  /// The policy is sound: names and rules are what they will be.
  [[nodiscard]] bool sound() const { return sound_; }
  [[nodiscard]] const sema::NameTable& names() const { return names_; }
  [[nodiscard]] const ir::Policy& policy() const { return policy_; }
  /// nullptr unless the policy is sound.
  [[nodiscard]] const ir::Meaning* meaning() const { return meaning_.get(); }
  [[nodiscard]] const project::Project& project() const { return project_; }
  /// Names of all modules that can be imported.
  [[nodiscard]] const std::vector<std::string>& modules() const { return modules_; }
  /// The files that were looked at, in order; not what they import.
  [[nodiscard]] const std::vector<sema::Root>& roots() const { return roots_; }
  /// Bytes of all policies of the project that lie on the disk.
  [[nodiscard]] std::uintmax_t size() const { return size_; }

  /// Where what has no place is shown: the project file, or the policy that is looked at alone.
  [[nodiscard]] std::string home() const;
  [[nodiscard]] std::filesystem::path path(FileId file) const;
  [[nodiscard]] std::string uri(FileId file) const;
  /// FileId::none when it was not read.
  [[nodiscard]] FileId file(const Document& document) const;
  /// The policy is one of those that were analysed.
  [[nodiscard]] bool has_read(const Document& document) const;
  [[nodiscard]] const Lines& lines(FileId file) const;
  /// Whether it can be opened in an editor: the standard library cannot.
  [[nodiscard]] bool is_file(FileId file) const { return !sources_.file(file).is_bundled(); }
  [[nodiscard]] Json location(Span span) const;

  /// Lowers for every target of the project when it is asked for the first time, which may take a second.
  [[nodiscard]] const std::vector<OnTarget>& targets() const;
  [[nodiscard]] bool is_lowered() const { return targets_.has_value(); }
  [[nodiscard]] const backends::Backend* backend(const OnTarget& target) const;
  /// What became of the statement on a target.
  [[nodiscard]] backends::Explanation explain(const OnTarget& target, Span statement) const;

 private:
  void read_project(const Unit& unit);
  void gather(const Unit& unit, const Documents& documents, Depth depth);
  void add_root(const std::filesystem::path& path, bool site);
  void add_new_files(const Documents& documents);
  void index_files();
  void analyse();
  void check(Depth depth);
  void lint(bool whole_project);
  void note_mendable(const Diagnostic& d);
  [[nodiscard]] std::string uri_of_path(const std::filesystem::path& path) const;
  [[nodiscard]] const project::Target* target_of(const OnTarget& target) const;

  Unit unit_;
  Depth depth_;
  SourceManager sources_;
  Diagnostics diagnostics_;
  std::vector<Diagnostic> all_, mendable_;
  std::unique_ptr<std::istream> no_input_;
  project::Loader loader_;
  project::Project project_;
  std::vector<sema::Root> roots_;
  std::vector<std::filesystem::path> module_files_;
  std::vector<std::string> modules_;
  std::uintmax_t size_ = 0;
  sema::NameTable names_;
  ir::Policy policy_;
  std::unique_ptr<ir::Meaning> meaning_;
  bool sound_ = false;
  Encoding encoding_;
  std::map<std::filesystem::path, std::string> uris_;  // of open documents
  Links links_;
  std::map<std::string, FileId> files_;  // by URI
  mutable std::map<FileId, Lines> lines_;
  mutable std::optional<std::vector<OnTarget>> targets_;
};

/// The unit that a document belongs to.
[[nodiscard]] Unit unit_of(const Document& document);

}  // namespace macc::lsp
