"""The command line that the kernel tests share, and what their ends mean."""
import argparse
import collections.abc
import os
import pathlib
import sys
import tempfile

import environment
import guest_plan
import machine
import systems

SKIPPED = 77
Test = collections.abc.Callable[[argparse.Namespace, pathlib.Path], int]


def parser(doc: str | None, cache: str, chosen: str, verbose: str) -> argparse.ArgumentParser:
    """With what is kept in the cache, what `--filter` chooses by, and what `--verbose` shows besides."""
    out = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    out.add_argument("--planner", required=True, type=pathlib.Path, help="macc_kernel_plan")
    out.add_argument("--probe", type=pathlib.Path, help="macc_kernel_probe; without it nothing can be run")
    out.add_argument("--cache", required=True, type=pathlib.Path, help=f"a folder for {cache}")
    out.add_argument("--kernel", default=os.environ.get("KERNEL"), help="a vmlinuz; by default the newest that is found")
    out.add_argument("--filter", default="", help=f"only {chosen} this regular expression")
    out.add_argument("--verbose", action="store_true", help=f"also {verbose}")
    out.add_argument("--keep", type=pathlib.Path, help="a folder for policies, images and consoles, which stays")
    return out


def prepare(options: argparse.Namespace) -> environment.Kernel:
    """The kernel to boot; raises Missing where the machine cannot."""
    if options.probe is None or not options.probe.exists():
        raise environment.Missing("the probe was not built: the machine has no static libstdc++")
    environment.check_tools()
    return environment.find_kernel(options.kernel, options.cache)


def run(test: Test, options: argparse.Namespace) -> int:
    """Runs a test in a folder of its own and returns the exit code."""
    environment.use_system_folders()
    options.cache.mkdir(parents=True, exist_ok=True)
    options.cache = options.cache.resolve()  # tools run in other folders
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
    except (machine.GuestFailed, systems.ToolFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
