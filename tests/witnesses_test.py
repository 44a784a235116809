#!/usr/bin/env python3
"""Has other people's tools look at what macc compiled for SELinux, and holds what they find against what macc says.

The examples and the policies of tests/witnesses are built and linked, all at once, by secilc with the modules of the
installed Debian policy. Then:

- setools (what sesearch asks) lists every access, transition, level and role of each type that the policies declare, as
  source, as target and as result. It has to be just what `macc explain --grants` lists, permission by permission and
  condition by condition; and what comes from the system's policy has to be named in report.json.
- setools (what sedta asks) lists the ways into each domain. They have to be those that the policy's entries name.
- matchpathcon says the label of paths of every resource, of every file context of the policies and beside them. It has to
  be the one that macc plans.

What a tool is missing for is left out, and said.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import setools
except ImportError:
    setools = None

ROOT = pathlib.Path(__file__).resolve().parents[1]
POLICIES = ROOT / "tests" / "witnesses"
PACKAGES = pathlib.Path("/usr/share/selinux/default")
DISABLED = pathlib.Path("/var/lib/selinux/default/active/modules/disabled")
TO_CIL = pathlib.Path("/usr/libexec/selinux/hll/pp")
MISSING = 77  # for ctest: left out
SECONDS = 240

# Who may start a domain of the policies, as their `entry` and `exec ... to` say it.
USERS = "every domain of logged-in users"
STARTED_BY = {
    "relay_master_t": {"init_t"}, "relay_smtpd_t": {"relay_master_t", "init_t"},
    "relay_queue_t": {"relay_master_t", "init_t"}, "relay_deliver_t": {"relay_master_t", "init_t"},
    "vaulter_t": {USERS}, "vault_sealer_t": {USERS, "vaulter_t"}, "boxer_t": {"init_t"}, "box_t": {"boxer_t", "init_t"},
    "stationd_t": {"init_t"}, "station_worker_t": {"init_t"}, "station_job_t": {"crond_t", "system_cronjob_t"},
    "nightly_backup_t": {"crond_t", "system_cronjob_t"}, "nginx_t": {"init_t"}, "notes_t": {USERS},
    "ordersd_t": {"init_t"}, "orders_worker_t": {"ordersd_t"}, "postgres_t": {"init_t"}, "redisd_t": {"init_t"},
}


def run(command: list[str], folder: pathlib.Path | None = None, given: str | None = None) -> str:
    done = subprocess.run(command, cwd=folder, text=True, input=given, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        sys.exit(f"`{' '.join(command)[:300]}` ended with {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


class Findings:
    """Differences, of which the first ones of a kind are printed."""

    SHOWN = 12

    def __init__(self) -> None:
        self.count: collections.Counter[str] = collections.Counter()

    def add(self, kind: str, text: str) -> None:
        self.count[kind] += 1
        if self.count[kind] <= self.SHOWN:
            print(f"FAIL {kind}: {text}")

    def total(self) -> int:
        for kind, count in self.count.items():
            if count > self.SHOWN:
                print(f"FAIL {kind}: {count - self.SHOWN} more")
        return sum(self.count.values())


# ---- conditions: what is compared is when they hold, not how they are written


@dataclasses.dataclass(frozen=True)
class Condition:
    """A set of settings of the named booleans, a bit each: bit i of a row is the value of the i-th name."""

    names: tuple[str, ...] = ()
    rows: frozenset[int] = frozenset({0})

    def widened(self, names: tuple[str, ...]) -> set[int]:
        """The same over more names."""
        own = [names.index(name) for name in self.names]
        return {row for row in range(1 << len(names))
                if sum((row >> place & 1) << i for i, place in enumerate(own)) in self.rows}

    @staticmethod
    def from_macc(text: str) -> "Condition":
        """From `(a and not b)`. Python's own operators on tables of values."""
        if not text:
            return Condition()
        words = re.findall(r"\w+|[()]", text)
        names = tuple(sorted({w for w in words if re.match(r"\w", w)} - {"and", "or", "not", "is", "xor"}))
        everything = (1 << (1 << len(names))) - 1
        columns = {name: sum(1 << row for row in range(1 << len(names)) if row >> i & 1) for i, name in enumerate(names)}
        python = " ".join(str(columns[w]) if w in columns else w for w in words)
        for word, operator in ((r"is not", "^"), (r"xor", "^"), (r"is", f"^ {everything} ^"), (r"and", "&"), (r"or", "|"),
                               (r"not", "~")):
            python = re.sub(rf"\b{word}\b", operator, python)
        if not re.fullmatch(r"[\d ()&|^~]+", python):
            raise ValueError(f"no condition: {text}")
        table = eval(python) & everything  # pylint: disable=eval-used; digits and operators alone
        return Condition(names, frozenset(row for row in range(1 << len(names)) if table >> row & 1))


