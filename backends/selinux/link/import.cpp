#include "backends/selinux/link/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "backends/selinux/link/label_aliases.h"
#include "compiler/base/diagnostic.h"
#include "compiler/base/files.h"

namespace macc::backends::selinux {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kShare = "/usr/share/selinux/";
constexpr std::string_view kStores = "/var/lib/selinux/";
constexpr std::string_view kConfiguration = "/etc/selinux/";
constexpr std::string_view kBlanks = " \t\r";

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}
bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// The next line of a text, without its end.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty() || line.front() == '#') return words;
    words.push_back(line.substr(0, line.find_first_of(kBlanks)));
    line.remove_prefix(words.back().size());
  }
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// The modules of a store: of each the one with the highest priority, unless it is switched off.
std::vector<PackageFile> store_packages(const std::string& modules) {
  std::map<std::uint64_t, std::string> priorities;
  for (const std::string& name : names_in(modules)) {
    if (const auto priority = number_of(name)) priorities.emplace(*priority, name);
  }
  const std::vector<std::string> disabled = names_in(modules + "/disabled");
  std::map<std::string, PackageFile> chosen;
  for (const auto& [priority, folder] : priorities) {
    for (const std::string& name : names_in(modules + '/' + folder)) {
      if (std::binary_search(disabled.begin(), disabled.end(), name)) continue;
      const std::string place = fmt::format("{}/{}/{}", modules, folder, name);
      // `cil` is there when the module was compiled once; `hll` is what was installed.
      for (const char* part : {"/cil", "/hll"}) {
        if (!is_file(place + part)) continue;
        chosen.insert_or_assign(name, package_at(name, place + part));
        break;
      }
    }
  }
  std::vector<PackageFile> packages;
  for (auto& [name, package] : chosen) packages.push_back(std::move(package));
  return packages;
}

/// The binary policy with the highest version in a folder; "" without any.
std::string newest_binary(const std::string& folder) {
  std::string best;
  std::uint64_t best_version = 0;
  for (const std::string& name : names_in(folder)) {
    if (!name.starts_with("policy.")) continue;
    const auto version = number_of(name.substr(7));
    if (!version || *version < best_version) continue;
    best = folder + '/' + name;
    best_version = *version;
  }
  return best;
}

/// The system and the policy that a path of the usual places belongs to.
void place_in_system(PolicySource& source) {
  const std::string path = fs::path(source.place).lexically_normal().string();
  for (const std::string_view folder : {kShare, kStores, kConfiguration}) {
    const std::size_t at = path.rfind(folder);
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(path).substr(at + folder.size());
    source.root = path.substr(0, at);
    source.name = rest.substr(0, rest.find('/'));
    source.contexts = fmt::format("{}{}{}/contexts/files", source.root, kConfiguration, source.name);
    source.active = fmt::format("{}{}{}/active", source.root, kStores, source.name);
    return;
  }
}

SourceOrReason store_source(const std::string& place, const std::string& modules) {
  PolicySource source;
  source.place = place;
  source.is_store = true;
  source.packages = store_packages(modules);
  source.active = fs::path(modules).parent_path().string();
  place_in_system(source);
  if (!source.packages.empty()) return {std::move(source), {}};
  return {{}, fmt::format("the module store {} holds no module, or may be read by root only", printable(place))};
}

SourceOrReason binary_source(const std::string& path) {
  PolicySource source;
  source.place = source.binary = path;
  source.contexts = (fs::path(path).parent_path().parent_path() / "contexts/files").string();
  place_in_system(source);
  return {std::move(source), {}};
}

/// A file that is no policy, but what somebody could take for one; "" for any other.
std::string other_than_policy(const std::string& path) {
  const std::string shown = printable(path);
  if (is_base_file(path))
    return fmt::format("{} is a base already: name it as `base` of a target, or ask it with `macc base show`", shown);
  for (const std::string_view ending : {".pp", ".pp.bz2", ".cil"}) {
    if (path.ends_with(ending))
      return fmt::format(
          "{} is one module, and a base is made of a whole policy: name the folder that holds its modules", shown);
  }
  return {};
}

