#include "tests/kernel/probe/guest.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/kernel/probe/files.h"
#include "tests/kernel/probe/launch.h"
#include "tests/kernel/probe/tree.h"
#include "tests/kernel/probe/units.h"
#include "tests/kernel/probe/world.h"

namespace macc::probe {

namespace {

const std::string kNewRoot = "/new", kOwn = "/k", kPolicy = "/policy", kPlan = "/plan", kLabels = "/labels";

void mount_at(const char* type, const std::string& path, const char* options = nullptr) {
  make_folders(path + "/");
  checked(::mount("none", path.c_str(), type, 0, options), path);
}

void mount_system(const std::string& root) {
  mount_at("proc", root + "/proc");
  mount_at("sysfs", root + "/sys");
  mount_at("securityfs", root + "/sys/kernel/security");
  mount_at("devtmpfs", root + "/dev");
  mount_at("mqueue", root + "/dev/mqueue");
}

void raise_loopback() {
  const Descriptor socket(static_cast<int>(checked(::socket(AF_INET, SOCK_DGRAM, 0), "a socket")));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  checked(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "lo");
}

/// The second serial port, as a file of bytes.
int open_report() {
  const int port = static_cast<int>(checked(::open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC), "/dev/ttyS1"));
  termios settings{};
  checked(::tcgetattr(port, &settings), "/dev/ttyS1");
  ::cfmakeraw(&settings);
  checked(::tcsetattr(port, TCSANOW, &settings), "/dev/ttyS1");
  return port;
}

/// The label of a file of ours by which the loaded policy makes us init, if it has one.
void label_as_init(const std::string& path) {
  if (has_selinux()) set_label(path, "system_u:object_r:init_exec_t:s0");
}

/// With a tree of packages, which is too large to be copied: it is labelled where the kernel unpacked it.
[[noreturn]] void start_in_place(bool labelled) {
  mount_at("devtmpfs", "/dev");
  if (labelled) label_tree(read_file(kOwn + kLabels));
  copy_program("/proc/self/exe", kOwn + "/init");
  label_as_init(kOwn + "/init");
  ::execl("/k/init", "/k/init", "work", nullptr);
  throw std::runtime_error("/k/init cannot be run");
}

class Guest {
 public:
  Guest()
      : report_(open_report()),
        messages_(static_cast<int>(checked(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), "/dev/kmsg"))) {}

  void work() {
    say({"guest", domain_of(::getpid())});
    std::istringstream plan(read_file(kOwn + kPlan));
    for (std::string line; std::getline(plan, line);) step(fields_of(line));
    tell_audit();
    say({"done"});
  }

  /// Whatever went wrong ends the run, and is told.
  void fail(const std::string& why) {
    tell_audit();
    say({"failed", why});
  }

 private:
  void say(const std::vector<std::string>& fields) const {
    std::string line;
    for (const std::string& field : fields) line += (line.empty() ? "" : "\t") + field;
    line += '\n';
    (void)!::write(report_.get(), line.data(), line.size());
  }

  void step(const std::vector<std::string>& fields) {
    const std::string& word = fields.at(0);
    if (word == "case") {
      begin(fields.at(1));
    } else if (word == "thing") {
      world_->add(Thing{fields.at(1), fields.at(2), static_cast<unsigned>(std::stoul(fields.at(3), nullptr, 8)),
                        static_cast<unsigned>(std::stoul(fields.at(4))), fields.at(5), fields.at(6)});
    } else if (word == "process") {
      world_->add(Process{fields.at(1), command(fields, 2)});
    } else if (word == "label") {
      if (exists(fields.at(1))) set_label(fields.at(1), fields.at(2));
    } else if (word == "try") {
      attempt(fields);
    } else if (word == "boolean") {
      write_file("/sys/fs/selinux/booleans/" + fields.at(1), fields.at(2));
      write_file("/sys/fs/selinux/commit_pending_bools", "1");
    } else if (word == "profiles") {
      write_file("/sys/kernel/security/apparmor/.replace", read_file(kOwn + "/" + fields.at(1)));
    } else if (word == "features") {
      tell_features("/sys/kernel/security/apparmor/features", "");
    } else if (word == "remove-system") {
      remove_system();
    } else if (units_.step(fields)) {
      tell_audit();
    } else {
      throw std::runtime_error("the plan has an unknown step `" + word + "`");
    }
  }

