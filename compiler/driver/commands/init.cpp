#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "backends/backend.h"
#include "compiler/driver/output.h"
#include "compiler/driver/session.h"
#include "starter_files.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// The folder's name as a name of the language: lower case, digits and underscores.
std::string module_name(const fs::path& folder) {
  std::string name = folder.filename().string();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  });
  const bool starts_well = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
  return starts_well && name.size() <= 40 ? name : "example";
}

/// One target for each backend, its settings as comments.
std::string target_tables() {
  std::string out;
  for (const backends::Backend* backend : backends::all()) {
    out += fmt::format("\n# {}\n[target.{}]\nbackend = \"{}\"\n", backend->description(), backend->name(),
                       backend->name());
    for (const backends::Setting& setting : backend->settings()) {
      std::string choices;
      for (const std::string_view c : setting.choices) choices += fmt::format("{}{}", choices.empty() ? "" : ", ", c);
      const bool none = setting.default_value.empty() && !setting.choices.empty();
      const std::string_view example = none ? setting.choices[0] : setting.default_value;
      const std::string value = setting.list ? "[]" : fmt::format("\"{}\"", example);
      out += fmt::format("# {} = {}  # {}{}\n", setting.key, value, setting.doc,
                         choices.empty() ? "" : " (" + choices + ")");
    }
    out += "# fail-on = [\"drifts\", \"not-checked\"]\n";
  }
  return out;
}

struct StarterFile {
  fs::path path;
  std::string content;
};

std::vector<StarterFile> starter_files(const fs::path& folder) {
  const std::string name = module_name(folder);
  std::vector<StarterFile> files;
  for (const starter::EmbeddedFile& file : starter::starter_files()) {
    std::string text = replaced(std::string(file.text), "@NAME@", name);
    files.push_back(
        {folder / replaced(std::string(file.name), "example", name), replaced(text, "@TARGETS@", target_tables())});
  }
  return files;
}

bool none_exists(Session& session, const std::vector<StarterFile>& files) {
  bool free = true;
  for (const StarterFile& file : files) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(file.path, error))) continue;
    session.diagnostics
        .report(Code::E0007, {}, fmt::format("`{}` is there already", printable(session.loader.shown(file.path), 400)))
        .note("`macc init` starts new projects only and never overwrites a file");
    free = false;
  }
  return free;
}

}  // namespace

void run_init(Session& session) {
  if (session.arguments.operands.size() > 1) {
    session.diagnostics.report(Code::E0005, {}, "`macc init` takes one folder");
    return;
  }
  const fs::path given = session.arguments.operands.empty() ? "." : session.arguments.operands.front();
  fs::path folder = (session.environment.current / given).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const std::vector<StarterFile> files = starter_files(folder);
  if (!none_exists(session, files)) return;
  std::vector<OutputFile> outputs;
  for (const StarterFile& file : files)
    outputs.push_back({file.path.lexically_relative(folder).string(), file.content});
  const Shown shown = [&](const fs::path& path) { return session.loader.shown(path); };
  if (!create_files(folder, outputs, shown, session.diagnostics)) return;
  for (const StarterFile& file : files) {
    session.out += fmt::format("wrote {}\n", printable(session.loader.shown(file.path), 400));
  }
  const bool here = folder == session.environment.current;
  session.out +=
      fmt::format("next: {}macc build\n", here ? "" : fmt::format("cd {} && ", printable(given.string(), 400)));
}

}  // namespace macc::driver