def same(left: list[Condition], right: list[Condition]) -> bool:
    """Whether one of the left holds just when one of the right does."""
    names = tuple(sorted({name for condition in left + right for name in condition.names}))

    def settings(conditions: list[Condition]) -> set[int]:
        return set().union(*(condition.widened(names) for condition in conditions))

    return settings(left) == settings(right)


# Words of a rule (kind, source, target, class, name, result) -> permission -> conditions.
Rules = dict[tuple[str, ...], dict[str, set[Condition]]]


def note(rules: Rules, words: tuple[str, ...], permissions: list[str], condition: Condition) -> None:
    there = rules.setdefault(words, {})
    for permission in permissions:
        there.setdefault(permission, set()).add(condition)


# ---- what macc says


@dataclasses.dataclass
class Build:
    """One policy, compiled, with all that macc says about it."""

    name: str
    out: pathlib.Path
    report: dict
    grants: list[dict]
    groups: dict[str, list[str]]
    own: set[str]  # types that its modules declare
    has_raw: bool

    def members(self, name: str) -> list[str]:
        return self.groups.get(name, [name])


def declared_types(files: list[pathlib.Path]) -> set[str]:
    return {name for path in files for name in re.findall(r"^\(type (\w+)\)$", path.read_text(), re.MULTILINE)}


def build(macc: pathlib.Path, policy: pathlib.Path, folder: pathlib.Path) -> Build:
    is_project = policy.is_dir()
    name = policy.name if is_project else policy.stem
    inputs = ["--project", str(policy)] if is_project else [str(policy)]
    run([str(macc), "build", "--target", "selinux", "--out", str(folder / name), *inputs])
    out = folder / name / "selinux"
    sources = sorted(policy.glob("policy/*.macc")) if is_project else [policy]
    texts = [source.read_text() for source in sources]
    grants, groups = [], {}
    for module in [re.search(r"^module ([\w.]+);", text, re.MULTILINE)[1] for text in texts]:
        answer = json.loads(run([str(macc), "explain", "--target", "selinux", "--grants", module, "--format", "json", *inputs]))
        grants += answer["grants"]
        groups.update(answer["groups"])
    return Build(name, out, json.loads((out / "report.json").read_text()), grants, groups,
                 declared_types(sorted(out.glob("*.cil"))), any("raw selinux" in text for text in texts))


def said_by(build: Build, known: set[str]) -> Rules:
    """What macc lists, names of several types written out; types that the linked policy does not have are left out."""
    rules: Rules = {}
    conditions = {text: Condition.from_macc(text) for text in {grant["condition"] for grant in build.grants}}
    for grant in build.grants:
        # A rule on oneself has one pair for each type.
        for source, target in itertools.product(build.members(grant["source"]), build.members(grant["target"])):
            if source not in build.own and target not in build.own and grant["result"] not in build.own \
                    and (grant["source"] in build.groups or grant["target"] in build.groups):
                continue
            if grant["kind"] != "role" and (source not in known or target not in known):
                continue
            note(rules, (grant["kind"], source, target, grant["class"], grant["name"], grant["result"]),
                 grant["permissions"] or [""], conditions[grant["condition"]])
    return rules


# ---- what setools finds

