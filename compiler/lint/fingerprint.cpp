#include "compiler/lint/fingerprint.h"

#include <fmt/format.h>

#include <cstdint>

namespace macc::lint {

namespace {

/// FNV-1a, 64 bits: fingerprints tell findings apart, they guard nothing.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      value_ ^= static_cast<unsigned char>(c);
      value_ *= 0x100000001b3ULL;
    }
  }
  void add(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      value_ ^= (number >> shift) & 0xffU;
      value_ *= 0x100000001b3ULL;
    }
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:016x}", value_); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace

namespace {

Hash head_of(const Finding& finding) {
  Hash hash;
  hash.add(info(finding.diagnostic.code).id);
  hash.add(std::string_view("\0", 1));
  hash.add(finding.domain);
  return hash;
}

void add_part(Hash& hash, const std::string& text) {
  hash.add(std::string_view("\0", 1));
  hash.add(text);
}

}  // namespace

std::string fingerprint(const Finding& finding) {
  Hash hash = head_of(finding);
  for (const std::string& subject : finding.subjects) add_part(hash, subject);
  add_part(hash, finding.condition);
  return hash.text();
}

std::string fingerprint(const Finding& finding, const std::string& subject, bool always) {
  Hash hash = head_of(finding);
  add_part(hash, subject);
  add_part(hash, always ? "" : finding.condition);
  return hash.text();
}

std::string name_of(const paths::PathSet& set) {
  Hash hash;
  for (const auto& state : set.automaton().states) {
    hash.add(static_cast<std::uint64_t>(state.accepting));
    hash.add(static_cast<std::uint64_t>(state.edges.size()));
    for (const auto& edge : state.edges) {
      hash.add(static_cast<std::uint64_t>(edge.first));
      hash.add(static_cast<std::uint64_t>(edge.last));
      hash.add(static_cast<std::uint64_t>(edge.target));
    }
  }
  return hash.text();
}

}  // namespace macc::lint