SourceOrReason source_at(const std::string& place) {
  if (is_file(place)) {
    if (std::string reason = other_than_policy(place); !reason.empty()) return {{}, std::move(reason)};
    return binary_source(place);
  }
  if (!is_folder(place)) return {{}, fmt::format("there is no folder or file {}", printable(place))};
  for (const char* modules : {"/active/modules", "/modules", ""}) {
    const bool has_priorities = is_folder(place + modules + "/100") || is_folder(place + modules + "/400");
    if (has_priorities) return store_source(place, place + modules);
  }
  if (const std::string binary = newest_binary(place + "/policy"); !binary.empty()) return binary_source(binary);
  PolicySource source = folder_source(place);
  if (!source.packages.empty()) return {std::move(source), {}};
  return {{},
          fmt::format("{} holds no policy: neither *.pp, *.pp.bz2 or *.cil, nor a module store, nor policy/policy.NN",
                      printable(place))};
}

/// What SELINUXTYPE in the system's configuration says.
std::string configured_policy(const std::string& root) {
  const std::string text = read_whole_file(root + std::string(kConfiguration) + "config").value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = take_line(rest);
    constexpr std::string_view kKey = "SELINUXTYPE=";
    if (line.starts_with(kKey) && !words_of(line.substr(kKey.size())).empty())
      return std::string(words_of(line.substr(kKey.size())).front());
  }
  return "default";
}

/// ", which has `a`, `b`" of the policies below a root; "" without any.
std::string policies_there(const std::string& root) {
  std::set<std::string> names;
  for (const std::string_view folder : {kStores, kShare, kConfiguration}) {
    for (const std::string& name : names_in(root + std::string(folder))) {
      const std::string place = fmt::format("{}{}{}", root, folder, name);
      if (is_policy_name(name) && is_folder(place) && source_at(place).reason.empty())
        names.insert(fmt::format("`{}`", printable(name)));
    }
  }
  return names.empty() ? std::string() : fmt::format("; there is {}: name it with `--policy`", fmt::join(names, ", "));
}

std::string read_if_there(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string() : read_whole_file(fmt::format("{}/{}", folder, name)).value_or("");
}

/// "(s0)", "(s0 ((range c0 c1023)))" of "s0", "s0:c0.c1023".
std::string level_cil(std::string_view level) {
  const std::size_t colon = level.find(':');
  std::string text = fmt::format("({}", level.substr(0, colon));
  if (colon == std::string_view::npos) return text + ')';
  text += " (";
  for (std::string_view rest = level.substr(colon + 1); !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::size_t dot = part.find('.');
    text += dot == std::string_view::npos ? fmt::format(" {}", part)
                                          : fmt::format(" (range {} {})", part.substr(0, dot), part.substr(dot + 1));
  }
  return text + "))";
}

/// "" for what is no context.
std::string context_cil(std::string_view context) {
  if (context == "<<none>>") return "()";
  if (context.find_first_of("()\";") != std::string_view::npos) return {};
  std::vector<std::string_view> parts;
  for (int i = 0; i < 3; ++i) {
    parts.push_back(context.substr(0, context.find(':')));
    if (parts.back().empty()) return {};
    context.remove_prefix(std::min(parts.back().size() + 1, context.size()));
  }
  if (context.empty()) context = "s0";
  const std::size_t dash = context.find('-');
  const std::string_view low = context.substr(0, dash);
  const std::string_view high = dash == std::string_view::npos ? low : context.substr(dash + 1);
  return fmt::format("({} {} {} ({} {}))", parts[0], parts[1], parts[2], level_cil(low), level_cil(high));
}

std::string_view kind_word(std::string_view flag) {
  static const std::map<std::string_view, std::string_view> words = {{"--", "file"},   {"-d", "dir"},    {"-c", "char"},
                                                                     {"-b", "block"},  {"-s", "socket"}, {"-p", "pipe"},
                                                                     {"-l", "symlink"}};
  const auto at = words.find(flag);
  return at == words.end() ? std::string_view() : at->second;
}

/// "portcon tcp 8081 CONTEXT" or "portcon tcp 8081-8090 CONTEXT".
struct LocalPort {
  std::string start;      // "(portcon tcp (8081 8090) "
  std::string statement;  // all of it
};

