#!/usr/bin/env python3
"""The formats of CI services over many findings: that each says what the JSON format says, in the form that its service
reads, whatever bytes the policies and the names of files hold.

With --sarif-schema the SARIF logs are also held against the schema of SARIF 2.1.0. It comes from MACC_SARIF_SCHEMA, or
with npm out of a package; where it cannot be had, or Python has no jsonschema, the test is skipped (status 77).
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
SKIPPED = 77
FORMATS = ("json", "sarif", "junit", "github", "gitlab")
SCHEMA_PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
SCHEMA_IN_PACKAGE = "package/lib/schemas/sarif-2.1.0-rtm.5.json"

# What no output may hold: controls but the line break, and what hides or reorders text.
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
LEVELS = {"error": "error", "warning": "warning", "note": "note"}
COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:]*,)*\w+=[^,:]*)::(.*)")

HOSTILE = """macc 1;
module hostile;
import std.tls;
/* \u202e a comment that turns around, <b>&amp;</b> "quoted" 'too' %25 ]]> */
domain d {
    entry "/usr/sbin/d";
    allow read confg, "/a,b:c%0A::error::x";
    allow raed "/é日本/<x>&'\\"";
}
"""


@dataclasses.dataclass
class Outputs:
    name: str
    status: int
    texts: dict[str, str]

    def diagnostics(self) -> list[dict]:
        return json.loads(self.texts["json"])["diagnostics"]


def run(macc: str, folder: pathlib.Path, arguments: list[str], name: str) -> Outputs:
    texts, statuses = {}, set()
    for word in FORMATS:
        done = subprocess.run([macc, *arguments, "--format", word], cwd=folder, capture_output=True, timeout=120, check=False,
                              stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        if done.stderr:
            raise AssertionError(f"{name}: --format {word} wrote to stderr: {done.stderr[:400]!r}")
        texts[word] = done.stdout.decode()  # throws on what is no UTF-8
        statuses.add(done.returncode)
    if len(statuses) != 1:
        raise AssertionError(f"{name}: the formats end with {statuses}")
    return Outputs(name, statuses.pop(), texts)


# ---- the forms ----

def check_sarif(out: Outputs, folder: pathlib.Path) -> None:
    log = json.loads(out.texts["sarif"])
    [one] = log["runs"]
    [invocation] = one["invocations"]
    assert log["version"] == "2.1.0" and one["columnKind"] == "unicodeCodePoints"
    assert invocation["exitCode"] == out.status and invocation["executionSuccessful"] == (out.status <= 1)
    driver = one["tool"]["driver"]
    placed = [d for d in out.diagnostics() if d["place"]]
    others = [d for d in out.diagnostics() if not d["place"]]
    assert len(placed) == len(one["results"]) and len(others) == len(invocation["toolExecutionNotifications"])
    assert {rule["id"] for rule in driver["rules"]} == {d["code"] for d in placed}
    assert {row["id"] for row in driver["notifications"]} == {d["code"] for d in others}
    for diagnostic, result in zip(placed, one["results"]):
        assert result["ruleId"] == diagnostic["code"] == driver["rules"][result["ruleIndex"]]["id"]
        assert result["level"] == LEVELS[diagnostic["severity"]]
        assert result["message"]["text"].startswith(diagnostic["message"])
        [location] = result["locations"]
        check_location(location["physicalLocation"], diagnostic["place"], folder)
        related = [r["place"] for r in diagnostic["related"] + diagnostic["notes"] if r["place"]]
        assert len(related) == len(result.get("relatedLocations", []))
        for place, there in zip(related, result.get("relatedLocations", [])):
            check_location(there["physicalLocation"], place, folder)
        edits = (diagnostic["fix"] or {"edits": []})["edits"]
        changes = [change for fix in result.get("fixes", []) for change in fix["artifactChanges"]]
        assert sorted(e["replacement"] for e in edits) == \
            sorted(r["insertedContent"]["text"] for change in changes for r in change["replacements"])
    for notification, diagnostic in zip(invocation["toolExecutionNotifications"], others):
        descriptor = notification["descriptor"]
        assert driver["notifications"][descriptor["index"]]["id"] == descriptor["id"] == diagnostic["code"]


def check_location(location: dict, place: dict, folder: pathlib.Path) -> None:
    artifact, region = location["artifactLocation"], location["region"]
    assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", artifact["uri"]), artifact["uri"]
    file = urllib.parse.unquote_to_bytes(artifact["uri"])
    assert artifact["uriBaseId"] == "%SRCROOT%"
    assert file.startswith(b"<") or os.path.exists(os.fsencode(folder) + b"/" + file), file
    assert (region["startLine"], region["startColumn"]) == (place["begin"]["line"], place["begin"]["column"])
    assert (region["endLine"], region["endColumn"]) == (place["end"]["line"], place["end"]["column"])


def check_junit(out: Outputs) -> None:
    top = xml.etree.ElementTree.fromstring(out.texts["junit"])
    [suite] = top
    cases = list(suite)
    verdicts = [verdict.tag for case in cases for verdict in case]
    assert (top.tag, suite.tag, {case.tag for case in cases}) == ("testsuites", "testsuite", {"testcase"} if cases else set())
    for element in (top, suite):
        assert int(element.get("tests", "")) == len(cases)
        assert int(element.get("failures", "")) == verdicts.count("failure")
        assert int(element.get("errors", "")) == verdicts.count("error")
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(names) == len(set(names)), "two test cases have one name"
    found = [case for case in cases if len(case)]
    assert len(found) == len(out.diagnostics())
    for case, diagnostic in zip(found, out.diagnostics()):
        [verdict] = case
        fails = diagnostic["severity"] == "error"
        assert verdict.tag == (("error" if diagnostic["blame"] == "environment" else "failure") if fails else "system-out")
        assert (case.get("name") or "").startswith(f"{diagnostic['code']} {diagnostic['name']}: ")
        assert bool(case.get("file")) == bool(diagnostic["place"])


def unescaped(text: str, letters: str) -> str:
    return re.sub("%(" + letters + ")", lambda found: chr(int(found[1], 16)), text)


def check_github(out: Outputs, folder: pathlib.Path) -> None:
    lines = out.texts["github"].splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == len(out.diagnostics()) and len(lines) - len(commands) <= 1
    words = {"error": "error", "warning": "warning", "note": "notice"}
    for line, diagnostic in zip(commands, out.diagnostics()):
        parts = COMMAND.fullmatch(line)
        assert parts, line
        properties = {key: unescaped(value, "25|0D|0A|3A|2C") for key, value in
                      (item.split("=", 1) for item in parts[2].split(","))}
        assert parts[1] == words[diagnostic["severity"]]
        assert properties["title"] == f"{diagnostic['code']} {diagnostic['name']}"
        assert unescaped(parts[3], "25|0D|0A")
        place = diagnostic["place"]
        assert ("file" in properties) == bool(place)
        if not place:
            continue
        file = properties["file"]
        assert file.startswith("<") or "\\x" in file or (folder / file).exists(), file
        assert (properties["line"], properties["endLine"]) == (str(place["begin"]["line"]), str(place["end"]["line"]))
        if place["begin"]["line"] == place["end"]["line"]:
            first = place["begin"]["column"]
            assert (properties["col"], properties["endColumn"]) == (str(first), str(max(first, place["end"]["column"] - 1)))
        else:
            assert "col" not in properties


def check_gitlab(out: Outputs) -> None:
    findings = json.loads(out.texts["gitlab"])
    assert len(findings) == len(out.diagnostics())
    fingerprints = [finding["fingerprint"] for finding in findings]
    assert len(set(fingerprints)) == len(fingerprints) and all(fingerprints)
    severities = {"error": "critical", "warning": "major", "note": "info"}
    for finding, diagnostic in zip(findings, out.diagnostics()):
        assert finding["check_name"] == diagnostic["name"] and finding["severity"] == severities[diagnostic["severity"]]
        assert finding["description"].startswith(diagnostic["message"])
        line = diagnostic["place"]["begin"]["line"] if diagnostic["place"] else 1
        assert finding["location"]["path"] and finding["location"]["lines"]["begin"] == line


def check(out: Outputs, folder: pathlib.Path) -> str:
    try:
        for word, text in out.texts.items():
            hidden = HIDDEN.search(text)
            assert not hidden, f"--format {word} holds {hidden[0]!r}" if hidden else ""
        check_sarif(out, folder)
        check_junit(out)
        check_github(out, folder)
        check_gitlab(out)
    except (AssertionError, KeyError, ValueError, xml.etree.ElementTree.ParseError) as problem:
        frame = problem.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        return f"{out.name}: line {frame.tb_lineno if frame else 0} of this test: {type(problem).__name__} {problem}"
    return ""


# ---- inputs ----

def golden_inputs(work: pathlib.Path) -> list[tuple[str, pathlib.Path, list[str]]]:
    """The broken policies of the golden cases, each in a copy of its folder."""
    inputs = []
    for case in sorted((ROOT / "tests/cases/errors").iterdir()):
        if not (case / "policy.macc").is_file() or (case / "setup").exists():
            continue
        folder = work / case.name
        shutil.copytree(case, folder, symlinks=True)
        inputs.append((case.name, folder, ["check", "policy.macc"]))
    return inputs


def hostile_inputs(work: pathlib.Path) -> list[tuple[str, pathlib.Path, list[str]]]:
    """Names of files that each format has to write otherwise, in a repository whose root is above."""
    folder = work / "hostile"
    names = [b"plain.macc", b"a b%41,c:d.macc", "日本 é#?.macc".encode(), b"line\nbreak::error::x.macc", b"\xff\x1b[31m.macc",
             b"<&\"']]>.macc", b"-dash.macc"]
    inputs = []
    for number, name in enumerate(names):
        own = folder / str(number)
        (own / ".git").mkdir(parents=True)
        (own / "below").mkdir()
        with open(os.fsencode(own) + b"/below/" + name, "w", encoding="utf-8") as file:
            file.write(HOSTILE)
        inputs.append((f"file name {name!r}", own, ["check", "below"]))
    (folder / "empty").mkdir()
    return [*inputs, ("nothing to do", folder / "empty", ["check"]), ("wrong option", folder / "empty", ["check", "--nope"])]


# ---- the schema ----

def schema_file(cache: pathlib.Path) -> pathlib.Path | str:
    """The schema, or why there is none."""
    if given := os.environ.get("MACC_SARIF_SCHEMA"):
        return pathlib.Path(given)
    file = cache / "sarif-2.1.0.json"
    if file.is_file():
        return file
    if not shutil.which("npm"):
        return "npm is not installed, and MACC_SARIF_SCHEMA names no schema"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(["npm", "pack", SCHEMA_PACKAGE, "--pack-destination", temporary], capture_output=True, text=True,
                              timeout=120, check=False)
        packages = list(pathlib.Path(temporary).glob("*.tgz"))
        if done.returncode != 0 or not packages:
            return f"npm cannot fetch {SCHEMA_PACKAGE}: {done.stderr.strip()[-300:]}"
        with tarfile.open(packages[0]) as package:
            data = package.extractfile(SCHEMA_IN_PACKAGE).read()
    file.write_bytes(data)
    return file


def validator(cache: pathlib.Path):
    """A function from a log to its first mistake or "", or why there is none."""
    try:
        import jsonschema
    except ImportError:
        return "Python has no module jsonschema"
    file = schema_file(cache)
    if isinstance(file, str):
        return file
    schema = json.loads(file.read_text())
    validate = jsonschema.validators.validator_for(schema)(schema)
    assert not validate.is_valid({"version": "2.1.0", "runs": [{"tool": {}}]}), "the schema refuses nothing"

    def first_mistake(log: dict) -> str:
        error = next(iter(validate.iter_errors(log)), None)
        return f"{list(error.absolute_path)}: {error.message[:300]}" if error else ""
    return first_mistake


def main() -> int:
    parser = argparse.ArgumentParser(description="test the formats of CI services")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--sarif-schema", action="store_true", help="hold SARIF logs against the schema")
    options = parser.parse_args()
    macc = str(options.macc.resolve())
    first_mistake = None
    if options.sarif_schema:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "macc-tests"
        first_mistake = validator(cache)
        if isinstance(first_mistake, str):
            print(f"skipped: {first_mistake}")
            return SKIPPED
    with tempfile.TemporaryDirectory(prefix="macc-formats-") as temporary:
        work = pathlib.Path(temporary)
        inputs = golden_inputs(work) + hostile_inputs(work)

        def one(item: tuple[str, pathlib.Path, list[str]]) -> str:
            name, folder, arguments = item
            try:
                out = run(macc, folder, arguments, name)
            except (AssertionError, UnicodeDecodeError, subprocess.TimeoutExpired) as problem:
                return f"{name}: {problem}"
            if first_mistake is None:
                return check(out, folder)
            mistake = first_mistake(json.loads(out.texts["sarif"]))
            return f"{name}: {mistake}" if mistake else ""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = [problem for problem in pool.map(one, inputs) if problem]
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{len(inputs)} runs, {len(problems)} of them wrong")
    return 1 if problems or len(inputs) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
