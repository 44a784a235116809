#!/usr/bin/env python3
"""Starts real services from Debian's packages under the policies of examples/, in a guest for each system, and has them work.

A service is a folder of services/: service.toml says which packages, which policy and which unit, and what the service has
to do; prepare.sh does what its packages' maintainer scripts would. Whatever the kernel refuses meanwhile fails the run,
unless service.toml expects it and says why. Then a program in the domain of each service tries what the policy's tests are
about, and each decision is compared as run.py does it (docs/kernel-services.md).
"""
import argparse
import concurrent.futures
import dataclasses
import pathlib
import re
import signal
import sys
import time
import tomllib

import command
import environment
import guest_plan
import machine
import results
import run as suite
import service_tests
import service_tree
import service_unit
import systems

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TITLES = {"apparmor": "AppArmor", "debian": "SELinux"}
MEGABYTES = 1536
PROJECT = """[project]
name = "service"
policy = ["."]

[target.apparmor]
backend = "apparmor"
features = "debian12"

[target.debian]
backend = "selinux"
base = "installed"
"""
SCAFFOLD = HERE / "base/services.cil"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "console", "ptmx")
READY_SOCKET = "/run/systemd/notify"
RUNTIME_FOLDERS = [("/run", 0o755, 0, 0), ("/run/systemd", 0o755, 0, 0), ("/run/systemd/journal", 0o755, 0, 0)]
STOP = signal.SIGTERM


@dataclasses.dataclass
class Service:
    name: str
    about: dict        # service.toml
    expected: dict[str, bool]  # what its policy's tests say of each operation


@dataclasses.dataclass(frozen=True)
class Step:
    """Something that a guest does and that has to succeed."""
    service: str
    what: str
    line: list[str]
    says: str = ""          # a regular expression for its output
    may_fail: bool = False
    how: tuple[str, ...] = ("exited",)


@dataclasses.dataclass
class Done:
    step: Step
    wrong: str
    output: str
    records: list[str]


@dataclasses.dataclass
class Guest:
    target: str
    done: list[Done]
    outcomes: dict[str, results.Outcome]
    labels: dict[tuple[str, str], str]
    seconds: float


@dataclasses.dataclass
class Run:
    services: list[Service]
    plan: dict
    artifacts: pathlib.Path
    tree: service_tree.Tree
    kernel: environment.Kernel
    probe: pathlib.Path
    cache: pathlib.Path
    work: pathlib.Path

    def unit(self, service: Service, target: str) -> service_unit.Unit:
        name = service.about["unit"]
        return service_unit.Unit(name, self.tree, service_unit.drop_ins(self.artifacts / target, name))


def read_service(folder: pathlib.Path, cases: pathlib.Path) -> Service:
    about = tomllib.loads((folder / "service.toml").read_text())
    policies = sorted((ROOT / about["policy"] / "policy").glob("*.macc"))
    if len(policies) != 1:
        raise guest_plan.BadPlan(f"{folder}: a policy of one file is expected in {about['policy']}/policy")
    return Service(folder.name, about, service_tests.write_case(policies[0], cases / folder.name))


def install_selinux(run: Run) -> systems.Policy:
    """As the build's INSTALL.txt says, in a copy of the system's store."""
    folder = run.artifacts / "debian"
    line = re.search(r"^ *semodule (.*)$", (folder / "INSTALL.txt").read_text(), re.MULTILINE)
    words = [str(folder / word) if word.endswith(".cil") else word for word in line[1].split()]
    return systems.install_in_debian([*words, "-i", str(SCAFFOLD)], run.work / "debian-policy", run.cache / "services-policy")


def sh(service: Service, tree: service_tree.Tree, work: dict, context: str) -> Step:
    """A client, started as an administrator would: without a policy of its own."""
    user, group, more = tree.account(work.get("as", "root"))
    options = [f"context={context}", f"user={user}", f"group={group}",
               f"groups={','.join(str(one) for one in [group, *more])}", "env.HOME=/"]
    line = ["run", service.name, *options, "--", "/bin/sh", "-c", "; ".join(work["run"].strip().splitlines())]
    return Step(service.name, work["what"], line, work["says"])


def starting(service: Service, unit: service_unit.Unit) -> list[Step]:
    out = []
    for command in unit.commands("ExecStartPre"):
        out.append(Step(service.name, "prepares", ["run", service.name, *unit.options(), "--", *command.words]))
    (command,) = unit.commands("ExecStart")
    line = [service.name, *unit.options(), "--", *command.words]
    if unit.get("Type") == "forking":
        out.append(Step(service.name, "starts", ["run", *line]))
        out.append(Step(service.name, "runs", ["main", service.name, unit.pid_file()], how=("running",)))
    elif unit.get("Type") == "notify":
        line.insert(1, "ready=1")
        out.append(Step(service.name, "starts and says that it is ready", ["start", *line], how=("running",)))
    else:
        out.append(Step(service.name, "starts", ["start", *line], how=("running",)))
    return out


