#!/usr/bin/env python3
"""Boots real kernels under the policies of tests/kernel/cases and compares each decision with the meaning.

One guest each for AppArmor, for SELinux with a minimal policy, and for SELinux with Debian's. Prints one table, and exits
with 1 when a decision differs, with 2 when a case cannot be used, with 77 and the reason when the machine lacks something.
docs/kernel-tests.md says what is compared.
"""
import argparse
import collections.abc
import concurrent.futures
import dataclasses
import json
import pathlib
import re
import subprocess
import sys

import command
import environment
import guest_plan
import machine
import mutations
import results
import systems

HERE = pathlib.Path(__file__).resolve().parent
TITLES = {"apparmor": "AppArmor", "minimal": "SELinux minimal", "debian": "SELinux Debian"}
# A change of domain asks for one that is loaded, and cleans the environment.
WITHOUT_BASELINE = ("become", "start_cleaned")


@dataclasses.dataclass
class Run:
    """What all parts of a run share."""
    plan: dict
    artifacts: pathlib.Path
    kernel: environment.Kernel
    probe: pathlib.Path
    cache: pathlib.Path
    work: pathlib.Path


@dataclasses.dataclass
class Guest:
    name: str
    outcomes: dict[str, results.Outcome]
    labels: dict[tuple[str, str], str]
    seconds: float


