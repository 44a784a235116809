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
import random
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
EXAMPLES = ("nginx", "orders", "postgresql", "redis")
PACKAGES = pathlib.Path("/usr/share/selinux/default")
DISABLED = pathlib.Path("/var/lib/selinux/default/active/modules/disabled")
TO_CIL = pathlib.Path("/usr/libexec/selinux/hll/pp")
MISSING = 77  # for ctest: left out
SECONDS = 240

# Folders that are links on a merged system: rules and file contexts name what they lead to.
LINKS = re.compile(r"/(bin|sbin|lib\w*|var/run|var/lock)(/|$)")

# Who may start a domain of the policies, as their `entry` and `exec ... to` say it.
USERS = "every domain of logged-in users"
STARTED_BY = {
    "relay_master_t": {"init_t"}, "relay_smtpd_t": {"relay_master_t", "init_t"},
    "relay_queue_t": {"relay_master_t", "init_t"}, "relay_deliver_t": {"relay_master_t", "init_t"},
    "vaulter_t": {USERS}, "vault_sealer_t": {USERS, "vaulter_t"}, "boxer_t": {"init_t"}, "box_t": {"boxer_t", "init_t"},
    "stationd_t": {"init_t"}, "station_worker_t": {"init_t"}, "station_job_t": {"crond_t", "system_cronjob_t"},
    "nginx_t": {"init_t"}, "ordersd_t": {"init_t"}, "orders_worker_t": {"ordersd_t"}, "postgres_t": {"initrc_t"}, "redisd_t": {"init_t"},
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
    inputs: list[str]  # the arguments that name the policy

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
                 declared_types(sorted(out.glob("*.cil"))), any("raw selinux" in text for text in texts), inputs)


def said_by(build: Build, known: set[str]) -> Rules:
    """What macc lists, names of several types written out; types that the linked policy does not have are left out."""
    rules: Rules = {}
    conditions = {text: Condition.from_macc(text) for text in {grant["condition"] for grant in build.grants}}
    for grant in build.grants:
        sources, targets = build.members(grant["source"]), build.members(grant["target"])
        if grant["kind"] != "role":
            sources, targets = known.intersection(sources), known.intersection(targets)
        if len(sources) * len(targets) > 1 and grant["result"] not in build.own:
            pairs = itertools.chain(itertools.product(build.own.intersection(sources), targets),
                                    itertools.product(sources, build.own.intersection(targets)))
        else:
            pairs = itertools.product(sources, targets)
        for source, target in pairs:
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


def check_constraints(witness: Witness, findings: Findings) -> None:
    """attributes.def says of some attributes that a constraint is about them."""
    text = (ROOT / "backends" / "selinux" / "attributes.def").read_text()
    constraints = " ".join(str(constraint) for constraint in witness.policy.constraints())
    for attribute in re.findall(r'^MACC_ATTRIBUTE\("(\w+)", constraint,', text, re.MULTILINE):
        if not re.search(rf"\b{attribute}\b", constraints):
            findings.add("no constraint", f"about {attribute}")


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
    """What the policy did not ask for is named in report.json; changes of roles are named nowhere, so there are none."""
    for path in build.out.glob("*.cil"):
        for text in re.findall(r"^\(role(?:allow|transition) .*", path.read_text(), re.MULTILINE):
            findings.add("a change of roles", f"{build.name}: {text}")
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


# ---- labels


