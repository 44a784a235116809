#!/usr/bin/env python3
"""Runs each fuzz target for some seconds, from the golden cases and random policies as seeds. Findings fail the run."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "property"))
import policies  # noqa: E402

TEXT = re.compile(rb'"((?:[^"\\\n]|\\.)*)"')


def seeds() -> list[bytes]:
    files = [*TESTS.glob("cases/*/*/*.macc"), *TESTS.parent.glob("examples/*/*.macc"), *TESTS.parent.glob("stdlib/**/*.macc")]
    small = [f.read_bytes() for f in files if f.is_file() and f.stat().st_size < 50_000]
    return small + [policies.policy(seed).encode() for seed in range(40)]


def compiled_profiles() -> list[bytes]:
    """What apparmor_parser makes of small profiles, each with another part of the format."""
    bodies = ["/etc/** r, audit capability kill, deny /x/* w,", "/usr/bin/a Px -> p//b, profile b { /b rwlk, }",
              "signal send peer=a, ptrace read, change_profile -> c,", "set rlimit nofile <= 10, ^hat { network inet, }",
              "mount options=ro /a -> /b/, unix (create) type=dgram addr=@x, dbus send bus=system,"]
    features = TESTS / "cases/targets/apparmor-features-file/appliance.features"
    compiled = []
    with tempfile.NamedTemporaryFile("w", suffix=".profile") as file:
        for body in bodies:
            file.seek(0)
            file.truncate()
            file.write(f"profile p /usr/bin/{{p,q}} flags=(attach_disconnected) {{ {body} }}\n")
            file.flush()
            done = subprocess.run(["apparmor_parser", "--config-file=/dev/null", "-QKS", f"--kernel-features={features}",
                                   file.name], capture_output=True, check=True)
            compiled.append(done.stdout)
    return compiled


def write_corpus(folder: pathlib.Path, texts: list[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"seed-{number:04d}").write_bytes(text)


def main() -> int:
    parser = argparse.ArgumentParser(description="run the fuzz targets")
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()

    sources = seeds()
    patterns = sorted({found for text in sources for found in TEXT.findall(text)})
    own = {"fuzz_pattern": patterns, "fuzz_features": [f.read_bytes() for f in TESTS.glob("cases/*/*/*.features")],
           "fuzz_policy": compiled_profiles()}
    failed = []
    for target in sorted((options.build / "tests/fuzz").glob("fuzz_*")):
        if not target.is_file():
            continue
        corpus = options.build / "corpus" / target.name
        write_corpus(corpus, own.get(target.name, sources))
        longest = max(map(len, own.get(target.name, [])), default=0)
        findings = options.build / "findings"
        findings.mkdir(exist_ok=True)
        print(f"{target.name}: {options.seconds} seconds", flush=True)
        done = subprocess.run([str(target.resolve()), f"-max_total_time={options.seconds}", "-timeout=20", "-rss_limit_mb=2048",
                               f"-max_len={max(4096, longest)}", "-print_final_stats=1", "-verbosity=0",
                               f"-artifact_prefix={findings.resolve()}/{target.name}-", str(corpus.resolve())], check=False)
        if done.returncode != 0:
            failed.append(target.name)
    print(f"findings in {options.build}/findings: {' '.join(failed)}" if failed else "no findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
