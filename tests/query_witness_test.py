#!/usr/bin/env python3
"""Answers the questions of `macc query` and the expectations of `macc test` a second time, from the compiled artifacts alone.

The policies of tests/query_witness and the examples are built for both targets. apparmor_parser compiles the profiles, secilc
links the modules with the installed Debian policy, and readers that share nothing with macc say what these allow: of
paths that the patterns of the policies match, of their neighbours, of programs, ports, sockets, signals, capabilities, in each
setting of the switches. Then:

- `macc test --target` has to say of each target just what its artifact says;
- where the artifact allows what `macc test` and `macc query` do not, an entry of report.json has to say so, on that rule and
  that access; where it refuses what they allow, an entry has to say that it is narrower;
- `macc query may`, `who`, `all` and `modify-and-run` have to agree with that.

At the end rules are taken out of the policies that the artifacts are made from, and entries out of the reports: each
comparison has to notice.
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
import witnesses_test as witnesses  # noqa: E402
from witnesses_test import LINKS, ROOT, Findings, Pattern, run, setools  # noqa: E402

import apparmor_artifact  # noqa: E402
from fidelity_entries import Report  # noqa: E402
from policy_meaning import Policy, Rule, base_name, last  # noqa: E402
from question import OF_BOTH, Question, mount_names  # noqa: E402

if setools is not None:
    import selinux_artifact  # noqa: E402

POLICIES = ROOT / "tests" / "query_witness"
EXAMPLES = ("backup", "nginx", "notes", "orders")
TARGETS = ("apparmor", "selinux")
CHANGE = {"write", "append", "create", "delete", "rename", "link", "setattr"}
GROUPS = {"manage": CHANGE | {"read", "list", "lock"}, "change": CHANGE}
VERBS = ("read", "list", "write", "append", "create", "delete", "rename", "link", "lock", "setattr", "load", "watch", "ioctl")
ELSEWHERE = ("/etc/shadow", "/etc/passwd", "/etc/cron.d/x", "/usr/bin/dash", "/usr/bin/cat", "/root/.ssh/id_rsa", "/tmp/x", "/srv",
             "/var/lib/dpkg/status", "/home/alice/.bashrc", "/opt/other/tool")
PORTS = (22, 25, 53, 80, 443, 8080, 8443, 9999, 40000)
MORE_OPTIONS = ("ro", "nosuid", "noexec", "suid", "rw")
OTHER_OPTIONS = (("ro",), ("nosuid", "ro"), ("rw",), ("bind",), ("rbind",), ("remount", "ro"), ("rslave",), ("bind", "rbind"))
CAPABILITIES = ("chown", "kill", "setuid", "net_raw", "sys_admin", "sys_nice", "bpf")

# Asked whatever else is: what macc once said something else about. Policy -> domain, verb, path.
ALWAYS = {"archive": [("archived", "delete", "/var/spool/warchive/in/"), ("archived", "create", "/srv/warchive/raw/"),
                      ("archive_tool", "create", "/srv/wdrop/a/new/b")],
          "forge": [("builder", "load", "/var/cache/wbuild/a"), ("builder", "delete", "/var/cache/wbuild/"),
                    ("forged", "append", "/srv/wforge/hooks/a")],
          "gateway": [("filterd", "delete", "/var/lib/wgateway/queue/hold/a")]}


# ---- policies


@dataclasses.dataclass
class Subject:
    """A policy with all that is known about it."""

    name: str
    source: pathlib.Path  # the file to which questions are added, in a folder of its own
    inputs: list[str]
    out: pathlib.Path
    policy: Policy
    reports: dict[str, Report]


def subject(macc: pathlib.Path, path: pathlib.Path, folder: pathlib.Path) -> Subject:
    """Copied, so that questions can be added."""
    place = folder / path.stem
    if path.is_dir():
        shutil.copytree(path, place)
        source, = place.glob("policy/*.macc")
        inputs = ["--project", str(place)]
    else:
        place.mkdir()
        source = place / path.name
        shutil.copy(path, source)
        inputs = [str(source)]
    out = place / "out"
    run([str(macc), "build", "--out", str(out), *inputs])
    policy = Policy(json.loads(run([str(macc), "build", "--emit", "ir", "--out", "-", *inputs])))
    reports = {name: Report(policy, json.loads((out / name / "report.json").read_text())) for name in TARGETS}
    return Subject(path.stem, source, inputs, out, policy, reports)


# ---- questions


class Asker:
    """Makes questions about one policy, the same ones in every run."""

    def __init__(self, subject: Subject, per_domain: int) -> None:
        self.policy, self.per_domain, self.name = subject.policy, per_domain, subject.name
        self.dice = random.Random(subject.name)
        self.tops = [top for rules in self.policy.rules.values() for rule in rules if rule.paths for top in rule.paths.tops()]

    def all(self) -> list[Question]:
        always = [Question(domain, "file", verb, path, owner=True) for name, verb, path in ALWAYS.get(self.name, ())
                  for domain in self.policy.domains if last(domain) == name]
        found = dict.fromkeys(itertools.chain(always, *(self.about(domain) for domain in self.policy.domains)))
        return [question for question in found if not LINKS.match(question.object)]

    def about(self, domain: str) -> list[Question]:
        rules = self.policy.rules[domain]
        own = [rule for rule in rules if not rule.place.startswith("<stdlib>")]
        first = [each for rule in own for each in self.some(self.from_rule(rule, 6), 10)]
        out = list(itertools.chain(*(self.from_rule(rule, 2) for rule in own)))
        out += itertools.chain(*(self.from_rule(rule, 1) for rule in self.dice.sample(rules, min(10, len(rules)))))
        others = [rule for name in self.policy.domains if name != domain for rule in self.policy.rules[name]
                  if not rule.place.startswith("<stdlib>")]
        for rule in self.dice.sample(others, min(12, len(others))):
            out += [dataclasses.replace(question, domain=domain) for question in self.from_rule(rule, 1)]
        out += self.elsewhere(domain)
        self.dice.shuffle(out)
        found = [self.somehow(each) for each in filter(None, map(self.sensible, first + out)) if each.target != domain]
        return found[:max(self.per_domain, len(first))]

    def some(self, questions: list[Question], count: int) -> list[Question]:
        return self.dice.sample(questions, min(count, len(questions)))

    def sensible(self, question: Question) -> Question | None:
        """What heads a tree is a directory."""
        if question.kind not in ("file", "exec", "unix") or not any(top.covers(question.object) for top in self.tops):
            return question
        if question.kind == "file" and question.verb in OF_BOTH | {"list"}:
            return dataclasses.replace(question, object=question.object + "/")
        return None

    def elsewhere(self, domain: str) -> list[Question]:
        out = [Question(domain, "file", self.dice.choice(VERBS), path) for path in ELSEWHERE]
        out += [Question(domain, "exec", object=path) for path in ELSEWHERE[3:5]]
        out += [Question(domain, "network", f"{direction} {protocol}", str(self.dice.choice(PORTS)))
                for direction in ("listen", "connect") for protocol in ("tcp", "udp")]
        out += [Question(domain, "capability", object=name) for name in self.dice.sample(CAPABILITIES, 3)]
        out += [Question(domain, kind) for kind in ("memory execute", "keyring")]
        for other in self.policy.domains:
            out += [Question(domain, "signal", self.dice.choice(("term", "kill", "usr1", "exists")), target=other),
                    Question(domain, self.dice.choice(("inspect", "trace", "become")), target=other)]
        return out

    def from_rule(self, rule: Rule, count: int) -> list[Question]:
        makers = {"file": self.files, "exec": self.programs, "network": self.ports, "unix": self.sockets,
                  "mount": self.mounts}
        if rule.kind in makers:
            return makers[rule.kind](rule, count)
        access, here = rule.access, rule.domain
        to = access.get("to")
        target = to["domain"] if isinstance(to, dict) and to["domain"] in self.policy.domains else ""
        if rule.kind == "capability":
            return [Question(here, "capability", object=name) for name in access["names"]]
        if rule.kind == "socket" and not access.get("type"):
            return [Question(here, "socket", object=access["family"])]
        if rule.kind == "signal" and target:
            return [Question(here, "signal", verb, target=target) for verb in ("term", "hup", "kill", "usr2")]
        if rule.kind in ("inspect", "trace", "become", "ipc") and target:
            return [Question(here, rule.kind, target=target)]
        return [Question(here, rule.kind)] if rule.kind in ("memory execute", "keyring", "userns create") else []

    def paths(self, rule: Rule, count: int) -> list[str]:
        """What its patterns match, also those that are taken out, and what lies beside that."""
        found = []
        for pattern in rule.paths.include + rule.paths.exclude:
            samples = [pattern.sample(self.dice) for _ in range(count)]
            found += samples + [self.neighbour(self.dice.choice(samples)) for _ in range(max(1, count // 2))]
            found.append(base_name(pattern.text.replace("~", "/home/alice")))
        return [path for path in found if self.is_path(path)]

    def neighbour(self, path: str) -> str:
        return self.dice.choice((path + "x", path[:-1], path + "/zz", path.rsplit("/", 1)[0], path + ".tmp", path.swapcase(),
                                 path.replace("/", "/q/", 2)))

    @staticmethod
    def is_path(path: str) -> bool:
        """No folder spelt with dots, not the root, and nothing that another file system lies on."""
        return path not in ("/proc", "/sys", "/dev") and re.fullmatch(r"(/(?!\.\.?(/|$))[^/\n]+)+", path) is not None and path.isascii()

    def files(self, rule: Rule, count: int) -> list[Question]:
        out = []
        for path in self.paths(rule, count):
            verbs = {self.dice.choice(rule.access["verbs"]), self.dice.choice(VERBS)}
            owner = self.dice.random() < (0.6 if rule.access["owner"] else 0.3)
            out += [Question(rule.domain, "file", verb, path, owner=owner) for verb in sorted(verbs) if verb in VERBS]
        return out

    def programs(self, rule: Rule, count: int) -> list[Question]:
        out = []
        for path in self.paths(rule, count):
            out.append(Question(rule.domain, "exec", object=path))
            out.append(Question(rule.domain, "file", self.dice.choice(("read", "load", "write")), path))
            target = rule.access["to"] or self.dice.choice(self.policy.domains)
            if target in self.policy.domains:
                out.append(Question(rule.domain, "exec", object=path, target=target,
                                    keep_environment=self.dice.random() < 0.3))
            if rule.paths.covers(path, False):
                out.append(Question(rule.domain, "exec", object=path, keep_environment=True))
        return out

    def ports(self, rule: Rule, _count: int) -> list[Question]:
        edges = {edge for low, high in rule.access["ports"] for edge in (low - 1, low, high, high + 1)}
        other = {"listen": "connect", "connect": "listen"}[rule.access["direction"]]
        found = sorted(port for port in edges if 0 < port < 65536)
        out = [Question(rule.domain, "network", rule.direction(), str(port)) for port in found]
        return out + [Question(rule.domain, "network", f"{other} {rule.access['protocol']}", str(found[-1]))]

    def sockets(self, rule: Rule, count: int) -> list[Question]:
        if not rule.paths:
            return [Question(rule.domain, "unix", rule.access["direction"], "@" + rule.access["abstract"] + tail)
                    for tail in ("", "x")]
        return [Question(rule.domain, "unix", self.dice.choice(("listen", "connect")), path)
                for path in self.paths(rule, max(1, count // 2))]

    def mounts(self, rule: Rule, count: int) -> list[Question]:
        """With its options, with one more and one less, and with those of other mounts."""
        own = tuple(rule.access["options"])
        several = [own, own[::-1], own[1:], (*own, self.dice.choice(MORE_OPTIONS)), *self.dice.sample(OTHER_OPTIONS, 3)]
        places = [path + "/" for path in self.paths(rule, 1)][:3]
        out = []
        for options in several:
            options = tuple(dict.fromkeys(options))
            names_type, names_source = mount_names(options)
            for place in self.dice.sample(places, min(len(places), max(1, count // 3))):
                source = rule.source.sample(self.dice) if rule.source and self.dice.random() < 0.8 else "/dev/sdw1"
                fstype = self.dice.choice([*rule.access["fstypes"], "ext4", "tmpfs"])
                out.append(Question(rule.domain, "mount", object=place, options=options, fstype=fstype if names_type else "",
                                    source=source if names_source else ""))
        return out

    def somehow(self, question: Question) -> Question:
        """In one of the settings of the switches."""
        names = sorted(self.policy.booleans)
        turned = tuple(name for name in names if self.dice.random() < 0.3)
        if not turned:
            return question
        words = [("not " if self.policy.booleans[name] else "") + last(name) for name in turned]
        return dataclasses.replace(question, turned=turned, when=" and ".join(words))


# ---- macc's answers: pairs, whether all of it is allowed and whether any is


Answer = tuple[bool, bool]
NOT_CHECKED = (True, False)  # neither expectation failed


def asked_as_tests(macc: pathlib.Path, subject: Subject, questions: list[Question], target: str) -> list[tuple[Answer, Answer]]:
    """By expectations, two for each question: in the meaning, and on the target."""
    text = subject.source.read_text()
    first = text.count("\n") + 2
    lines = [f"    expect {effect} {question.text()};" for question in questions for effect in ("allow", "deny")]
    subject.source.write_text(text + 'test "asked" {\n' + "\n".join(lines) + "\n}\n")
    try:
        done = subprocess.run([str(macc), "test", "--target", target, "--format", "json", *subject.inputs], text=True,
                              capture_output=True, check=False)
    finally:
        subject.source.write_text(text)
    if done.returncode not in (0, 1):
        sys.exit(f"macc test ended with {done.returncode}: {done.stderr[-3000:]}")
    found = json.loads(done.stderr)["diagnostics"]
    failed = {(each["code"], each["place"]["begin"]["line"]) for each in found if each["place"]}
    if len([each for each in json.loads(done.stdout)["tests"] if each["test"] == "asked"]) != 2:
        sys.exit(f"macc test did not run: {done.stdout[-3000:]}")

    def answer(code: str, line: int) -> Answer:
        return (code, line) not in failed, (code, line + 1) in failed

    return [(answer("MACC-E0502", first + 2 * i), answer("MACC-E0507", first + 2 * i)) for i in range(len(questions))]


def query(macc: pathlib.Path, subject: Subject, words: list[str]) -> dict:
    place = subject.inputs if subject.inputs[0] == "--project" else ["--in", *subject.inputs]
    return json.loads(run([str(macc), "query", *place, "--format", "json", *words]))


def words_of(phrase: str) -> list[str]:
    """As a shell hands them over."""
    return re.findall(r'"[^"]*"|\S+', phrase)


def asked_as_query(macc: pathlib.Path, subject: Subject, question: Question) -> Answer:
    return {"yes": (True, True), "partly": (False, True), "no": (False, False)}[
        query(macc, subject, ["may", *words_of(question.text())])["answer"]]


# ---- comparisons


class Comparison:
    """All answers to the questions about one policy."""

    def __init__(self, subject: Subject, questions: list[Question], findings: Findings) -> None:
        self.subject, self.questions, self.findings = subject, questions, findings
        self.explained: collections.Counter[str] = collections.Counter()
        self.excused: collections.Counter[str] = collections.Counter()  # by target
        self.compared = self.left_out = 0
        self.meanings: dict[Question, Answer] = {}
        self.asked: list[tuple[str, Question, Answer, set[str]]] = []  # on each target

    def compare(self, target: str, question: Question, meaning: Answer, found: Answer, types: set[str],
                asked: str = "") -> None:
        """Meaning against artifact, in both directions."""
        self.compared += 1
        report = self.subject.reports[target]
        text = f"{asked}{self.subject.name}: {question.text()}: policy {in_words(meaning)}, artifact {in_words(found)}{named(types)}"
        if found[1] and not meaning[1]:
            entry = report.wider(question, types)
            if entry:
                self.explained[entry.split("]")[0] + "]" if "[" in entry else entry] += 1
            else:
                self.findings.add(f"{target} grants more, and no entry says so", text)
        elif meaning[0] and not found[0]:
            if not report.narrower(question):
                self.findings.add(f"{target} grants less, and no entry says so", text)

    def same(self, kind: str, question: Question, left: Answer, right: Answer, types: set[str] = frozenset()) -> None:
        self.compared += 1
        if left != right:
            self.findings.add(kind, f"{self.subject.name}: {question.text()}: macc says {in_words(left)}, "
                                    f"the other {in_words(right)}{named(types)}")


def in_words(answer: Answer) -> str:
    return {(True, True): "yes", (False, True): "partly", (False, False): "no"}.get(answer, "nothing that can be")


def named(types: set[str]) -> str:
    return f" ({', '.join(sorted(types))})" if types else ""


def compare_decisions(macc: pathlib.Path, comparison: Comparison, artifacts: dict, foreign: set[str]) -> None:
    """`macc test`, in the meaning and on each target, and the rules as they stand in the policy."""
    subject, questions = comparison.subject, comparison.questions
    for target in TARGETS:
        artifact = artifacts[target]
        for question, (meaning, there) in zip(questions, asked_as_tests(macc, subject, questions, target), strict=True):
            types = types_of(artifact, question)
            # Another policy of this test labels it, file contexts leave it to its file system, or macc says that it cannot tell.
            if types & foreign or "" in types or there == NOT_CHECKED:
                comparison.left_out += 1
                continue
            found = artifact.answer(question)
            comparison.meanings[question] = meaning
            comparison.asked.append((target, question, meaning, types))
            before = sum(comparison.explained.values())
            comparison.compare(target, question, meaning, found, types)
            comparison.excused[target] += sum(comparison.explained.values()) - before
            comparison.same(f"macc test --target {target} says otherwise than the artifact", question, there, found, types)


def types_of(artifact, question: Question) -> set[str]:
    """Types on SELinux of what is asked about."""
    if not isinstance(artifact, selinux_artifact.Artifact) or not question.object.startswith("/"):
        return set()
    return {artifact.file_type(question, class_name) for class_name in artifact.classes(question)} | {artifact.folder_type(question)}


def compare_queries(macc: pathlib.Path, comparison: Comparison, artifacts: dict, count: int) -> None:
    """`macc query may` and `who`, against the artifacts that have no types, and against `macc test`."""
    subject, dice = comparison.subject, random.Random(comparison.subject.name)
    some = dice.sample(comparison.questions, min(count, len(comparison.questions)))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda question: asked_as_query(macc, subject, question), some))
    for question, answer in zip(some, answers):
        comparison.compare("apparmor", question, answer, artifacts["apparmor"].answer(question), set(), "may: ")
    for question in [dataclasses.replace(question, turned=(), when="") for question in some[:count // 4]]:
        compare_who(macc, comparison, artifacts["apparmor"], question)


def compare_who(macc: pathlib.Path, comparison: Comparison, artifact, question: Question) -> None:
    subject = comparison.subject
    said = {each["domain"]: each["answer"] for each in query(macc, subject, ["who", *words_of(question.phrase())])["domains"]}
    for domain in subject.policy.domains:
        if domain == question.target:
            continue
        answer = {"yes": (True, True), "partly": (False, True)}.get(said.get(domain, ""), (False, False))
        here = dataclasses.replace(question, domain=domain)
        comparison.compare("apparmor", here, answer, artifact.answer(here), set(), "who: ")


class Listing:
    """What `macc query all` lists of a domain. Objects are written as in the rules, and stand for the paths of those."""

    def __init__(self, policy: Policy, domain: str, lines: list[dict]) -> None:
        self.policy, self.lines = policy, lines
        self.rules: dict[str, list[Rule]] = collections.defaultdict(list)  # by how their objects are written
        for rule in policy.rules[domain]:
            self.rules[short(parted(rule.text)[1])].append(rule)

    def allows(self, question: Question) -> bool:
        return any(self.line_allows(line, question) for line in self.lines)

    def line_allows(self, line: dict, question: Question) -> bool:
        if not self.holds(line.get("when", ""), question.turned):
            return False
        if line["area"] == "entered":  # its own program
            return question.kind == "file" and question.verb in ("read", "load") and any(
                Pattern(text).covers(question.object) for text in re.findall(r'"([^"]*)"', line["what"]))
        if question.kind == "network":
            found = re.fullmatch(rf"{question.verb} (.*)", line["what"])
            ranges = [(part.split("-") * 2)[:2] for part in found[1].split(", ")] if found else []
            return not self.taken(line, question) and any(
                low == "any" or int(low) <= int(question.object) <= int(high) for low, high in ranges)
        if question.kind == "capability":
            return line["what"].startswith("capability ") and question.object in line["what"].split(" ", 1)[1].split(", ") \
                and not self.taken(line, question)
        verbs, objects = parted(line["what"])
        objects = short(objects)
        if question.kind == "exec":
            return any(rule.says(question) and rule.effect == "allow" for rule in self.rules[objects] if rule.text == line["what"]) \
                and not self.taken(line, question)
        return question.verb in verbs and not self.taken(line, question) and any(
            rule.covers(question) and (question.owner or not rule.access["owner"]) for rule in self.rules[objects])

    def taken(self, line: dict, question: Question) -> bool:
        """By a deny that the line names."""
        return any(rule.effect == "deny" and rule.says(question) and self.policy.holds(rule.when, question.turned)
                   and objects in line.get("less", "")
                   for objects, rules in self.rules.items() for rule in rules)

    def holds(self, when: str, turned: tuple[str, ...]) -> bool:
        values = {last(name): value ^ (name in turned) for name, value in self.policy.booleans.items()}
        words = re.findall(r"\w+|[()]", when.removeprefix("if "))
        return eval(" ".join(str(values.get(word, word)) for word in words)) if words else True  # pylint: disable=eval-used


def parted(text: str) -> tuple[set[str], str]:
    """The verbs of a phrase about files, and what they are about."""
    found = re.match(rf"((?:(?:{'|'.join(GROUPS)}|{'|'.join(VERBS)}|mknod)(?:, )?)+) ", text)
    words = found[1].split(", ") if found else []
    return set().union(*(GROUPS.get(word, {word}) for word in words)), text[found.end():] if found else text


def short(objects: str) -> str:
    """As the rule itself writes a resource of another domain or module, which is written out in a list."""
    return re.sub(r"^(?:\w+\.)+(?=\w+)", "", objects)


def compare_all(macc: pathlib.Path, comparison: Comparison) -> None:
    """What `macc query all` lists is what `macc test` says, which is compared with the artifacts."""
    subject = comparison.subject
    listings = {domain: Listing(subject.policy, domain, query(macc, subject, ["all", domain])["all"])
                for domain in subject.policy.domains}
    for question, meaning in comparison.meanings.items():
        if question.kind in ("file", "exec", "network", "capability") and meaning != (False, True):
            listed = listings[question.domain].allows(question)
            comparison.same("macc query all says otherwise than macc test", question, (listed, listed), meaning)


def compare_modify_and_run(macc: pathlib.Path, comparison: Comparison, artifacts: dict) -> None:
    """The paths that it lists are changed and run in the artifacts, and those of the automaton are listed."""
    subject, policy = comparison.subject, comparison.subject.policy
    listed = query(macc, subject, ["modify-and-run"])["paths"]
    settings = [turned for size in range(len(policy.booleans) + 1)
                for turned in itertools.combinations(sorted(policy.booleans), size)]
    for each in listed:
        verb = Question(each["domain"], "file", each["modify"], each["path"], owner=True)
        other = Question(each["domain"], "exec" if each["run"] == "exec" else "file", "" if each["run"] == "exec" else "load",
                         each["path"], owner=True)
        for target in TARGETS:
            comparison.compared += 1
            if not any(artifacts[target].answer(dataclasses.replace(verb, turned=turned))[1]
                       and artifacts[target].answer(dataclasses.replace(other, turned=turned))[1] for turned in settings):
                comparison.findings.add("modify-and-run lists what the artifact refuses", f"{subject.name}: {target}: {each}")
    for domain in policy.domains:
        for turned in settings:
            for path, owner in artifacts["apparmor"].changed_and_run(domain, turned, 40):
                compare_changed(comparison, artifacts["apparmor"], [each for each in listed if each["domain"] == domain],
                                Question(domain, "file", "write", path, owner=owner, turned=turned))


def compare_changed(comparison: Comparison, artifact, listed: list[dict], question: Question) -> None:
    """A path that the artifact lets be changed and run is one that both rules of a line cover, or the report has an entry on
    one of the two."""
    comparison.compared += 1
    policy, report = comparison.subject.policy, comparison.subject.reports["apparmor"]
    change = [dataclasses.replace(question, verb=verb) for verb in ("write", "append", "create", "delete", "rename", "setattr")]
    runs = [dataclasses.replace(question, kind="exec", verb=""), dataclasses.replace(question, verb="load")]
    changes = [each for each in change if policy.decides(each)]
    executes = [each for each in runs if artifact.answer(each)[1] and (each.kind == "exec" or policy.decides(each))]
    if not changes or not executes:
        entry = next(filter(None, (report.wider(each, set()) for each in (change if not changes else runs))), "")
        comparison.explained["modify-and-run: " + entry.split("]")[0]] += 1
        if not entry:
            comparison.findings.add("modify-and-run: grants more, and no entry says so", question.text())
        return
    rules = policy.rules[question.domain]
    covers = lambda by: any(rule.covers(question) and f"{rule.effect} {rule.text}" == by["rule"]
                            for rule in rules)
    if not any(covers(each["modified_by"]) and covers(each["run_by"]) for each in listed):
        comparison.findings.add("modify-and-run does not list", f"{comparison.subject.name}: {question.text()}")


# ---- the artifacts


@dataclasses.dataclass
class Linked:
    """All policies with the system's: the policy and a store with the file contexts."""

    policy: pathlib.Path
    contexts: pathlib.Path


