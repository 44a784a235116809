#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tests/kernel/probe/files.h"
#include "tests/kernel/probe/operations.h"

namespace macc::probe {

namespace {

constexpr std::size_t kPage = 4096;

bool names_folder(const std::string& path) { return path.size() > 1 && path.back() == '/'; }

/// Does not wait for the other end of a fifo: where nobody reads there (ENXIO), opening was let through.
template <typename Then>
int opened(const std::string& path, int flags, Then then) {
  const Descriptor file(::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC, 0644));
  if (!file.valid()) return errno == ENXIO ? 0 : errno;
  return then(file.get());
}

int read_byte(int file) {
  char byte = 0;
  const int error = error_of(::read(file, &byte, 1));
  return error == EAGAIN ? 0 : error;  // an empty fifo
}

int write_byte(int file) { return error_of(::write(file, "x", 1)); }

int mapped(int file, int protection, int flags) {
  void* const at = ::mmap(nullptr, kPage, protection, flags, file, 0);
  return at == MAP_FAILED ? errno : 0;
}

int read(const Arguments& a) { return opened(a[0], O_RDONLY, read_byte); }
int write(const Arguments& a) { return opened(a[0], O_WRONLY, write_byte); }
int append(const Arguments& a) { return opened(a[0], O_WRONLY | O_APPEND, write_byte); }
int read_write(const Arguments& a) {
  return opened(a[0], O_RDWR, [](int file) {
    const int error = read_byte(file);
    return error != 0 ? error : write_byte(file);
  });
}
int map(const Arguments& a) {
  return opened(a[0], O_RDONLY, [](int file) { return mapped(file, PROT_READ, MAP_PRIVATE); });
}
int map_write(const Arguments& a) {
  return opened(a[0], O_RDWR, [](int file) { return mapped(file, PROT_READ | PROT_WRITE, MAP_SHARED); });
}
int load(const Arguments& a) {
  return opened(a[0], O_RDONLY, [](int file) { return mapped(file, PROT_READ | PROT_EXEC, MAP_PRIVATE); });
}
int read_link(const Arguments& a) {
  std::array<char, 256> target{};
  return error_of(::readlink(a[0].c_str(), target.data(), target.size()));
}
int list(const Arguments& a) {
  return opened(a[0], O_RDONLY | O_DIRECTORY, [](int folder) {
    std::array<char, 4096> names{};
    return error_of(::syscall(SYS_getdents64, folder, names.data(), names.size()));
  });
}

int truncate(const Arguments& a) { return error_of(::truncate(a[0].c_str(), 0)); }
int touch(const Arguments& a) { return error_of(::utimensat(AT_FDCWD, a[0].c_str(), nullptr, AT_SYMLINK_NOFOLLOW)); }
int set_times(const Arguments& a) {
  const timespec times[2] = {{1, 0}, {1, 0}};
  return error_of(::utimensat(AT_FDCWD, a[0].c_str(), times, AT_SYMLINK_NOFOLLOW));
}
int chmod(const Arguments& a) { return error_of(::chmod(a[0].c_str(), 0640)); }
int chown(const Arguments& a) { return error_of(::lchown(a[0].c_str(), 1001, 1001)); }

int write_set_id(const Arguments& a) {
  return opened(a[0], O_WRONLY, [](int file) {
    struct stat about {};
    if (write_byte(file) != 0 || ::fstat(file, &about) < 0) return errno;
    return (about.st_mode & S_ISUID) != 0 ? 0 : EPERM;
  });
}

int lease(const Arguments& a) {
  return opened(a[0], O_RDONLY, [](int file) { return error_of(::fcntl(file, F_SETLEASE, F_RDLCK)); });
}

/// Taken away again, so that the file is what it was.
int set_capabilities(const Arguments& a) {
  vfs_cap_data none{};
  none.magic_etc = VFS_CAP_REVISION_2;
  const int error = error_of(::setxattr(a[0].c_str(), "security.capability", &none, sizeof none, 0));
  return error != 0 ? error : error_of(::removexattr(a[0].c_str(), "security.capability"));
}

int set_append_flag(const Arguments& a) {
  return opened(a[0], O_RDONLY, [](int file) {
    int flags = 0;
    if (::ioctl(file, FS_IOC_GETFLAGS, &flags) < 0) return errno;
    int set = flags | FS_APPEND_FL;
    if (::ioctl(file, FS_IOC_SETFLAGS, &set) < 0) return errno;
    return error_of(::ioctl(file, FS_IOC_SETFLAGS, &flags));
  });
}

int create(const Arguments& a) {
  const char* path = a[0].c_str();
  return error_of(names_folder(a[0]) ? ::mkdir(path, 0755) : ::mknod(path, S_IFREG | 0644, 0));
}
int create_write(const Arguments& a) { return opened(a[0], O_WRONLY | O_CREAT | O_EXCL, write_byte); }
int create_append(const Arguments& a) { return opened(a[0], O_WRONLY | O_CREAT | O_EXCL | O_APPEND, write_byte); }
int make_fifo(const Arguments& a) { return error_of(::mkfifo(a[0].c_str(), 0644)); }
int make_symlink(const Arguments& a) { return error_of(::symlink("/nowhere", a[0].c_str())); }
int make_char_device(const Arguments& a) { return error_of(::mknod(a[0].c_str(), S_IFCHR | 0600, makedev(1, 3))); }
int make_block_device(const Arguments& a) { return error_of(::mknod(a[0].c_str(), S_IFBLK | 0600, makedev(7, 0))); }

int remove(const Arguments& a) { return error_of(names_folder(a[0]) ? ::rmdir(a[0].c_str()) : ::unlink(a[0].c_str())); }
int rename(const Arguments& a) { return error_of(::rename(a[0].c_str(), a[1].c_str())); }
int link(const Arguments& a) { return error_of(::link(a[0].c_str(), a[1].c_str())); }
int rename_read(const Arguments& a) {
  const int error = rename(a);
  return error != 0 ? error : read({a[1]});
}
int link_read(const Arguments& a) {
  const int error = link(a);
  return error != 0 ? error : read({a[1]});
}

int locked(int file, short type) {
  struct flock lock {};
  lock.l_type = type;
  return error_of(::fcntl(file, F_SETLK, &lock));
}
int lock(const Arguments& a) {
  return opened(a[0], O_RDONLY, [](int file) { return locked(file, F_RDLCK); });
}
int lock_write(const Arguments& a) {
  return opened(a[0], O_WRONLY, [](int file) { return locked(file, F_WRLCK); });
}

int watched(const std::string& path, unsigned events) {
  const Descriptor queue(::inotify_init1(IN_CLOEXEC));
  return queue.valid() ? error_of(::inotify_add_watch(queue.get(), path.c_str(), events)) : errno;
}
int watch(const Arguments& a) { return watched(a[0], IN_MODIFY); }
int watch_reads(const Arguments& a) { return watched(a[0], IN_ACCESS); }

/// A call that no file knows: what is asked is the same for all.
int ioctl(const Arguments& a) {
  return opened(a[0], O_RDONLY, [](int file) {
    std::array<char, 256> buffer{};
    const int error = error_of(::ioctl(file, TCGETS, buffer.data()));
    return error == ENOTTY ? 0 : error;
  });
}

}  // namespace

