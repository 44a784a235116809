"""Random policies: valid by construction, the same for the same seed. Used by the property tests and the fuzz corpus."""
import random

KINDS = ("config", "content", "state", "cache", "log", "runtime", "secret")
PLACES = {"config": "/etc", "content": "/srv", "state": "/var/lib", "cache": "/var/cache", "log": "/var/log",
          "runtime": "/run", "secret": "/etc"}
VERBS = ("read", "list", "write", "append", "create", "delete", "rename", "link", "lock", "setattr", "watch", "change",
         "manage", "read, list", "append, create")
CAPABILITIES = ("chown", "setuid", "setgid", "net_bind_service", "sys_nice", "kill", "ipc_lock", "dac_read_search")
SIGNALS = ("term", "hup", "usr1", "int", "kill", "exists", "term, hup")
FAMILIES = ("netlink.route", "packet", "raw", "netlink.generic")
ODD = ("plain", "with space", "paren(1)", "q\\\"uote", "caf\u00e9", "star\\*", "semi;colon", "hash#", "per%cent", "a+b",
       "tilde~", "at@x", "dollar\\$x", "comma,x", "equals=x", "dot.x.y", "curly\\{x\\}", "back\\\\slash")


class Writer:
    """Writes one module. Names and paths carry the number of their domain, so that domains never collide."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.domains = [f"d{i}" for i in range(self.random.randint(1, 4))]
        self.booleans = [f"b{i}" for i in range(self.random.randint(0, 3))]

    def condition(self, depth: int = 0) -> str:
        pick = self.random.random()
        if depth > 2 or pick < 0.5:
            return self.random.choice(self.booleans)
        if pick < 0.65:
            return f"not {self.condition(depth + 1)}" if pick < 0.6 else f"not ({self.condition(depth + 1)})"
        word = self.random.choice((" and ", " or "))
        return f"({self.condition(depth + 1)}{word}{self.condition(depth + 1)})"

    def ports(self) -> str:
        first = self.random.randint(1024, 60000)
        return self.random.choice((f"{first}", f"{first}-{first + self.random.randint(1, 500)}", "any"))

    def resource(self, domain: str, number: int) -> tuple[str, str, str]:
        """Name, declaration, and a path inside."""
        kind = self.random.choice(KINDS)
        base = f"{PLACES[kind]}/macc-{domain}-{number}-{self.random.choice(ODD)}"
        tree = self.random.random() < 0.8
        pattern = f"{base}/**" if tree else f"{base}/*.{self.random.choice(('db', 'txt'))}"
        excluded = f' except "{base}/private/**"' if tree and self.random.random() < 0.2 else ""
        name = f"{domain}_r{number}"
        return name, f'resource {name} : {kind} {{ "{pattern}"{excluded} }}', f"{base}/sub/file"

    def rule(self, domain: str, resources: list[str]) -> str:
        choices = [
            lambda: f"allow {self.random.choice(VERBS)} {self.random.choice(resources)};",
            lambda: f"allow {self.random.choice(('listen', 'connect'))} {self.random.choice(('tcp', 'udp'))} {self.ports()};",
            lambda: f"allow capability {self.random.choice(CAPABILITIES)};",
            lambda: f"allow signal {self.random.choice(SIGNALS)} to {self.random.choice(self.domains)};",
            lambda: f"allow socket {self.random.choice(FAMILIES)};",
            lambda: f"deny {self.random.choice(('delete', 'change', 'write'))} {self.random.choice(resources)};",
            lambda: f"allow inspect {self.random.choice(self.domains)};",
        ]
        text = self.random.choice(choices)()
        if self.booleans and self.random.random() < 0.2:
            return f"if {self.condition()} {{ {text} }}"
        return text

    def domain(self, name: str) -> str:
        declared = [self.resource(name, i) for i in range(self.random.randint(1, 4))]
        lines = [f'entry "/usr/sbin/macc-{name}";', *(text for _, text, _ in declared)]
        # A resource that no rule names is a finding, so each is read at least.
        names = [resource for resource, _, _ in declared]
        lines += [f"allow read {resource};" for resource in names]
        lines += [self.rule(name, names) for _ in range(self.random.randint(1, 14))]
        return f"domain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"

    def module(self) -> str:
        head = "macc 1;\nmodule random.policy;\n\n"
        switches = "".join(f"boolean {b} = {self.random.choice(('true', 'false'))};\n" for b in self.booleans)
        return head + switches + "\n" + "\n".join(self.domain(d) for d in self.domains)


def policy(seed: int) -> str:
    return Writer(seed).module()
