// The lists of sensitive paths: data of std.sensitive, which a project can add to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/lint/reach.h"
#include "compiler/lint/settings.h"

namespace macc::lint {

struct SensitivePattern {
  paths::PathPattern pattern;
  std::vector<std::string> starts;
  std::string sample;  ///< one path of it, as a person would write it
};

struct SensitiveList {
  std::string name;   ///< "secret_password_hashes"
  std::string title;  ///< first line of its comment: "password hashes"
  std::string harm;   ///< the rest: what follows from reaching them
  std::vector<SensitivePattern> patterns;
};

/// What a use reaches of a list.
struct Hit {
  const SensitiveList* list = nullptr;
  const SensitivePattern* pattern = nullptr;
  std::string example;
  ir::Assignment values;
};

/// A path of the pattern, as a person would write it; "" when none was put together easily.
[[nodiscard]] std::string sample_of(const paths::PathPattern& pattern);

class Sensitive {
 public:
  Sensitive(const ir::Policy& policy, const Settings& settings);

  /// The lists whose names start like this.
  [[nodiscard]] std::vector<const SensitiveList*> with_prefix(std::string_view prefix) const;

  /// The first pattern of a list that the use reaches some path of.
  [[nodiscard]] static std::optional<Hit> hit(const Reach& reach, const Use& use, const SensitiveList& list);
  /// The same, but a rule that names something of its own inside the pattern does not count: "/etc/ssl/private/web.key"
  /// is not all of "/etc/ssl/private/**".
  [[nodiscard]] static std::optional<Hit> wide_hit(const Reach& reach, const Use& use, const SensitiveList& list);

 private:
  std::vector<SensitiveList> lists_;
};

}  // namespace macc::lint
