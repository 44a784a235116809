"""What came of the operations in the guests, held against what had to come of them."""
import dataclasses
import errno
import re

from guest_plan import made_by
from machine import Report

DENIED = (errno.EACCES, errno.EPERM)
PID = re.compile(r"\bpid=(\d+)")
# Of something that was allowed, since `audit` asks for it.
GRANT = re.compile(r"""^apparmor="AUDIT"|^avc: +granted""")


@dataclasses.dataclass(frozen=True)
class Outcome:
    verdict: str  # "allow", "deny" or "broken"
    detail: str = ""  # the name of the errno, or what is broken
    domain: str = ""  # in which it ended
    label: str = ""  # of what it made
    records: tuple[str, ...] = ()  # of denials, by the kernel


def record_text(line: str) -> str:
    return re.sub(r"^.*?audit\([^)]*\): *", "", line)


def outcome(fields: list[str], records: dict[str, list[str]]) -> Outcome:
    pid, how, number, domain, label = fields[2:7]
    value = int(number)
    said = tuple(dict.fromkeys(records.get(pid, [])))
    if how == "signalled":
        return Outcome("broken", f"ended by signal {value}", domain, label, said)
    if how == "not-run":
        return Outcome("broken", f"its program could not be run: {errno.errorcode.get(value, value)}", domain, label, said)
    if value == 0:
        return Outcome("allow", "", domain, label, said)
    name = errno.errorcode.get(value, str(value))
    return Outcome("deny" if value in DENIED else "broken", name, domain, label, said)


def outcomes(report: Report) -> dict[str, Outcome]:
    """By the number of the operation. Numbers of processes are not used twice in a boot, or the last one counts."""
    records: dict[str, list[str]] = {}
    for line in report.lines:
        if line[0] == "audit":
            found = PID.search(line[1])
            if found:
                records.setdefault(found.group(1), []).append(record_text(line[1]))
    return {line[1]: outcome(line, records) for line in report.lines if line[0] == "tried"}


def type_of(context: str) -> str:
    parts = context.split(":")
    return parts[2] if len(parts) > 2 else ""


def is_unconfined(context: str) -> bool:
    return context.split(" (")[0] == "unconfined" or type_of(context) == "unconfined_t"


@dataclasses.dataclass(frozen=True)
class Judged:
    """A cell of the table."""
    shown: str
    wrong: str = ""  # why it is a mismatch
    records: tuple[str, ...] = ()
    wider: bool = False


class Judge:
    """Of one target."""

    def __init__(self, plan: dict, target: str, found: dict[str, Outcome], labels: dict[tuple[str, str], str]) -> None:
        self.plan = plan
        self.target = target
        self.found = found
        self.labels = labels  # that things made in the cases have to have; empty on AppArmor

    def judge(self, number: str, operation: dict) -> Judged:
        came = self.found.get(number)
        if came is None:
            return Judged("?", "it was not tried")
        wrong = self.wrong(operation, came)
        shown = came.verdict if came.verdict != "broken" else f"broken ({came.detail})"
        return Judged(shown, wrong, came.records, not operation["meaning"] and came.verdict == "allow")

    def wrong(self, operation: dict, came: Outcome) -> str:
        expected = operation["expected"][self.target]
        if came.verdict == "broken":
            return came.detail
        if expected["decision"] == "record":
            if came.verdict != "allow":
                return f"{came.detail}, in a domain that only complains"
            return "" if came.records else "let through without a record, in a domain that complains"
        if came.verdict == "deny" and expected["decision"] == "allow":
            return f"{came.detail}, and the meaning allows it"
        if came.verdict == "allow" and expected["decision"] == "deny":
            return f"the meaning denies it ({expected['why']}), and nothing in the report is wider there"
        if came.verdict == "deny" and expected["told"] == "yes" and not came.records:
            return "refused without the record that `audit` asks for"
        if came.verdict == "allow":
            return self.wrong_domain(operation, came) or self.wrong_label(operation, came) or self.wrong_record(operation, came)
        return ""

    def wrong_record(self, operation: dict, came: Outcome) -> str:
        expected = operation["expected"][self.target]
        told = any(GRANT.search(record) for record in came.records)
        if expected["decision"] == "allow" and expected["told"] == "yes" and not told:
            return "let through without the record that `audit` asks for"
        return "it left a record, and no rule with `audit` is about it" if expected["told"] == "no" and told else ""

    def wrong_domain(self, operation: dict, came: Outcome) -> str:
        leads = operation["operation"] in ("start", "start_keeping", "start_cleaned", "become")
        if operation["operation"] == "start_unconfined":
            return "" if is_unconfined(came.domain) else f"it ended in `{came.domain}`, which is confined"
        name = operation["arguments"][-1] if leads else operation["domain"]
        about = self.plan["domains"].get(name)
        if about is None:
            return ""  # not of the build
        selinux = self.plan["targets"][self.target]["backend"] == "selinux"
        is_in = type_of(came.domain) if selinux else came.domain.split(" (")[0]
        should = about["type"] if selinux else about["profile"]
        return "" if is_in == should else f"it ended in `{is_in}`, not in `{should}`"

    def wrong_label(self, operation: dict, came: Outcome) -> str:
        made = made_by(operation)
        if not made or not self.labels or not operation["meaning"]:
            return ""
        should = self.labels.get(made, "")
        if type_of(came.label) == type_of(should):
            return ""
        return f"it made {made[1]} as `{type_of(came.label)}`, and file contexts say `{type_of(should)}`"
