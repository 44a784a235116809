"""Whether report.json of a build says of an access that it is granted beyond the policy, or not granted at all.

Each topic has its own condition, on the rule that the entry names and on what it lists, so that an entry about one thing is no
excuse for another.
"""
import dataclasses
import re

from policy_meaning import Policy, Rule
from question import Question, mount_names

WITH_WRITE = {"write", "append", "create", "delete", "rename", "setattr"}
UNMEDIATED = {"watch": "watch", "ioctl": "ioctl", "memory execute": "memory execute", "keyring": "keyring", "ipc": "ipc",
              "userns create": "userns", "unix": "unix"}
IMPLIED = {"exec-read": {"read", "load", "ioctl", "lock"}, "load": {"read"}, "watch": {"read"}}


def in_proc(path: str) -> bool:
    return re.match(r"/proc/\d", path) is not None


class Entry:
    def __init__(self, policy: Policy, value: dict) -> None:
        self.policy, self.topic, self.fidelity = policy, value["topic"], value["fidelity"]
        self.domain, self.what = value["domain"], value["what"]
        place = value["place"] or {"file": "", "line": 0, "column": 0}
        at = f"{place['file'].rsplit('/', 1)[-1]}:{place['line']}:{place['column']}"
        self.rules: list[Rule] = policy.by_key.get((value["domain"], value["rule"], at), [])
        self.text = f"{value['fidelity']} [{value['topic']}] {value['rule']}"

    def any_rule(self, question: Question) -> bool:
        """One of its rules is about what is asked, whatever its verbs, and holds in this setting."""
        return any(rule.is_about(question) and (question.owner or not rule.access.get("owner"))
                   and self.policy.holds(rule.when, question.turned) for rule in self.rules)

    def covers_path(self, question: Question) -> bool:
        return question.kind in ("file", "exec") and any(
            rule.covers(question) and (question.owner or not rule.access.get("owner"))
            and self.policy.holds(rule.when, question.turned) for rule in self.rules)


# ---- AppArmor


def listed_verb(entry: Entry, question: Question) -> bool:
    return question.kind == "file" and question.verb in entry.what and entry.covers_path(question)


def tree_top(entry: Entry, question: Question) -> bool:
    """The directory at the top of one of the rule's trees, which is nothing that its other verbs are about."""
    return question.kind == "file" and question.verb in entry.what and any(
        rule.covers(dataclasses.replace(question, verb="setattr")) and (question.owner or not rule.access["owner"])
        and any(top.covers(question.path()) for top in rule.paths.tops()) and entry.policy.holds(rule.when, question.turned)
        for rule in entry.rules)


def same_sockets(entry: Entry, question: Question) -> bool:
    """The family and type that a rule opens: whatever the port."""
    if question.kind != "network":
        return False
    protocol = question.verb.split()[1]
    return any(rule.kind == "network" and (rule.access["protocol"] == "udp") == (protocol == "udp")
               and entry.policy.holds(rule.when, question.turned) for rule in entry.rules)


def mounts_there(entry: Entry, question: Question) -> bool:
    """On a place of one of its rules, whatever the options and what is mounted."""
    return question.kind == "mount" and any(
        rule.kind == "mount" and rule.covers(question) and entry.policy.holds(rule.when, question.turned) for rule in entry.rules)


def mounts_anew(entry: Entry, question: Question) -> bool:
    """With the options of a rule on remount, but for that."""
    asked = dataclasses.replace(question, options=("remount", *question.options), fstype="", source="")
    return question.kind == "mount" and any(rule.says(asked) for rule in entry.rules)


def mounts_of_no_name(entry: Entry, question: Question) -> bool:
    return mounts_there(entry, question) and mount_names(question.options) != (True, True)


def same_processes(entry: Entry, question: Question) -> bool:
    return question.kind == "inspect" and any(rule.is_to(question.target) for rule in entry.rules if "to" in rule.access)


def without_condition(entry: Entry, question: Question) -> bool:
    return any(rule.says(question) for rule in entry.rules)