def reloading(service: Service, unit: service_unit.Unit) -> list[Step]:
    return [Step(service.name, "reloads", ["run", service.name, *unit.options(), "--", *command.words])
            for command in unit.commands("ExecReload")]


def stopping(service: Service, unit: service_unit.Unit) -> list[Step]:
    out = [Step(service.name, "stops by the unit's command", ["run", service.name, *unit.options(), "--", *command.words],
                may_fail=command.may_fail) for command in unit.commands("ExecStop")]
    return [*out, Step(service.name, "stops", ["stop", service.name, str(int(STOP))])]


UNIT_STEPS = {"start": starting, "reload": reloading, "stop": stopping}


def steps_of(run: Run, service: Service, target: str) -> list[Step]:
    unit = run.unit(service, target)
    context = guest_plan.USER_CONTEXT if target == "debian" else ""
    out: list[Step] = []
    for work in service.about["work"]:
        out += UNIT_STEPS[work["unit"]](service, unit) if "unit" in work else [sh(service, run.tree, work, context)]
    return out


def preparations(run: Run, target: str, policy: systems.Policy | None) -> tuple[list[list[str]], dict]:
    """What a system has made before services start, and the labels of everything."""
    folders = [*RUNTIME_FOLDERS, *service_unit.temporary_folders(run.tree)]
    for service in run.services:
        folders += run.unit(service, target).folders()
    devices = [("char", f"/dev/{name}") for name in DEVICES]
    labels = {}
    if policy:
        labels = policy.labels([*run.tree.paths(), *devices, *(("dir", one[0]) for one in folders), ("dir", "/dev/shm"),
                                ("socket", READY_SOCKET)])
    out = [["folder", "/dev/shm", "1777", "0", "0", ""], ["mount", "tmpfs", "/dev/shm", "mode=1777"]]
    out += [["label", path, labels[kind, path]] for kind, path in [("dir", "/dev/shm"), *devices] if (kind, path) in labels]
    out += [["folder", path, f"{mode:o}", str(user), str(group), labels.get(("dir", path), "")]
            for path, mode, user, group in folders]
    out.append(["ready-socket", READY_SOCKET, labels.get(("socket", READY_SOCKET), "")])
    return out, labels


def guest(run: Run, target: str) -> Guest:
    selinux = target == "debian"
    policy = install_selinux(run) if selinux else None
    lines, labels = preparations(run, target, policy)
    files = {"init": run.probe.read_bytes(), guest_plan.LOGIN.lstrip("/"): run.probe.read_bytes()}
    if policy:
        lines.append(["label", guest_plan.LOGIN, policy.labels([("file", "/bin/sh")])["file", "/bin/sh"]])
        files["policy"] = policy.image.read_bytes()
        files["k/labels"] = "".join(f"{path}\t{label}\n" for (_, path), label in sorted(labels.items())).encode()
    else:
        files["k/profiles"] = systems.Profiles(run.artifacts / "apparmor", suite.kernel_features(run), run.work).compiled()
        lines.insert(0, ["profiles", "profiles"])
    steps = [step for service in run.services for step in steps_of(run, service, target)]
    text = "".join("\t".join(line) + "\n" for line in [*lines, *(step.line for step in steps)])
    attempted, wanted = attempts(run, policy)
    # What is tried stands in a world of its own.
    files["k/plan"] = text.encode() + b"remove-system\n" + attempted
    report = machine.boot(run.kernel, target, "selinux" if selinux else "apparmor", files, run.work, MEGABYTES, run.tree.archive)
    return Guest(target, worked(steps, report), results.outcomes(report), wanted, report.seconds)


def attempts(run: Run, policy: systems.Policy | None) -> tuple[bytes, dict]:
    """The lines by which programs in the services' domains try what the policies' tests are about."""
    writer = guest_plan.Writer(run.plan, policy)
    for case, operations in tried(run.plan):
        writer.begin(case)
        for number, operation in operations:
            writer.attempt(number, operation, case)
    return writer.text(), writer.labels


def tried(plan: dict) -> list[tuple[dict, list[tuple[str, dict]]]]:
    """Cases with their operations, numbered; those about switches that are turned are run.py's."""
    return [(case, [(f"{case['name']}-{i}", operation) for i, operation in enumerate(case["operations"])
                    if operation["booleans"] == plan["declared"]]) for case in plan["cases"]]


def wrong_with(step: Step, how: str, number: int, output: str) -> str:
    if step.may_fail:
        return ""
    if how not in step.how or (how == "exited" and number != 0):
        return f"{how} {number}"
    if step.says and not re.search(step.says, output, re.MULTILINE | re.DOTALL):
        return f"its output has no `{step.says}`"
    return ""


