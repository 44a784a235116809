// What the statements of a module are there for, whatever the format that they are written in.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/selinux/rules.h"

namespace macc::backends::selinux {

/// Why there are lines that no statement of the policy asks for.
namespace always {
inline constexpr std::string_view kHeader = "every file: what it is";
inline constexpr std::string_view kTitle = "every file: a title of what follows";
inline constexpr std::string_view kModule = "every module: its name and version";
inline constexpr std::string_view kRequires = "every module: the names of the system's policy that it uses";
inline constexpr std::string_view kNoContexts = "every module of this format has file contexts, if only none";
inline constexpr std::string_view kInstall = "every build: how it is installed and removed";
}  // namespace always

/// What a line is there for.
struct Cause {
  std::string why;                           ///< in words; may be empty where there are origins
  Origins origins = {};                      ///< who asked
  std::vector<Span> places = {};             ///< of what `why` speaks of
  std::vector<std::string_view> names = {};  ///< types that the line is about; good as long as the module
  const PortLabel* port = nullptr;           ///< the ports that it is about

  [[nodiscard]] static Cause in_words(std::string_view why);
  /// That it is there for the other's sake, too.
  void add(const Cause& other);
};

/// Gives the causes of a module's parts, or empty ones when nobody wants to know. The module has to outlive this.
class Causes {
 public:
  Causes(const Module& module, bool wanted);

  [[nodiscard]] Cause of_type(const std::string& type) const;
  /// Of a type in an attribute of the system.
  [[nodiscard]] Cause of_member(const std::string& type, const std::string& attribute) const;
  [[nodiscard]] Cause of_role(const std::string& type, const Origins& origins) const;
  [[nodiscard]] Cause of_permissive(const std::string& type, Span span) const;
  [[nodiscard]] Cause of(const BooleanDeclaration& boolean) const;
  [[nodiscard]] Cause of(const OwnAttribute& attribute) const;
  [[nodiscard]] Cause of(const VectorKey& key, const VectorValue& value) const;
  [[nodiscard]] Cause of(const TransitionKey& key, const TransitionValue& value) const;
  [[nodiscard]] Cause of(const std::pair<std::string, std::string>& key, const RangeTransition& value) const;
  [[nodiscard]] Cause of(const Promises::Group& group) const;
  [[nodiscard]] Cause of(const Promises::Rule& rule) const;
  [[nodiscard]] Cause of(const FileContext& context) const;
  [[nodiscard]] Cause of(const PortLabel& port) const;
  [[nodiscard]] Cause of(const RawLines& raw) const;

 private:
  [[nodiscard]] const Declaration* declared(const std::string& type) const;

  const Module& module_;
  const bool wanted_;
  std::map<std::string_view, const PortLabel*> ports_;  // by type
};

}  // namespace macc::backends::selinux