def linked(outs: list[pathlib.Path], modules: list[pathlib.Path], name: str, folder: pathlib.Path) -> pathlib.Path:
    files = [str(path) for path in modules] + [str(path) for out in outs for path in sorted((out / "selinux").glob("*.cil"))]
    run(["secilc", "-M", "true", "-o", str(folder / name), "-f", str(folder / f"{name}.contexts"), *files])
    return folder / name


def store(outs: list[pathlib.Path], folder: pathlib.Path) -> pathlib.Path:
    """A copy of the system's policy store with the modules installed: file contexts with those of home directories."""
    for place in ("etc/selinux/default", "var/lib/selinux/default"):
        shutil.copytree(pathlib.Path("/") / place, folder / place, symlinks=True, dirs_exist_ok=True)
    shutil.copy("/etc/selinux/semanage.conf", folder / "etc/selinux/semanage.conf")
    modules = [str(path) for out in outs for path in sorted((out / "selinux").glob("*.cil"))]
    run(["semodule", "-p", str(folder), "-s", "default", "-n", "-i", *modules])
    return folder / "etc/selinux/default/contexts/files/file_contexts"


def declared_types(out: pathlib.Path) -> set[str]:
    return {name for path in (out / "selinux").glob("*.cil") for name in re.findall(r"^\(type (\w+)\)$", path.read_text(), re.M)}


