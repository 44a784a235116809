#!/usr/bin/env python3
"""Builds every example for both platforms and shows what the platforms' compilers said. Run by `./dev demo`."""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).resolve().parent
KINDS = ("exact", "wider", "drifts", "not-enforced")


@dataclasses.dataclass
class Result:
    example: str
    status: int
    output: str                    # what macc said, for an example that failed
    reports: dict[str, dict]       # backend -> report.json


def build(macc: pathlib.Path, project: pathlib.Path, out: pathlib.Path) -> Result:
    folder = out / project.parent.name
    done = subprocess.run([str(macc), "build", "--project", str(project), "--out", str(folder)], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, errors="backslashreplace", check=False)
    reports = {}
    if done.returncode == 0:
        found = (json.loads(path.read_text()) for path in sorted(folder.glob("*/report.json")))
        reports = {report["target"]["backend"]: report for report in found}
    return Result(project.parent.name, done.returncode, done.stdout + done.stderr, reports)


def passed(result: Result) -> bool:
    """Built, and accepted by every platform's compiler: an example that nobody checked has not passed."""
    return result.status == 0 and len(result.reports) > 0 and \
        all(report["verification"]["status"] == "passed" for report in result.reports.values())


def said(report: dict) -> str:
    verification = report["verification"]
    if verification["status"] == "not-checked":
        return f"not checked: {verification['reason']}"
    verb = "accepted" if verification["status"] == "passed" else "refused"
    return f"{verb} by {verification['checker']}"


def fidelity(report: dict) -> str:
    return "  ".join(f"{report['summary'][kind]:>12}" for kind in KINDS)


def show(results: list[Result]) -> None:
    rows = [(result.example, backend, said(report), fidelity(report))
            for result in results for backend, report in sorted(result.reports.items())]
    rows += [(result.example, "", f"macc failed (exit {result.status})", "") for result in results if result.status != 0]
    head = ("example", "platform", "compiled artifacts", "  ".join(f"{kind:>12}" for kind in KINDS))
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *sorted(rows)]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    against = sorted({f"{report['target']['backend']}: {report['verification']['against']}" for result in results
                      for report in result.reports.values() if report["verification"]["against"]})
    print("\nchecked with  " + "\n              ".join(against) if against else "")


def main() -> int:
    parser = argparse.ArgumentParser(description="build all examples")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args()
    projects = sorted(EXAMPLES.glob("*/macc.toml"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda project: build(options.macc.resolve(), project, options.out.resolve()), projects))
    show(results)
    failed = [result for result in results if not passed(result)]
    for result in failed:
        print(f"\n{result.example} failed:\n{result.output}", file=sys.stderr)
    print(f"{len(results) - len(failed)} of {len(results)} examples compiled and accepted; artifacts are in "
          f"{os.path.relpath(options.out)}/EXAMPLE/TARGET/")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
