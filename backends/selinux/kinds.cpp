#include "backends/selinux/kinds.h"

#include <algorithm>
#include <array>

namespace macc::backends::selinux {
namespace {

struct KindRow {
  Kinds kind;
  std::string_view flag, class_name;
};
constexpr std::array<KindRow, 7> kKinds = {{{kinds::file, "--", "file"},
                                            {kinds::directory, "-d", "dir"},
                                            {kinds::symlink, "-l", "lnk_file"},
                                            {kinds::socket, "-s", "sock_file"},
                                            {kinds::fifo, "-p", "fifo_file"},
                                            {kinds::char_device, "-c", "chr_file"},
                                            {kinds::block_device, "-b", "blk_file"}}};

template <typename Wanted>
const KindRow* find(Wanted wanted) {
  const auto* row = std::find_if(kKinds.begin(), kKinds.end(), wanted);
  return row == kKinds.end() ? nullptr : row;
}

}  // namespace

std::string_view class_of(Kinds kind) {
  const KindRow* row = find([&](const KindRow& r) { return r.kind == kind; });
  return row == nullptr ? std::string_view() : row->class_name;
}

std::string_view flag_of(Kinds kinds) {
  const KindRow* row = find([&](const KindRow& r) { return r.kind == kinds; });
  return row == nullptr ? std::string_view() : row->flag;
}

Kinds kind_of(std::string_view class_name) {
  const KindRow* row = find([&](const KindRow& r) { return r.class_name == class_name; });
  return row == nullptr ? kinds::none : row->kind;
}

Kinds kind_of_flag(std::string_view flag) {
  const KindRow* row = find([&](const KindRow& r) { return r.flag == flag; });
  return row == nullptr ? kinds::none : row->kind;
}

}  // namespace macc::backends::selinux
