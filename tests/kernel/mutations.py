"""Permissions that are taken out of emitted artifacts: the operation that needs each has to turn red.

All are taken out in one run, since each concerns a domain or a folder of its own.
"""
import dataclasses
import pathlib
import re

import systems

# A rule of which nothing is left.
EMPTY = re.compile(r"""^\(allow \S+ \S+ \(\w+ \(\)\)\)$|^ *"[^"]*" ,.*$""", re.MULTILINE)


class StaleMutation(systems.ToolFailed):
    """The artifacts do not have what is to be taken out, or the cases not the operation."""


@dataclasses.dataclass(frozen=True)
class Mutation:
    backend: str
    artifact: str
    find: str  # a regular expression, to be found in the artifact
    instead: str
    operation: str  # as in a case; has to be refused then

    def apply(self, folder: pathlib.Path) -> None:
        path = folder / self.artifact
        text, count = re.subn(self.find, self.instead, path.read_text(), flags=re.MULTILINE)
        if count == 0:
            raise StaleMutation(f"{self.artifact} has nothing like {self.find}")
        path.write_text(EMPTY.sub("", text))


def permission(artifact: str, rule: str, word: str, operation: str) -> Mutation:
    """`word` out of `(allow RULE (... WORD ...)))`, where `rule` is "SOURCE TARGET CLASS"."""
    source, target, name = rule.split()
    head = rf"(\(allow {source} {target} \({name} \([^)]*)\b{word}\b ?"
    return Mutation("selinux", f"{artifact}.cil", head, r"\1", operation)


def line(profile: str, text: str, operation: str) -> Mutation:
    """A line of a profile that begins with the text."""
    return Mutation("apparmor", f"apparmor.d/{profile}", rf"^ *{re.escape(text)}.*$", "", operation)


def letter(profile: str, path: str, one: str, operation: str) -> Mutation:
    """A permission out of the rules on a path."""
    return Mutation("apparmor", f"apparmor.d/{profile}", rf'^( *"{re.escape(path)}[^"]*" [a-z]*){one}([a-z]*,.*)$', r"\1\2", operation)