def system_modules(folder: pathlib.Path) -> list[pathlib.Path]:
    folder.mkdir()
    packages = [path for path in sorted(witnesses.PACKAGES.glob("*.pp.bz2"))
                if not (witnesses.DISABLED / path.name.removesuffix(".pp.bz2")).exists()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda package: witnesses.system_module(package, folder), packages))


def prefetch(labels, questions: list[Question]) -> None:
    paths = {question.path() for question in questions if question.object.startswith("/")}
    for mode in ("file", "dir"):
        labels.fetch(mode, paths)
    labels.fetch("dir", {path.rsplit("/", 1)[0] or "/" for path in paths})


# ---- proofs that a difference is noticed: of artifacts that are not of this policy, and of reports with nothing in them


def count_findings(comparison: Comparison, target: str, artifact, reports: dict[str, Report]) -> int:
    """Of the questions that were asked, against another artifact."""
    findings = Findings()
    findings.SHOWN = 0
    again = Comparison(dataclasses.replace(comparison.subject, reports=reports), comparison.questions, findings)
    for asked, question, meaning, types in comparison.asked:
        if asked == target:
            again.compare(target, question, meaning, artifact.answer(question), types)
    return sum(findings.count.values())


def check_reports_count(comparison: Comparison, artifacts: dict) -> None:
    """Without its entries, a report excuses nothing."""
    for target in TARGETS:
        empty = Report(comparison.subject.policy, {"target": {"backend": target}, "mediation": [], "entries": []})
        reports = comparison.subject.reports | {target: empty}
        before = count_findings(comparison, target, artifacts[target], comparison.subject.reports)
        after = count_findings(comparison, target, artifacts[target], reports)
        excused = comparison.excused[target]
        if after - before != excused or not excused:
            comparison.findings.add("entries are not needed", f"{comparison.subject.name}: {target}: {after - before} of {excused}")


