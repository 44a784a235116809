// Reads the binary policy that apparmor_parser writes and answers what it allows. Only for tests: the answers come
// from the bytes that the kernel would get, not from anything macc computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macc::test {

/// File permission bits of one half (owner or other) of an accept word.
enum FileBit : std::uint32_t {
  kExec = 0x1,
  kWrite = 0x2,
  kRead = 0x4,
  kAppend = 0x8,
  kLink = 0x10,
  kLock = 0x20,
  kMap = 0x40,
  kUnconfinedFallback = 0x80,
  kUnsafe = 0x100,
  kInherit = 0x200,
};

/// A compiled automaton; state 0 is dead, 1 the start.
class Automaton {
 public:
  /// `data` may begin with padding. Throws std::runtime_error on anything malformed.
  explicit Automaton(std::string_view data);
  [[nodiscard]] std::uint32_t step(std::uint32_t state, unsigned char byte) const;
  [[nodiscard]] std::uint32_t run(std::string_view bytes, std::uint32_t state = 1) const;
  [[nodiscard]] std::uint32_t accept(std::uint32_t state) const { return accept_.at(state); }
  [[nodiscard]] std::uint32_t accept2(std::uint32_t state) const { return accept2_.at(state); }
  [[nodiscard]] std::size_t size() const { return base_.size(); }

 private:
  std::vector<std::uint32_t> accept_, accept2_, base_, default_, next_, check_, class_;
};

/// What one profile allows.
struct CompiledProfile {
  std::string name;
  bool complain = false;
  std::optional<Automaton> attachment, files, others;
  std::uint64_t capabilities = 0, audited_capabilities = 0, quiet_capabilities = 0;
  std::vector<std::string> transitions;

  /// The 14 permission bits on a path.
  [[nodiscard]] std::uint32_t file(std::string_view path, bool owned = false) const;
  /// The audit and quiet words (accept2) on a path.
  [[nodiscard]] std::uint32_t file_audit(std::string_view path) const;
  /// "" no exec, "ix", "ux", "px", "cx", or "-> NAME"; with " unsafe" when the environment is kept.
  [[nodiscard]] std::string exec(std::string_view path) const;
  /// The same, of a path's permission bits.
  [[nodiscard]] std::string exec_of(std::uint32_t bits) const;
  [[nodiscard]] bool link(std::string_view link_name, std::string_view target) const;
  [[nodiscard]] bool attaches(std::string_view path) const;
  [[nodiscard]] bool network(int family, int type) const;
  [[nodiscard]] bool sends(int signal, std::string_view peer) const;
  [[nodiscard]] bool receives(int signal, std::string_view peer) const;
  /// trace 2, read 4, traced-by 8, read-by 16.
  [[nodiscard]] std::uint32_t ptrace(std::string_view peer) const;
  [[nodiscard]] bool capability(int number) const { return (capabilities >> number & 1) != 0; }
  [[nodiscard]] bool mediates(int policy_class) const;
  [[nodiscard]] bool may_change_to(std::string_view profile) const;

 private:
  [[nodiscard]] std::uint32_t policy(std::string_view key) const;
};

/// Throws std::runtime_error on anything malformed.
[[nodiscard]] std::vector<CompiledProfile> read_compiled_policy(std::string_view bytes);

}  // namespace macc::test
