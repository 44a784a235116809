"""Reads the binary policy that apparmor_parser writes, for tests: a witness beside macc's own reader.

`differences(a, b)` walks the automata of two compiled files over every path and key and says where they decide
otherwise; state numbers and unreachable parts make no difference.
"""
import struct

NUMBERS = {0: 1, 1: 2, 2: 4, 3: 8}
ENDS = {7: 8, 9: 10, 11: 12}


class Elements:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        out = self.data[self.at:self.at + count]
        assert len(out) == count, "cut short"
        self.at += count
        return out

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def element(self) -> tuple:
        """(tag, label, value): a number, bytes, or a list of elements."""
        tag, label = self.number(1), ""
        if tag == 4:
            label = self.take(self.number(2)).rstrip(b"\0").decode()
            tag = self.number(1)
        if tag in NUMBERS:
            return tag, label, self.number(NUMBERS[tag])
        if tag == 5:
            return tag, label, self.take(self.number(2)).rstrip(b"\0")
        if tag == 6:
            return tag, label, self.take(self.number(4))
        assert tag in ENDS, f"unknown tag {tag}"
        if tag == 11:
            self.take(2)
        children = []
        while self.data[self.at] != ENDS[tag]:
            children.append(self.element())
        self.at += 1
        return tag, label, children


class Automaton:
    def __init__(self, data: bytes):
        data = data[data.index(b"\x1b\x5e\x78\x3d"):]
        tables, at = {}, struct.unpack(">I", data[4:8])[0]
        while at + 12 <= len(data):
            kind, width, _, count = struct.unpack(">HHII", data[at:at + 12])
            start = at + 12
            tables[kind] = [int.from_bytes(data[start + i * width:start + (i + 1) * width], "big") for i in range(count)]
            at = (start + count * width + 7) & ~7
        self.accept, self.base, self.check = tables[1], tables[2], tables[3]
        self.default, self.next = tables[4], tables[8]
        self.classes = tables.get(5) or list(range(256))
        self.accept2 = tables.get(7) or [0] * len(self.accept)
        self.rows = {}

    def step(self, state: int, byte: int) -> int:
        while True:
            at = (self.base[state] & 0xFFFFFF) + self.classes[byte]
            if at < len(self.check) and self.check[at] == state:
                return self.next[at]
            if not self.base[state] & 0x80000000:
                return self.default[state]
            state = self.default[state]


class Nothing:
    classes = [0] * 256
    accept = accept2 = [0, 0]

    def step(self, _state: int, _byte: int) -> int:
        return 0


def profiles(data: bytes) -> dict:
    elements, out = Elements(data), {}
    while elements.at < len(data):
        _, label, value = elements.element()
        if label != "profile":
            continue
        name = value[0][2].decode()
        profile = {"attachment": Nothing(), "files": Nothing(), "classes": Nothing(), "targets": [], "plain": [],
                   "capabilities": 0}
        behind_flags = False
        for tag, part, inner in value[1:]:
            if part == "aadfa":
                profile["files" if behind_flags else "attachment"] = Automaton(inner)
            elif part == "policydb":
                profile["classes"] = next(Automaton(i) for _, p, i in inner if p == "aadfa")
            elif part == "xtable":
                profile["targets"] = [text for _, _, text in inner[0][2]]
            elif behind_flags or part == "flags":
                if part == "caps64":
                    profile["capabilities"] |= inner[0][2] << 32
                elif tag == 2 and not part and not any(t == 2 and not p for t, p, _ in profile["plain"]):
                    profile["capabilities"] |= inner  # the first word of four: what is allowed
                profile["plain"].append((tag, part, str(inner)))
            behind_flags = behind_flags or part == "flags"
        out[name] = profile
    return out


def half(profile: dict, accept: int, logs: int) -> tuple:
    """What one half of a file word decides."""
    bits = accept & 0x6F  # the link bit of a name alone decides nothing
    mode = ()
    if bits & 1:
        index = accept >> 10 & 0xF
        mode = (accept & 0x380, index if index < 4 else profile["targets"][index - 4])
    return bits, mode, logs & bits, logs >> 7 & 0x6F & ~bits


def files_at(profile: dict, state: int, fields: int) -> tuple:
    accept, logs = profile["files"].accept[state], profile["files"].accept2[state]
    if fields == 1:  # behind a NUL: the target of a link
        pair = accept & 0x40010
        return pair, accept & 0x20 if pair else 0
    return half(profile, accept, logs), half(profile, accept >> 14, logs >> 14), accept & 0x80000000


def classes_at(profile: dict, state: int, _fields: int) -> tuple:
    return (profile["classes"].accept[state],)


def attachment_at(profile: dict, state: int, _fields: int) -> tuple:
    return (profile["attachment"].accept[state] != 0,)


def automata_differ(a: dict, b: dict, which: str, decides, paths: bool) -> bytes | None:
    """A shortest word on which they differ."""
    left, right = a[which], b[which]
    alphabet = {}
    for byte in range(256):
        special = byte if byte in b"/\0\n" else -1
        alphabet.setdefault((left.classes[byte], right.classes[byte], special), byte)
    seen, todo = {(1, 1, 0, False)}, [((1, 1, 0, False), b"")]
    for (x, y, fields, slash), word in todo:
        if word and decides(a, x, fields) != decides(b, y, fields):
            return word
        for byte in alphabet.values():
            if paths and (byte == 10 or (slash and byte == 47)):
                continue
            behind = fields + (1 if byte == 0 else 0)
            if paths and (behind > 1 or (not word and byte != 47)):
                continue
            state = (left.step(x, byte), right.step(y, byte), behind if paths else 0, byte == 47)
            if state[:2] != (0, 0) and state not in seen:
                seen.add(state)
                todo.append((state, word + bytes([byte])))
    return None


def differences(one: bytes, other: bytes) -> list[str]:
    left, right = profiles(one), profiles(other)
    if set(left) != set(right):
        return [f"profiles {sorted(left)} and {sorted(right)}"]
    out = []
    for name, a in left.items():
        b = right[name]
        for which, decides, paths in [("attachment", attachment_at, True), ("files", files_at, True),
                                      ("classes", classes_at, False)]:
            if word := automata_differ(a, b, which, decides, paths):
                out.append(f"{name}: {which} at {word!r}")
        if a["plain"] != b["plain"]:
            out.append(f"{name}: flags, capabilities or limits")
    return out
