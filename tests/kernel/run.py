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
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import environment
import guest_plan
import machine
import mutations
import results
import systems

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
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


def make_plan(planner: pathlib.Path, out: pathlib.Path) -> dict:
    done = subprocess.run([str(planner), str(HERE / "cases"), str(out)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        sys.exit(done.returncode)
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planner", required=True, type=pathlib.Path, help="macc_kernel_plan")
    parser.add_argument("--probe", type=pathlib.Path, help="macc_kernel_probe; without it nothing can be run")
    parser.add_argument("--cache", required=True, type=pathlib.Path, help="a folder for what is made once a kernel")
    parser.add_argument("--kernel", default=os.environ.get("KERNEL"), help="a vmlinuz; by default the newest that is found")
    parser.add_argument("--filter", default="", help="only operations whose `CASE: TEXT` matches this regular expression")
    parser.add_argument("--mutate", action="store_true",
                        help="take permissions out of the artifacts, and expect their operations to turn red")
    parser.add_argument("--verbose", action="store_true", help="also why a decision is wider, and the kernel's records")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for policies, images and consoles, which stays")
    return parser.parse_args()


def test(options: argparse.Namespace, work: pathlib.Path) -> int:
    if options.probe is None or not options.probe.exists():
        raise environment.Missing("the probe was not built: the machine has no static libstdc++")
    environment.check_tools()
    kernel = environment.find_kernel(options.kernel, options.cache)
    plan = make_plan(options.planner, work / "artifacts")
    if options.mutate:
        mutations.apply(plan, work / "artifacts")
        plan = chosen(plan, lambda _, operation: operation["text"] in mutations.operations())
    else:
        plan = chosen(plan, lambda case, operation: bool(re.search(options.filter, f"{case['name']}: {operation['text']}")))
    run = Run(plan, work / "artifacts", kernel, options.probe, options.cache, work)
    found = guests(run)
    if options.mutate:
        return print_survivors(run, found)
    mismatches = print_table(run, found, options.verbose)
    times = ", ".join(f"{TITLES[guest.name]} {guest.seconds:.0f} s" for guest in found)
    print(f"{len(numbered(plan))} operations under kernel {kernel.version}, {mismatches} mismatches ({times})")
    return 1 if mismatches else 0


def main() -> int:
    options = arguments()
    environment.use_system_folders()
    try:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=False)
            return test(options, options.keep.resolve())
        with tempfile.TemporaryDirectory(prefix="macc-kernel-") as temporary:
            return test(options, pathlib.Path(temporary))
    except environment.Missing as missing:
        print(f"skipped: {missing}")
        return SKIPPED
    except guest_plan.BadPlan as bad:
        print(bad, file=sys.stderr)
        return 2
    except (machine.GuestFailed, systems.ToolFailed, mutations.StaleMutation) as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
