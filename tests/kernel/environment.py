"""What a run needs of the machine: tools, a kernel, and the parts of it that are made once and kept."""
import dataclasses
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import zlib

TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "apparmor_parser": "apparmor", "secilc": "secilc",
         "semodule": "policycoreutils", "matchpathcon": "selinux-utils", "cpio": "cpio"}
POLICY_STORES = (pathlib.Path("/var/lib/selinux/default"), pathlib.Path("/etc/selinux/default"))


class Missing(Exception):
    """The machine lacks something: the tests are skipped."""


@dataclasses.dataclass(frozen=True)
class Kernel:
    version: str
    image: pathlib.Path  # uncompressed, which boots in a third of the time


def use_system_folders() -> None:
    os.environ["PATH"] += os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))


def check_tools() -> None:
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            raise Missing(f"{tool} is missing: install the package {package}")
    for store in POLICY_STORES:
        if not store.is_dir():
            raise Missing(f"{store} is missing: install the package selinux-policy-default")


def images(given: str | None, cache: pathlib.Path) -> list[pathlib.Path]:
    if given:
        return [pathlib.Path(given)]
    found = [*cache.glob("boot/vmlinuz-*"), *pathlib.Path("/boot").glob("vmlinuz-*")]
    return [path for path in found if os.access(path, os.R_OK)]


def release(path: pathlib.Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", path.name))


def unpacked(compressed: bytes) -> bytes:
    if compressed.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(compressed)
    if compressed.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(compressed)
    if compressed.startswith(b"\x28\xb5\x2f\xfd") and shutil.which("zstd"):
        return subprocess.run(["zstd", "-dc"], input=compressed, stdout=subprocess.PIPE, check=False).stdout
    return b""


def payload(image: bytes) -> bytes:
    """The compressed kernel in a bzImage (the boot protocol of x86, 2.08 and later, says where it is)."""
    if image[0x202:0x206] != b"HdrS":
        return b""
    sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    begin = (sectors + 1) * 512 + offset
    return image[begin:begin + length]


def find_kernel(given: str | None, cache: pathlib.Path) -> Kernel:
    found = images(given, cache)
    if not found:
        raise Missing("there is no readable kernel in /boot; KERNEL=FILE names one, and `./dev kernel-test` fetches Debian's")
    newest = max(found, key=release)
    version = newest.name.removeprefix("vmlinuz-")
    kept = cache / f"vmlinux-{version}"
    if not kept.exists():
        elf = unpacked(payload(newest.read_bytes()))
        if not elf.startswith(b"\x7fELF"):
            raise Missing(f"{newest} is no kernel for x86 that could be unpacked")
        cache.mkdir(parents=True, exist_ok=True)
        written = kept.with_suffix(".new")
        written.write_bytes(elf)
        written.rename(kept)
    return Kernel(version, kept)
