#include "backends/apparmor/parser_version.h"

#include <array>

namespace macc::backends::apparmor {

namespace {

constexpr Version kAny{3, 0, 0};
constexpr Version kFour{4, 0, 0};  // documented, not run: 3.0.8 refuses these rules (seen)

struct Kind {
  std::string_view keyword;
  Version needs = kAny;
};

// One for each kind of rule, so that a new kind has to say what it needs.
Kind kind_of(const FileRule&) { return {"file"}; }
Kind kind_of(const LinkRule&) { return {"link"}; }
Kind kind_of(const CapabilityRule&) { return {"capability"}; }
Kind kind_of(const NetworkRule& r) { return {r.ports ? "network port=" : "network", r.ports ? kFour : kAny}; }
Kind kind_of(const UnixRule&) { return {"unix"}; }
Kind kind_of(const SignalRule&) { return {"signal"}; }
Kind kind_of(const PtraceRule&) { return {"ptrace"}; }
Kind kind_of(const ChangeProfileRule&) { return {"change_profile"}; }
Kind kind_of(const MountRule&) { return {"mount"}; }
Kind kind_of(const DbusRule&) { return {"dbus"}; }
Kind kind_of(const UsernsRule&) { return {"userns", kFour}; }
Kind kind_of(const MqueueRule&) { return {"mqueue", kFour}; }
Kind kind_of(const IoUringRule&) { return {"io_uring", kFour}; }
Kind kind_of(const RawRule&) { return {"raw"}; }
Kind kind_of(const Conditional&) { return {"if"}; }

Kind kind(const RuleBody& body) {
  return std::visit([](const auto& b) { return kind_of(b); }, body);
}

/// Reads a number of at most four digits; nullopt where there is none.
std::optional<std::uint32_t> number(std::string_view& text) {
  std::uint32_t out = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits == 4) return std::nullopt;
    out = out * 10 + static_cast<std::uint32_t>(text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return out;
}

/// The version at the start, which is cut off the text.
std::optional<Version> take_version(std::string_view& text) {
  std::array<std::uint32_t, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string_view rest = text;
    if (i != 0) {
      if (!rest.starts_with('.')) break;
      rest.remove_prefix(1);
    }
    const auto part = number(rest);
    if (!part && i == 0) return std::nullopt;
    if (!part) break;
    parts.at(i) = *part;
    text = rest;
  }
  return Version{parts[0], parts[1], parts[2]};
}

}  // namespace

std::optional<Version> Version::of(std::string_view text) {
  const auto version = take_version(text);
  return text.empty() ? version : std::nullopt;
}

std::optional<Version> Version::at_start_of(std::string_view text) { return take_version(text); }

Version needs_parser(const RuleBody& body) { return kind(body).needs; }

std::string_view keyword(const RuleBody& body) { return kind(body).keyword; }

}  // namespace macc::backends::apparmor
