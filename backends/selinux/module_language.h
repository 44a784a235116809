// A module as policy source for checkmodule (.te), its file contexts (.fc) and what it opens to others (.if). From the
// same tree as the CIL; what the module language has no words for is reported by check_module_language().
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/rules.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {

/// How the text is to be read.
enum class Dialect : std::uint8_t {
  macros,  ///< with m4 and the macros of the reference policy, by its own build; what selint reads
  plain,   ///< by checkmodule as it is
};

/// Whether a name of the system's policy is an attribute; else it is a type.
using IsAttribute = std::function<bool(std::string_view)>;

/// A text with the place that each of its lines comes from.
struct ModuleText {
  std::string text;
  std::vector<Span> lines;  ///< lines[0] is that of line 1
  bool levels = true;       ///< whether it is for a system with levels
};

/// What a module opens to the modules of others, in the words of the reference policy's interfaces.
struct Interface {
  std::string name;
  std::string summary;  ///< one sentence
  Module body;          ///< its vectors and transitions; the other side is called kCaller
  Span span;            ///< of what it opens
};
/// The argument of an interface: the domain of whoever calls it.
inline constexpr std::string_view kCaller = "$1";

/// Reports what cannot be said in the module language: raw text, file names with odd letters, reserved words.
void check_module_language(const Module& module, Dialect dialect, Diagnostics& diagnostics);

/// `name` is the module's name in the system's store. `lines`, where there are some, learn what each line is there for.
[[nodiscard]] ModuleText to_te(const Module& module, std::string_view name, std::string_view header, Dialect dialect,
                               const IsAttribute& is_attribute, const SourceManager& sources,
                               LineOrigins* lines = nullptr);
/// A line for each of the module's file contexts, in their order.
[[nodiscard]] std::string to_fc(const Module& module, Dialect dialect);
[[nodiscard]] std::string to_if(const std::vector<Interface>& interfaces, std::string_view summary,
                                const IsAttribute& is_attribute, LineOrigins* lines = nullptr);

/// A set of types as the module language writes it, "{ file_type device_node -shadow_t }", from the expression of an
/// own attribute: unions of names, and one difference. Throws std::logic_error for any other expression.
[[nodiscard]] std::string type_set(const cil::Node& expression);

}  // namespace macc::backends::selinux