const std::vector<Operation>& file_operations() {
  static const std::vector<Operation> list_of = {
      {"read", read},
      {"map", map},
      {"read_link", read_link},
      {"list", list},
      {"write", write},
      {"append", append},
      {"truncate", truncate},
      {"read_write", read_write},
      {"map_write", map_write},
      {"touch", touch},
      {"create", create},
      {"create_write", create_write},
      {"create_append", create_append},
      {"make_fifo", make_fifo},
      {"make_symlink", make_symlink},
      {"make_char_device", make_char_device},
      {"make_block_device", make_block_device},
      {"delete", remove},
      {"rename", rename},
      {"replace", rename},
      {"link", link},
      {"rename_read", rename_read},
      {"link_read", link_read},
      {"lock", lock},
      {"lock_write", lock_write},
      {"chmod", chmod},
      {"chown", chown},
      {"chmod_of_others", chmod},
      {"write_set_id", write_set_id},
      {"read_protected", read},
      {"write_protected", write},
      {"lease", lease},
      {"set_capabilities", set_capabilities},
      {"set_append_flag", set_append_flag},
      {"set_times", set_times},
      {"load", load},
      {"watch", watch},
      {"watch_reads", watch_reads},
      {"ioctl", ioctl},
  };
  return list_of;
}

}  // namespace macc::probe
