"""A small Debian system with the packages of services in it, unpacked as they are. What their maintainer scripts would do is
done by a script of ours for each service (services/NAME/prepare.sh), in the new tree and with its own tools."""
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from environment import Missing
from systems import ToolFailed

HERE = pathlib.Path(__file__).resolve().parent
BASE = HERE / "services/base"
# Essential packages, which others do not name as something that they need.
ESSENTIAL = ("base-files", "base-passwd", "bash", "coreutils", "dash", "findutils", "grep", "hostname", "sed")
MERGED = ("bin", "sbin", "lib", "lib64")
LEFT_OUT = ("doc", "man", "locale", "info", "lintian", "bug", "i18n")  # of /usr/share: nothing of it is run
TOOLS = {"apt-get": "apt", "dpkg-deb": "dpkg", "tar": "tar", "cpio": "cpio"}


@dataclasses.dataclass(frozen=True)
class Tree:
    folder: pathlib.Path
    archive: pathlib.Path  # all of it, as a part of an initramfs

    def paths(self) -> list[tuple[str, str]]:
        """(kind, path) of everything in it, as the file contexts tell kinds apart."""
        out = []
        for parent, folders, files in os.walk(self.folder):
            for name in [*folders, *files]:
                path = pathlib.Path(parent) / name
                kind = "symlink" if path.is_symlink() else "dir" if path.is_dir() else "file"
                out.append((kind, "/" + path.relative_to(self.folder).as_posix()))
        return sorted(out)

    def read(self, path: str) -> str:
        return (self.folder / path.lstrip("/")).read_text()

    def account(self, name: str) -> tuple[int, int, list[int]]:
        """Numbers of the user, of its group, and of the groups that it is also in."""
        user = next(fields for fields in self.table("/etc/passwd") if fields[0] == name)
        more = [int(fields[2]) for fields in self.table("/etc/group") if name in fields[3].split(",")]
        return int(user[2]), int(user[3]), more

    def group(self, name: str) -> int:
        return next(int(fields[2]) for fields in self.table("/etc/group") if fields[0] == name)

    def table(self, path: str) -> list[list[str]]:
        return [line.split(":") for line in self.read(path).splitlines() if line]


def check_tools() -> None:
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            raise Missing(f"{tool} is missing: install the package {package}")
    if os.geteuid() != 0:
        raise Missing("only root can make a system with the users of the services (chroot)")


def run(command: list[str], **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace", check=False,
                          stdin=subprocess.DEVNULL, **options)
    if done.returncode != 0:
        raise ToolFailed(f"`{' '.join(command)}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def download(packages: list[str], cache: pathlib.Path) -> list[pathlib.Path]:
    """The packages with all that they depend on, as apt chooses for a system that has nothing yet."""
    folder = cache / "packages"
    folder.joinpath("partial").mkdir(parents=True, exist_ok=True)
    status = cache / "nothing-installed"
    status.write_text("")
    install = ["apt-get", "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={folder}",
               "-o", "Debug::NoLocking=1", "-o", "APT::Install-Recommends=0", "-o", "APT::Sandbox::User=root", "--yes",
               "install", *packages]
    try:
        chosen = [folder / name for name in names_of(run([*install, "--simulate"], env=os.environ | {"LC_ALL": "C"}))]
        if not all(path.exists() for path in chosen):
            run([*install, "--download-only"])
    except ToolFailed as failure:
        raise Missing(f"Debian's packages cannot be fetched (apt-get update?): {failure}") from failure
    return sorted(chosen)


def names_of(simulation: str) -> list[str]:
    """The files of the packages that apt would install, from lines like `Inst NAME (VERSION ORIGINS [ARCHITECTURE])`."""
    found = re.findall(r"^Inst (\S+) \((\S+) .*\[(\w+)\]\)", simulation, re.MULTILINE)
    return [f"{name}_{version.replace(':', '%3a')}_{architecture}.deb" for name, version, architecture in found]


def unpack(packages: list[pathlib.Path], tree: pathlib.Path) -> None:
    for name in MERGED:
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    left_out = [f"--exclude=./usr/share/{name}" for name in LEFT_OUT]
    for package in packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as archive:
            unpacked = subprocess.run(["tar", "-x", "-C", str(tree), "--keep-directory-symlink", "--numeric-owner", *left_out],
                                      stdin=archive.stdout, capture_output=True, text=True, check=False)
        if archive.returncode != 0 or unpacked.returncode != 0:
            raise ToolFailed(f"{package.name} could not be unpacked\n{unpacked.stderr}")


def prepare(tree: pathlib.Path, service: pathlib.Path) -> None:
    """Runs the script of a service in the tree."""
    script = tree / "prepare.sh"
    shutil.copy(service / "prepare.sh", script)
    run(["chroot", str(tree), "/bin/sh", "-eu", "/prepare.sh"],
        env={"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"})
    script.unlink()


def key_of(packages: list[pathlib.Path], services: list[pathlib.Path]) -> str:
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for package in packages:
        digest.update(package.name.encode() + b"\n")
    for service in [BASE, *services]:
        digest.update((service / "prepare.sh").read_bytes())
    return digest.hexdigest()[:16]


def make(packages: list[str], services: list[pathlib.Path], cache: pathlib.Path) -> Tree:
    """`services` are folders with a prepare.sh. Kept in the cache until packages or scripts change."""
    found = download(sorted({*ESSENTIAL, *packages}), cache)
    kept = cache / f"system-{key_of(found, services)}"
    out = Tree(kept / "tree", kept / "cpio")
    if not kept.exists():
        for old in cache.glob("system-*"):
            shutil.rmtree(old)
        new = cache / "system.new"
        shutil.rmtree(new, ignore_errors=True)
        (new / "tree").mkdir(parents=True)
        unpack(found, new / "tree")
        for service in [BASE, *services]:
            prepare(new / "tree", service)
        pack(new)
        new.rename(kept)
    return out


def pack(folder: pathlib.Path) -> None:
    tree = folder / "tree"
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*"))
    with (folder / "cpio").open("wb") as archive:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=tree, input="\n".join(names).encode(), stdout=archive,
                       check=True)