MUTANTS = 12
RULE = re.compile(r"^    +(?:allow|deny|exec|include (?!system|std)\w+)\b.*;$", re.MULTILINE)


def mutants(macc: pathlib.Path, subject: Subject, target: str, folder: pathlib.Path):
    """(the rule that is missing, its build) for each rule of the policy that can be left out."""
    text = subject.source.read_text()
    rules = list(RULE.finditer(text))
    for number, found in enumerate(random.Random(subject.name).sample(rules, min(MUTANTS, len(rules)))):
        place = folder / f"{subject.name}-{number}"
        place.mkdir(parents=True, exist_ok=True)
        (place / subject.source.name).write_text(text[:found.start()] + text[found.end():].split("\ntest ")[0] + "\n")
        done = subprocess.run([str(macc), "build", "--target", target, "--no-verify", "--out", str(place / "out"),
                               str(place / subject.source.name)], capture_output=True, check=False)
        if done.returncode == 0:
            yield found[0].strip(), place / "out"


def check_missing_rules(macc: pathlib.Path, comparison: Comparison, artifacts: dict, folder: pathlib.Path) -> tuple[int, int]:
    """(how many profiles without a rule, of how many the questions notice it); those that decide the same are left out."""
    subject = comparison.subject
    usual = count_findings(comparison, "apparmor", artifacts["apparmor"], subject.reports)
    tried = noticed = 0
    for rule, out in mutants(macc, subject, "apparmor", folder):
        artifact = apparmor_artifact.Artifact(out / "apparmor/apparmor.d", out.parent, subject.policy.profiles)
        if not artifact.differs_from(artifacts["apparmor"], sorted(subject.policy.booleans)):
            continue
        tried += 1
        found = count_findings(comparison, "apparmor", artifact, subject.reports) != usual
        noticed += found
        if not found:
            print(f"    not noticed: {rule}")
    return tried, noticed