class Pattern:
    """A path pattern of macc, as a regular expression and as a maker of paths."""

    TOKEN = re.compile(r"/\*\*(?=/|$)|\*|\?|\[\^?(?:\\.|[^\]])+\]|\\x[0-9a-fA-F]{2}|\\.|[{},]|(?:[^*?\[\\{},/]|/(?!\*\*(?:/|$)))+")

    def __init__(self, text: str) -> None:
        self.text = text.removesuffix("/") if text != "/" else text
        self.tokens = self.TOKEN.findall(self.text.replace("~/", "/home/alice/", 1) if text.startswith("~/") else self.text)
        self.regex = re.compile("".join(self.regex_of(i) for i in range(len(self.tokens))))

    def covers(self, path: str) -> bool:
        return self.regex.fullmatch(path) is not None

    def regex_of(self, i: int) -> str:
        token = self.tokens[i]
        alone = (i == 0 or self.tokens[i - 1].endswith("/")) and (i + 1 == len(self.tokens) or self.tokens[i + 1][0] == "/")
        known = {"/**": "(?:/[^/]+)*", "*": "[^/]+" if alone else "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}
        if token in known:
            return known[token]
        if token == ",":
            return "|" if self.depth(i) else ","
        if token[0] == "[":
            return "(?!/)" + token
        return re.escape(unescaped(token))

    def depth(self, i: int) -> int:
        return self.tokens[:i].count("{") - self.tokens[:i].count("}")

    def sample(self, dice: random.Random) -> str:
        out, i = "", 0
        while i < len(self.tokens):
            token = self.tokens[i]
            if token == "{":  # one of the alternatives, which are not nested in samples
                end = next((j for j in range(i, len(self.tokens)) if self.tokens[j] == "}"), len(self.tokens) - 1)
                parts = [[]]
                for inner in self.tokens[i + 1:end]:
                    if inner == ",":
                        parts.append([])
                    else:
                        parts[-1].append(inner)
                out += "".join(self.word(inner, dice) for inner in dice.choice(parts))
                i = end
            else:
                out += self.word(token, dice)
            i += 1
        return out

    @staticmethod
    def word(token: str, dice: random.Random) -> str:
        name = lambda: "".join(dice.choice("abcdeXYZ019._- +") for _ in range(dice.randint(1, 6))).strip(" .") or "n"
        if token == "/**":
            return "".join("/" + name() for _ in range(dice.randint(0, 3)))
        if token == "*":
            return name()
        if token == "?":
            return dice.choice("abc019")
        if token[0] == "[":
            return next(c for c in dice.sample("abcdefghijklmnopqrstuvwxyz0123456789", 36) if re.fullmatch(token, c))
        return unescaped(token)


def unescaped(token: str) -> str:
    if re.fullmatch(r"\\x[0-9a-fA-F]{2}", token):
        return chr(int(token[2:], 16))
    return token[1] if token[0] == "\\" else token


class PathSet:
    """Paths as the meaning has them."""

    def __init__(self, value: dict, inside: list["PathSet"]) -> None:
        self.include = [Pattern(text) for text in value.get("include", ())]
        self.exclude = [Pattern(text) for text in value.get("exclude", ())]
        self.inside = inside

    def covers(self, path: str) -> bool:
        return any(p.covers(path) for p in self.include) and not any(p.covers(path) for p in self.exclude + self.inside)

    def samples(self, dice: random.Random, count: int) -> set[str]:
        paths = {pattern.sample(dice) for pattern in self.include for _ in range(count)}
        return {path for path in paths if self.covers(path)}


class Labels:
    """What matchpathcon says, with a policy store in which the builds are installed."""

    def __init__(self, builds: list[Build], folder: pathlib.Path) -> None:
        for place in ("etc/selinux/default", "var/lib/selinux/default"):
            shutil.copytree(pathlib.Path("/") / place, folder / place, symlinks=True, dirs_exist_ok=True)
        shutil.copy("/etc/selinux/semanage.conf", folder / "etc/selinux/semanage.conf")
        modules = [str(path) for each in builds for path in sorted(each.out.glob("*.cil"))]
        run(["semodule", "-p", str(folder), "-s", "default", "-n", "-i", *modules])
        self.contexts = folder / "etc/selinux/default/contexts/files/file_contexts"

    def of(self, paths: list[str], mode: str) -> dict[str, str]:
        """Path -> type, "" for none."""
        labels = {}
        for begin in range(0, len(paths), 1000):
            some = paths[begin:begin + 1000]
            text = run(["matchpathcon", "-f", str(self.contexts), "-m", mode, "-n", *some])
            for path, context in zip(some, text.splitlines(), strict=True):
                labels[path] = context.split(":")[2] if context.count(":") > 1 else ""
        return labels

    def system_paths(self) -> dict[str, set[str]]:
        """Paths that the file contexts name, by mode: the expressions without their wildcards, and with letters for them."""
        modes: dict[str, set[str]] = {"file": set(), "dir": set()}
        for line in self.contexts.read_text().splitlines():
            regex, *rest = line.split()
            mode = {"-d": "dir", "--": "file"}.get(rest[0], "file" if len(rest) == 1 else "")
            for tail in ("", "/a", "/b.c/d"):
                path = regex.replace("(/.*)?", tail).replace("(/.*)", tail or "/e").replace("/.*", "/f").replace(".*", "g")
                path = re.sub(r"\[\^/\][*+]", "hi", path).replace("\\.", ".").replace("\\-", "-").replace("\\+", "+")
                path = re.sub(r"\(([^()|]*)\|[^()]*\)\??", r"\1", path)
                if mode and not re.search(r"[][()|\\?*^$+]", path):
                    modes[mode].add(path)
        return modes


def type_name(*names: str) -> str:
    return "_".join(re.sub(r"\W", "_", name) for name in names) + "_t"


def check_labels(macc: pathlib.Path, build: Build, labels: Labels, system: dict[str, dict[str, str]], said: Rules,
                 others: set[str], findings: Findings) -> int:
    """Own resources have their own type; what a rule lets a domain read is of types that it may read."""
    meaning = json.loads(run([str(macc), "build", "--emit", "ir", "--out", "-", *build.inputs]))
    dice = random.Random(build.name)
    sets: dict[str, PathSet] = {}

    def set_of(name: str) -> PathSet:
        if name not in sets:
            resource = resources[name]
            sets[name] = PathSet(resource["paths"], [])
            sets[name].inside = [set_of(inner) for inner in resource.get("inside", ())]
        return sets[name]

    resources = {resource["name"]: resource for resource in meaning["resources"]}
    wanted = {}
    for name, resource in resources.items():
        if resource["external"] or resource.get("adopt"):
            continue
        module, owner = name.rsplit(".", 1)[0], resource.get("owner")
        own_type = type_name(owner.rsplit(".", 1)[1] if owner else module, name.rsplit(".", 1)[1])
        wanted |= {path: own_type for path in set_of(name).samples(dice, 60)}
    for path, label in labels.of(sorted(wanted), "file").items():
        if label != wanted[path]:
            findings.add("another label", f"{build.name}: {path} is {label}, not {wanted[path]}")
    count = len(wanted)
    for domain in meaning["domains"]:
        if not domain["external"]:
            count += check_reading(build, domain, set_of, labels, system, said, others, findings)
    return count


def check_reading(build: Build, domain: dict, set_of, labels: Labels, system: dict[str, dict[str, str]], said: Rules,
                  others: set[str], findings: Findings) -> int:
    dice = random.Random(domain["name"])
    type_ = type_name(domain["name"].rsplit(".", 1)[1])
    rules = [rule for rule in domain["rules"] if rule["access"]["kind"] == "file"]
    denied = [PathSet(rule["access"]["paths"], []) for rule in rules if rule["effect"] == "deny"]
    count = 0
    for mode, verb in (("file", "read"), ("dir", "list")):
        for rule in rules:
            if rule["effect"] != "allow" or verb not in rule["access"]["verbs"]:
                continue
            value = rule["access"]["paths"]
            paths = PathSet(value, [set_of(name) for name in value.get("holes", ())])
            seen = {path: label for path, label in system[mode].items() if paths.covers(path)}
            fresh = sorted(path for path in paths.samples(dice, 10) if path not in seen and not LINKS.match(path))
            seen |= labels.of(fresh, mode)
            if mode == "file":  # what heads a tree is a directory
                seen = {path: label for path, label in seen.items() if f"{path}/**" not in value["include"]}
            for path, label in seen.items():
                if re.match(r"/dev/(?!shm/)", path) and mode == "file":
                    continue  # those are device nodes
                if not label or label in others or any(each.covers(path) for each in denied):
                    continue
                count += 1
                if "read" not in said.get(("allow", type_, label, mode, "", ""), {}):
                    findings.add("may not read", f"{build.name}: {type_} {path} ({label}, {mode}), by {rule['text']}")
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
    for tool, package in (("secilc", "secilc"), ("bzip2", "bzip2"), ("matchpathcon", "libselinux-utils"),
                          ("semodule", "policycoreutils")):
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
    policies = sorted(POLICIES.glob("*.macc")) + [ROOT / "examples" / name for name in EXAMPLES]
    packages = [path for path in sorted(PACKAGES.glob("*.pp.bz2"))
                if not (DISABLED / path.name.removesuffix(".pp.bz2")).exists()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        builds = list(pool.map(lambda policy: build(macc, policy, folder), policies))
        modules = list(pool.map(lambda package: system_module(package, folder / "system"), packages))
        # What takes the place of a module is linked apart: the others may name types of that module.
        names = {module.stem for module in modules}
        groups: dict[frozenset[str], list[Build]] = collections.defaultdict(list)
        for each in builds:
            groups[frozenset(replaced(each) & names)].append(each)
        labels = pool.submit(lambda: Labels(groups[frozenset()], folder / "root"))
        linked = list(pool.map(lambda without: link(groups[without], without, modules, folder), groups))
    findings = Findings()
    for path, (without, group) in zip(linked, groups.items()):
        witness = Witness(path)
        said = [said_by(each, witness.types) for each in group]
        compare(group, said, witness, findings)
        if not without:
            check_constraints(witness, findings)
            compare_labels(macc, group, said, labels.result(), findings)
    return 1 if findings.total() else 0


def link(builds: list[Build], without: frozenset[str], modules: list[pathlib.Path], folder: pathlib.Path) -> pathlib.Path:
    linked = folder / "-".join(["policy", *sorted(without)])
    files = [module for module in modules if module.stem not in without]
    files += [path for each in builds for path in sorted(each.out.glob("*.cil"))]
    run(["secilc", "-M", "true", "-o", str(linked), "-f", f"{linked}.contexts", *map(str, files)])
    return linked


def compare_labels(macc: pathlib.Path, group: list[Build], said: list[Rules], labels: Labels, findings: Findings) -> None:
    system = {mode: labels.of(sorted(path for path in paths if not LINKS.match(path)), mode)
              for mode, paths in labels.system_paths().items()}
    everything = set().union(*(each.own for each in group))
    for each, rules in zip(group, said):
        count = check_labels(macc, each, labels, system, rules, everything - each.own, findings)
        print(f"  {each.name}: {count} labels of paths compared")


def compare(group: list[Build], said: list[Rules], witness: Witness, findings: Findings) -> None:
    everything = set().union(*(each.own for each in group))
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
