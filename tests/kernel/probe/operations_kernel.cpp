#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "tests/kernel/probe/files.h"
#include "tests/kernel/probe/operations.h"

namespace macc::probe {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kQueueBytes = 8192;  // the longest message by default

/// 0 where the kernel looked at the rest of the call, which it does after it has asked for the capability.
int asked(long result, int later) {
  const int error = error_of(result);
  return error == later ? 0 : error;
}

/// A case that tries it has to allow `connect udp`: there is no use without a socket.
int use_net_admin() {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int mark = 1;
  return socket.valid() ? error_of(::setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark)) : errno;
}

int use_ipc_lock() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) < 0) return errno;
  return error_of(::mlock(&none, sizeof none));
}

int use_resource() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return errno;
  limit.rlim_max += 1;
  return error_of(::setrlimit(RLIMIT_NOFILE, &limit));
}

int use_time() {
  timex change{};
  change.modes = ADJ_TICK;
  change.tick = 10000;
  return error_of(::adjtimex(&change));
}

int use_wake_alarm() {
  const Descriptor timer(::timerfd_create(CLOCK_REALTIME_ALARM, TFD_CLOEXEC));
  return timer.valid() ? 0 : errno;
}

/// Memory that nobody may use by its mode, not even who made it.
int use_ipc_owner() {
  const int segment = ::shmget(IPC_PRIVATE, kPage, 0);
  if (segment < 0) return errno;
  void* const at = ::shmat(segment, nullptr, 0);
  const int error = reinterpret_cast<std::intptr_t>(at) == -1 ? errno : 0;
  (void)::shmctl(segment, IPC_RMID, nullptr);
  return error;
}

/// The kernel drops the flag in silence where the capability is missing: what it kept is in /proc.
int use_block_suspend() {
  const Descriptor queue(::epoll_create1(EPOLL_CLOEXEC)), event(::eventfd(0, EFD_CLOEXEC));
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLWAKEUP;
  if (!queue.valid() || !event.valid()) return errno;
  if (::epoll_ctl(queue.get(), EPOLL_CTL_ADD, event.get(), &wanted) < 0) return errno;
  const std::string text = read_file("/proc/self/fdinfo/" + std::to_string(queue.get()));
  const std::size_t at = text.find("events:");
  if (at == std::string::npos) return kBroken;
  return (std::stoul(text.substr(at + 7), nullptr, 16) & EPOLLWAKEUP) != 0 ? 0 : EPERM;
}

int use_nice() { return error_of(::setpriority(PRIO_PROCESS, 0, -5)); }

int use_pacct() { return error_of(::syscall(SYS_acct, nullptr)); }

/// What each capability is asked for by, without a lasting effect.
const std::map<std::string, std::function<int()>>& uses() {
  static const std::map<std::string, std::function<int()>> list = {
      {"setuid", [] { return error_of(::setuid(1000)); }},
      {"setgid", [] { return error_of(::setgid(1000)); }},
      {"setpcap", [] { return error_of(::prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO)); }},
      {"net_admin", use_net_admin},
      {"ipc_lock", use_ipc_lock},
      {"sys_module", [] { return asked(::syscall(SYS_finit_module, -1, "", 0), EBADF); }},
      {"sys_rawio", [] { return error_of(::ioperm(0x80, 1, 1)); }},
      {"sys_chroot", [] { return error_of(::chroot("/")); }},
      {"sys_pacct", use_pacct},
      {"sys_admin", [] { return error_of(::sethostname("guest", 5)); }},
      {"sys_boot", [] { return asked(::syscall(SYS_reboot, 0, 0, 0, nullptr), EINVAL); }},
      {"ipc_owner", use_ipc_owner},
      {"sys_tty_config", [] { return error_of(::vhangup()); }},
      {"block_suspend", use_block_suspend},
      {"sys_nice", use_nice},
      {"sys_resource", use_resource},
      {"sys_time", use_time},
      {"syslog", [] { return error_of(::klogctl(8, nullptr, 4)); }},
      {"wake_alarm", use_wake_alarm},
  };
  return list;
}

int capability(const Arguments& a) {
  const auto use = uses().find(a[0]);
  return use == uses().end() ? kBroken : use->second();
}

