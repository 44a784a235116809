#include "tests/kernel/probe/world.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "tests/kernel/probe/files.h"

namespace macc::probe {

namespace {

constexpr off_t kFileBytes = 4096;

mode_t type_of(const std::string& kind) {
  static const std::map<std::string, mode_t> kTypes = {
      {"file", S_IFREG},    {"program", S_IFREG}, {"dir", S_IFDIR},   {"mounted", S_IFDIR}, {"fifo", S_IFIFO},
      {"symlink", S_IFLNK}, {"char", S_IFCHR},    {"block", S_IFBLK}, {"socket", S_IFSOCK},
  };
  const auto it = kTypes.find(kind);
  if (it == kTypes.end()) throw std::runtime_error("there is no kind of thing `" + kind + "`");
  return it->second;
}

bool is_as_made(const Thing& thing) {
  struct stat about {};
  if (::lstat(thing.path.c_str(), &about) < 0 || (about.st_mode & S_IFMT) != type_of(thing.kind)) return false;
  if (thing.kind == "file" && about.st_size != kFileBytes) return false;
  if (about.st_uid != thing.owner) return false;
  if (thing.kind != "symlink" && (about.st_mode & 07777) != thing.mode) return false;
  return thing.label.empty() || label_of(thing.path) == thing.label;
}

/// The null device and a loop device: what a program can open, and one that it cannot.
dev_t device_of(const Thing& thing) { return thing.kind == "char" ? makedev(1, 3) : makedev(7, 0); }

void make(const Thing& thing) {
  const char* path = thing.path.c_str();
  if (thing.kind == "program") {
    copy_program("/proc/self/exe", thing.path);
  } else if (thing.kind == "symlink") {
    checked(::symlink(thing.content.c_str(), path), thing.path);
  } else if (type_of(thing.kind) == S_IFDIR) {
    checked(::mkdir(path, 0700), thing.path);
  } else {
    checked(::mknod(path, type_of(thing.kind) | 0600, device_of(thing)), thing.path);
  }
  if (thing.kind == "file") checked(::truncate(path, kFileBytes), thing.path);
}

void dress(const Thing& thing) {
  const char* path = thing.path.c_str();
  checked(::lchown(path, thing.owner, thing.owner), thing.path);
  if (thing.kind != "symlink") checked(::chmod(path, thing.mode), thing.path);
  if (!thing.label.empty()) set_label(thing.path, thing.label);
}

bool is_mounted(const std::string& path) {
  struct stat inside {
  }, outside{};
  const std::string parent = path.substr(0, path.rfind('/') + 1);
  return ::stat(path.c_str(), &inside) == 0 && ::stat(parent.c_str(), &outside) == 0 && inside.st_dev != outside.st_dev;
}

}  // namespace

bool World::is_known(const std::string& path) const {
  return std::any_of(things_.begin(), things_.end(), [&](const Thing& thing) { return thing.path == path; });
}

void World::remove_stranger(const std::string& path) const {
  if (!is_known(path)) remove_tree(path);
}

void World::remove_strangers(const std::string& folder) const {
  for (const std::string& name : names_in(folder)) remove_stranger(folder + "/" + name);
}

void World::restore(const Thing& thing) {
  const bool is_folder = type_of(thing.kind) == S_IFDIR;
  if (thing.kind == "mounted" && !is_mounted(thing.path)) {
    if (!exists(thing.path)) checked(::mkdir(thing.path.c_str(), 0755), thing.path);
    checked(::mount("none", thing.path.c_str(), "tmpfs", 0, nullptr), thing.path);
    dress(thing);
  }
  if (thing.kind != "socket" && !is_as_made(thing)) {
    struct stat about {};
    const bool there = ::lstat(thing.path.c_str(), &about) == 0;
    // A folder is mended, with what is in it; anything else is made anew.
    if (there && !(is_folder && S_ISDIR(about.st_mode))) remove_tree(thing.path);
    if (!exists(thing.path)) make(thing);
    dress(thing);
  }
  if (is_folder) remove_strangers(thing.path);
}

bool World::lacks_socket(const Process& process) const {
  return std::any_of(things_.begin(), things_.end(), [&](const Thing& thing) {
    return thing.kind == "socket" && thing.content == process.name && !exists(thing.path);
  });
}

void World::restore(Process& process) {
  if (process.pid != 0 && is_alive(process.pid) && !lacks_socket(process)) return;
  if (process.pid != 0) stop(process.pid);
  for (const Thing& thing : things_) {
    if (thing.kind == "socket" && thing.content == process.name) remove_tree(thing.path);
  }
  process.pid = start(process.command);
}

void World::restore() {
  for (const Thing& thing : things_) restore(thing);
  for (Process& process : processes_) restore(process);
}

void World::clear() {
  for (const Process& process : processes_) {
    if (process.pid != 0) stop(process.pid);
  }
  for (auto thing = things_.rbegin(); thing != things_.rend(); ++thing) {
    if (thing->kind == "mounted") ::umount2(thing->path.c_str(), MNT_DETACH);
    remove_tree(thing->path);
  }
  processes_.clear();
  things_.clear();
}

std::string World::with_processes(std::string text) const {
  for (const Process& process : processes_) {
    const std::string name = "%" + process.name + "%";
    const std::size_t at = text.find(name);
    if (at != std::string::npos) text.replace(at, name.size(), std::to_string(process.pid));
  }
  return text;
}

}  // namespace macc::probe
