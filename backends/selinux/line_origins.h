// Where the lines of a file come from, collected while it is written.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/causes.h"
#include "backends/selinux/written.h"

namespace macc::backends::selinux {

class LineOrigins {
 public:
  /// `module` is a module of the source. Both have to outlive this.
  LineOrigins(const WrittenIndex& written, const std::string& module) : written_(written), module_(module) {}

  /// Lines `first` to `last`, behind those that were added before.
  void add(std::uint32_t first, std::uint32_t last, const Cause& cause);
  /// Of a raw text: each line leads to its own place. With `marks` a line before and one behind it are not its own.
  void add_raw(std::uint32_t first, std::uint32_t last, const RawLines& raw, bool marks, const Cause& cause);
  [[nodiscard]] std::vector<ArtifactOrigin> take();

 private:
  using Found = std::vector<const Written*>;
  [[nodiscard]] Found at(Span place, const Cause& cause) const;
  [[nodiscard]] ArtifactOrigin origin(const Cause& cause);
  const std::string& phrase(const Written& written);

  const WrittenIndex& written_;
  const std::string& module_;
  std::vector<ArtifactOrigin> lines_;
  std::unordered_map<const Written*, std::string> phrases_;
};

/// Of a text of which no statement of the policy asks for any line.
[[nodiscard]] std::vector<ArtifactOrigin> origins_in_words(std::string_view text, std::string_view why);

}  // namespace macc::backends::selinux