std::vector<LocalPort> local_ports(std::string_view text) {
  std::vector<LocalPort> ports;
  while (!text.empty()) {
    const auto words = words_of(take_line(text));
    if (words.size() != 4 || words[0] != "portcon") continue;
    const std::size_t dash = words[2].find('-');
    const auto low = number_of(words[2].substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : number_of(words[2].substr(dash + 1));
    const std::string context = context_cil(words[3]);
    if (!low || !high || *low > *high || *high > 65535 || context.empty()) continue;
    LocalPort port;
    port.start = *low == *high ? fmt::format("(portcon {} {} ", words[1], *low)
                               : fmt::format("(portcon {} ({} {}) ", words[1], *low, *high);
    port.statement = port.start + context + ')';
    ports.push_back(std::move(port));
  }
  return ports;
}

/// "name=1"
std::map<std::string, bool, std::less<>> local_booleans(std::string_view text) {
  std::map<std::string, bool, std::less<>> values;
  while (!text.empty()) {
    const auto words = words_of(take_line(text));
    if (words.size() != 1) continue;
    const std::size_t equals = words[0].find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view value = words[0].substr(equals + 1);
    values.insert_or_assign(std::string(words[0].substr(0, equals)), value == "1" || value == "true" || value == "on");
  }
  return values;
}

/// Files of `semanage` that no base takes up.
struct Unread {
  std::string_view name, what;
};
constexpr Unread kUnread[] = {{"nodes.local", "labels of addresses"},
                              {"interfaces.local", "labels of network interfaces"},
                              {"users.local", "users and their roles"}};

/// Whether a file of `semanage` says anything.
bool has_entries(std::string_view text) {
  while (!text.empty()) {
    if (!words_of(take_line(text)).empty()) return true;
  }
  return false;
}

void replace_all(std::string& text, std::string_view word, std::string_view with) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + with.size()))
    text.replace(at, word.size(), with);
}

}  // namespace

PolicySource folder_source(const std::string& folder) {
  PolicySource source;
  source.place = folder;
  source.contexts = folder;
  source.packages = packages_in(folder);
  place_in_system(source);
  if (source.active.empty()) return source;
  // Debian delivers some modules switched off: what names a type of theirs could not be installed.
  const std::vector<std::string> disabled = names_in(source.active + "/modules/disabled");
  std::erase_if(source.packages, [&](const PackageFile& package) {
    return std::binary_search(disabled.begin(), disabled.end(), package.name);
  });
  return source;
}

std::vector<std::string> installed_places(std::string_view name) {
  std::vector<std::string> places = {std::string(kConfiguration) + "config"};
  for (const std::string_view folder : {kShare, kStores, kConfiguration})
    places.push_back(fmt::format("{}{}", folder, name));
  return places;
}

SourceOrReason find_source(const ImportRequest& request) {
  std::string root = request.root;
  while (root.ends_with('/')) root.pop_back();
  if (!request.from.empty()) return source_at(request.from);
  if (!root.empty() && !is_folder(root)) return {{}, fmt::format("there is no folder {}", printable(root))};
  const std::string name = request.policy.empty() ? configured_policy(root) : request.policy;
  if (!is_policy_name(name)) return {{}, fmt::format("`{}` is no name of a policy", printable(name))};
  // The store knows the administrator's own modules; the packages are what was delivered; the binary tells least.
  for (const std::string& place :
       {fmt::format("{}{}{}", root, kStores, name), fmt::format("{}{}{}", root, kShare, name),
        fmt::format("{}{}{}", root, kConfiguration, name)}) {
    if (!is_folder(place)) continue;
    if (SourceOrReason found = source_at(place); found.reason.empty()) return found;
  }
  return {{},
          fmt::format("there is no policy `{}`: looked in {}{}, {} and {}{}", printable(name), printable(root), kStores,
                      kShare, kConfiguration, policies_there(root))};
}

