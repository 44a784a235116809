"""From the `test` blocks of a policy to a case of the kernel's suite: each expectation becomes operations that a program in the
domain tries (operations.def), in a world that has what they need."""
import pathlib
import re

import guest_plan

EXPECTATION = re.compile(r"^\s*expect\s+(allow|deny)\s+(\S+)\s+(.*?)(?:\s+when\s+(not\s+)?(\w+))?\s*;", re.MULTILINE)
PATH = re.compile(r'^([\w, ]+?)\s+"([^"]*)"$')
PORTS = re.compile(r"^(listen|connect)\s+(tcp|udp)\s+(\d+)$")
FILE_OPERATIONS = {"read": "read", "write": "write", "append": "append", "delete": "delete", "load": "load", "exec": "exec",
                   "setattr": "chmod", "lock": "lock", "list": "list", "create": "create", "rename": "rename",
                   "listen unix": "listen_unix"}
MAKES = ("create", "listen_unix")
LOW_PORTS = 1024


class NotTried(guest_plan.BadPlan):
    """An expectation that this suite has no operation for."""


def operations_of(phrase: str) -> list[list[str]]:
    port = PORTS.match(phrase)
    if port:
        return [[f"{port[1]}_{port[2]}" + ("_low" if port[1] == "listen" and int(port[3]) < LOW_PORTS else ""), port[3]]]
    if phrase == "memory execute":
        return [["map_anonymous_code"]]
    path = PATH.match(phrase)
    verbs = [verb.strip() for verb in path[1].split(",")] if path else []
    if not verbs or any(verb not in FILE_OPERATIONS for verb in verbs):
        raise NotTried(f"there is no operation for `{phrase}`")
    out = [[FILE_OPERATIONS[verb], path[2]] for verb in verbs]
    return [[*one, f"{one[1]}.moved"] if one[0] == "rename" else one for one in out]


def things_of(operation: list[str]) -> list[str]:
    name, *paths = operation
    if not paths or not paths[0].startswith("/"):
        return []
    if name in MAKES:
        return [f"dir {pathlib.PurePosixPath(paths[0]).parent}"]
    return [f"{'program' if name == 'exec' else 'dir' if paths[0].endswith('/') else 'file'} {paths[0]}"]


def write_case(policy: pathlib.Path, folder: pathlib.Path) -> dict[str, bool]:
    """Returns what the policy's tests expect of each operation, by its text."""
    text = policy.read_text()
    found = EXPECTATION.findall(text)
    if len(found) != len(re.findall(r"^\s*expect\s", text, re.MULTILINE)):
        raise NotTried(f"{policy}: an `expect` in a form that is not read here")
    expected, things = {}, set()
    needed = {thing.split()[1] for one in found for operation in operations_of(one[2]) for thing in things_of(operation)}
    for decision, domain, phrase, negated, boolean in found:
        for operation in operations_of(phrase):
            if operation[0] in MAKES and operation[1] in needed:
                operation[1] += ".new"  # another expectation needs it to be there
            switch = f" when {boolean}={'off' if negated else 'on'}" if boolean else ""
            expected[f"{domain}: {' '.join(operation)}{switch}"] = decision == "allow"
            things.update(things_of(operation))
    folder.mkdir(parents=True)
    (folder / "policy.macc").write_text(text)
    (folder / "operations").write_text("".join(f"{one}\n" for one in expected))
    (folder / "world").write_text("".join(f"{one}\n" for one in sorted(things)))
    return expected