def check_missing_rules_linked(macc: pathlib.Path, comparisons: list[Comparison], selinux, modules: list[pathlib.Path],
                               folder: pathlib.Path) -> None:
    """The same on SELinux, where linking is slow: one rule of each policy, all at once."""
    chosen = {}
    for comparison in comparisons:
        found = list(mutants(macc, comparison.subject, "selinux", folder / "selinux"))
        chosen[comparison.subject.name] = random.Random(3).choice(found)
    policy = linked([out for _, out in chosen.values()], modules, "mutated", folder)
    artifact = selinux_artifact.Artifact(policy, selinux.labels, selinux.types)
    for comparison in comparisons:
        usual, after = (count_findings(comparison, "selinux", each, comparison.subject.reports) for each in (selinux, artifact))
        rule = chosen[comparison.subject.name][0]
        print(f"    {comparison.subject.name}: without `{rule}`: {usual} -> {after} findings on SELinux")
        if usual == after:
            comparison.findings.add("not noticed on SELinux", f"{comparison.subject.name}: {rule}")


# ---- all of it


def check(macc: pathlib.Path, folder: pathlib.Path, per_domain: int) -> int:
    paths = sorted(POLICIES.glob("*.macc")) + [ROOT / "examples" / name for name in EXAMPLES]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        modules = pool.submit(system_modules, folder / "system")
        subjects = list(pool.map(lambda path: subject(macc, path, folder), paths))
        outs = [each.out for each in subjects]
        contexts = pool.submit(store, outs, folder / "root")
        policy = linked(outs, modules.result(), "policy", folder)
    types = {domain: type_ for each in subjects for domain, type_ in each.policy.types.items()}
    selinux = selinux_artifact.Artifact(policy, selinux_artifact.Labels(contexts.result(), policy), types)
    everything = set().union(*map(declared_types, outs))
    findings = Findings()
    comparisons = [Comparison(each, Asker(each, per_domain).all(), findings) for each in subjects]
    for comparison in comparisons:
        check_one(macc, comparison, selinux, everything, folder)
    own = [each for each in comparisons if each.subject.inputs[0] != "--project"]
    check_missing_rules_linked(macc, own, selinux, modules.result(), folder)
    print(f"{sum(len(each.questions) for each in comparisons)} questions, {sum(each.compared for each in comparisons)} comparisons")
    return 1 if findings.total() else 0


