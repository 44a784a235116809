#!/usr/bin/env python3
"""Measures macc on workspaces of 10, 100 and 1000 services, beside the platforms' compilers on what macc wrote.

Time is the best of several runs, memory the peak of the process; everything is measured in the same run on the same
machine, so that the ratios mean something. See README.md in this folder.
"""
import argparse
import bz2
import dataclasses
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import workspace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lsp"))
from client import Client, place  # noqa: E402  (the client of the protocol tests)

ABI = pathlib.Path("/etc/apparmor.d/abi/3.0")
BASE_MODULES = pathlib.Path("/usr/share/selinux/default")
OUTPUT = "last-output.txt"  # of the command that ran last
PP_TO_CIL = "/usr/libexec/selinux/hll/pp"


@dataclasses.dataclass
class Measured:
    seconds: float
    megabytes: float
    status: int


# A process inherits the peak memory of the one that started it, so commands are started by a small one.
LAUNCHER = """
import os, sys, time
begin = time.monotonic()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
sys.stderr.write(f"{time.monotonic() - begin} {usage.ru_maxrss / 1024} {os.waitstatus_to_exitcode(status)}")
"""


# Each build is to do all of its work.
BUILD = ("build", "--no-cache")


def run_once(command: list[str], folder: pathlib.Path) -> Measured:
    with open(folder / OUTPUT, "wb") as output:
        launched = [sys.executable, "-I", "-S", "-c", LAUNCHER, "sh", "-c", 'exec "$0" "$@" 2>&1', *command]
        done = subprocess.run(launched, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
                              text=True, check=True)
    seconds, megabytes, status = done.stderr.split()
    return Measured(float(seconds), float(megabytes), int(status))


def measure(command: list[str], folder: pathlib.Path, repeat: int) -> Measured:
    """The fastest of `repeat` runs; one run is enough for what takes long."""
    best = run_once(command, folder)
    for _ in range(repeat - 1):
        if best.seconds < 5:
            best = min(best, run_once(command, folder), key=lambda measured: measured.seconds)
    return best


def base_cil(folder: pathlib.Path) -> list[str]:
    """The installed Debian policy as CIL files, made once."""
    if not BASE_MODULES.is_dir() or not os.access(PP_TO_CIL, os.X_OK):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    for package in sorted(BASE_MODULES.glob("*.pp.bz2")):
        target = folder / (package.name.removesuffix(".pp.bz2") + ".cil")
        if not target.exists():
            done = subprocess.run([PP_TO_CIL], input=bz2.decompress(package.read_bytes()), capture_output=True, check=True)
            target.write_bytes(done.stdout)
    # The order of modules does not matter to secilc; base goes first to read well in its messages.
    return sorted((str(p) for p in folder.glob("*.cil")), key=lambda name: (not name.endswith("/base.cil"), name))


def row(what: str, services: int, measured: Measured, reference: Measured | None) -> str:
    ratio = f"{measured.seconds / reference.seconds:8.2f}" if reference else "       -"
    failed = "" if measured.status == 0 else f"  (exit {measured.status})"
    return (f"  {what:<44}{measured.seconds:9.3f} s {measured.megabytes:8.1f} MB "
            f"{1000 * measured.seconds / services:9.3f} ms {ratio}{failed}")


def bench_size(services: int, macc: str, base: list[str], work: pathlib.Path, repeat: int) -> dict[str, Measured]:
    folder = work / f"fleet-{services}"
    shutil.rmtree(folder, ignore_errors=True)
    lines = workspace.write(folder, services)
    print(f"\n{services} services, {lines} lines\n"
          f"  {'':<44}{'time':>11} {'peak':>11} {'a service':>12} {'ratio':>8}")

    steps = {"macc check": [macc, "check"], "macc build, without verification": [macc, *BUILD, "--no-verify"]}
    results = {}
    for what, command in steps.items():
        results[what] = measure(command, folder, repeat)
        own = results["macc build, without verification"] if what != "macc check" else None
        print(row(what, services, results[what], own), flush=True)
        if results[what].status not in (0,):
            print((folder / OUTPUT).read_text(errors="backslashreplace")[:2000])
            return results

    own = results["macc build, without verification"]
    out = folder / "out"
    profiles = sorted(str(p) for p in (out / "apparmor").rglob("*") if p.is_file() and is_profile(p))
    modules = sorted(str(p) for p in (out / "selinux").rglob("*.cil"))
    platform = {}
    if profiles and shutil.which("apparmor_parser"):
        platform["apparmor_parser on the profiles"] = [
            "apparmor_parser", "-QKS", f"--kernel-features={ABI}", "--base", str(ABI.parents[1]),
            "--Include", str(out / "apparmor/apparmor.d"), *profiles]
    if modules and base and shutil.which("secilc"):
        common = ["secilc", "-M", "true", "-c", "33", "-m", "-o", "/dev/null", "-f", "/dev/null", *base]
        platform["secilc on Debian's policy alone"] = common
        platform["secilc on Debian's policy with the modules"] = [*common, *modules]
    platform["macc build, with verification"] = [macc, *BUILD]
    # The build before it has left a record.
    platform["macc build, nothing changed"] = [macc, "build"]
    for what, command in platform.items():
        results[what] = measure(command, folder, 1 if services >= 1000 else repeat)
        print(row(what, services, results[what], own), flush=True)
        if results[what].status != 0:
            print((folder / OUTPUT).read_text(errors="backslashreplace")[-600:])
    return results