  [[nodiscard]] static Command command(const std::vector<std::string>& fields, std::size_t from) {
    const auto words = fields.begin() + static_cast<std::ptrdiff_t>(from);
    return {words[0], {words + 1, fields.end()}};
  }

  void begin(const std::string& name) {
    tell_audit();
    world_ = std::make_unique<World>();
    say({"case", name, read_file("/proc/uptime")});
  }

  /// "try NUMBER LOOK CONTEXT PROGRAM ARGUMENTS...": LOOK is a path whose label is told afterwards.
  void attempt(const std::vector<std::string>& fields) {
    world_->restore();
    Command tried = command(fields, 3);
    for (std::string& word : tried.words) word = world_->with_processes(word);
    const Ending end = run(tried);
    static constexpr std::array kWords = {"exited", "signalled", "not-run"};
    say({"tried", fields.at(1), std::to_string(end.pid), kWords.at(static_cast<std::size_t>(end.kind)),
         std::to_string(end.number), end.domain, fields.at(2).empty() ? "" : label_of(fields.at(2))});
    // The folder that it was made in may be one of the system's, where strangers are left alone.
    if (!fields.at(2).empty()) world_->remove_stranger(fields.at(2));
  }

  /// Records of denials come from a thread of the kernel, some moments after the denial.
  void tell_audit() const {
    ::usleep(20000);
    std::array<char, 8192> record{};
    for (long size = 0; (size = ::read(messages_.get(), record.data(), record.size() - 1)) > 0 || errno == EPIPE;) {
      if (size <= 0) continue;
      const std::string text(record.data(), static_cast<std::size_t>(size));
      const std::string line = text.substr(0, text.find('\n'));
      if (line.find("avc:") != std::string::npos || line.find("apparmor=") != std::string::npos) say({"audit", line});
    }
  }

  /// The tree of features as the flat text that apparmor_parser reads.
  void tell_features(const std::string& path, const std::string& name) const {
    struct stat about {};
    checked(::stat(path.c_str(), &about), path);
    if (!S_ISDIR(about.st_mode)) return say({"feature", name, read_file(path)});
    for (const std::string& entry : names_in(path)) {
      tell_features(path + "/" + entry, name.empty() ? entry : name + "/" + entry);
    }
  }

  Descriptor report_, messages_;
  Units units_{[this](const std::vector<std::string>& fields) { say(fields); }};
  std::unique_ptr<World> world_ = std::make_unique<World>();
};

}  // namespace

void boot() {
  mount_at("proc", "/proc");
  mount_at("sysfs", "/sys");
  mount_at("securityfs", "/sys/kernel/security");
  // Labels that are set before there is a policy are lost.
  if (exists(kPolicy)) {
    mount_at("selinuxfs", "/sys/fs/selinux");
    write_file("/sys/fs/selinux/load", read_file(kPolicy));
  }
  const bool labelled = exists(kPolicy);
  if (has_tree()) start_in_place(labelled);
  mount_at("tmpfs", kNewRoot, labelled ? "mode=0755,rootcontext=system_u:object_r:root_t:s0" : "mode=0755");
  mount_system(kNewRoot);
  if (labelled) mount_at("selinuxfs", kNewRoot + "/sys/fs/selinux");
  make_folders(kNewRoot + kOwn + "/");
  for (const std::string& name : names_in(kOwn)) {
    copy_program(kOwn + "/" + name, kNewRoot + kOwn + "/" + name);
  }
  copy_program("/proc/self/exe", kNewRoot + kOwn + "/init");
  copy_program("/proc/self/exe", kNewRoot + kOwn + "/login");
  label_as_init(kNewRoot + kOwn + "/init");
  checked(::chdir(kNewRoot.c_str()), kNewRoot);
  checked(::mount(".", "/", nullptr, MS_MOVE, nullptr), "the new root");
  checked(::chroot("."), "the new root");
  checked(::chdir("/"), "the new root");
  checked(::execl("/k/init", "/k/init", "work", nullptr), "/k/init");
}

void work() {
  // Else the kernel leaves records of denials out.
  write_file("/proc/sys/kernel/printk_ratelimit", "0");
  raise_loopback();
  Guest guest;
  try {
    guest.work();
  } catch (const std::exception& error) {
    guest.fail(error.what());
  }
  ::sync();
  ::reboot(RB_POWER_OFF);
}

}  // namespace macc::probe
