// Small work on files for a program that is alone on its system. What fails throws std::system_error with the path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace macc::probe {

/// A file descriptor that closes itself. -1 is none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void close();

 private:
  int fd_;
};

/// Throws for a result below 0 of a system call; else returns it.
long checked(long result, const std::string& what);

[[nodiscard]] std::string read_file(const std::string& path);
/// With one write(), as files of the kernel want it.
void write_file(const std::string& path, std::string_view text);
void make_folders(const std::string& path);
/// With the mode 0755.
void copy_program(const std::string& from, const std::string& to);
void remove_tree(const std::string& path);
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);
[[nodiscard]] bool exists(const std::string& path);

/// The SELinux label of a file, "" where it has none.
[[nodiscard]] std::string label_of(const std::string& path);
void set_label(const std::string& path, const std::string& label);

/// Whether the kernel runs SELinux; else it is AppArmor.
[[nodiscard]] bool has_selinux();

/// The parts of a line between tabs.
[[nodiscard]] std::vector<std::string> fields_of(const std::string& line);

}  // namespace macc::probe
