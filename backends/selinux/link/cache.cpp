#include "backends/selinux/link/cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "backends/selinux/link/bytes.h"

namespace macc::backends::selinux {
namespace {

// To be raised whenever condense() or what is stored changes.
constexpr std::string_view kFormat = "macc-selinux-base-1";

/// $XDG_CACHE_HOME or ~/.cache; "" when neither is known.
std::string cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/macc";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.cache/macc";
  return {};
}

std::string read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  std::string bytes;
  if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
    bytes.resize(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = read(file, bytes.data() + done, bytes.size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
  }
  if (file >= 0) close(file);
  return bytes;
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Under another name first: a reader sees the old file, the new one or none.
void replace_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  std::string temporary = path + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return;
  const bool written = write_all(file, bytes);
  const bool closed = close(file) == 0;
  if (!written || !closed || rename(temporary.c_str(), path.c_str()) != 0) unlink(temporary.c_str());
}

}  // namespace

BaseCache::BaseCache(const std::string& folder, const std::vector<PackageFile>& packages,
                     const std::vector<std::string>& leave_out) {
  ByteWriter place;
  place.text(folder);
  place.texts(leave_out);
  ByteWriter key;
  key.text(kFormat);
  key.text(linker_name());
  key.text(place.take());
  for (const PackageFile& package : packages) {
    key.text(package.path);
    key.number(package.size);
    key.number(static_cast<std::uint64_t>(package.changed));
  }
  key_ = key.take();
  place.text(folder);
  place.texts(leave_out);
  if (const std::string caches = cache_folder(); !caches.empty())
    path_ = fmt::format("{}/selinux-{:016x}.base", caches, checksum(place.take()));
}

bool BaseCache::read(Base::Data& data) const {
  if (path_.empty()) return false;
  const std::string bytes = read_file(path_);
  ByteReader header(bytes);
  const std::uint64_t sum = header.number();
  if (!header.good() || sum != checksum(header.rest())) return false;
  ByteReader in(header.rest());
  if (in.text() != key_) return false;
  for (std::string* text : {&data.description, &data.core, &data.rest, &data.file_contexts}) *text = in.text();
  data.own_violations = in.texts();
  return in.good();
}

void BaseCache::write(const Base::Data& data) const {
  if (path_.empty()) return;
  ByteWriter out;
  out.text(key_);
  for (const std::string* text : {&data.description, &data.core, &data.rest, &data.file_contexts}) out.text(*text);
  out.texts(data.own_violations);
  const std::string body = out.take();
  out.number(checksum(body));
  replace_file(path_, out.take() + body);
}

}  // namespace macc::backends::selinux
