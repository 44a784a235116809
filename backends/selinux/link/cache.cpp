#include "backends/selinux/link/cache.h"

#include <fmt/format.h>

#include "backends/selinux/link/base_file.h"
#include "backends/selinux/link/bytes.h"
#include "compiler/base/files.h"

namespace macc::backends::selinux {

BaseCache::BaseCache(const PolicySource& source, const std::vector<std::string>& leave_out,
                     const Companions& companions) {
  ByteWriter place;
  place.text(source.place);
  place.texts(leave_out);
  const std::string where = place.take();
  ByteWriter key;
  key.text(linker_name());
  key.text(where);
  for (const PackageFile& package : source.packages) {
    key.text(package.path);
    key.number(package.size);
    key.number(static_cast<std::uint64_t>(package.changed));
  }
  for (const std::string* text : {&companions.aliases, &companions.aliases_dist, &companions.local_file_contexts,
                                  &companions.ports, &companions.booleans})
    key.text(*text);
  key.texts(companions.notices);
  key_ = key.take();
  if (const std::string caches = user_cache_folder(); !caches.empty())
    path_ = fmt::format("{}/selinux-{:016x}.base", caches, checksum(where));
}

bool BaseCache::read(Base::Data& data) const {
  if (path_.empty()) return false;
  Base::Data found;
  if (!read_base(read_whole_file(path_).value_or(""), found).empty() || found.cache_key != key_) return false;
  data = std::move(found);
  return true;
}

void BaseCache::write(Base::Data& data) const {
  if (path_.empty()) return;
  data.cache_key = key_;
  put_file(path_, write_base(data));
}

}  // namespace macc::backends::selinux
