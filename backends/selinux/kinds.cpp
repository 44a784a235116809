#include "backends/selinux/kinds.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace macc::backends::selinux {
namespace {

struct KindRow {
  Kinds kind;
  std::string_view flag, class_name, word;
};
constexpr std::array<KindRow, 7> kKinds = {{{kinds::file, "--", "file", "file"},
                                            {kinds::directory, "-d", "dir", "dir"},
                                            {kinds::symlink, "-l", "lnk_file", "symlink"},
                                            {kinds::socket, "-s", "sock_file", "socket"},
                                            {kinds::fifo, "-p", "fifo_file", "pipe"},
                                            {kinds::char_device, "-c", "chr_file", "char"},
                                            {kinds::block_device, "-b", "blk_file", "block"}}};

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

std::string_view word_of(Kinds kinds) {
  if (kinds == kinds::all) return "any";
  const KindRow* row = find([&](const KindRow& r) { return r.kind == kinds; });
  if (row == nullptr) throw std::invalid_argument("a file context is about one kind or about all");
  return row->word;
}

std::vector<Kinds> each_of(Kinds kinds) {
  std::vector<Kinds> list;
  for (const KindRow& row : kKinds)
    if ((kinds & row.kind) != 0) list.push_back(row.kind);
  return list;
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
