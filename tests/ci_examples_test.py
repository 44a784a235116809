#!/usr/bin/env python3
"""Runs the macc commands of examples/ci, as they stand there and in their order, in a new project with a git history.

Whether the files are what the services read, only these can tell. Here they are YAML, have the parts that jobs are made of,
and hand over what the commands wrote.
"""
import argparse
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    yaml = None

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples/ci"
SKIPPED = 77
SECONDS = 120
# What a pipeline has to do with policies, whatever the service.
NEEDED = ("macc fmt --check", "macc check", "macc lint", "macc lint --since", "macc build")

problems: list[str] = []


def check(holds: bool, problem: str) -> None:
    if not holds:
        problems.append(problem)


@dataclasses.dataclass
class Pipeline:
    commands: list[str]     # lines that run macc
    files: list[str]        # what is handed over to the service


def of_github(top: dict) -> Pipeline:
    commands, files = [], []
    # YAML 1.1 reads the word `on` as a truth value.
    check({"name", "permissions", "jobs"} <= top.keys() and ("on" in top or True in top), "github-actions.yml: a part is missing")
    for job in top["jobs"].values():
        for step in job["steps"]:
            check(("run" in step) != ("uses" in step), f"github-actions.yml: a step runs or uses something: {step}")
            commands += step.get("run", "").splitlines()
            files += [step["with"][key] for key in ("sarif_file", "path") if key in step.get("with", {})]
    return Pipeline(commands, files)


def of_gitlab(top: dict) -> Pipeline:
    commands, files = [], []
    words = {"stages", "workflow", "variables"}
    for name, job in top.items():
        if name in words:
            continue
        check(name.startswith(".") or job.get("stage") in top["stages"], f"gitlab-ci.yml: {name} is in no stage")
        check("extends" not in job or job["extends"] in top, f"gitlab-ci.yml: {name} extends nothing")
        commands += [*job.get("before_script", []), *job.get("script", [])]
        artifacts = job.get("artifacts", {})
        files += [*artifacts.get("paths", []), *artifacts.get("reports", {}).values()]
    return Pipeline(commands, files)


READERS = {"github-actions.yml": of_github, "gitlab-ci.yml": of_gitlab}


def environment(work: pathlib.Path, macc: pathlib.Path) -> dict[str, str]:
    person = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
              for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.org"))}
    return {"PATH": f"{macc.parent}:{os.environ['PATH']}", "HOME": str(work), "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), **person}


def run(command: str, folder: pathlib.Path, env: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(["sh", "-ec", command], cwd=folder, env=env, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="backslashreplace", check=False)
    return done.returncode, done.stdout


def new_project(folder: pathlib.Path, env: dict[str, str]) -> str:
    """A project as `macc init` makes it, with a commit on the main branch of its origin and one on top. The first one."""
    status, output = run("macc init . && git init -q -b main && git add . && git commit -q -m start && "
                         "git update-ref refs/remotes/origin/main HEAD && git commit -q --allow-empty -m change && "
                         "git rev-parse origin/main", folder, env)
    if status != 0:
        raise RuntimeError(f"the project cannot be made:\n{output}")
    return output.splitlines()[-1]


def check_example(name: str, work: pathlib.Path, macc: pathlib.Path) -> int:
    folder = work / name.removesuffix(".yml")
    folder.mkdir()
    env = environment(work, macc)
    before = new_project(folder, env)
    env |= {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": before}
    pipeline = READERS[name](yaml.safe_load((EXAMPLES / name).read_text()))
    commands = [command for command in pipeline.commands if re.match(r"macc\b", command)]
    for needed in NEEDED:
        check(any(command.startswith(needed) for command in commands), f"{name}: nothing runs `{needed}`")
    for command in commands:
        status, output = run(command, folder, env)
        check(status == 0, f"{name}: `{command}` ended with {status}:\n{output}")
    for file in pipeline.files:
        check(file.startswith("/") or (folder / file).exists(), f"{name}: no command wrote `{file}`")
    return len(commands)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    if yaml is None and sys.executable != "/usr/bin/python3" and pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's packages are there alone
    if yaml is None:
        print("skipped: python3-yaml is not installed (`apt-get install python3-yaml`)")
        return SKIPPED
    found = sorted(path.name for path in EXAMPLES.iterdir())
    check(found == sorted(READERS), f"examples/ci holds {found}")
    with tempfile.TemporaryDirectory(prefix="macc-ci-") as temporary:
        ran = sum(check_example(name, pathlib.Path(temporary), arguments.macc.resolve()) for name in READERS)
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{ran} commands of {len(READERS)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