class Witness:
    """The linked policy, read by setools."""

    KINDS = {"type_transition": "transition", "type_member": "member", "type_change": "change"}

    def __init__(self, path: pathlib.Path) -> None:
        self.policy = setools.SELinuxPolicy(str(path))
        self.types = {str(type_) for type_ in self.policy.types()}
        self.members: dict[str, frozenset[str]] = {}
        self.conditions: dict[tuple[str, bool], Condition] = {}
        self.ways_in = setools.DomainTransitionAnalysis(self.policy, reverse=True)

    def written_out(self, name) -> frozenset[str]:
        text = str(name)
        if text not in self.members:
            self.members[text] = frozenset(str(type_) for type_ in name.expand())
        return self.members[text]

    def condition(self, rule) -> Condition:
        try:
            conditional, block = rule.conditional, rule.conditional_block
        except setools.exception.RuleNotConditional:
            return Condition()
        key = (str(conditional), block)
        if key not in self.conditions:
            table = conditional.truth_table()
            names = tuple(sorted(table[0].values))
            rows = (sum(row.values[name] << i for i, name in enumerate(names)) for row in table if row.result == block)
            self.conditions[key] = Condition(names, frozenset(rows))
        return self.conditions[key]

    def rules_about(self, own: set[str], others: set[tuple[str, str]]) -> Rules:
        """Everything about the types in `own`, and between the pairs in `others`."""
        rules: Rules = {}
        for rule in self.policy.terules():
            kind = str(rule.ruletype)
            if kind in ("dontaudit", "auditallow", "neverallow"):
                continue
            sources, targets = self.written_out(rule.source), self.written_out(rule.target)
            result = "" if kind.startswith("allow") else str(rule.default)
            if result in own:
                pairs = set(itertools.product(sources, targets))
            else:
                pairs = set(itertools.product(sources & own, targets)) | set(itertools.product(sources, targets & own))
                if len(sources) == len(targets) == 1:
                    pairs |= {(s, t) for s in sources for t in targets if (s, t) in others}
            if not pairs:
                continue
            name = str(getattr(rule, "filename", "")) if isinstance(rule, setools.policyrep.FileNameTERule) else ""
            permissions = [""] if result else sorted(rule.perms)
            condition = self.condition(rule)
            for source, target in pairs:
                note(rules, (self.KINDS.get(kind, kind), source, target, str(rule.tclass), name, result), permissions,
                     condition)
        for rule in self.policy.mlsrules():
            for source, target in itertools.product(self.written_out(rule.source), self.written_out(rule.target)):
                if source in own or target in own:
                    note(rules, ("range", source, target, str(rule.tclass), "", ""), [""], Condition())
        for role in self.policy.roles():
            for type_ in role.types():
                if str(type_) in own:
                    note(rules, ("role", str(role), str(type_), "", "", ""), [""], Condition())
        return rules


# ---- comparisons


def in_words(words: tuple[str, ...], permission: str) -> str:
    kind, source, target, class_name, name, result = words
    return " ".join(filter(None, (kind, source, target, class_name, permission, name and f'"{name}"', result)))


def compare_rules(build: Build, said: Rules, everything: Rules, others: set[str], findings: Findings) -> int:
    """`others`: types of the other policies, which this one does not know."""
    found = {words: permissions for words, permissions in everything.items()
             if words[1] not in others and words[2] not in others
             and (words in said or words[1] in build.own or words[2] in build.own or words[5] in build.own)}
    count = 0
    for words in sorted(said.keys() | found.keys()):
        here, there = said.get(words, {}), found.get(words, {})
        between_others = words[0] != "role" and words[1] not in build.own and words[2] not in build.own
        for permission in sorted(here.keys() | there.keys()):
            count += 1
            by_macc, by_others = list(here.get(permission, ())), list(there.get(permission, ()))
            if by_macc == by_others:
                continue
            text = f"{build.name}: {in_words(words, permission)}"
            if not by_macc:
                if not between_others:
                    findings.add("macc does not name", text)
            elif not by_others:
                findings.add("only macc has", text)
            elif not same(by_macc, by_others) and not between_others:
                findings.add("under another condition", f"{text}: macc {by_macc}, setools {by_others}")
    return count


def check_reasons(build: Build, findings: Findings) -> None:
    """What the policy did not ask for is named in report.json."""
    what: dict[str, str] = collections.defaultdict(str)
    for entry in build.report["entries"]:
        what[entry["topic"]] += "".join(f"\n{line}" for line in entry["what"])
    for grant in build.grants:
        text = f"{build.name}: {grant['kind']} {grant['source']} {grant['target']} {grant['class']} {grant['permissions']}"
        kinds = {reason["kind"] for reason in grant["reasons"]}
        if not kinds or "unexplained" in kinds or ("raw" in kinds and not build.has_raw):
            findings.add("without a reason", text)
        for reason in grant["reasons"]:
            if reason["kind"] not in ("system", "raw") and reason["place"] is None:
                findings.add("without a place", text)
        if kinds == {"system"} and grant["kind"] == "allow":
            check_named(build, grant, what, text, findings)
        if kinds == {"raw"} and grant["source"] not in what["raw"] and grant["target"] not in what["raw"]:
            findings.add("not in the report", text)


def check_named(build: Build, grant: dict, what: dict[str, str], text: str, findings: Findings) -> None:
    source, target = grant["reasons"][0]["text"].split()
    own_source = any(name in build.own for name in build.members(grant["source"]))
    own_target = any(name in build.own for name in build.members(grant["target"]))
    # An attribute that an own type is in, followed by what it brings or by who may do it.
    other = "itself" if target == "self" or grant["source"] == grant["target"] else re.escape(grant["target"])
    brought = re.search(rf"(^|\bin ){source}: .*\b{other}\b", what["attributes"], re.MULTILINE)
    opened = re.search(rf"\b{re.escape(target)}: some of .*\b{re.escape(grant['source'])}\b", what["access-of-others"])
    if own_source and not brought and not (own_target and opened):
        findings.add("not in the report", text + f" by {source} {target}")
    elif own_target and not own_source and not opened:
        findings.add("not in the report", text + f" by {source} {target}")


