#include "backends/apparmor/features.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ir/vocabulary.h"

namespace macc::backends::apparmor {

namespace {

constexpr std::string_view kSignals =
    "hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop stp ttin ttou urg "
    "xcpu "
    "xfsz vtalrm prof winch io pwr sys emt lost";
constexpr std::string_view kFamilies =
    "unspec unix inet ax25 ipx appletalk netrom bridge atmpvc x25 inet6 rose netbeui security key netlink packet ash "
    "econet atmsvc rds sna irda pppox wanpipe llc ib mpls can tipc bluetooth iucv rxrpc isdn phonet ieee802154 caif "
    "alg "
    "nfc vsock kcm qipcrtr smc xdp";
constexpr std::string_view kLimits =
    "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime";

/// A features file is a tree of `name {...}`; leaves are one word.
std::string node(std::string_view name, std::string_view body) { return fmt::format("{} {{{}\n}}\n", name, body); }

std::string mask(std::string_view name, std::string_view words) { return node(name, node("mask", words)); }

std::string yes(std::string_view names) {
  std::string out;
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(' ', at), names.size());
    out += node(names.substr(at, end - at), "yes");
    at = end + 1;
  }
  return out;
}

/// The ABI was fixed before the kernel had the newest capability.
std::string capabilities(bool newest) {
  std::string out;
  for (const std::string& word : ir::capability_words()) {
    if (newest || word != ir::word(ir::Capability::checkpoint_restore)) out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

std::string query() {
  const std::string label = yes("multi_transaction data") + node("perms", "allow deny audit quiet");
  return node("query", node("label", label));
}

std::string domain() {
  return node("domain", node("version", "1.2") + node("attach_conditions", yes("xattr")) +
                            yes("computed_longest_left post_nnp_subset fix_binfmt_elf_mmap stack change_profile "
                                "change_onexec change_hatv change_hat"));
}

struct Mediated {
  bool dbus = false, unix_sockets = false;
  bool outofband = false, newest_capability = false;  ///< of the kernel, not of the ABI
};

std::string features_text(const Mediated& mediated) {
  const std::string families = node("af_mask", kFamilies);
  std::string out = query();
  if (mediated.dbus) out += mask("dbus", "acquire send receive");
  out +=
      mask("signal", kSignals) + mask("ptrace", "read trace") + mask("caps", capabilities(mediated.newest_capability));
  out += mask("rlimit", kLimits) + node("capability", "0xffffff");
  out += node("namespaces", node("pivot_root", "no") + yes("profile")) + mask("mount", "mount umount pivot_root");
  if (mediated.unix_sockets) out += node("network", yes("af_unix") + families);
  out += node("network_v8", families);
  out += mask("file", "create read write exec append mmap_exec link lock") + domain();
  const std::string versions = node("versions", yes("v8 v7 v6 v5"));
  out += node("policy", (mediated.outofband ? node("outofband", "0x000001") : "") + yes("set_load") + versions);
  return out;
}

}  // namespace

const std::vector<Features>& all_features() {
  static const std::vector<Features> table = {
      {"debian12", "Debian 12: mainline kernel 6.1, apparmor_parser 3.0.8", "3.0", "3.0.8", false, false, true},
      {"ubuntu22.04", "Ubuntu 22.04: kernel with D-Bus and unix socket mediation, apparmor_parser 3.0.4", "3.0",
       "3.0.4", true, true, true},
  };
  return table;
}

const Features* find_features(std::string_view name) {
  const auto& table = all_features();
  const auto it = std::find_if(table.begin(), table.end(), [&](const Features& f) { return f.name == name; });
  return it == table.end() ? nullptr : &*it;
}

std::string kernel_features(const Features& features) {
  return features_text({features.dbus, features.unix_sockets, features.outofband, true});
}

std::string abi_features(const Features&) { return features_text({true, true, false, false}); }

}  // namespace macc::backends::apparmor