V, T = "/srv/k-verbs", "/srv/k-verbs-together"
MUTATIONS = (
    permission("kernel_verbs", "verbs_t verbs_f_read_t file", "read", f"verbs: read {V}/read/file"),
    permission("kernel_verbs", "verbs_t verbs_f_list_t dir", "read", f"verbs: list {V}/list/folder/"),
    permission("kernel_verbs", "verbs_t verbs_f_write_t file", "write", f"verbs: write {V}/write/file"),
    permission("kernel_verbs", "verbs_t verbs_f_append_t file", "append", f"verbs: append {V}/append/file"),
    permission("kernel_verbs", "verbs_t verbs_f_create_t file", "create", f"verbs: create {V}/create/new"),
    permission("kernel_verbs", "verbs_t verbs_f_mknod_t chr_file", "create", "verbs: make_char_device /dev/k-new"),
    permission("kernel_verbs", "verbs_t verbs_f_delete_t file", "unlink", f"verbs: delete {V}/delete/file"),
    permission("kernel_verbs", "verbs_t verbs_f_rename_t file", "rename", f"verbs: rename {V}/rename/file {V}/rename/new"),
    permission("kernel_verbs", "verbs_t verbs_f_link_t file", "link", f"verbs: link {V}/link/file {V}/link/new"),
    permission("kernel_verbs", "verbs_t verbs_f_setattr_t file", "setattr", f"verbs: chmod {V}/setattr/file"),
    permission("kernel_verbs", "verbs_t verbs_f_load_t file", "execute", f"verbs: load {V}/load/file"),
    permission("kernel_verbs", "verbs_t verbs_f_watch_t file", "watch", f"verbs: watch {V}/watch/file"),
    permission("kernel_verbs", "verbs_together_t verbs_together_all_t file", "lock", f"verbs_together: lock {T}/file"),
    permission("kernel_verbs", "verbs_together_t verbs_together_all_t file", "ioctl", f"verbs_together: ioctl {T}/file"),
    permission("kernel_programs", "runner_t runner_tools_t file", "execute_no_trans", "runner: exec /usr/lib/k-runner/tool"),
    permission("kernel_programs", "runner_t helper_t process", "transition", "runner: start /usr/lib/k-runner-helper helper"),
    permission("kernel_processes", "walker_t tame_t process", "signal", "walker: signal term tamed"),
    permission("kernel_processes", "walker_t fragile_t process", "sigkill", "walker: signal kill broken"),
    permission("kernel_processes", "walker_t tame_t file", "read", "walker: inspect tamed"),
    permission("kernel_processes", "walker_t fragile_t process", "ptrace", "walker: trace broken"),
    permission("kernel_processes", "walker_t tame_t shm", "unix_read", "walker: ipc tamed"),
    permission("kernel_processes", "walker_t tame_t process", "dyntransition", "walker: become tame"),
    permission("kernel_processes", "walker_t self process", "execmem", "walker: map_anonymous_code"),
    permission("kernel_network", "server_t tcp_8124_port_t tcp_socket", "name_bind", "server: listen_tcp 8124"),
    permission("kernel_network", "client_t tcp_8300_8310_port_t tcp_socket", "name_connect", "client: connect_tcp 8300"),
    permission("kernel_network", "router_t self packet_socket", "create", "router: socket_raw packet"),
    permission("kernel_unix", "listener_t speaker_t unix_stream_socket", "connectto", "listener: connect_unix /run/k-speaker/api"),
    permission("kernel_kernel", "powers_t self capability", "setuid", "powers: capability setuid"),
    permission("kernel_queues", "attached_t tmpfs_t file", "write", "attached: mqueue /dev/mqueue/k-queue-there"),
    permission("kernel_homes", "homes_t user_home_t dir", "search", "homes: read /home/k-user/k-homes/written/file"),
    permission("kernel_kernel", "powers_t self bpf", "map_create", "powers: bpf"),
    permission("kernel_kernel", "powers_t self anon_inode", "create", "powers: io_uring"),
    Mutation("selinux", "kernel_audits.cil", r"^\(auditallow audited_t \S+ \(file .*$", "", "audited: read /srv/k-audits/told/file"),
    Mutation("apparmor", "apparmor.d/audited", r'^( *)audit ("/srv/k-audits/told/)', r"\1\2", "audited: read /srv/k-audits/told/file"),
    letter("attached", "/k-queue-", "r", "attached: mqueue /dev/mqueue/k-queue-there"),
    letter("verbs", f"{V}/read/", "r", f"verbs: read {V}/read/file"),
    letter("verbs", f"{V}/list/", "r", f"verbs: list {V}/list/folder/"),
    letter("verbs", f"{V}/write/", "w", f"verbs: write {V}/write/file"),
    letter("verbs", f"{V}/append/", "w", f"verbs: append {V}/append/file"),
    letter("verbs", f"{V}/create/", "w", f"verbs: create {V}/create/new"),
    letter("verbs", f"{V}/delete/", "w", f"verbs: delete {V}/delete/file"),
    letter("verbs", f"{V}/rename/", "w", f"verbs: rename {V}/rename/file {V}/rename/new"),
    letter("verbs", f"{V}/setattr/", "w", f"verbs: chmod {V}/setattr/file"),
    letter("verbs", f"{V}/load/", "m", f"verbs: load {V}/load/file"),
    letter("verbs_together", f"{T}/", "k", f"verbs_together: lock {T}/file"),
    line("verbs", "link subset", f"verbs: link {V}/link/file {V}/link/new"),
    line("verbs", "capability mknod", "verbs: make_char_device /dev/k-new"),
    line("walker", 'signal send set=(hup, term) peer="tame"', "walker: signal term tamed"),
    line("walker", 'ptrace (read) peer="tame"', "walker: inspect tamed"),
    line("walker", 'ptrace (read, trace) peer="fragile"', "walker: trace broken"),
    line("walker", 'change_profile -> "tame"', "walker: become tame"),
    line("server", "network inet stream", "server: listen_tcp 8124"),
    line("client", "network inet stream", "client: connect_tcp 8300"),
    line("router", "network packet", "router: socket_raw packet"),
    line("powers", "capability setuid", "powers: capability setuid"),
)


def operations() -> set[str]:
    return {mutation.operation for mutation in MUTATIONS}


def apply(plan: dict, artifacts: pathlib.Path) -> None:
    known = {operation["text"] for case in plan["cases"] for operation in case["operations"]}
    for mutation in MUTATIONS:
        if mutation.operation not in known:
            raise StaleMutation(f"no case has `{mutation.operation}`")
        for target, about in plan["targets"].items():
            if about["backend"] == mutation.backend:
                mutation.apply(artifacts / target)


def survivors(plan: dict, target: str, refused: set[str]) -> list[str]:
    """The mutations of a target whose operation was let through all the same."""
    backend = plan["targets"][target]["backend"]
    return [f"{mutation.operation}: without `{mutation.find}` in {mutation.artifact}" for mutation in MUTATIONS
            if mutation.backend == backend and mutation.operation not in refused]
