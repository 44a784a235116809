// What apparmor_parser compiled, read back: the bytes that the kernel would load. A reader of our own, since the
// platform has none outside of the kernel; it takes any bytes and ends in a sentence where they are no policy.
//
// Written from the format that apparmor_parser 3.0.8 emits (versions 5 to 8, permissions in the accept tables). Of the
// newer layout, with a table of permissions beside the automaton, those fields are read that the kernel's loader
// documents (security/apparmor/policy_unpack.c since 6.4); no parser that writes it was at hand, so a profile that uses
// it says so in `notices`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::apparmor {

/// Bits of one half of a file permission word: files of the process's own user, or of others.
enum FileBit : std::uint32_t {
  kExec = 0x1,
  kWrite = 0x2,
  kRead = 0x4,
  kAppend = 0x8,
  kLink = 0x10,
  kLock = 0x20,
  kMap = 0x40,
  kUnconfinedFallback = 0x80,  ///< of an exec: unconfined where there is no such profile (PUx)
  kKeepEnvironment = 0x100,    ///< of an exec
  kInherit = 0x200,            ///< of an exec: this profile, or where there is no such one (ix, pix)
};
inline constexpr unsigned kHalfBits = 14;
inline constexpr std::uint32_t kHalfMask = (1U << kHalfBits) - 1;
/// The bits of an exec besides kExec: how, and to what (four bits for an index).
inline constexpr std::uint32_t kExecModeMask = kUnconfinedFallback | kKeepEnvironment | kInherit | 0x3c00;
inline constexpr unsigned kExecIndexShift = 10;
/// In the pair automaton of links, one bit for both halves: the link may give no permission that the target lacks.
inline constexpr std::uint32_t kSubset = 0x20;
/// Of a profile's name, in the file automaton.
inline constexpr std::uint32_t kChangeProfile = 0x80000000, kChangeOnExec = 0x40000000;

/// A deterministic automaton over bytes, as far as walks need it.
class ByteAutomaton {
 public:
  using State = std::uint32_t;
  /// From dead no byte leads away, and it accepts nothing.
  static constexpr State dead = 0, start = 1;

  ByteAutomaton() = default;
  ByteAutomaton(const ByteAutomaton&) = default;
  ByteAutomaton(ByteAutomaton&&) = default;
  ByteAutomaton& operator=(const ByteAutomaton&) = default;
  ByteAutomaton& operator=(ByteAutomaton&&) = default;
  virtual ~ByteAutomaton() = default;

  [[nodiscard]] virtual State step(State state, unsigned char byte) const = 0;
  /// Bytes with the same number lead to the same states everywhere.
  [[nodiscard]] virtual std::uint32_t byte_class(unsigned char byte) const = 0;
};

/// What the parser compiled.
class CompiledAutomaton final : public ByteAutomaton {
 public:
  /// nullopt with `error` set when the bytes are no automaton, or one that leads out of its tables.
  [[nodiscard]] static std::optional<CompiledAutomaton> read(std::string_view data, std::string& error);

  [[nodiscard]] State step(State state, unsigned char byte) const override;
  [[nodiscard]] State run(std::string_view bytes, State from = start) const;
  [[nodiscard]] std::uint32_t accept(State state) const { return accept_[state]; }
  /// Audit and quiet bits; 0 where there are none.
  [[nodiscard]] std::uint32_t accept2(State state) const { return accept2_[state]; }
  [[nodiscard]] std::size_t size() const { return base_.size(); }
  /// Whether some state accepts with one of these bits.
  [[nodiscard]] bool accepts_any(std::uint32_t bits) const;
  [[nodiscard]] std::uint32_t byte_class(unsigned char byte) const override { return classes_[byte]; }
  /// Lets happen what is only not allowed: all but what is quiet, with which denies are marked.
  void complain();
  /// The same of nothing.
  [[nodiscard]] static CompiledAutomaton complaining();

 private:
  friend class PolicyReader;
  CompiledAutomaton() = default;
  [[nodiscard]] std::string check() const;
  [[nodiscard]] bool is_trap(State state) const;

  std::vector<std::uint32_t> accept_, accept2_, base_, default_, next_, check_, classes_;
};

struct CompiledCapabilities {
  std::uint64_t allowed = 0, audited = 0, quiet = 0;
};

/// One profile as the kernel gets it.
struct CompiledProfile {
  std::string name;  ///< "parent//child" for a child or a hat
  std::string policy_namespace;
  std::uint32_t version = 0;  ///< of the format
  bool hat = false;
  std::uint64_t mode = 0;  ///< 0 enforce, 1 complain, 2 kill, 3 unconfined
  [[nodiscard]] bool complains() const { return mode == 1; }
  bool audits_all = false;
  std::uint64_t path_flags = 0;  ///< attach_disconnected and its like
  /// By which paths of programs the profile is entered; none: by its name alone, where that is a path.
  std::optional<CompiledAutomaton> attachment;
  /// None: no path is permitted.
  std::optional<CompiledAutomaton> files;
  /// Everything that is not a file, a class in the first byte.
  std::optional<CompiledAutomaton> classes;
  CompiledCapabilities capabilities;
  std::vector<std::string> exec_targets;  ///< by exec index less 4
  bool limits = false;                    ///< sets resource limits
  bool attributes = false;                ///< attaches by extended attributes
  std::vector<std::string> notices;       ///< what of it was not understood, or never seen in a real file

  /// Whether the kernel asks this profile about a class at all.
  [[nodiscard]] bool mediates(unsigned char policy_class) const;
};

/// What really happens under a profile of complain mode. What a deny that is logged says happens as well: the kernel
/// knows denies from what is merely not allowed by their being quiet. A program that nothing names is executed with the
/// environment that it is given, in a domain of its own.
[[nodiscard]] CompiledProfile as_it_happens(CompiledProfile profile);

struct CompiledPolicy {
  std::vector<CompiledProfile> profiles;
  std::string error;  ///< why the bytes are no policy; then there are no profiles
};

[[nodiscard]] CompiledPolicy read_policy(std::string_view bytes);

}  // namespace macc::backends::apparmor
