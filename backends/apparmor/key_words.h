// Keys of compiled policy in words, for messages: what a key with these bits is about.
#pragma once

#include <cstdint>
#include <string>

namespace macc::backends::apparmor {

// The first byte of a key.
inline constexpr char kMountClass = 7, kTraceClass = 9, kSignalClass = 10, kNetworkClass = 14, kBusClass = 32;

/// "send the signal term to `x`", "use sockets of the family inet, type stream": behind "lets `d`". Takes any key.
[[nodiscard]] std::string describe_key(const std::string& key, std::uint32_t bits);

}  // namespace macc::backends::apparmor