def make_plan(planner: pathlib.Path, cases: pathlib.Path, out: pathlib.Path) -> dict:
    done = subprocess.run([str(planner), str(cases), str(out)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise guest_plan.BadPlan(done.stderr)
    return json.loads((out / "plan.json").read_text())


def chosen(plan: dict, wanted: collections.abc.Callable[[dict, dict], bool]) -> dict:
    """Only some of the operations."""
    for case in plan["cases"]:
        case["operations"] = [operation for operation in case["operations"] if wanted(case, operation)]
    plan["cases"] = [case for case in plan["cases"] if case["operations"]]
    return plan


def numbered(plan: dict) -> list[tuple[str, dict, dict]]:
    pairs = [(case, operation) for case in plan["cases"] for operation in case["operations"]]
    return [(str(i), case, operation) for i, (case, operation) in enumerate(pairs)]


def kernel_features(run: Run) -> str:
    """What this kernel's AppArmor mediates: it is asked once."""
    kept = run.cache / f"features-{run.kernel.version}"
    if not kept.exists():
        files = {"init": run.probe.read_bytes(), "k/plan": b"features\n"}
        text = systems.features_text(machine.boot(run.kernel, "features", "apparmor", files, run.work).lines)
        kept.write_text(text)
    return kept.read_text()


def apparmor_guest(run: Run) -> Guest:
    profiles = systems.Profiles(run.artifacts / "apparmor", kernel_features(run), run.work)
    writer = guest_plan.Writer(run.plan, None)
    # Without confinement everything has to work: what does not is no test.
    for case in run.plan["cases"]:
        writer.begin(case)
        for number, of, operation in numbered(run.plan):
            if of is case and operation["operation"] not in WITHOUT_BASELINE:
                writer.attempt(f"without-{number}", operation, confined=False)
    files = {"init": run.probe.read_bytes()}
    for setting in run.plan["tunables"]:
        files["k/" + guest_plan.profiles_file(setting["booleans"])] = profiles.compiled_with(setting["files"])
    writer.line("case", "")
    writer.line("profiles", guest_plan.profiles_file(run.plan["declared"]))
    for case in run.plan["cases"]:
        writer.begin(case)
        for number, of, operation in numbered(run.plan):
            if of is case:
                writer.attempt(number, operation)
    report = machine.boot(run.kernel, "apparmor", "apparmor", files | {"k/plan": writer.text()}, run.work)
    return Guest("apparmor", results.outcomes(report), {}, report.seconds)


def selinux_guest(run: Run, name: str) -> Guest:
    artifacts, work = run.artifacts / name, run.work / f"{name}-policy"
    policy = systems.link_minimal(artifacts, work) if name == "minimal" else systems.install_all(artifacts, work, run.cache)
    writer = guest_plan.Writer(run.plan, policy)
    for case in run.plan["cases"]:
        writer.begin(case)
        for number, of, operation in numbered(run.plan):
            if of is case:
                writer.attempt(number, operation)
    files = {"init": run.probe.read_bytes(), "policy": policy.image.read_bytes(), "k/plan": writer.text()}
    report = machine.boot(run.kernel, name, "selinux", files, run.work)
    return Guest(name, results.outcomes(report), writer.labels, report.seconds)


def guests(run: Run) -> list[Guest]:
    """Two at a time: a machine of the tests has two cores."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(selinux_guest, run, "debian"), pool.submit(apparmor_guest, run),
                   pool.submit(selinux_guest, run, "minimal")]
        found = {guest.name: guest for guest in (one.result() for one in waiting)}
    return [found[name] for name in TITLES]


def print_table(run: Run, found: list[Guest], verbose: bool) -> int:
    """Returns the number of mismatches."""
    judges = [results.Judge(run.plan, guest.name, guest.outcomes, guest.labels) for guest in found]
    baseline = found[0].outcomes
    mismatches = 0
    print(f"{'operation':<72}{'meaning':<9}" + "".join(f"{TITLES[guest.name]:<18}" for guest in found))
    last = None
    for number, case, operation in numbered(run.plan):
        if case is not last:
            print(f"-- {case['name']}")
            last = case
        cells = [judge.judge(number, operation) for judge in judges]
        without = baseline.get(f"without-{number}")
        broken = without is not None and without.verdict != "allow"
        shown = "".join(f"{cell.shown + (' (!)' if cell.wrong else ' (wider)' if cell.wider else ''):<18}" for cell in cells)
        print(f"{operation['text']:<72}{'allow' if operation['meaning'] else 'deny':<9}{shown}".rstrip())
        if broken:
            print(f"    (!) without any policy: {without.verdict} {without.detail}")
        for guest, cell in zip(found, cells):
            if cell.wrong:
                print(f"    (!) {TITLES[guest.name]}: {cell.wrong}  [{operation['place']}]")
            why = operation["expected"][guest.name]["why"]
            if verbose and cell.wider:
                print(f"    {TITLES[guest.name]}: {why}")
            if cell.wrong or verbose:
                for record in cell.records:
                    print(f"        {record}")
        mismatches += broken or any(cell.wrong for cell in cells)
    return mismatches


def print_survivors(run: Run, found: list[Guest]) -> int:
    survived = 0
    for guest in found:
        judge = results.Judge(run.plan, guest.name, guest.outcomes, guest.labels)
        refused = {operation["text"] for number, _, operation in numbered(run.plan) if judge.judge(number, operation).wrong}
        left = mutations.survivors(run.plan, guest.name, refused)
        survived += len(left)
        for one in left:
            print(f"{TITLES[guest.name]}: not noticed: {one}")
    print(f"{len(mutations.MUTATIONS)} permissions were taken out, {survived} were not missed")
    return 1 if survived else 0


def arguments() -> argparse.Namespace:
    parser = command.parser(__doc__, cache="what is made once a kernel", chosen="operations whose `CASE: TEXT` matches",
                            verbose="why a decision is wider, and the kernel's records")
    parser.add_argument("--mutate", action="store_true",
                        help="take permissions out of the artifacts, and expect their operations to turn red")
    return parser.parse_args()


def test(options: argparse.Namespace, work: pathlib.Path) -> int:
    kernel = command.prepare(options)
    plan = make_plan(options.planner, HERE / "cases", work / "artifacts")
    if options.mutate:
        mutations.apply(plan, work / "artifacts")
        plan = chosen(plan, lambda _, operation: operation["text"] in mutations.operations())
    else:
        plan = chosen(plan, lambda case, operation: bool(re.search(options.filter, f"{case['name']}: {operation['text']}")))
    if not plan["cases"]:
        raise guest_plan.BadPlan(f"no operation matches `{options.filter}`: they are written `CASE: DOMAIN: OPERATION ...`")
    run = Run(plan, work / "artifacts", kernel, options.probe, options.cache, work)
    found = guests(run)
    if options.mutate:
        return print_survivors(run, found)
    mismatches = print_table(run, found, options.verbose)
    times = ", ".join(f"{TITLES[guest.name]} {guest.seconds:.0f} s" for guest in found)
    print(f"{len(numbered(plan))} operations under kernel {kernel.version}, {mismatches} mismatches ({times})")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(command.run(test, arguments()))