def worked(steps: list[Step], report: machine.Report) -> list[Done]:
    out: list[Done] = []
    for line in report.lines:
        if line[0] == "ran" and len(out) < len(steps):
            output = line[5].replace("\\n", "\n")
            step = steps[len(out)]
            out.append(Done(step, wrong_with(step, line[3], int(line[4]), output), output, []))
        elif line[0] == "audit" and out:
            out[-1].records.append(results.record_text(line[1]))
        elif line[0] == "case":
            break
    return out + [Done(step, "it did not come to that", "", []) for step in steps[len(out):]]


class Refusals:
    """The refusals that services are expected to meet and to do without."""

    def __init__(self, services: list[Service], target: str) -> None:
        self.rows = [(service.name, row) for service in services for row in service.about.get("refused", []) if target in row["on"]]
        self.met: set[str] = set()

    def expects(self, service: str, record: str) -> bool:
        found = [row["record"] for name, row in self.rows if name == service and re.search(row["record"], record)]
        self.met.update(found)
        return bool(found)

    def left(self) -> list[str]:
        return [f"{name}: nothing like `{row['record']}` was refused, and it was expected" for name, row in self.rows
                if row["record"] not in self.met]


def show_work(found: Guest, services: list[Service], verbose: bool) -> int:
    """Returns how many steps went wrong."""
    failures = 0
    refusals = Refusals(services, found.target)
    print(f"== {TITLES[found.target]}")
    for done in found.done:
        unexpected = [record for record in done.records if not refusals.expects(done.step.service, record)]
        bad = bool(done.wrong or unexpected)
        failures += bad
        result = f"(!) {done.wrong or 'something was refused'}" if bad else "done, with a refusal as expected" if done.records else "done"
        print(f"{done.step.service + ': ' + done.step.what:<72}{result}")
        if bad or verbose:
            for line in done.output.splitlines():
                print(f"    | {line}")
            for record in dict.fromkeys(done.records if verbose else unexpected):
                print(f"    {record}")
    for line in refusals.left():
        print(f"(!) {line}")
    return failures + len(refusals.left())


def show_decisions(run: Run, found: list[Guest]) -> int:
    failures = 0
    print(f"\n{'what the tests of the policies say':<72}{'meaning':<9}" + "".join(f"{TITLES[one.target]:<18}" for one in found))
    judges = [results.Judge(run.plan, one.target, one.outcomes, one.labels) for one in found]
    expected = {text: value for service in run.services for text, value in service.expected.items()}
    pairs = [pair for _, operations in tried(run.plan) for pair in operations]
    if not pairs:
        print("(!) no test of the policies was tried")
        return 1
    for number, operation in pairs:
        cells = [judge.judge(number, operation) for judge in judges]
        shown = "".join(f"{cell.shown + (' (!)' if cell.wrong else ' (wider)' if cell.wider else ''):<18}" for cell in cells)
        print(f"{operation['text']:<72}{'allow' if operation['meaning'] else 'deny':<9}{shown}".rstrip())
        wrong = [f"{TITLES[one.target]}: {cell.wrong}" for one, cell in zip(found, cells) if cell.wrong]
        if expected[operation["text"]] != operation["meaning"]:
            wrong.append("the policy's test says otherwise")
        for line in wrong:
            print(f"    (!) {line}")
        for record in (record for cell in cells if cell.wrong for record in cell.records):
            print(f"        {record}")
        failures += bool(wrong)
    return failures


def arguments() -> argparse.Namespace:
    return command.parser(__doc__, cache="packages and what is made of them", chosen="services whose name matches",
                          verbose="the output of programs, and records that are expected").parse_args()


def test(options: argparse.Namespace, work: pathlib.Path) -> int:
    kernel = command.prepare(options)
    service_tree.check_tools()
    folders = [path.parent for path in sorted(HERE.glob("services/*/service.toml"))]
    abouts = [tomllib.loads((folder / "service.toml").read_text()) for folder in folders]
    tree = service_tree.make(sorted({name for about in abouts for name in about["packages"]}), folders, options.cache)
    begin = time.monotonic()
    chosen = [folder for folder in folders if re.search(options.filter, folder.name)]
    if not chosen:
        raise guest_plan.BadPlan(f"no service matches `{options.filter}`")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        services = [read_service(folder, work / "cases") for folder in chosen]
        # The policies of all services are one build, as those of one host are.
        (work / "cases" / "macc.toml").write_text(PROJECT)
        plan = suite.make_plan(options.planner, work / "cases", work / "artifacts")
        run = Run(services, plan, work / "artifacts", tree, kernel, options.probe, options.cache, work)
        found = list(pool.map(lambda target: guest(run, target), TITLES))
    failures = sum(show_work(one, services, options.verbose) for one in found) + show_decisions(run, found)
    times = ", ".join(f"{TITLES[one.target]} {one.seconds:.0f} s" for one in found)
    print(f"{len(services)} services under kernel {kernel.version}, {failures} failures "
          f"({time.monotonic() - begin:.0f} s; guests: {times})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(command.run(test, arguments()))
