#include "backends/selinux/link/packages.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "backends/selinux/link/bytes.h"
#include "backends/selinux/link/child.h"
#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/condense.h"
#include "backends/selinux/link/messages.h"
#include "backends/selinux/link/sepol.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

constexpr std::size_t kMaxPackage = 256u << 20;
constexpr std::chrono::seconds kTimeLimit{300};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string read_plain(std::FILE* file) {
  std::string text, buffer(1 << 16, '\0');
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file)) {
    text.append(buffer, 0, count);
    if (text.size() > kMaxPackage) return {};
  }
  return text;
}

std::string read_compressed(std::FILE* file) {
  int status = BZ_OK;
  BZFILE* stream = BZ2_bzReadOpen(&status, file, 0, 0, nullptr, 0);
  std::string text, buffer(1 << 16, '\0');
  while (status == BZ_OK && text.size() <= kMaxPackage) {
    const int count = BZ2_bzRead(&status, stream, buffer.data(), static_cast<int>(buffer.size()));
    if (status == BZ_OK || status == BZ_STREAM_END) text.append(buffer, 0, static_cast<std::size_t>(count));
  }
  int ignored = BZ_OK;
  BZ2_bzReadClose(&ignored, stream);
  return status == BZ_STREAM_END ? text : std::string();
}

struct Texts {
  std::vector<CilModule> kept, left_out;
};

std::string read_texts(const std::vector<PackageFile>& packages, const std::vector<std::string>& leave_out,
                       Texts& texts) {
  for (const PackageFile& package : packages) {
    CilModule module{package.name, read_package(package)};
    if (module.text.empty()) return fmt::format("the policy module {} cannot be read", printable(package.path));
    const bool wanted = std::find(leave_out.begin(), leave_out.end(), package.name) == leave_out.end();
    (wanted ? texts.kept : texts.left_out).push_back(std::move(module));
  }
  return {};
}

/// Which of the modules that were left out declares a name.
class Owners {
 public:
  explicit Owners(const std::vector<CilModule>& modules) {
    for (const CilModule& module : modules) {
      for_each_statement(module.text, [&](CilExpression& top) {
        const std::string_view head = top.head();
        if (head == "type" || head == "typeattribute" || head == "typealias" || head == "role" ||
            head == "roleattribute" || head == "boolean" || head == "user")
          owners_.emplace(top.symbol(1), module.name);
        if (head == "type") types_.emplace(top.symbol(1));
        if (head == "filecon") contexts_.insert(without_quotes(top.symbol(1)));
      });
    }
  }
  /// The types that they declare, sorted.
  [[nodiscard]] std::vector<std::string> types() const { return {types_.begin(), types_.end()}; }
  /// The regular expressions of their file contexts, sorted.
  [[nodiscard]] std::vector<std::string> contexts() const { return {contexts_.begin(), contexts_.end()}; }
  /// A sentence about the first name in the text that was left out; "" when there is none.
  [[nodiscard]] std::string blame(const CilExpression& statement, const std::string& user) const {
    if (const auto owner = owners_.find(statement.atom); owner != owners_.end())
      return fmt::format("the module `{}` cannot be left out: `{}` needs its `{}`", owner->second, user, owner->first);
    for (const CilExpression& item : statement.items) {
      if (std::string text = blame(item, user); !text.empty()) return text;
    }
    return {};
  }

 private:
  static std::string without_quotes(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
  }

  std::map<std::string, std::string, std::less<>> owners_;
  std::set<std::string> types_, contexts_;
};

/// Why the packages do not link with each other.
std::string explain(const sepol::Log& log, const Texts& texts, const CondensedPolicy& policy = {}) {
  const Inventory names = take_inventory(policy.core);
  const LogContext context{texts.kept, policy.core, policy.rest, names, ""};
  const Owners owners(texts.left_out);
  for (const LinkMessage& message : read_log(log, true, context)) {
    if (message.level != LinkMessage::Level::error) continue;
    for (const LinkPlace& place : message.places) {
      const auto user = std::find_if(texts.kept.begin(), texts.kept.end(),
                                     [&](const CilModule& module) { return module.name == place.file; });
      if (user == texts.kept.end()) continue;
      std::string text;
      for_each_statement(user->text, [&](CilExpression& top) {
        if (top.line == place.line) text = owners.blame(top, user->name);
      });
      if (!text.empty()) return text;
    }
    return fmt::format("the policy does not link: {}", message.text);
  }
  return "the policy does not link";
}

std::vector<std::string> violations(const sepol::Log& log, const CondensedPolicy& policy) {
  const Inventory nothing;
  const LogContext context{{}, policy.core, policy.rest, nothing, ""};
  std::vector<std::string> found;
  for (const LinkMessage& message : read_log(log, false, context)) {
    if (message.problem != LinkProblem::neverallow) continue;
    for (const std::string& rule : message.rules) found.push_back(message.subject + ' ' + rule);
  }
  return found;
}

