#include "backends/selinux/vocabulary.h"

#include <algorithm>
#include <array>

namespace macc::backends::selinux {
namespace {

struct FileRow {
  ir::Verb verb;
  std::string_view class_name;
  std::string_view permissions;
};

constexpr FileRow kFileRows[] = {
#define MACC_FILE_PERMISSIONS(verb, class_name, permissions) {ir::Verb::verb, #class_name, permissions},
#define MACC_PARENT_PERMISSIONS(verb, permissions)
#include "backends/selinux/file_permissions.def"
#undef MACC_FILE_PERMISSIONS
#undef MACC_PARENT_PERMISSIONS
};

struct ParentRow {
  ir::Verb verb;
  std::string_view permissions;
};

constexpr ParentRow kParentRows[] = {
#define MACC_FILE_PERMISSIONS(verb, class_name, permissions)
#define MACC_PARENT_PERMISSIONS(verb, permissions) {ir::Verb::verb, permissions},
#include "backends/selinux/file_permissions.def"
#undef MACC_FILE_PERMISSIONS
#undef MACC_PARENT_PERMISSIONS
};

bool in_scope(std::string_view class_name, ObjectScope scope) {
  if ((scope.kinds & kind_of(class_name)) == 0) return false;
  if (class_name == "dir") return scope.directories;
  if (class_name == "chr_file" || class_name == "blk_file") return scope.devices;
  return scope.others;
}

/// The one permission that tells a verb from the others.
std::string_view distinct_permission(ir::Verb verb, std::string_view class_name) {
  switch (verb) {
    case ir::Verb::read:
      return class_name == "sock_file" ? "" : "read";
    case ir::Verb::list:
      return "read";
    case ir::Verb::write:
      return "write";
    case ir::Verb::append:
      return "append";
    case ir::Verb::create:
      return "create";
    case ir::Verb::mknod:
      return "create";
    case ir::Verb::delete_:
      return class_name == "dir" ? "rmdir" : "unlink";
    case ir::Verb::rename:
      return "rename";
    case ir::Verb::link:
      return "link";
    case ir::Verb::lock:
      return "lock";
    case ir::Verb::setattr:
      return "setattr";
    case ir::Verb::load:
      return "execute";
    case ir::Verb::watch:
      return "watch";
    case ir::Verb::ioctl:
      return "ioctl";
  }
  return "";
}

struct Named {
  std::string_view name, value;
};

template <std::size_t N>
std::string_view look_up(const Named (&rows)[N], std::string_view name) {
  auto it = std::find_if(std::begin(rows), std::end(rows), [&](const Named& row) { return row.name == name; });
  return it == std::end(rows) ? std::string_view() : it->value;
}

// Families as the language writes them. A bare `netlink` is the class of protocols that have none of their own.
constexpr Named kSocketFamilies[] = {
    {"netlink", "netlink_socket"},
    {"netlink.audit", "netlink_audit_socket"},
    {"netlink.connector", "netlink_connector_socket"},
    {"netlink.crypto", "netlink_crypto_socket"},
    {"netlink.dnrt", "netlink_dnrt_socket"},
    {"netlink.fib_lookup", "netlink_fib_lookup_socket"},
    {"netlink.generic", "netlink_generic_socket"},
    {"netlink.iscsi", "netlink_iscsi_socket"},
    {"netlink.kobject_uevent", "netlink_kobject_uevent_socket"},
    {"netlink.netfilter", "netlink_netfilter_socket"},
    {"netlink.nflog", "netlink_nflog_socket"},
    {"netlink.rdma", "netlink_rdma_socket"},
    {"netlink.route", "netlink_route_socket"},
    {"netlink.scsitransport", "netlink_scsitransport_socket"},
    {"netlink.selinux", "netlink_selinux_socket"},
    {"netlink.tcpdiag", "netlink_tcpdiag_socket"},
    {"netlink.sock_diag", "netlink_tcpdiag_socket"},
    {"netlink.xfrm", "netlink_xfrm_socket"},
    {"packet", "packet_socket"},
    {"raw", "rawip_socket"},
    {"icmp", "icmp_socket"},
    {"key", "key_socket"},
    {"alg", "alg_socket"},
    {"appletalk", "appletalk_socket"},
    {"atmpvc", "atmpvc_socket"},
    {"atmsvc", "atmsvc_socket"},
    {"ax25", "ax25_socket"},
    {"bluetooth", "bluetooth_socket"},
    {"caif", "caif_socket"},
    {"can", "can_socket"},
    {"dccp", "dccp_socket"},
    {"decnet", "decnet_socket"},
    {"ieee802154", "ieee802154_socket"},
    {"ipx", "ipx_socket"},
    {"irda", "irda_socket"},
    {"isdn", "isdn_socket"},
    {"iucv", "iucv_socket"},
    {"kcm", "kcm_socket"},
    {"llc", "llc_socket"},
    {"netrom", "netrom_socket"},
    {"nfc", "nfc_socket"},
    {"phonet", "phonet_socket"},
    {"pppox", "pppox_socket"},
    {"qipcrtr", "qipcrtr_socket"},
    {"rds", "rds_socket"},
    {"rose", "rose_socket"},
    {"rxrpc", "rxrpc_socket"},
    {"sctp", "sctp_socket"},
    {"smc", "smc_socket"},
    {"tcp", "tcp_socket"},
    {"tipc", "tipc_socket"},
    {"udp", "udp_socket"},
    {"vsock", "vsock_socket"},
    {"x25", "x25_socket"},
    {"xdp", "xdp_socket"},
};

}  // namespace

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  while (!text.empty()) {
    std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) list.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

std::vector<ClassPermissions> object_permissions(ir::Verb verb, ObjectScope scope) {
  std::vector<ClassPermissions> list;
  for (const FileRow& row : kFileRows)
    if (row.verb == verb && in_scope(row.class_name, scope)) list.push_back({row.class_name, words(row.permissions)});
  return list;
}

std::vector<std::string_view> parent_permissions(ir::Verb verb) {
  for (const ParentRow& row : kParentRows)
    if (row.verb == verb) return words(row.permissions);
  return {};
}

std::vector<ClassPermissions> distinct_permissions(ir::Verb verb, ObjectScope scope) {
  std::vector<ClassPermissions> list;
  for (const FileRow& row : kFileRows) {
    if (row.verb != verb || !in_scope(row.class_name, scope)) continue;
    if (auto permission = distinct_permission(verb, row.class_name); !permission.empty())
      list.push_back({row.class_name, {permission}});
  }
  return list;
}

std::string_view capability_class(ir::Capability capability, bool in_userns) {
  const bool second = static_cast<unsigned>(capability) >= 32;
  if (in_userns) return second ? "cap2_userns" : "cap_userns";
  return second ? "capability2" : "capability";
}

std::string_view signal_permission(ir::Signal signal) {
  switch (signal) {
    case 0:
      return "signull";
    case 9:
      return "sigkill";
    case 17:
      return "sigchld";
    case 19:
      return "sigstop";
    default:
      return "signal";
  }
}

std::string_view socket_class(std::string_view family, std::string_view type) {
  // Raw sockets over IP are a class of their own, whatever protocol they carry.
  if ((family == "inet" || family == "inet6") && type == "raw") return "rawip_socket";
  if (family == "inet" || family == "inet6") return type == "dgram" ? "udp_socket" : "tcp_socket";
  return look_up(kSocketFamilies, family);
}

std::string_view socket_permissions(std::string_view socket_class) {
  if (socket_class.starts_with("netlink")) return "create bind connect read write getattr getopt setopt ioctl";
  if (socket_class == "packet_socket" || socket_class == "xdp_socket")
    return "create bind connect read write getattr getopt setopt ioctl map";
  return "create bind connect read write getattr getopt setopt ioctl listen accept shutdown";
}

bool binds_to_addresses(std::string_view socket_class) {
  return socket_class == "rawip_socket" || socket_class == "icmp_socket" || socket_class == "dccp_socket";
}

const std::vector<ClassPermissions>& always_there() {
  static const std::vector<ClassPermissions> list = {
      {"process",
       words(
           "fork sigchld signal sigkill sigstop signull getattr getpgid setpgid getsched setsched getrlimit setrlimit "
           "getcap setcap getsession")},
      {"fd", words("use")},
      {"fifo_file", words("read write append getattr ioctl lock open")},
      {"unix_stream_socket",
       words("create read write getattr getopt setopt shutdown connect bind listen accept connectto")},
      {"unix_dgram_socket", words("create read write getattr getopt setopt shutdown connect bind sendto")},
      {"shm", words("create destroy getattr setattr read write unix_read unix_write associate lock")},
      {"sem", words("create destroy getattr setattr read write unix_read unix_write associate")},
      {"msgq", words("create destroy getattr setattr read write unix_read unix_write associate enqueue")},
      {"msg", words("send receive")},
      {"key", words("create view read write search link setattr")},
      {"dir", words("open read search getattr")},
      {"file", words("open read write getattr")},
      {"lnk_file", words("read getattr")},
  };
  return list;
}

}  // namespace macc::backends::selinux