Companions read_companions(const PolicySource& source) {
  Companions companions;
  companions.aliases = read_if_there(source.contexts, "file_contexts.subs");
  companions.aliases_dist = read_if_there(source.contexts, "file_contexts.subs_dist");
  companions.local_file_contexts = read_if_there(source.contexts, "file_contexts.local");
  companions.ports = read_if_there(source.active, "ports.local");
  companions.booleans = read_if_there(source.active, "booleans.local");
  for (const Unread& file : kUnread) {
    if (has_entries(read_if_there(source.active, file.name)))
      companions.notices.push_back(fmt::format("{} that `semanage` changed are not in it: {}", file.what, file.name));
  }
  const bool knows_folders = is_file(source.contexts + "/file_contexts") ||
                             is_file(source.contexts + "/file_contexts.subs_dist") || !companions.aliases.empty();
  if (!source.contexts.empty() && !knows_folders) {
    companions.aliases_dist = to_file(default_label_aliases());
    companions.notices.push_back(
        "folders that are labelled as others are taken to be Debian's: there is no "
        "file_contexts.subs_dist in " +
        printable(source.contexts));
  }
  std::error_code error;
  if (!source.active.empty() && (void(fs::directory_iterator(source.active, error)), error.value() == EACCES))
    companions.notices.push_back("ports and booleans that `semanage` changed are not known: " + source.active +
                                 " may be read by root only");
  if (source.binary.empty()) return companions;
  companions.file_contexts = read_if_there(source.contexts, "file_contexts");
  companions.homedirs = read_if_there(source.contexts, "file_contexts.homedirs");
  companions.home_template = read_if_there(source.active, "homedir_template");
  // Where a policy is built as one piece it stands beside the other file contexts.
  if (companions.home_template.empty()) companions.home_template = read_if_there(source.contexts, "homedir_template");
  return companions;
}

void apply_companions(const Companions& companions, Base::Data& data) {
  data.label_aliases = take_label_aliases(companions.aliases, companions.aliases_dist);
  data.local_file_contexts = companions.local_file_contexts;
  data.notices.insert(data.notices.end(), companions.notices.begin(), companions.notices.end());
  const std::vector<LocalPort> ports = local_ports(companions.ports);
  const auto booleans = local_booleans(companions.booleans);
  if (ports.empty() && booleans.empty()) return;
  std::string core;
  for (std::string_view rest = data.core; !rest.empty();) {
    const std::string_view line = take_line(rest);
    constexpr std::string_view kBoolean = "(boolean ";
    if (line.starts_with(kBoolean)) {
      const std::string_view name = line.substr(kBoolean.size(), line.find(' ', kBoolean.size()) - kBoolean.size());
      if (const auto value = booleans.find(name); value != booleans.end()) {
        core += fmt::format("(boolean {} {})\n", name, value->second);
        continue;
      }
    }
    const bool replaced =
        std::any_of(ports.begin(), ports.end(), [&](const LocalPort& port) { return line.starts_with(port.start); });
    if (!replaced) (core += line) += '\n';
  }
  std::set<std::string> written;  // the last one counts, as `semanage` keeps one a range
  std::string local;
  for (auto port = ports.rbegin(); port != ports.rend(); ++port) {
    if (written.insert(port->start).second) local += port->statement + '\n';
  }
  if (!local.empty()) core += ";;* lms 1 ports.local\n" + local + ";;* lme\n";
  data.core = std::move(core);
}

std::string to_filecons(std::string_view file_contexts) {
  std::string out;
  while (!file_contexts.empty()) {
    const auto words = words_of(take_line(file_contexts));
    if (words.size() < 2 || words.size() > 3 || words[0].find('"') != std::string_view::npos) continue;
    const std::string_view kind = words.size() == 2 ? "any" : kind_word(words[1]);
    const std::string context = context_cil(words.back());
    if (kind.empty() || context.empty()) continue;
    out += fmt::format("(filecon \"{}\" {} {})\n", words[0], kind, context);
  }
  return out;
}

std::string to_home_template(std::string_view homedirs) {
  constexpr std::string_view kAnyHome = "/home/[^/]+";
  std::string out;
  while (!homedirs.empty()) {
    std::string line(take_line(homedirs));
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with(kAnyHome)) {
      line.replace(0, kAnyHome.size(), "HOME_DIR");
    } else if (line.starts_with("/home") && (line.size() == 5 || line[5] == '/' || line[5] == '\t')) {
      line.replace(0, 5, "HOME_ROOT");
    } else if (line.find("[^/]+") == std::string::npos && line.find("[0-9]+") == std::string::npos) {
      continue;  // one login's own: the template's line makes it again
    } else {
      replace_all(line, "[0-9]+", "%{USERID}");
      replace_all(line, "[^/]+", "%{USERNAME}");
    }
    out += line + '\n';
  }
  return out;
}

}  // namespace macc::backends::selinux
