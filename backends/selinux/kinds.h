// Kinds of file objects, each with a class of its own and a flag in file contexts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace macc::backends::selinux {

/// A set of classes of objects, a bit each.
using Kinds = std::uint8_t;
namespace kinds {
inline constexpr Kinds file = 1, directory = 2, symlink = 4, socket = 8, fifo = 16, char_device = 32, block_device = 64;
inline constexpr Kinds none = 0, all = 127, but_directories = all & ~directory;
}  // namespace kinds
/// The class of SELinux that one kind is ("lnk_file"); for one bit.
[[nodiscard]] std::string_view class_of(Kinds kind);
/// As CIL calls it in a file context ("symlink"); "any" for all kinds. Throws std::invalid_argument for some of them.
[[nodiscard]] std::string_view word_of(Kinds kinds);
/// The single kinds of a set, in a fixed order.
[[nodiscard]] std::vector<Kinds> each_of(Kinds kinds);
/// The kind that a class is; none for a class that is no file.
[[nodiscard]] Kinds kind_of(std::string_view class_name);
/// The kind of a flag; none for what is no flag.
[[nodiscard]] Kinds kind_of_flag(std::string_view flag);
/// The flag of file contexts ("-l") of one kind; "" for all.
[[nodiscard]] std::string_view flag_of(Kinds kinds);

}  // namespace macc::backends::selinux
