#include "backends/apparmor/target.h"

#include <fmt/format.h>

#include <filesystem>

#include "backends/apparmor/features_tree.h"
#include "backends/apparmor/lower.h"
#include "backends/apparmor/parser_version.h"

namespace macc::backends::apparmor {

namespace {

constexpr const char* kFeatures = "features";
constexpr const char* kAbi = "abi";
constexpr const char* kParser = "parser";
constexpr std::string_view kRunning = "running";

/// A profile of macc has rules of all of these.
constexpr Class kNeeded[] = {Class::file,   Class::capability, Class::network,
                             Class::signal, Class::ptrace,     Class::mount};

class Choice {
 public:
  Choice(const Target& target, Diagnostics& diagnostics) : target_(target), diagnostics_(diagnostics) {}

  std::optional<Features> make() {
    const std::string which = setting(kFeatures);
    const Features* known = find_features(which.empty() ? all_features().front().name : which);
    return known != nullptr ? named(*known) : read(which);
  }

 private:
  [[nodiscard]] std::string setting(const char* key) const {
    const auto it = target_.settings.find(key);
    return it == target_.settings.end() ? "" : it->second;
  }

  [[nodiscard]] Span place(const char* key) const {
    const auto it = target_.places.find(key);
    return it == target_.places.end() ? Span{} : it->second;
  }

  /// What it has is said by its name; saying something else would be about another system.
  std::optional<Features> named(const Features& known) {
    if (!same(known, kAbi, known.abi) || !same(known, kParser, known.parser)) return std::nullopt;
    return known;
  }

  bool same(const Features& known, const char* key, const std::string& value) {
    if (setting(key).empty() || setting(key) == value) return true;
    diagnostics_
        .report(Code::E2013, place(key),
                fmt::format("`{}` is a system with {} `{}`, not `{}`", known.name, key, value, printable(setting(key))))
        .note(fmt::format("leave `{}` out; or name a features file of your system as `features`, with its `abi` and "
                          "`parser`",
                          key));
    return false;
  }

  std::optional<Features> read(const std::string& which) {
    const bool running = which == kRunning;
    const std::filesystem::path path = features_path(target_);
    FeaturesOrError found = read_features_at(path);
    if (!found.tree) return unreadable(running, path, found.error);
    Features out;
    out.name = running ? std::string(kRunning) : path.filename().string();
    out.abi = setting(kAbi).empty() ? std::string(all_abis().front().name) : setting(kAbi);
    out.parser = setting(kParser).empty() ? std::string(find_abi(out.abi)->first_parser) : setting(kParser);
    out.doc = fmt::format("{}, abi {}, apparmor_parser {}", running ? "the running kernel" : "a features file", out.abi,
                          out.parser);
    out.kernel = found.tree->classes();
    out.text = std::move(found.tree->text);
    if (!has_needed(out, path) || !parser_fits(out)) return std::nullopt;
    return out;
  }

  std::optional<Features> unreadable(bool running, const std::filesystem::path& path, const std::string& why) {
    if (running) {
      diagnostics_
          .report(
              Code::E2014, place(kFeatures),
              fmt::format("the running kernel does not say what AppArmor mediates: `{}`: {}", kRunningFeatures, why))
          .note(
              "AppArmor is off here, or securityfs is not mounted: name a system that macc knows, or a features file "
              "that was copied from the system to build for");
    } else {
      diagnostics_
          .report(Code::E2015, place(kFeatures),
                  fmt::format("`{}` is no features file that can be used: {}", printable(path.string(), 400), why))
          .note("such a file is what `aa-features-abi -x` writes on the system to build for")
          .note("systems that macc knows without one: " + words());
    }
    return std::nullopt;
  }

  static std::string words() {
    std::string out;
    for (const Features& f : all_features()) out += fmt::format("`{}`, ", f.name);
    return out + fmt::format("`{}`", kRunning);
  }

  bool has_needed(const Features& features, const std::filesystem::path& path) {
    std::string missing;
    for (const ClassInfo& info : all_classes()) {
      for (const Class c : kNeeded) {
        if (c == info.id && !features.kernel.has(c))
          missing += fmt::format("{}`{}`", missing.empty() ? "" : ", ", info.feature);
      }
    }
    if (missing.empty()) return true;
    diagnostics_
        .report(Code::E2015, place(kFeatures),
                fmt::format("the features in `{}` lack {}", printable(path.string(), 400), missing))
        .note(
            "macc writes profiles for kernels from 4.17 on, which mediate files, capabilities, networks, signals, "
            "tracing and mounts");
    return false;
  }

  bool parser_fits(const Features& features) {
    const auto version = Version::of(features.parser);
    if (!version) {
      diagnostics_
          .report(Code::E2013, place(kParser),
                  fmt::format("`{}` is no version of apparmor_parser", printable(features.parser)))
          .note("a version is numbers with dots between them, such as `3.0.8`: `apparmor_parser --version` says it");
      return false;
    }
    const std::string_view first = find_abi(features.abi)->first_parser;
    if (*version >= *Version::of(first)) return true;
    diagnostics_
        .report(Code::E2013, place(setting(kParser).empty() ? kAbi : kParser),
                fmt::format("abi {} comes with apparmor_parser {}, and the target's is {}", features.abi, first,
                            features.parser))
        .note(
            fmt::format("set `abi` to `{}`, or `parser` to the version that the system has", all_abis().front().name));
    return false;
  }

  const Target& target_;
  Diagnostics& diagnostics_;
};

}  // namespace

const std::vector<Setting>& target_settings() {
  static const std::vector<Setting> list = [] {
    Setting features{kFeatures, all_features().front().name, "what kernel and parser mediate", {}, true};
    for (const Features& f : all_features()) features.choices.emplace_back(f.name);
    features.choices.push_back(kRunning);
    Setting abi{kAbi, "", "with a features file: what `abi` the profiles name", {}};
    for (const Abi& a : all_abis()) abi.choices.push_back(a.name);
    const Setting parser{kParser, "", "with a features file: the version of apparmor_parser", {}};
    const Setting disconnected{kAttachDisconnected,
                               "",
                               "domains (MODULE.DOMAIN) that also use files of other mount namespaces",
                               {},
                               false,
                               true};
    return std::vector<Setting>{features, abi, parser, disconnected};
  }();
  return list;
}

std::string features_path(const Target& target) {
  const auto it = target.settings.find(kFeatures);
  if (it == target.settings.end() || it->second.empty() || find_features(it->second) != nullptr) return {};
  return it->second == kRunning ? std::string(kRunningFeatures) : it->second;
}

std::optional<Features> choose_features(const Target& target, Diagnostics& diagnostics) {
  return Choice(target, diagnostics).make();
}

std::vector<Mediation> mediation_of(const Features& features) {
  std::vector<Mediation> out;
  for (const ClassInfo& info : all_classes()) {
    const bool mediated = features.mediates(info.id);
    std::string text(mediated ? info.mediated : info.open);
    if (!mediated && features.kernel.has(info.id))
      text += fmt::format("; the kernel would ask, but abi {} does not know it", features.abi);
    out.push_back({std::string(info.word), mediated, std::move(text)});
  }
#define MACC_OPEN_CLASS(word, text) out.push_back({word, false, text, false});
#include "backends/apparmor/open_classes.def"
#undef MACC_OPEN_CLASS
  return out;
}

}  // namespace macc::backends::apparmor
