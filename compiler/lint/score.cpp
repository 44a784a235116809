#include "compiler/lint/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint {

namespace {

enum class Id : std::uint8_t {
#define MACC_EXPOSURE(id, weight, what, advice) id,
#include "compiler/lint/exposures.def"
#undef MACC_EXPOSURE
};

struct Row {
  std::string_view id, what, advice;
  int weight;
};

constexpr std::array kRows = {
#define MACC_EXPOSURE(id, weight, what, advice) Row{#id, what, advice, weight},
#include "compiler/lint/exposures.def"
#undef MACC_EXPOSURE
};

/// The lints that look for an exposure. Their findings are its reasons.
struct Source {
  Id id;
  Code lint;
  void (*look)(Context&);
};

constexpr Source kSources[] = {
    {Id::unconfined, Code::L0302, rules::exec_unconfined},
    {Id::not_enforced, Code::L0801, rules::complain_mode},
    {Id::root_capabilities, Code::L0501, rules::capability_root},
    {Id::capability_pairs, Code::L0503, rules::capability_combination},
    {Id::kernel_code, Code::L0704, rules::module_loading},
    {Id::kernel_code, Code::L0705, rules::bpf_allowed},
    {Id::system_control, Code::L0204, rules::system_control_writable},
    {Id::container_control, Code::L0212, rules::container_control},
    {Id::bus_control, Code::L0607, rules::dbus_control},
    {Id::raw_devices, Code::L0211, rules::raw_device},
    {Id::raw_devices, Code::L0710, rules::device_creation},
    {Id::trace_any, Code::L0602, rules::trace_any_peer},
    {Id::mounts, Code::L0701, rules::mount_anything},
    {Id::mounts, Code::L0702, rules::mount_allowed},
    {Id::mounts, Code::L0703, rules::pivot_root},
    {Id::login_files, Code::L0205, rules::login_files_writable},
    {Id::foreign_programs, Code::L0310, rules::foreign_program_writable},
    {Id::own_code, Code::L0301, rules::writable_and_executable},
    {Id::own_code, Code::L0312, rules::exec_in_shared_tree},
    {Id::step_to_root, Code::L0502, rules::capability_near_root},
    {Id::secrets, Code::L0203, rules::secret_readable},
    {Id::secrets, Code::L0208, rules::foreign_secret_readable},
    {Id::wide_write, Code::L0201, rules::system_wide_write},
    {Id::wide_read, Code::L0202, rules::system_wide_read},
    {Id::privileged_programs, Code::L0308, rules::exec_privileged},
    {Id::any_program, Code::L0303, rules::exec_wildcard},
    {Id::shells, Code::L0305, rules::exec_shell},
    {Id::shells, Code::L0306, rules::exec_interpreter},
    {Id::downloaders, Code::L0307, rules::exec_downloader},
    {Id::memory_execute, Code::L0709, rules::memory_execute},
    {Id::listen_any, Code::L0401, rules::listen_any_port},
    {Id::connect_any, Code::L0402, rules::connect_any_port},
    {Id::raw_network, Code::L0403, rules::raw_socket},
    {Id::raw_network, Code::L0404, rules::packet_socket},
    {Id::kernel_surface, Code::L0406, rules::kernel_control_socket},
    {Id::kernel_surface, Code::L0407, rules::rare_socket_family},
    {Id::kernel_surface, Code::L0706, rules::perf_allowed},
    {Id::kernel_surface, Code::L0707, rules::io_uring_allowed},
    {Id::kernel_surface, Code::L0708, rules::userns_allowed},
    {Id::processes, Code::L0601, rules::signal_any_peer},
    {Id::takes_over, Code::L0603, rules::trace_peer},
    {Id::takes_over, Code::L0606, rules::become_domain},
    {Id::kill_any, Code::L0609, rules::kill_any_process},
    {Id::secrets_leave, Code::L0405, rules::secrets_can_leave},
    {Id::processes, Code::L0604, rules::inspect_any_peer},
    {Id::processes, Code::L0605, rules::ipc_any_peer},
    {Id::shared_files, Code::L0206, rules::shared_without_owner},
    {Id::own_config, Code::L0207, rules::own_config_writable},
    {Id::own_config, Code::L0311, rules::own_program_writable},
    {Id::raw_text, Code::L0802, rules::raw_block},
};

/// The first reason for each exposure of each domain.
using Reasons = std::map<std::string, std::map<Id, Exposure>>;

Exposure exposure(Id id, std::string example, Span place) {
  const Row& row = kRows[static_cast<std::size_t>(id)];
  return {row.id, row.what, row.advice, row.weight, std::move(example), place};
}

void ask_lints(Context& context, Reasons& reasons) {
  for (const Source& source : kSources) {
    source.look(context);
    for (const Context::Found& found : context.found()) {
      const Diagnostic& d = found.finding.diagnostic;
      reasons[found.finding.domain].emplace(source.id, exposure(source.id, d.message, d.primary.span));
    }
    context.found().clear();
  }
}

/// Whether a rule allows a capability that no deny takes away, be it in a user namespace only.
bool gives_capability(const Context& context, const ir::Domain& domain, const ir::Rule& rule) {
  const auto* access = std::get_if<ir::CapabilityAccess>(&rule.access);
  if (access == nullptr || rule.effect != ir::Effect::allow) return false;
  const auto is_left = [&](ir::Capability capability) {
    return context
        .in_effect(domain, rule,
                   [&](const ir::Rule& deny) {
                     const auto* denied = std::get_if<ir::CapabilityAccess>(&deny.access);
                     return denied != nullptr && denied->in_userns == access->in_userns &&
                            std::binary_search(denied->capabilities.begin(), denied->capabilities.end(), capability);
                   })
        .has_value();
  };
  return std::any_of(access->capabilities.begin(), access->capabilities.end(), is_left);
}

/// What is no fault, but adds to what can happen.
void ask_rules(const Context& context, const Subject& subject, std::map<Id, Exposure>& reasons) {
  for (const bool listen : {true, false}) {
    const auto open = open_ports(context, *subject.domain, listen);
    if (open.empty()) continue;
    const Id id = listen ? Id::listen : Id::connect;
    reasons.emplace(id, exposure(id, "", open.front().rule->where.span));
  }
  for (const ir::Rule& rule : subject.domain->rules) {
    if (gives_capability(context, *subject.domain, rule))
      reasons.emplace(Id::capabilities, exposure(Id::capabilities, "", rule.where.span));
  }
  for (const ir::Entry& entry : subject.domain->entries) {
    if (entry.from == ir::Entry::From::user)
      reasons.emplace(Id::anyone_starts_it, exposure(Id::anyone_starts_it, "", entry.where.span));
  }
}

double rounded(double value) { return std::round(value * 10) / 10; }

double value_of(const std::vector<Exposure>& exposures, const Exposure* without) {
  std::vector<int> weights;
  for (const Exposure& e : exposures) {
    if (&e != without) weights.push_back(e.weight);
  }
  return combine(weights);
}

Score score_of(const Subject& subject, const std::map<Id, Exposure>& reasons) {
  Score out;
  out.domain = subject.id;
  for (const auto& [id, reason] : reasons) out.exposures.push_back(reason);
  std::stable_sort(out.exposures.begin(), out.exposures.end(),
                   [](const Exposure& a, const Exposure& b) { return a.weight > b.weight; });
  out.value = value_of(out.exposures, nullptr);
  for (std::size_t i = 0; i < out.exposures.size(); ++i) {
    if (!out.exposures[i].advice.empty()) out.better.push_back({i, value_of(out.exposures, &out.exposures[i])});
  }
  std::stable_sort(out.better.begin(), out.better.end(),
                   [](const auto& a, const auto& b) { return a.value < b.value; });
  return out;
}

}  // namespace

double combine(const std::vector<int>& weights) {
  double left = 1;
  for (const int weight : weights) left *= 1 - weight / 100.0;
  return rounded(10 * (1 - left));
}

std::string_view grade(double value) {
  if (value < 2) return "safe";
  if (value < 4) return "narrow";
  if (value < 6) return "medium";
  return value < 8 ? "exposed" : "unsafe";
}

std::vector<Score> scores(const Input& input) {
  Context context(input);
  Reasons reasons;
  ask_lints(context, reasons);
  std::vector<Score> out;
  for (const Subject& subject : context.subjects()) {
    auto& own = reasons[context.policy().qualified_name(subject.id)];
    ask_rules(context, subject, own);
    out.push_back(score_of(subject, own));
  }
  std::stable_sort(out.begin(), out.end(), [](const Score& a, const Score& b) { return a.value > b.value; });
  return out;
}

}  // namespace macc::lint