def selint_modules(folder: pathlib.Path, count: int, size: int) -> pathlib.Path:
    """Modules of the reference policy's style, each about `size` bytes; returns one of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(count):
        name = f"svc{number:04}"
        text = f"policy_module({name}, 1.0)\n\ntype {name}_t;\ntype {name}_data_t;\n\n"
        line = f"allow {name}_t {name}_data_t:file {{ getattr open read }};\n"
        (folder / f"{name}.te").write_text(text + line * max(1, (size - len(text)) // len(line)))
        (folder / f"{name}.if").write_text(f"## <summary>{name}</summary>\n")
    return folder / "svc0007.te"


def bench_hook(macc: str, work: pathlib.Path, runs: int = 20) -> None:
    """What a hook waits for: one file of a large workspace, start included, beside selint in its three ways."""
    folder = work / "hook"
    shutil.rmtree(folder, ignore_errors=True)
    workspace.write(folder, 500)
    service = folder / "policy/svc0007.macc"
    commands = {"macc --version": [macc, "--version"],
                "macc check FILE": [macc, "check", str(service)],
                "macc fmt --check FILE": [macc, "fmt", "--check", str(service)],
                "macc lint FILE": [macc, "lint", str(service)]}
    if shutil.which("selint"):
        module = selint_modules(work / "selint", 500, service.stat().st_size)
        if pathlib.Path("/usr/share/selinux/devel/include").is_dir():
            commands["selint FILE, with the system's interfaces"] = ["selint", str(module)]
        commands["selint FILE, with the other 499"] = ["selint", f"--context={module.parent}", str(module)]
        commands["selint FILE, knowing nothing else"] = ["selint", "-s", str(module)]
    print("\none service of 500, median of " + str(runs))
    seconds = {}
    for what, command in commands.items():
        seconds[what] = statistics.median(run_once(command, folder).seconds for _ in range(runs))
        ratio = seconds[what] / seconds["macc lint FILE"] if "macc lint FILE" in seconds else 0
        print(f"  {what:<44}{1000 * seconds[what]:9.1f} ms" + (f"{ratio:9.2f} of macc lint" if ratio else ""), flush=True)


def changed_copy(folder: pathlib.Path, services: int) -> pathlib.Path:
    """The same workspace with one rule more in each tenth service."""
    other = folder.with_name(folder.name + "-changed")
    shutil.rmtree(other, ignore_errors=True)
    workspace.write(other, services)
    for number in range(0, services, 10):
        policy = other / f"policy/svc{number:04}.macc"
        text = policy.read_text()
        policy.write_text(text.replace("    allow read assets;", "    allow read assets;\n    allow connect tcp 65000;", 1))
    return other


def latencies(macc: str, folder: pathlib.Path, cache: pathlib.Path) -> dict[str, float]:
    """What an editor waits for: the first diagnostics of one file, those after an edit, and a hover."""
    client = Client(pathlib.Path(macc), folder, str(cache))
    try:
        begin = time.monotonic()
        client.initialize(folder)
        policy = folder / "policy/svc0007.macc"
        text = policy.read_text()
        uri = client.open(policy)
        client.diagnostics_of(uri, 1)
        opened = time.monotonic()
        client.change(uri, 2, {"text": text + "\n// edited\n"})
        client.diagnostics_of(uri, 2)
        edited = time.monotonic()
        client.at("hover", uri, *place(text, "allow read assets"))
        hovered = time.monotonic()
        client.close()
    finally:
        client.kill()
    return {"macc lsp: start to first diagnostics": opened - begin, "macc lsp: edit to diagnostics": edited - opened,
            "macc lsp: hover": hovered - edited}


def bench_questions(macc: str, work: pathlib.Path, services: int, repeat: int) -> None:
    """Questions, comparisons and reports of one workspace, beside the analysis that all of them begin with."""
    folder = work / "questions"
    shutil.rmtree(folder, ignore_errors=True)
    workspace.write(folder, services)
    other = changed_copy(folder, services)
    last = f"svc{services - 1:04}"
    commands = {"macc check": [macc, "check"],
                "macc query all": [macc, "query", "all", "svc0001"],
                "macc query who": [macc, "query", "who", "read", "/etc/shadow"],
                "macc query flow": [macc, "query", "flow", "svc0000", last],
                "macc query graph": [macc, "query", "graph"],
                "macc query modify-and-run": [macc, "query", "modify-and-run"],
                "macc diff, a tenth of the services changed": [macc, "diff", str(folder), str(other)],
                "macc doc": [macc, "doc", "--out", "report"]}
    system = max(pathlib.Path("/etc/selinux/default/policy").glob("policy.*"), default=None)
    if system and all(shutil.which(tool) for tool in ("sesearch", "sedta")):
        commands |= {"sesearch -A -s, of Debian's policy": ["sesearch", "-A", "-s", "sshd_t", str(system)],
                     "sedta, from one domain of it to another": ["sedta", "-p", str(system), "-s", "init_t", "-t", "sshd_t", "-S"]}
    print(f"\nquestions about {services} services\n  {'':<44}{'time':>11} {'peak':>11} {'of check':>10}")
    reference = None
    for what, command in commands.items():
        measured = measure(command, folder, repeat)
        reference = reference or measured
        failed = "" if measured.status == 0 else f"  (exit {measured.status})"
        print(f"  {what:<44}{measured.seconds:9.3f} s {measured.megabytes:8.1f} MB "
              f"{measured.seconds / reference.seconds:10.2f}{failed}", flush=True)
    report = folder / "report/index.html"
    if report.exists():
        print(f"  the report has {report.stat().st_size / 1e6:.1f} MB, {report.stat().st_size / services / 1e3:.1f} kB a service")
    for what, seconds in latencies(macc, folder, work / "lsp-cache").items():
        print(f"  {what:<44}{seconds:9.3f} s {'':>11} {seconds / reference.seconds:10.2f}")


SERVICE = """macc 1;
module shop;