def shared_deny(entry: Entry, question: Question) -> bool:
    return any(rule.effect == "deny" and rule.says(question) for rule in entry.rules)


APPARMOR = {
    "file-write": listed_verb, "file-append": listed_verb, "file-rename": listed_verb, "load": listed_verb, "exec-read": listed_verb,
    "tree-top": tree_top,
    "unix-path": lambda e, q: q.kind == "file" and q.verb in WITH_WRITE | {"read"} and e.covers_path(q),
    "always-there": lambda e, q: q.kind == "file" and q.verb in ("read", "list") and q.owner and in_proc(q.object),
    "inspect": lambda e, q: q.kind == "file" and q.verb in ("read", "list") and in_proc(q.object) or same_processes(e, q),
    "become-files": lambda e, q: "/attr/" in q.object or q.object.startswith("/sys/module/apparmor"),
    "network-ports": same_sockets, "network-sctp": same_sockets,
    "network-deny": lambda e, q: any(rule.effect == "deny" and rule.says(q) for rule in e.rules),
    "unix-family": lambda e, q: q.kind == "unix",
    "unix-connect": lambda e, q: q.kind == "unix" and q.verb == "connect",
    "socket-protocol": lambda e, q: q.kind == "socket" and any(
        rule.kind == "socket" and rule.access["family"].split(".")[0] == q.object.split(".")[0] for rule in e.rules),
    "mount-unnamed": mounts_of_no_name, "mount-remount": mounts_anew,
    "trace": same_processes, "deny-shared": shared_deny, "unconditional": without_condition, "conditional-deny": shared_deny,
    "deny-residue": lambda e, q: any(rule.effect == "deny" and rule.is_about(q) for rule in e.rules),
}


# ---- SELinux


def type_listed(entry: Entry, question: Question, types: set[str]) -> bool:
    """`what` has `TYPE: paths`, or the type alone."""
    return bool(types & {line.split(":")[0] for line in entry.what})


def asks_for(entry: Entry, question: Question) -> bool:
    """A rule with the verb that is asked about, whatever its paths."""
    for rule in entry.rules:
        if not entry.policy.holds(rule.when, question.turned):
            continue
        if question.kind == "file" and rule.kind == "file" and rule.effect == "allow" and question.verb in rule.access["verbs"]:
            return True
        if question.kind == "exec" and rule.kind == "exec":
            return True
    return False


def shared(entry: Entry, question: Question, types: set[str]) -> bool:
    return type_listed(entry, question, types) and (asks_for(entry, question) or implies(entry, question))


def implies(entry: Entry, question: Question) -> bool:
    """Another topic of the same rule brings the verb along."""
    return question.kind == "file" and any(
        rule.kind == "exec" and question.verb in IMPLIED["exec-read"]
        or rule.kind == "file" and "write" in rule.access["verbs"] and question.verb == "append"
        or rule.kind == "file" and "load" in rule.access["verbs"] and question.verb == "read" for rule in entry.rules)


def by_attribute(entry: Entry, question: Question, types: set[str]) -> bool:
    """A line of `what` is `ATTRIBUTE: CLASS { permissions } on TYPES`."""
    if question.kind == "unix" and question.object.startswith("@"):
        return any(re.fullmatch(rf"\w+: unix_stream_socket \{{.* {question.verb} .*\}} on itself", line) for line in entry.what)
    classes = {"dir" if directory else "file" for directory in question.directories()} | {"chr_file"}
    permission = {"list": "read", "load": "execute", "delete": "unlink"}.get(question.verb, question.verb)
    for line in entry.what:
        found = re.fullmatch(r"\w+: (\w+) \{(.*)\} on (.*)", line)
        if found and found[1] in classes and permission in found[2].split() and types & set(found[3].split()):
            return True
    return False


def moved(entry: Entry, question: Question, types: set[str]) -> bool:
    """A line of `what` is `TYPE into paths of TYPE`."""
    return question.kind == "file" and question.verb in ("create", "rename", "link") and any(
        types & set(line.split(" into paths of ")) for line in entry.what)