/// Links a policy with itself and writes what Base::Data is to hold, or the reason why it does not link.
void link_alone(const CondensedPolicy& policy, const Texts& texts, ByteWriter& out) {
  const std::vector<sepol::Source> sources = {{std::string(kCoreSource), policy.core},
                                              {std::string(kRestSource), policy.rest}};
  sepol::Compiled compiled = sepol::compile(sources, {});
  const std::vector<std::string> own_violations = violations(compiled.log, policy);
  if (!compiled.ok && !own_violations.empty()) compiled = sepol::compile(sources, {.neverallow = false});
  if (!compiled.ok) return out.text(explain(compiled.log, texts, policy));
  out.text("");
  out.text(policy.core);
  out.text(policy.rest);
  out.text(compiled.file_contexts);
  out.texts(own_violations);
  const Owners left_out(texts.left_out);
  out.texts(left_out.types());
  out.texts(left_out.contexts());
}

/// What the child does.
std::string build(const std::vector<PackageFile>& packages, const std::vector<std::string>& leave_out) {
  ByteWriter out;
  const auto failed = [&out](const std::string& reason) {
    out.text(reason);
    return out.take();
  };
  Texts texts;
  if (const std::string reason = read_texts(packages, leave_out, texts); !reason.empty()) return failed(reason);
  std::vector<sepol::Source> sources;
  std::map<std::string, std::string> names;
  for (const CilModule& module : texts.kept) {
    sources.push_back({source_name(sources.size()), module.text});
    names.emplace(sources.back().name, module.name);
  }
  std::string resolved_text;
  {
    sepol::Resolved resolved = sepol::resolve(sources);
    if (!resolved.ok) return failed(explain(resolved.log, texts));
    resolved_text = std::move(resolved.text);
  }
  link_alone(condense(resolved_text, names), texts, out);
  return out.take();
}

/// The same for a binary policy, with its version behind the rest.
std::string build_of_binary(const std::string& image, const std::string& filecons) {
  ByteWriter out;
  const sepol::Decompiled policy = sepol::decompile(image);
  if (!policy.ok) {
    out.text("it is no binary policy that " + linker_name() + " can read");
    return out.take();
  }
  link_alone(condense(policy.text + filecons, {}), {}, out);
  out.number(policy.version);
  return out.take();
}

std::string module_name(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  for (const std::string_view ending : {".bz2", ".pp", ".cil"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

bool is_package(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".pp") || name.ends_with(".pp.bz2") || name.ends_with(".cil");
}

}  // namespace

std::string read_package(const PackageFile& package) {
  constexpr std::string_view kCompressed = "BZh", kPackage = "\x8f\xff\x7c\xf9";
  const File file(std::fopen(package.path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) return {};
  std::string text = read_plain(file.get());
  if (text.starts_with(kCompressed)) {
    std::rewind(file.get());
    text = read_compressed(file.get());
  }
  if (text.starts_with(kPackage)) return sepol::package_to_cil(std::move(text));
  // Of the other names only those of CIL may hold just any text.
  return package.path.ends_with(".pp") || package.path.ends_with(".pp.bz2") ? std::string() : text;
}

PackageFile package_at(std::string name, std::string path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) status = {};
  return {std::move(name), std::move(path), static_cast<std::uint64_t>(status.st_size),
          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::vector<PackageFile> packages_in(const std::string& folder) {
  std::vector<PackageFile> packages;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (!is_package(at->path()) || stat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    packages.push_back(package_at(module_name(at->path()), at->path().string()));
  }
  std::sort(packages.begin(), packages.end(), [](const PackageFile& a, const PackageFile& b) {
    return std::tie(a.name, a.path) < std::tie(b.name, b.path);
  });
  return packages;
}

namespace {

/// Reads what link_alone() wrote; "" or the reason.
std::string take_linked(ByteReader& in, Base::Data& data) {
  if (std::string reason = in.text(); !reason.empty()) return reason;
  for (std::string* text : {&data.core, &data.rest, &data.file_contexts}) *text = in.text();
  data.own_violations = in.texts();
  data.left_out_types = in.texts();
  data.left_out_contexts = in.texts();
  return in.good() ? std::string() : "linking the policy itself gave a damaged result";
}

}  // namespace

std::string build_base(const std::vector<PackageFile>& packages, const std::vector<std::string>& leave_out,
                       Base::Data& data) {
  const ChildResult child = run_in_child([&] { return build(packages, leave_out); }, kTimeLimit);
  if (child.status != ChildResult::Status::finished) return "linking the policy itself: libsepol " + describe(child);
  ByteReader in(child.output);
  return take_linked(in, data);
}

std::string build_base_of_binary(const std::string& image, const std::string& filecons, Base::Data& data) {
  const ChildResult child = run_in_child([&] { return build_of_binary(image, filecons); }, kTimeLimit);
  if (child.status != ChildResult::Status::finished) return "reading the policy: libsepol " + describe(child);
  ByteReader in(child.output);
  std::string reason = take_linked(in, data);
  if (reason.empty()) data.policy_version = in.number();
  return reason;
}

}  // namespace macc::backends::selinux
