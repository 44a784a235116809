"""A guest: an initramfs with the probe as its only program, booted by qemu without hardware virtualization."""
import dataclasses
import pathlib
import shutil
import subprocess
import time

from environment import Kernel

SECONDS = 600  # a busy machine without hardware virtualization is slow; a guest that hangs is the exception
MEGABYTES = 512
# microvm hangs in one boot of five (no timer to calibrate with), and KVM where the processor only claims to have it.
QEMU = ["qemu-system-x86_64", "-machine", "pc", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-nodefaults",
        "-display", "none", "-no-reboot"]
BOOT = ("console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr edd=off random.trust_cpu=on rcupdate.rcu_expedited=1 "
        "audit=1 log_buf_len=8M")


class GuestFailed(Exception):
    """The guest did not come to its end."""


@dataclasses.dataclass
class Report:
    """What the guest wrote to its second serial port, as lists of fields."""
    lines: list[list[str]]
    seconds: float


def pack(folder: pathlib.Path, files: dict[str, bytes], image: pathlib.Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
    for name in ("proc", "sys", "dev", "new"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    names = "\n".join(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")))
    with image.open("wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "+0:+0"], cwd=folder, input=names.encode(), stdout=out,
                       check=True)


def tail(path: pathlib.Path, lines: int = 15) -> str:
    text = path.read_text(errors="backslashreplace") if path.exists() else ""
    return "\n".join("  | " + line for line in text.splitlines()[-lines:])


def boot(kernel: Kernel, name: str, module: str, files: dict[str, bytes], work: pathlib.Path, megabytes: int = MEGABYTES,
         archive: pathlib.Path | None = None) -> Report:
    """`module` is the security module; `archive` comes with the initramfs. Throws GuestFailed."""
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    pack(folder / "root", files, folder / "initramfs")
    if archive:
        with archive.open("rb") as more, (folder / "initramfs").open("ab") as image:
            shutil.copyfileobj(more, image)
    console, report, errors = folder / "console", folder / "report", folder / "qemu"
    append = f"{BOOT} lsm={module}" + (" enforcing=1" if module == "selinux" else "")
    begin = time.monotonic()
    with errors.open("wb") as err:
        try:
            subprocess.run([*QEMU, "-m", str(megabytes), "-serial", f"file:{console}", "-serial", f"file:{report}", "-kernel", str(kernel.image),
                            "-initrd", str(folder / "initramfs"), "-append", append],
                           stdin=subprocess.DEVNULL, stdout=err, stderr=err, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            pass
    text = report.read_text(errors="backslashreplace") if report.exists() else ""
    lines = [line.split("\t") for line in text.splitlines()]
    seconds = time.monotonic() - begin
    failed = [line[1] for line in lines if line[0] == "failed"]
    if failed:
        raise GuestFailed(f"the guest `{name}` stopped: {failed[0]}\n{tail(console)}")
    if not lines or lines[-1][0] != "done":
        raise GuestFailed(f"the guest `{name}` did not come to its end in {seconds:.0f} s; the end of its console, and what it "
                          f"had reported:\n{tail(console)}\n{tail(report, 3)}\n{tail(errors, 3)}")
    return Report(lines, seconds)
