#!/usr/bin/env python3
"""Runs the hooks of .pre-commit-hooks.yaml with the real pre-commit, in scratch git repositories, without a network.

Each case is a commit: whether it goes through, and what the one who makes it sees.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOOKS = ".pre-commit-hooks.yaml"
SKIPPED = 77
SECONDS = 120

FINDING = '    exec "/usr/bin/dash";\n'
CODE = "MACC-L0305"

problems: list[str] = []


def policy(module: str, *statements: str) -> str:
    """A policy in macc's form. Without statements nothing is found in it."""
    return f'macc 1;\nmodule {module};\n\ndomain webd {{\n    entry "/usr/sbin/{module}d";\n{"".join(statements)}}}\n'


def environment(work: pathlib.Path, macc: pathlib.Path) -> dict[str, str]:
    person = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
              for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.org"))}
    return {"PATH": f"{macc.parent}:{os.environ['PATH']}", "HOME": str(work / "home"), "LC_ALL": "C.UTF-8",
            "PRE_COMMIT_HOME": str(work / "cache"), "PRE_COMMIT_COLOR": "never", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1", **person}


class Repository:
    def __init__(self, folder: pathlib.Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def run(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(command, cwd=self.folder, env=self.env, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="backslashreplace", check=False)
        return done.returncode, done.stdout

    def git(self, *arguments: str) -> str:
        status, output = self.run("git", *arguments)
        if status != 0:
            raise RuntimeError(f"git {' '.join(arguments)} ended with {status}:\n{output}")
        return output.strip()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def stage(self, name: str, text: str) -> None:
        self.write(name, text)
        self.git("add", "--", name)

    def commit(self) -> tuple[int, str]:
        return self.run("git", "commit", "--quiet", "--message=change")


class Case:
    """A repository that uses hooks, with one commit in it."""

    def __init__(self, work: pathlib.Path, hooks: Repository, title: str, entries: tuple[str, ...]) -> None:
        """`entries` are what the configuration says of each hook, as YAML: "id: macc-lint, files: ..."."""
        self.title = title
        self.repository = Repository(work / title.replace(" ", "-"), hooks.env)
        rows = "".join(f"      - {{ {entry} }}\n" for entry in entries)
        self.repository.write(".pre-commit-config.yaml",
                              f"repos:\n  - repo: {hooks.folder}\n    rev: {hooks.git('rev-parse', 'HEAD')}\n    hooks:\n{rows}")
        self.repository.git("add", ".")
        self.repository.git("commit", "--quiet", "--message=start")
        status, output = self.repository.run("pre-commit", "install")
        if status != 0:
            raise RuntimeError(f"pre-commit install ended with {status}:\n{output}")

    def check(self, holds: bool, problem: str) -> None:
        if not holds:
            problems.append(f"{self.title}: {problem}")

    def passes(self) -> None:
        status, output = self.repository.commit()
        self.check(status == 0, f"the commit was refused:\n{output}")

    def refused(self, *shown: str) -> None:
        status, output = self.repository.commit()
        self.check(status != 0, f"the commit went through:\n{output}")
        for text in shown:
            self.check(text in output, f"`{text}` is not shown:\n{output}")


def finding_is_shown(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING))
    case.refused(CODE, "web.macc:6:5", "/usr/bin/dash")
    case.repository.stage("web.macc", policy("web"))
    case.passes()


def clean_one_passes(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", '    allow read "/etc/web.conf";\n'))
    case.passes()


def unstaged_change_does_not_count(case: Case) -> None:
    case.repository.stage("web.macc", policy("web"))
    case.repository.write("web.macc", policy("web", FINDING))
    case.passes()
    case.check((case.repository.folder / "web.macc").read_text() == policy("web", FINDING), "the unstaged change was lost")


def unstaged_fix_does_not_count(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING))
    case.repository.write("web.macc", policy("web"))
    case.refused(CODE)


def other_files_are_not_looked_at(case: Case) -> None:
    case.repository.stage("old.macc", policy("old", FINDING))
    case.repository.git("commit", "--quiet", "--no-verify", "--message=old")
    case.repository.write("untracked.macc", policy("untracked", FINDING))
    case.repository.stage("web.macc", policy("web"))
    case.repository.stage("notes.txt", "exec everything\n")
    case.passes()


def import_is_read_as_it_is_staged(case: Case) -> None:
    shared = 'macc 1;\nmodule shared;\n\npublic abstraction tools {\n    exec "/usr/bin/%s";\n}\n'
    case.repository.stage("shared.macc", shared % "sort")
    case.repository.git("commit", "--quiet", "--no-verify", "--message=shared")
    case.repository.write("shared.macc", shared % "dash")  # not staged
    text = policy("web", "    include shared.tools;\n").replace("module web;\n", "module web;\nimport shared;\n")
    case.repository.stage("web.macc", text)
    case.passes()
    case.repository.git("add", "shared.macc")
    case.repository.stage("web.macc", text.replace("webd", "site"))
    case.refused(CODE)


def two_files_at_once(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING))
    case.repository.stage("mail.macc", policy("mail", FINDING))
    case.refused("web.macc:6:5", "mail.macc:6:5")


def names_with_blanks(case: Case) -> None:
    case.repository.stage("two words/the web.macc", policy("web", FINDING))
    case.refused("the web.macc:6:5")


def name_like_an_option(case: Case) -> None:
    case.repository.stage("-web.macc", policy("web", FINDING))
    case.refused("-web.macc")


def deleted_file(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING))
    case.repository.git("commit", "--quiet", "--no-verify", "--message=web")
    case.repository.git("rm", "--quiet", "web.macc")
    case.passes()