def check_one(macc: pathlib.Path, comparison: Comparison, selinux, everything: set[str], folder: pathlib.Path) -> None:
    """`everything`: types that any of the policies declares."""
    subject, questions = comparison.subject, comparison.questions
    prefetch(selinux.labels, questions)
    artifacts = {"apparmor": apparmor_artifact.Artifact(subject.out / "apparmor/apparmor.d", subject.source.parent,
                                                        subject.policy.profiles), "selinux": selinux}
    compare_decisions(macc, comparison, artifacts, everything - declared_types(subject.out))
    compare_queries(macc, comparison, artifacts, 60)
    compare_all(macc, comparison)
    compare_modify_and_run(macc, comparison, artifacts)
    print(f"  {subject.name}: {len(questions)} questions, {comparison.compared} comparisons, {comparison.left_out} left out; "
          f"wider by entries: {sum(comparison.explained.values())}")
    for name, count in sorted(comparison.explained.items()):
        print(f"    {count:5} {name}")
    check_reports_count(comparison, artifacts)
    if subject.inputs[0] != "--project":
        tried, noticed = check_missing_rules(macc, comparison, artifacts, folder / "mutants")
        print(f"    of {tried} profiles without a rule, {noticed} are noticed")
        # A rule may be one that no question happens to be about.
        if noticed < tried - max(1, tried // 10):
            comparison.findings.add("rules are missing and it is not noticed", f"{subject.name}: {tried - noticed} of {tried}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave everything there")
    parser.add_argument("--questions", type=int, default=150, help="how many about each domain")
    arguments = parser.parse_args()
    if setools is None and sys.executable != "/usr/bin/python3" and pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's packages are there alone
    lacking = witnesses.missing() or ("" if shutil.which("apparmor_parser") else "apparmor_parser (package apparmor)")
    if lacking:
        print(f"not installed: {lacking}; nothing is checked")
        return witnesses.MISSING
    with tempfile.TemporaryDirectory(prefix="macc-queries-") as temporary:
        return check(arguments.macc.resolve(), arguments.keep or pathlib.Path(temporary), arguments.questions)


if __name__ == "__main__":
    sys.exit(main())
