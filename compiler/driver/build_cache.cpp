#include "compiler/driver/build_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "backends/backend.h"
#include "compiler/base/files.h"
#include "compiler/driver/history.h"
#include "compiler/driver/output.h"
#include "compiler/driver/sha256.h"
#include "compiler/driver/stamps.h"
#include "compiler/driver/targets.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr int kRecordVersion = 1;
constexpr std::string_view kRecordPrefix = "build-", kRecordSuffix = ".json";
/// Records of projects that are gone are not looked for otherwise: the oldest go.
constexpr std::size_t kMaxRecords = 256;
/// A file that changes twice in one tick of the clock of its file system looks as if it had changed once.
constexpr std::int64_t kCoarsestClock = 2;

/// Texts one after the other, told apart by their lengths.
class Joined {
 public:
  Joined& add(std::string_view text) {
    text_ += fmt::format("{}:", text.size());
    text_ += text;
    return *this;
  }
  Joined& add(std::uint64_t number) { return add(std::to_string(number)); }
  [[nodiscard]] std::string checksum() const { return sha256(text_); }

 private:
  std::string text_;
};

/// The command line, and from where it was given.
void add_command(const Session& session, Joined& out) {
  out.add(session.environment.current.native());
  for (const std::string& operand : session.arguments.operands) out.add("operand").add(operand);
  for (const auto& [option, values] : session.arguments.values) {
    if (option == Option::no_cache) continue;
    out.add("option").add(static_cast<std::uint64_t>(option));
    for (const std::string& value : values) out.add("value").add(value);
  }
}

/// What only says how the answer looks.
void add_looks(const Environment& environment, Joined& out) {
  out.add(environment.error_is_terminal).add(environment.output_is_terminal).add(environment.no_color);
  out.add(environment.columns).add(repository_around(environment.current).native());
}

void add_source(const Session& session, FileId id, Joined& out) {
  if (id == FileId::none) {
    out.add("no file");
    return;
  }
  const SourceFile& file = session.sources.file(id);
  out.add(file.path()).add(file.stable_path()).add(file.text());
}

void add_sources(const Session& session, const Inputs& inputs, Joined& out) {
  add_source(session, inputs.project.file, out);
  for (const sema::Root& root : inputs.roots) {
    add_source(session, root.file, out);
    out.add(root.site);
  }
  // Without operands they are the roots.
  const bool may_be_imported = !session.arguments.operands.empty();
  for (const fs::path& file : inputs.module_files) {
    out.add("module").add(file.native());
    if (may_be_imported) out.add(read_whole_file(file).value_or("unreadable"));
  }
}

std::vector<std::string> looked_at(const std::vector<const project::Target*>& targets,
                                   std::vector<std::string> running) {
  std::vector<std::string> paths = std::move(running);
  // The libraries that the programs of the platforms run with: it is written anew when one of them is installed.
  paths.emplace_back("/etc/ld.so.cache");
  for (const project::Target* target : targets) {
    for (std::string& path : backends::find(target->target.backend)->depends_on(target->target)) {
      paths.push_back(std::move(path));
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

std::string record_path(const BuildIdentity& identity) {
  const std::string folder = user_cache_folder();
  return folder.empty() ? folder : fmt::format("{}/{}{}{}", folder, kRecordPrefix, identity.place, kRecordSuffix);
}

/// The checksum of a folder's manifest; "" without one.
std::string manifest_sum(const fs::path& folder) {
  const auto text = content_of(folder / kManifestName);
  return text ? sha256(*text) : "";
}

/// Whether a folder holds what a build wrote there, to the byte.
bool holds(const fs::path& folder, const std::string& manifest) {
  if (manifest.empty() || manifest_sum(folder) != manifest) return false;
  const Written written = read_manifest(folder);
  return std::all_of(written.begin(), written.end(), [&](const auto& file) {
    const auto text = content_of(folder / file.first);
    return text && file.second.contains(sha256(*text));
  });
}

/// nullopt for what macc cannot have written.
std::optional<Outcome> outcome_of(const Json& record) {
  const Json out = record.value("out", Json()), err = record.value("err", Json());
  if (!out.is_string() || !err.is_string()) return std::nullopt;
  return Outcome{0, out.get<std::string>(), err.get<std::string>()};
}

void drop_oldest(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> records;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().native();
    std::error_code gone;
    const fs::file_time_type time = it->last_write_time(gone);
    if (!gone && name.starts_with(kRecordPrefix) && name.ends_with(kRecordSuffix))
      records.emplace_back(time, it->path());
  }
  if (records.size() <= kMaxRecords) return;
  std::sort(records.begin(), records.end());
  records.resize(records.size() - kMaxRecords);
  for (const auto& [time, path] : records) fs::remove(path, error);
}

}  // namespace

std::optional<BuildIdentity> identify_build(const Session& session, const Inputs& inputs,
                                            const std::vector<const project::Target*>& targets) {
  auto running = running_files();
  if (!running) return std::nullopt;
  BuildIdentity identity;
  identity.taken = std::time(nullptr);
  identity.looked_at = looked_at(targets, std::move(*running));
  const auto stamps = stamps_of(identity.looked_at);
  if (!stamps) return std::nullopt;
  identity.newest = stamps->newest;
  for (const project::Target* target : targets) {
    identity.folders.push_back(out_folder(session, inputs.project) / target->target.name);
  }

  Joined place;
  add_command(session, place);
  identity.place = place.checksum().substr(0, 32);
  Joined all;
  all.add(identity.place).add(stamps->text);
  add_looks(session.environment, all);
  add_sources(session, inputs, all);
  identity.checksum = all.checksum();
  return identity;
}

std::optional<Outcome> find_build(const BuildIdentity& identity) {
  const Json record = Json::parse(read_own_file(record_path(identity)).value_or(""), nullptr, false);
  if (!record.is_object() || record.value("version", Json()) != kRecordVersion) return std::nullopt;
  if (record.value("checksum", Json()) != identity.checksum) return std::nullopt;
  const Json manifests = record.value("manifests", Json());
  if (!manifests.is_array() || manifests.size() != identity.folders.size()) return std::nullopt;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    if (!manifests[i].is_string() || !holds(identity.folders[i], manifests[i].get<std::string>())) return std::nullopt;
  }
  return outcome_of(record);
}

bool held_still(const BuildIdentity& before, const std::optional<BuildIdentity>& after) {
  return after && after->checksum == before.checksum && before.newest + kCoarsestClock < before.taken;
}

void keep_build(const BuildIdentity& identity, const Outcome& outcome) {
  const std::string path = record_path(identity);
  // A text that is no UTF-8 is none for JSON.
  const bool storable = find_invalid_utf8(outcome.out + outcome.err) == std::string::npos;
  if (path.empty() || outcome.exit_code != 0 || !storable) return;
  Json looked_at = Json::array(), manifests = Json::array();
  for (const std::string& file : identity.looked_at) looked_at.push_back(printable(file, file.size()));
  for (const fs::path& folder : identity.folders) manifests.push_back(manifest_sum(folder));
  const Json record = {{"version", kRecordVersion},
                       {"about", "what `macc build` said, for when nothing has changed; may be deleted"},
                       {"checksum", identity.checksum},
                       {"looked_at", std::move(looked_at)},
                       {"manifests", std::move(manifests)},
                       {"out", outcome.out},
                       {"err", outcome.err}};
  if (put_file(path, record.dump(1) + "\n")) drop_oldest(fs::path(path).parent_path());
}

}  // namespace macc::driver
