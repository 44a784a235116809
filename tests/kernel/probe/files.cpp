#include "tests/kernel/probe/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace macc::probe {

namespace {

constexpr const char* kLabel = "security.selinux";

}  // namespace

Descriptor::~Descriptor() { close(); }

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

long checked(long result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

std::string read_file(const std::string& path) {
  const Descriptor file(static_cast<int>(checked(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path)));
  std::string out;
  std::array<char, 65536> buffer{};
  for (long n = 0; (n = checked(::read(file.get(), buffer.data(), buffer.size()), path)) > 0;) {
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return out;
}

void write_file(const std::string& path, std::string_view text) {
  const Descriptor file(static_cast<int>(checked(::open(path.c_str(), O_WRONLY | O_CLOEXEC), path)));
  checked(::write(file.get(), text.data(), text.size()), path);
}

void make_folders(const std::string& path) {
  for (std::size_t at = 1; (at = path.find('/', at)) != std::string::npos; ++at) {
    const std::string folder = path.substr(0, at);
    if (::mkdir(folder.c_str(), 0755) < 0 && errno != EEXIST) checked(-1, folder);
  }
}

void copy_program(const std::string& from, const std::string& to) {
  const Descriptor source(static_cast<int>(checked(::open(from.c_str(), O_RDONLY | O_CLOEXEC), from)));
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const Descriptor target(static_cast<int>(checked(::open(to.c_str(), flags, 0755), to)));
  struct stat about {};
  checked(::fstat(source.get(), &about), from);
  for (off_t left = about.st_size; left > 0;) {
    left -= checked(::sendfile(target.get(), source.get(), nullptr, static_cast<std::size_t>(left)), to);
  }
}

std::vector<std::string> names_in(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) checked(-1, folder);
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") out.push_back(name);
  }
  return out;
}

void remove_tree(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) checked(-1, path);
  for (const std::string& name : names_in(path)) remove_tree(path + "/" + name);
  checked(::rmdir(path.c_str()), path);
}

bool exists(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0;
}

std::string label_of(const std::string& path) {
  std::array<char, 512> text{};
  const long size = ::lgetxattr(path.c_str(), kLabel, text.data(), text.size() - 1);
  return size <= 0 ? "" : std::string(text.data());
}

void set_label(const std::string& path, const std::string& label) {
  checked(::lsetxattr(path.c_str(), kLabel, label.c_str(), label.size() + 1, 0), path + " as " + label);
}

bool has_selinux() { return read_file("/sys/kernel/security/lsm").find("selinux") != std::string::npos; }

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == '\t') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

}  // namespace macc::probe