SELINUX = {
    "shared-type": shared, "created-names": shared, "directory-in-tree": shared,
    "write": lambda e, q, t: q.verb == "append" and e.covers_path(q),
    "exec-load": lambda e, q, t: q.verb == "load" and e.covers_path(q),
    "system-type-not-split": lambda e, q, t: bool(t & set(e.what)) and shared_deny(e, q),
    "still-granted": lambda e, q, t: shared_deny(e, q),
    "exec-read": lambda e, q, t: implies(e, q) and e.covers_path(q),
    "load": lambda e, q, t: q.verb == "read" and e.covers_path(q),
    "watch": lambda e, q, t: q.verb == "read" and e.covers_path(q),
    "mount": lambda e, q, t: q.kind == "mount",
    "owner": lambda e, q, t: any(rule.says(as_owner(q)) for rule in e.rules),
    "attributes": by_attribute, "attribute-over-deny": by_attribute,
    "port-type": lambda e, q, t: q.kind == "network" and port_listed(e, q),
    "ephemeral-ports": lambda e, q, t: q.kind == "network" and q.verb.startswith("listen") and int(q.object) >= 32768
                       and any(rule.direction() == q.verb for rule in e.rules),
    "udp-send": lambda e, q, t: q.verb == "connect udp",
    "own-sockets": lambda e, q, t: q.kind == "unix", "unix-server": lambda e, q, t: q.kind == "unix",
    "abstract-name": lambda e, q, t: q.kind == "unix" and q.object.startswith("@"),
    "ordinary-signals": lambda e, q, t: q.kind == "signal" and q.verb not in ("kill", "stop", "chld", "exists")
                        and any(rule.is_to(q.target) for rule in e.rules),
    "trace": lambda e, q, t: same_processes(e, q), "unconditional": lambda e, q, t: without_condition(e, q),
    "moved-across": moved, "label-drift": moved,
    "not-mediated": lambda e, q, t: e.any_rule(q), "unknown-class": lambda e, q, t: e.any_rule(q),
}


def as_owner(question: Question) -> Question:
    return Question(**{**question.__dict__, "owner": True})


def port_listed(entry: Entry, question: Question) -> bool:
    """`what` has `TYPE: PROTOCOL PORT[-PORT]`."""
    direction, protocol = question.verb.split()
    if not any(rule.kind == "network" and rule.direction() == question.verb and (rule.effect == "deny" or entry.policy.holds(
            rule.when, question.turned)) for rule in entry.rules):
        return False
    for line in entry.what:
        found = re.fullmatch(r"\w+: (\w+) (\d+)(?:-(\d+))?", line)
        if found and found[1] == protocol and int(found[2]) <= int(question.object) <= int(found[3] or found[2]):
            return True
    return False


# ---- both


class Report:
    def __init__(self, policy: Policy, value: dict) -> None:
        self.backend = value["target"]["backend"]
        self.open = {each["class"] for each in value["mediation"] if not each["mediated"]}
        self.entries: dict[str, list[Entry]] = {}
        for each in value["entries"]:
            if each["fidelity"] != "exact":
                self.entries.setdefault(each["domain"], []).append(Entry(policy, each))

    def wider(self, question: Question, types: set[str]) -> str:
        """The entry that says that this is granted though the policy does not: "" for none."""
        if self.backend == "apparmor":
            for name in (question.kind, question.verb):
                if UNMEDIATED.get(name) in self.open and name != "unix":
                    return f"not mediated: {name}"
        elif UNMEDIATED.get(question.kind) in self.open:
            return f"not mediated: {question.kind}"
        for entry in self.entries.get(question.domain, ()):
            if entry.fidelity == "narrower":
                continue
            table = APPARMOR if self.backend == "apparmor" else SELINUX
            condition = table.get(entry.topic)
            if condition and (condition(entry, question) if table is APPARMOR else condition(entry, question, types)):
                return entry.text
        return ""

    def narrower(self, question: Question) -> str:
        for entry in self.entries.get(question.domain, ()):
            if entry.fidelity == "narrower" and any(rule.says(question) for rule in entry.rules):
                return entry.text
        return ""