def syntax_error(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", "    allow read;\n"))
    case.refused("error[MACC-E0", "web.macc:6:")


def project_in_a_subfolder(case: Case) -> None:
    case.repository.stage("services/web/policy/web.macc", policy("web", FINDING))
    case.refused(CODE)
    case.repository.stage("services/web/macc.toml", '[project]\nname = "web"\n\n[lint.level]\nexec-shell = "off"\n')
    case.passes()


def a_hook_for_each_project(case: Case) -> None:
    case.repository.stage("web/macc.toml", '[project]\nname = "web"\n\n[lint.level]\nexec-shell = "off"\n')
    case.repository.stage("web/policy/web.macc", policy("web", FINDING))
    case.repository.stage("mail/macc.toml", '[project]\nname = "mail"\n')
    case.repository.stage("mail/policy/mail.macc", policy("mail", FINDING))
    case.refused("mail.macc:6:5")
    case.repository.stage("mail/policy/mail.macc", policy("mail"))
    case.passes()


def finding_with_a_reason(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", '    @expect("exec-shell", reason = "scripts of the site")\n', FINDING))
    case.passes()


def warnings_may_pass(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING))
    case.passes()
    case.repository.stage("web.macc", policy("web", '    exec "/usr/bin/make" unconfined;\n'))
    case.refused("error[MACC-L0302]")


def findings_of_before_may_pass(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING))
    case.repository.git("commit", "--quiet", "--no-verify", "--message=web")
    case.repository.stage("web.macc", policy("web", FINDING, "    allow connect tcp 443;\n"))
    case.passes()
    case.repository.stage("web.macc", policy("web", FINDING, '    exec "/usr/bin/perl";\n'))
    case.refused("MACC-L0306", "1 known before")


def broken_promise(case: Case) -> None:
    promise = '    never read "/etc/web/keys/**";\n'
    case.repository.stage("web.macc", policy("web", '    allow read "/etc/web/keys/a";\n', promise))
    case.refused("error[MACC-E0501]", "web.macc:7:5")
    case.repository.stage("web.macc", policy("web", '    allow read "/etc/web/conf";\n', promise))
    case.passes()


def formatter_rewrites(case: Case) -> None:
    badly = policy("web").replace("    entry", "  entry")
    case.repository.stage("web.macc", badly)
    case.refused("web.macc", "files were modified by this hook")
    case.check((case.repository.folder / "web.macc").read_text() == policy("web"), "the file was not brought into form")
    case.repository.git("add", ".")
    case.passes()


def format_check_changes_nothing(case: Case) -> None:
    badly = policy("web").replace("    entry", "  entry")
    case.repository.stage("web.macc", badly)
    case.refused("web.macc")
    case.check((case.repository.folder / "web.macc").read_text() == badly, "the file was changed")
    case.repository.stage("web.macc", policy("web"))
    case.passes()


def formatter_and_linter_together(case: Case) -> None:
    case.repository.stage("web.macc", policy("web", FINDING.replace("    ", "  ")))
    case.refused("files were modified by this hook", CODE)


LINT, CHECK, FMT, FMT_CHECK = "id: macc-lint", "id: macc-check", "id: macc-fmt", "id: macc-fmt-check"
CASES = {
    finding_is_shown: (LINT,),
    clean_one_passes: (LINT, FMT_CHECK),
    unstaged_change_does_not_count: (LINT,),
    unstaged_fix_does_not_count: (LINT,),
    other_files_are_not_looked_at: (LINT,),
    import_is_read_as_it_is_staged: (LINT,),
    two_files_at_once: (LINT,),
    names_with_blanks: (LINT,),
    name_like_an_option: (LINT,),
    deleted_file: (LINT, FMT),
    syntax_error: (LINT,),
    project_in_a_subfolder: (LINT,),
    a_hook_for_each_project: (f"{LINT}, files: '^web/.*[.]macc$'", f"{LINT}, files: '^mail/.*[.]macc$'"),
    finding_with_a_reason: (LINT, FMT_CHECK),
    warnings_may_pass: (f"{LINT}, args: [--fail-on, error]",),
    findings_of_before_may_pass: (f"{LINT}, args: [--since, HEAD]",),
    broken_promise: (CHECK,),
    formatter_rewrites: (FMT,),
    format_check_changes_nothing: (FMT_CHECK,),
    formatter_and_linter_together: (FMT, LINT),
}


def hook_repository(work: pathlib.Path, env: dict[str, str]) -> Repository:
    """The hooks as they are in this tree, committed or not."""
    hooks = Repository(work / "hooks", env)
    hooks.stage(HOOKS, (ROOT / HOOKS).read_text())
    hooks.git("commit", "--quiet", "--message=hooks")
    return hooks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    for program in ("git", "pre-commit"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed (`apt-get install {program}`)")
            return SKIPPED
    with tempfile.TemporaryDirectory(prefix="macc-pre-commit-") as temporary:
        work = pathlib.Path(temporary)
        env = environment(work, arguments.macc.resolve())
        hooks = hook_repository(work, env)
        status, output = hooks.run("pre-commit", "validate-manifest", HOOKS)
        if status != 0:
            problems.append(f"{HOOKS} is refused:\n{output}")
        for test, entries in CASES.items():
            test(Case(work, hooks, test.__name__.replace("_", " "), entries))
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{len(CASES)} cases, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
