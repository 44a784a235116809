"""What is installed in a guest: AppArmor's profiles, or a whole SELinux policy, made of the artifacts by the platforms' own
tools, as an administrator would."""
import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKELETON = ROOT / "backends/selinux/link/skeleton.cil"
SCAFFOLD, HOMES = (pathlib.Path(__file__).resolve().parent / "base" / name for name in ("scaffold.cil", "homes.cil"))
OWN_FOLDERS = ("tunables", "macc.d", "abi")  # below apparmor.d: not profiles
KINDS = {"file": "file", "program": "file", "dir": "dir", "mounted": "dir", "symlink": "lnk_file", "fifo": "pipe", "socket": "socket",
         "char": "chr_file", "block": "blk_file"}


class ToolFailed(Exception):
    pass


def run(command: list[str], folder: pathlib.Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="backslashreplace", check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ToolFailed(f"`{' '.join(command)}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def features_text(lines: list[list[str]]) -> str:
    """The kernel's tree of features as apparmor_parser reads it: `caps {mask {chown ...\\n}\\n}\\n`."""
    tree: dict = {}
    for line in lines:
        if line[0] == "feature":
            *folders, name = line[1].split("/")
            inner = tree
            for folder in folders:
                inner = inner.setdefault(folder, {})
            inner[name] = line[2]

    def written(node: dict) -> str:
        return "".join(f"{name} {{{written(value) if isinstance(value, dict) else value + chr(10)}}}\n"
                       for name, value in sorted(node.items()))
    return written(tree)


class Profiles:
    """The AppArmor artifacts in a folder like /etc/apparmor.d."""

    def __init__(self, artifacts: pathlib.Path, features: str, work: pathlib.Path) -> None:
        self.base = work / "apparmor.d"
        shutil.copytree(artifacts / "apparmor.d", self.base)
        shutil.copytree("/etc/apparmor.d/abi", self.base / "abi")
        self.features = work / "kernel-features"
        self.features.write_text(features)
        (work / "parser.conf").write_text("")
        self.config = work / "parser.conf"

    def compiled(self) -> bytes:
        """All profiles, as the kernel takes them in one write."""
        out = b""
        for profile in sorted(p for p in self.base.iterdir() if p.is_file()):
            done = subprocess.run(
                ["apparmor_parser", f"--config-file={self.config}", "-QKS", f"--kernel-features={self.features}",
                 f"--base={self.base}", f"--Include={self.base}", str(profile)],
                capture_output=True, check=False, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                raise ToolFailed(f"apparmor_parser refuses {profile.name}\n{done.stderr.decode(errors='backslashreplace')}")
            out += done.stdout
        return out

    def compiled_with(self, files: dict[str, str]) -> bytes:
        """With the switches turned as the files say; the paths are those of artifacts."""
        for path, content in files.items():
            (self.base.parent / path).write_text(content)
        return self.compiled()


class Policy:
    """A binary policy with its file contexts."""

    def __init__(self, image: pathlib.Path, contexts: pathlib.Path) -> None:
        self.image = image
        self.contexts = contexts

    def labels(self, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The label of each (kind, path), as libselinux looks it up; without those that have none."""
        out = {}
        for kind in sorted({kind for kind, _ in wanted}):
            paths = sorted({path for other, path in wanted if other == kind})
            lines = run(["matchpathcon", "-N", "-f", str(self.contexts), "-m", KINDS[kind], *paths]).splitlines()
            for line in lines:
                path, _, label = line.rpartition("\t")
                if label != "<<none>>":
                    out[kind, path] = label
        return out


def link_minimal(artifacts: pathlib.Path, work: pathlib.Path) -> Policy:
    """With the skeleton, which gives a domain nothing beyond what the artifacts do."""
    work.mkdir(parents=True, exist_ok=True)
    classes = re.findall(r"^\(class (\w+) ", SKELETON.read_text(), re.MULTILINE)
    everything = work / "everything.cil"
    everything.write_text("".join(f"(allow guest every_type ({name} (all)))\n" for name in classes))
    image, contexts = work / "policy", work / "file_contexts"
    modules = [str(path) for path in sorted(artifacts.glob("*.cil"))]
    # Without neverallow: the guest may do everything, and macc has proved those of the build.
    run(["secilc", "-N", "-M", "true", "-c", "33", "-o", str(image), "-f", str(contexts), str(SKELETON), str(SCAFFOLD), str(HOMES),
         str(everything), *modules])
    return Policy(image, contexts)


def fingerprint(arguments: list[str]) -> str:
    """Of the modules that arguments of semodule name, and of the system's policy."""
    content = hashlib.sha256()
    for argument in [*arguments, *map(str, sorted(pathlib.Path("/etc/selinux/default/policy").glob("policy.*")))]:
        path = pathlib.Path(argument)
        content.update(path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b""))
    return content.hexdigest()[:16]


def install_in_debian(arguments: list[str], work: pathlib.Path, cache: pathlib.Path) -> Policy:
    """By semodule with these arguments, in a copy of the system's store; the result is kept, since that takes a quarter of a
    minute."""
    kept = cache / f"debian-{fingerprint(arguments)}"
    if not kept.is_dir():
        install(arguments, work)
        store = work / "etc/selinux/default"
        image = max(store.glob("policy/policy.*"), key=lambda path: int(path.suffix[1:]))
        cache.mkdir(parents=True, exist_ok=True)
        new = pathlib.Path(tempfile.mkdtemp(prefix="new-", dir=cache))
        shutil.copy(image, new / "policy")
        shutil.copytree(store / "contexts/files", new / "files")
        for older in cache.glob("debian-*"):
            shutil.rmtree(older)
        new.rename(kept)
    return Policy(kept / "policy", kept / "files/file_contexts")


def install_all(artifacts: pathlib.Path, work: pathlib.Path, cache: pathlib.Path) -> Policy:
    return install_in_debian(["-i", *(str(path) for path in sorted(artifacts.glob("*.cil")))], work, cache)


def install(arguments: list[str], work: pathlib.Path) -> None:
    for place in ("etc/selinux/default", "var/lib/selinux/default"):
        shutil.copytree(pathlib.Path("/") / place, work / place, symlinks=True)
    shutil.copy("/etc/selinux/semanage.conf", work / "etc/selinux/semanage.conf")
    run(["semodule", "-p", str(work), "-s", "default", "-n", *arguments])