def check_entrances(build: Build, witness: Witness, others: set[str], findings: Findings) -> int:
    """The ways into the domains, as sedta finds them."""
    users = {str(type_) for type_ in witness.policy.lookup_typeattr("userdomain").expand()}
    explained = {(name, target) for grant in build.grants
                 if grant["class"] == "process" and {"transition", "dyntransition"} & set(grant["permissions"])
                 and {reason["kind"] for reason in grant["reasons"]} == {"system"}
                 for name in build.members(grant["source"]) for target in build.members(grant["target"])}
    count = 0
    for type_ in sorted(build.own & STARTED_BY.keys()):
        wanted = set().union(*(users if name == USERS else {name} for name in STARTED_BY[type_]))
        found = {str(step.source) for step in witness.ways_in.transitions(type_)} - others
        count += len(found)
        for name in sorted(found - wanted):
            if (name, type_) not in explained:
                findings.add("another way in", f"{build.name}: {name} starts {type_}")
        for name in sorted(wanted - found):
            findings.add("no way in", f"{build.name}: {name} cannot start {type_}")
    return count


# ---- the system


def system_module(package: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """An installed module as CIL."""
    module = folder / package.name.replace(".pp.bz2", ".cil")
    with subprocess.Popen(["bzip2", "-dc", str(package)], stdout=subprocess.PIPE) as unpacked:
        subprocess.run([str(TO_CIL), "/dev/stdin", str(module)], stdin=unpacked.stdout, check=True, timeout=SECONDS)
    return module


def replaced(build: Build) -> set[str]:
    """Modules of the system that a build takes the place of or switches off when it is installed."""
    off = {name for line in build.report["install"] for name in re.findall(r" -d (\w+)", line)}
    return off | {path.stem for path in build.out.glob("*.cil")}


def missing() -> str:
    if setools is None:
        return "setools for Python (package python3-setools)"
    for tool, package in (("secilc", "secilc"), ("bzip2", "bzip2"), ("matchpathcon", "libselinux-utils")):
        if not shutil.which(tool):
            return f"{tool} (package {package})"
    if not TO_CIL.exists() or not PACKAGES.is_dir():
        return "the policy (packages selinux-policy-default, policycoreutils)"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave everything there")
    arguments = parser.parse_args()
    if setools is None and sys.executable != "/usr/bin/python3" and pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's packages are there alone
    if lacking := missing():
        print(f"not installed: {lacking}; nothing is checked")
        return MISSING
    with tempfile.TemporaryDirectory(prefix="macc-witnesses-") as temporary:
        return check(arguments.macc.resolve(), arguments.keep or pathlib.Path(temporary))


def check(macc: pathlib.Path, folder: pathlib.Path) -> int:
    (folder / "system").mkdir(exist_ok=True)
    policies = sorted(POLICIES.glob("*.macc")) + sorted(path.parent for path in (ROOT / "examples").glob("*/macc.toml"))
    packages = [path for path in sorted(PACKAGES.glob("*.pp.bz2"))
                if not (DISABLED / path.name.removesuffix(".pp.bz2")).exists()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        builds = list(pool.map(lambda policy: build(macc, policy, folder), policies))
        modules = list(pool.map(lambda package: system_module(package, folder / "system"), packages))
    names = {module.stem for module in modules}
    findings = Findings()
    # What takes the place of a module is linked apart: the others may name types of that module.
    groups: dict[frozenset[str], list[Build]] = collections.defaultdict(list)
    for each in builds:
        groups[frozenset(replaced(each) & names)].append(each)
    for number, (without, group) in enumerate(groups.items()):
        linked, contexts = folder / f"policy{number}", folder / f"file_contexts{number}"
        files = [module for module in modules if module.stem not in without]
        files += [path for each in group for path in sorted(each.out.glob("*.cil"))]
        run(["secilc", "-M", "true", "-o", str(linked), "-f", str(contexts), *map(str, files)])
        compare(group, Witness(linked), findings)
    return 1 if findings.total() else 0


def compare(group: list[Build], witness: Witness, findings: Findings) -> None:
    everything = set().union(*(each.own for each in group))
    said = [said_by(each, witness.types) for each in group]
    pairs = {words[1:3] for rules in said for words in rules if words[1] not in everything and words[2] not in everything}
    found = witness.rules_about(everything, pairs)
    for each, rules in zip(group, said):
        others = everything - each.own
        count = compare_rules(each, rules, found, others, findings)
        ways = check_entrances(each, witness, others, findings)
        check_reasons(each, findings)
        print(f"  {each.name}: {len(each.own)} types, {count} permissions compared, {ways} ways in")


if __name__ == "__main__":
    sys.exit(main())
