#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/kernel/probe/files.h"
#include "tests/kernel/probe/operations.h"

namespace macc::probe {

namespace {

/// No answer is waited for: what would have to wait was let through.
int let_through(int error) { return error == EAGAIN || error == EINPROGRESS ? 0 : error; }

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

Address loopback(const std::string& port) {
  Address out;
  auto* in = reinterpret_cast<sockaddr_in*>(&out.bytes);
  in->sin_family = AF_INET;
  in->sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
  in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.size = sizeof *in;
  return out;
}

/// A path, or an abstract name behind '@'.
Address local(const std::string& name) {
  Address out;
  auto* un = reinterpret_cast<sockaddr_un*>(&out.bytes);
  un->sun_family = AF_UNIX;
  const std::size_t length = std::min(name.size(), sizeof un->sun_path - 1);
  std::copy_n(name.begin(), length, un->sun_path);
  if (name.front() == '@') un->sun_path[0] = '\0';
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  return out;
}

template <typename Then>
int with_socket(int family, int type, int protocol, Then then) {
  const Descriptor socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  return socket.valid() ? let_through(then(socket.get())) : errno;
}

int listen_on(int socket, const Address& address) {
  if (::bind(socket, address.get(), address.size) < 0 || ::listen(socket, 8) < 0) return errno;
  return error_of(::accept(socket, nullptr, nullptr));
}
int receive_on(int socket, const Address& address) {
  if (::bind(socket, address.get(), address.size) < 0) return errno;
  char byte = 0;
  return error_of(::recv(socket, &byte, 1, 0));
}
/// Nobody listens on loopback: being refused by the peer is being let through.
int connect_to(int socket, const Address& address) {
  const int error = error_of(::connect(socket, address.get(), address.size));
  return error == ECONNREFUSED ? 0 : error;
}
int send_to(int socket, const Address& address) {
  return error_of(::sendto(socket, "x", 1, 0, address.get(), address.size));
}

int listen_tcp(const Arguments& a) {
  return with_socket(AF_INET, SOCK_STREAM, 0, [&](int s) { return listen_on(s, loopback(a[0])); });
}
int connect_tcp(const Arguments& a) {
  return with_socket(AF_INET, SOCK_STREAM, 0, [&](int s) { return connect_to(s, loopback(a[0])); });
}
int listen_udp(const Arguments& a) {
  return with_socket(AF_INET, SOCK_DGRAM, 0, [&](int s) { return receive_on(s, loopback(a[0])); });
}
int connect_udp(const Arguments& a) {
  return with_socket(AF_INET, SOCK_DGRAM, 0, [&](int s) { return send_to(s, loopback(a[0])); });
}

int listen_unix(const Arguments& a) {
  return with_socket(AF_UNIX, SOCK_STREAM, 0, [&](int s) { return listen_on(s, local(a[0])); });
}
int bind_datagrams(const Arguments& a) {
  return with_socket(AF_UNIX, SOCK_DGRAM, 0, [&](int s) { return receive_on(s, local(a[0])); });
}
/// Here somebody listens: being refused is a broken test.
int connect_unix(const Arguments& a) {
  return with_socket(AF_UNIX, SOCK_STREAM, 0, [&](int s) {
    const Address address = local(a[0]);
    if (::connect(s, address.get(), address.size) < 0) return errno;
    return error_of(::send(s, "x", 1, MSG_NOSIGNAL));
  });
}
int send_datagram(const Arguments& a) {
  return with_socket(AF_UNIX, SOCK_DGRAM, 0, [&](int s) { return send_to(s, local(a[0])); });
}

/// Listens until it is killed, for others to connect to.
int serve(int type, const std::string& name) {
  const Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const Address address = local(name);
  if (!socket.valid() || ::bind(socket.get(), address.get(), address.size) < 0) return errno;
  if (type == SOCK_STREAM && ::listen(socket.get(), 64) < 0) return errno;
  for (;;) ::pause();
}
int serve_unix(const Arguments& a) { return serve(SOCK_STREAM, a[0]); }
int serve_datagrams(const Arguments& a) { return serve(SOCK_DGRAM, a[0]); }

// ---- handing over

union Rights {
  cmsghdr head;
  std::array<char, CMSG_SPACE(sizeof(int))> room;
};

int send_descriptor(int socket, int what) {
  char byte = 'x';
  iovec data{&byte, 1};
  Rights rights{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = &rights;
  message.msg_controllen = sizeof rights;
  rights.head.cmsg_len = CMSG_LEN(sizeof what);
  rights.head.cmsg_level = SOL_SOCKET;
  rights.head.cmsg_type = SCM_RIGHTS;
  std::memcpy(CMSG_DATA(&rights.head), &what, sizeof what);
  return error_of(::sendmsg(socket, &message, 0));
}

/// -1 where the kernel kept it back, which it does in silence.
int received_descriptor(int socket) {
  char byte = 0;
  iovec data{&byte, 1};
  Rights rights{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = &rights;
  message.msg_controllen = sizeof rights;
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || message.msg_controllen < sizeof(cmsghdr)) return -1;
  int what = -1;
  if (rights.head.cmsg_len == CMSG_LEN(sizeof what)) std::memcpy(&what, CMSG_DATA(&rights.head), sizeof what);
  return what;
}

/// What is handed over; the other end of a pipe or pair stays open here.
int opened_for_others(const std::string& kind) {
  int ends[2] = {-1, -1};
  if (kind == "pipe") return ::pipe2(ends, O_NONBLOCK) < 0 ? -1 : ends[1];
  if (kind == "unix") return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0 ? -1 : ends[1];
  if (kind.front() == '/') return ::open(kind.c_str(), O_RDWR);
  const bool tcp = kind.starts_with("tcp:");
  const int socket = ::socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
  const Address address = loopback(kind.substr(4));
  if (socket < 0 || ::bind(socket, address.get(), address.size) < 0) return -1;
  return tcp && ::listen(socket, 8) < 0 ? -1 : socket;
}

/// Gives one thing to all who connect: `pipe`, `unix`, `tcp:PORT`, `udp:PORT` or a path.
int hand_over(const Arguments& a) {
  const int what = opened_for_others(a[1]);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address address = local(a[0]);
  if (what < 0 || !socket.valid() || ::bind(socket.get(), address.get(), address.size) < 0) return errno;
  if (::listen(socket.get(), 64) < 0) return errno;
  for (;;) {
    const Descriptor peer(::accept(socket.get(), nullptr, nullptr));
    if (peer.valid()) (void)send_descriptor(peer.get(), what);
  }
}

template <typename Then>
int handed_over(const std::string& from, Then then) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address address = local(from);
  if (!socket.valid() || ::connect(socket.get(), address.get(), address.size) < 0) return errno;
  const Descriptor what(received_descriptor(socket.get()));
  return what.valid() ? let_through(then(what.get())) : EACCES;
}
int use_written(const Arguments& a) {
  return handed_over(a[0], [](int what) { return error_of(::write(what, "x", 1)); });
}
int use_tcp(const Arguments& a) {
  return handed_over(a[0], [](int what) { return error_of(::accept(what, nullptr, nullptr)); });
}
int use_udp(const Arguments& a) {
  return handed_over(a[0], [](int what) {
    char byte = 0;
    return error_of(::recv(what, &byte, 1, 0));
  });
}

struct Family {
  std::string_view word;
  int family, type, protocol;
};
/// Those of compiler/ir/families.def that a kernel has without further modules.
constexpr std::array kFamilies = {
    Family{"netlink.route", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
    Family{"netlink.audit", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT},
    Family{"netlink.kobject_uevent", AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT},
    Family{"netlink.generic", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC},
    Family{"netlink.connector", AF_NETLINK, SOCK_RAW, NETLINK_CONNECTOR},
    Family{"netlink.scsitransport", AF_NETLINK, SOCK_RAW, NETLINK_SCSITRANSPORT},
    Family{"netlink.fib_lookup", AF_NETLINK, SOCK_RAW, NETLINK_FIB_LOOKUP},
    Family{"netlink.selinux", AF_NETLINK, SOCK_RAW, NETLINK_SELINUX},
    Family{"packet", AF_PACKET, SOCK_RAW, 0},
    Family{"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP},
    Family{"icmp", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
    Family{"xdp", AF_XDP, SOCK_RAW, 0},
};

int make_socket(const Arguments& a) {
  const auto* row = std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& f) { return f.word == a[0]; });
  if (row == kFamilies.end()) return kBroken;
  return with_socket(row->family, row->type, row->protocol, [](int) { return 0; });
}

/// What the kernel answers: an acknowledgement, or the errno.
int ask_audit(std::uint16_t type) {
  return with_socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT, [&](int s) {
    struct {
      nlmsghdr head{};
      char text[8] = "op=test";
    } request;
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = type;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    if (::send(s, &request, sizeof request, 0) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 4096> answer{};
    if (::recv(s, answer.data(), answer.size(), 0) < 0) return errno;
    const auto* head = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (head->nlmsg_type != NLMSG_ERROR) return 0;
    return -static_cast<const nlmsgerr*>(NLMSG_DATA(head))->error;
  });
}
int audit_message(const Arguments&) { return ask_audit(AUDIT_USER); }
int audit_status(const Arguments&) { return ask_audit(AUDIT_GET); }
int audit_log(const Arguments&) {
  return with_socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT, [](int s) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
    return error_of(::bind(s, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  });
}

}  // namespace

const std::vector<Operation>& socket_operations() {
  static const std::vector<Operation> list = {
      {"listen_tcp", listen_tcp},       {"listen_tcp_low", listen_tcp}, {"connect_tcp", connect_tcp},
      {"listen_udp", listen_udp},       {"listen_udp_low", listen_udp}, {"connect_udp", connect_udp},
      {"listen_unix", listen_unix},     {"connect_unix", connect_unix}, {"bind_datagrams", bind_datagrams},
      {"send_datagram", send_datagram}, {"serve_unix", serve_unix},     {"serve_datagrams", serve_datagrams},
      {"hand_over", hand_over},         {"use_pipe", use_written},      {"use_unix", use_written},
      {"use_file", use_written},        {"use_tcp", use_tcp},           {"use_udp", use_udp},
      {"audit_message", audit_message}, {"audit_status", audit_status}, {"audit_log", audit_log},
      {"socket", make_socket},          {"socket_raw", make_socket},
  };
  return list;
}

}  // namespace macc::probe