int mount(const Arguments& a) { return error_of(::mount("none", a[1].c_str(), a[0].c_str(), 0, nullptr)); }
int unmount(const Arguments& a) { return error_of(::umount2(a[0].c_str(), 0)); }
unsigned long flag_of(const std::string& option) {
  static const std::map<std::string, unsigned long> kFlags = {
      {"ro", MS_RDONLY},       {"nosuid", MS_NOSUID}, {"nodev", MS_NODEV}, {"noexec", MS_NOEXEC},
      {"private", MS_PRIVATE}, {"shared", MS_SHARED}, {"slave", MS_SLAVE},
  };
  return kFlags.at(option);
}
int mount_with(const Arguments& a) {
  return error_of(::mount("none", a[2].c_str(), a[0].c_str(), flag_of(a[1]), nullptr));
}
int remount(const Arguments& a) {
  return error_of(::mount("none", a[1].c_str(), nullptr, MS_REMOUNT | flag_of(a[0]), nullptr));
}
int bind_mount(const Arguments& a) { return error_of(::mount(a[0].c_str(), a[1].c_str(), nullptr, MS_BIND, nullptr)); }
int move_mount(const Arguments& a) { return error_of(::mount(a[0].c_str(), a[1].c_str(), nullptr, MS_MOVE, nullptr)); }
int propagate(const Arguments& a) { return error_of(::mount("none", a[1].c_str(), nullptr, flag_of(a[0]), nullptr)); }
int pivot(const Arguments& a) { return error_of(::syscall(SYS_pivot_root, a[0].c_str(), a[0].c_str())); }

/// The kernel takes the name of a queue without the folder that it is shown in.
std::string queue_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

int open_queue(const std::string& name) {
  return static_cast<int>(::syscall(SYS_mq_open, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600, nullptr));
}

int pass_message(const std::string& name) {
  const Descriptor queue(open_queue(name));
  std::array<char, kQueueBytes> message{'x'};
  if (!queue.valid() || ::syscall(SYS_mq_timedsend, queue.get(), message.data(), 1, 0, nullptr) < 0) return errno;
  return error_of(::syscall(SYS_mq_timedreceive, queue.get(), message.data(), message.size(), nullptr, nullptr));
}

/// A queue that is made before it is refused stays (seen with AppArmor 6.1).
int mqueue(const Arguments& a) {
  const std::string name = queue_name(a[0]);
  const int error = pass_message(name);
  (void)::syscall(SYS_mq_unlink, name.c_str());
  return error;
}
/// For others to open.
int keep_queue(const Arguments& a) {
  const Descriptor queue(open_queue(queue_name(a[0])));
  if (!queue.valid()) return errno;
  for (;;) ::pause();
}
int remove_queue(const Arguments& a) { return error_of(::syscall(SYS_mq_unlink, queue_name(a[0]).c_str())); }

int make_userns(const Arguments&) { return error_of(::unshare(CLONE_NEWUSER)); }

int bpf(const Arguments&) {
  bpf_attr about{};
  about.map_type = BPF_MAP_TYPE_ARRAY;
  about.key_size = about.value_size = 4;
  about.max_entries = 1;
  const Descriptor map(static_cast<int>(::syscall(SYS_bpf, BPF_MAP_CREATE, &about, sizeof about)));
  if (!map.valid()) return errno;
  int key = 0, value = 1;
  bpf_attr update{};
  update.map_fd = static_cast<unsigned>(map.get());
  update.key = reinterpret_cast<std::uintptr_t>(&key);
  update.value = reinterpret_cast<std::uintptr_t>(&value);
  return error_of(::syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof update));
}

int perf(const Arguments&) {
  perf_event_attr about{};
  about.type = PERF_TYPE_SOFTWARE;
  about.size = sizeof about;
  about.config = PERF_COUNT_SW_CPU_CLOCK;
  const Descriptor event(static_cast<int>(::syscall(SYS_perf_event_open, &about, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  std::uint64_t value = 0;
  return event.valid() ? error_of(::read(event.get(), &value, sizeof value)) : errno;
}

int io_uring(const Arguments&) {
  io_uring_params about{};
  const Descriptor ring(static_cast<int>(::syscall(SYS_io_uring_setup, 4, &about)));
  if (!ring.valid()) return errno;
  void* const at = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring.get(), IORING_OFF_SQ_RING);
  return at == MAP_FAILED ? errno : 0;
}

int keyring(const Arguments&) {
  return error_of(::syscall(SYS_add_key, "user", "probe", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

}  // namespace

const std::vector<Operation>& kernel_operations() {
  static const std::vector<Operation> list = {
      {"capability", capability},
      {"mount", mount},
      {"unmount", unmount},
      {"mount_with", mount_with},
      {"remount", remount},
      {"bind", bind_mount},
      {"move_mount", move_mount},
      {"propagate", propagate},
      {"pivot", pivot},
      {"mqueue", mqueue},
      {"keep_queue", keep_queue},
      {"remove_queue", remove_queue},
      {"make_userns", make_userns},
      {"bpf", bpf},
      {"perf", perf},
      {"io_uring", io_uring},
      {"keyring", keyring},
  };
  return list;
}

}  // namespace macc::probe
