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

constexpr std::string_view kQueues = "create read write open delete setattr getattr";

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

/// The first ABI was fixed before the kernel had the newest capability.
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

/// What only the newer ones of these files have: said of the class that they are for.
std::string namespaces(const Classes& classes) {
  const std::string userns = classes.has(Class::userns) ? node("mask", "userns_create") : "";
  return node("namespaces", userns + node("pivot_root", "no") + yes("profile"));
}

std::string networks(const Classes& classes) {
  const std::string families = node("af_mask", kFamilies);
  const std::string unix_sockets = classes.has(Class::unix_sockets) ? node("network", yes("af_unix") + families) : "";
  return unix_sockets + node("network_v8", (classes.has(Class::ports) ? yes("af_inet") : "") + families);
}

enum class Of : std::uint8_t { kernel, abi };

std::string features_text(const Classes& classes, Of of, bool newest_capability) {
  std::string out = query();
  if (classes.has(Class::dbus)) out += mask("dbus", "acquire send receive");
  out += mask("signal", kSignals) + mask("ptrace", "read trace") + mask("caps", capabilities(newest_capability));
  out += mask("rlimit", kLimits) + node("capability", "0xffffff") + namespaces(classes);
  out += mask("mount", "mount umount pivot_root") + networks(classes);
  if (classes.has(Class::mqueue)) out += node("ipc", node("posix_mqueue", kQueues));
  if (classes.has(Class::io_uring)) out += mask("io_uring", "sqpoll override_creds");
  out += mask("file", "create read write exec append mmap_exec link lock") + domain();
  const std::string versions = node("versions", yes("v8 v7 v6 v5"));
  out += node("policy", (of == Of::kernel ? node("outofband", "0x000001") : "") + yes("set_load") + versions);
  return out;
}

}  // namespace

const std::vector<ClassInfo>& all_classes() {
  static const std::vector<ClassInfo> table = {
#define MACC_CLASS(id, word, feature, mediated, open) {Class::id, word, feature, mediated, open},
#include "backends/apparmor/classes.def"
#undef MACC_CLASS
  };
  return table;
}

const std::vector<Abi>& all_abis() {
  using enum Class;
  static const std::vector<Abi> table = {
#define MACC_FEATURES(name, doc, abi, parser, ...)
#define MACC_ABI(name, first_parser, ...) {name, first_parser, {__VA_ARGS__}},
#include "backends/apparmor/features.def"
#undef MACC_FEATURES
#undef MACC_ABI
  };
  return table;
}

const std::vector<Features>& all_features() {
  using enum Class;
  static const std::vector<Features> table = {
#define MACC_FEATURES(name, doc, abi, parser, ...) {name, doc, abi, parser, {__VA_ARGS__}},
#define MACC_ABI(name, first_parser, ...)
#include "backends/apparmor/features.def"
#undef MACC_FEATURES
#undef MACC_ABI
  };
  return table;
}

const Abi* find_abi(std::string_view name) {
  const auto& table = all_abis();
  const auto it = std::find_if(table.begin(), table.end(), [&](const Abi& a) { return a.name == name; });
  return it == table.end() ? nullptr : &*it;
}

const Features* find_features(std::string_view name) {
  const auto& table = all_features();
  const auto it = std::find_if(table.begin(), table.end(), [&](const Features& f) { return f.name == name; });
  return it == table.end() ? nullptr : &*it;
}

bool Features::mediates(Class c) const {
  const Abi* known = find_abi(abi);
  return kernel.has(c) && known != nullptr && known->classes.has(c);
}

std::string kernel_features(const Features& features) {
  return features.text.empty() ? features_text(features.kernel, Of::kernel, true) : features.text;
}

std::string abi_features(const Features& features) {
  const Abi* abi = find_abi(features.abi);
  const bool oldest = abi == &all_abis().front();
  return features_text(abi == nullptr ? Classes{} : abi->classes, Of::abi, !oldest);
}

}  // namespace macc::backends::apparmor