resource settings : config {
    "/etc/shop/**"
}

resource store : state {
    "/srv/shop/**"
}

domain shopd {
    entry "/usr/sbin/shopd";
    allow read settings;
    allow read, write, create store;
    allow listen tcp 8443;
}
"""


def private_root(folder: pathlib.Path) -> pathlib.Path:
    """A copy of the installed policy's store, for semodule to install into."""
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    for place in ("var/lib/selinux/default", "etc/selinux/default"):
        shutil.copytree(pathlib.Path("/") / place, root / place)
    shutil.copy("/etc/selinux/semanage.conf", root / "etc/selinux/semanage.conf")
    return root


def bench_base(options: argparse.Namespace, macc: str, base: list[str], work: pathlib.Path) -> None:
    """A base and the check of one service against it, beside the platform's own tools."""
    tool = (options.build / "tests/bench/macc_base_bench").resolve()
    if not base or not tool.exists() or not shutil.which("secilc"):
        print("\nno base measured: it needs selinux-policy-default, secilc and macc_base_bench")
        return
    folder = work / "base-bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "shop.macc").write_text(SERVICE)
    file = folder / "default.base"
    common = ["secilc", "-M", "true", "-c", "33", "-m", "-o", "/dev/null", "-f", "file_contexts", *base]

    steps = {"macc base import": [macc, "base", "import", str(BASE_MODULES), "--out", str(file)],
             "macc build of one service, without verification":
                 [macc, *BUILD, "--target", "selinux", "--no-verify", "--out", "out", "shop.macc"],
             "macc build of one service": [macc, *BUILD, "--target", "selinux", "--out", "out", "shop.macc"],
             "macc build --full of one service":
                 [macc, *BUILD, "--target", "selinux", "--full", "--out", "out", "shop.macc"]}
    measured = {}
    for what, command in steps.items():
        measured[what] = measure(command, folder, options.repeat)
        if measured[what].status != 0:
            print((folder / OUTPUT).read_text(errors="backslashreplace")[:2000])
            return
    modules = sorted(str(p) for p in (folder / "out/selinux").rglob("*.cil"))
    measured["secilc on the policy and the service"] = measure([*common, *modules], folder, options.repeat)
    reference = measured["secilc on the policy and the service"]
    if os.access("/var/lib/selinux/default/active", os.R_OK) and shutil.which("semodule"):
        root = private_root(folder)
        measured["semodule -i of the service"] = measure(["semodule", "-p", str(root), "-s", "default", "-n", "-i", *modules],
                                                         folder, 1)
    measured["macc base show --path"] = measure([macc, "base", "show", str(file), "--path", "/etc/shadow"], folder, options.repeat)
    if shutil.which("matchpathcon"):
        measured["matchpathcon"] = measure(["matchpathcon", "-f", "file_contexts", "/etc/shadow"], folder, options.repeat)

    print(f"\na base: the installed policy, {len(base)} modules; its file has {file.stat().st_size / 1e6:.1f} MB\n"
          f"  {'':<54}{'time':>11} {'peak':>11} {'of secilc':>10}")
    for what, result in measured.items():
        failed = "" if result.status == 0 else f"  (exit {result.status})"
        print(f"  {what:<54}{result.seconds:9.3f} s {result.megabytes:8.1f} MB {result.seconds / reference.seconds:10.3f}{failed}")
    words = {"open": "opening the base", "lookup": "looking one path up in it, in process",
             "fast": "default check of the service: open, link, read back", "full": "full check of the service, the same"}
    done = subprocess.run([str(tool), str(file), *modules], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        word, seconds = line.split()
        print(f"  {words[word]:<54}{float(seconds):9.3f} s {'':>11} {float(seconds) / reference.seconds:10.3f}")


def bench_comparison(build: pathlib.Path) -> None:
    """The comparison of one profile with the meaning, beside apparmor_parser's compile of it."""
    tool = (build / "tests/bench/macc_compare_bench").resolve()
    if not tool.exists() or not shutil.which("apparmor_parser"):
        print("\nno comparison measured: it needs apparmor_parser and macc_compare_bench")
        return
    done = subprocess.run([str(tool)], capture_output=True, text=True, check=False)
    print(f"\na profile, compiled and compared with its policy\n  {'rules':>8} {'states':>8} {'parser':>11} "
          f"{'comparison':>11} {'ratio':>8}")
    for line in done.stdout.splitlines():
        rules, states, parser, comparison = line.split()
        print(f"  {rules:>8} {states:>8} {float(parser):9.3f} s {float(comparison):9.3f} s "
              f"{float(comparison) / float(parser):8.2f}")


def is_profile(path: pathlib.Path) -> bool:
    return path.suffix in ("", ".profile", ".aa") and b"\nprofile " in b"\n" + path.read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description="measure macc beside the platforms' compilers")
    parser.add_argument("--build", required=True, type=pathlib.Path, help="build folder")
    parser.add_argument("--sizes", default="10,100,1000", help="numbers of services, with commas")
    parser.add_argument("--questions", type=int, default=500, help="number of services that questions are asked about")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-micro", action="store_true", help="leave the micro benchmarks out")
    options = parser.parse_args()

    macc = str((options.build / "macc").resolve())
    work = (options.build / "bench").resolve()
    base = base_cil(work / "base")
    sizes = [int(size) for size in options.sizes.split(",")]
    all_results = {size: bench_size(size, macc, base, work, options.repeat) for size in sizes}

    own = {size: results["macc build, without verification"] for size, results in all_results.items()
           if "macc build, without verification" in results}
    print("\nlinearity of macc build: " +
          ", ".join(f"{1000 * measured.seconds / size:.2f} ms a service at {size}" for size, measured in own.items()))
    bench_hook(macc, work)
    bench_questions(macc, work, options.questions, options.repeat)
    bench_comparison(options.build)
    bench_base(options, macc, base, work)
    micro = options.build / "tests/bench/macc_bench"
    if not options.no_micro and micro.exists():
        print(flush=True)
        subprocess.run([str(micro), "--benchmark_min_time=0.1"], check=False)
    return 0 if all(m.status == 0 for m in own.values()) and len(own) == len(sizes) else 1


if __name__ == "__main__":
    sys.exit(main())
