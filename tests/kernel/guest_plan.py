"""From the plan of a run to the lines that a guest works off (tests/kernel/probe/guest.cpp reads them)."""
import dataclasses
import pathlib

from systems import Policy

MAKES = ("create", "create_write", "create_append", "make_fifo", "make_symlink", "make_char_device", "make_block_device",
         "listen_unix", "bind_datagrams")
MADE_KIND = {"make_fifo": "fifo", "make_symlink": "symlink", "make_char_device": "char", "make_block_device": "block",
             "listen_unix": "socket", "bind_datagrams": "socket"}
USER_CONTEXT = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
LOGIN = "/k/login"  # what a user has before running a program: a shell, of which only the label matters
SHELL_LABEL = "system_u:object_r:shell_exec_t:s0"
# By which programs domains of the system are entered; what is none of these begins with a shell.
PROGRAM_LABELS = {"crond_t": "system_u:object_r:crond_exec_t:s0"}
DEVICES = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "console", "kmsg", "ttyS0", "ttyS1")]
# Those that make a thing which is there for as long as they are.
SERVERS = ("serve_unix", "serve_datagrams", "hand_over", "keep_queue")
SYSTEM_FOLDERS = ("/", "/dev", "/dev/mqueue", "/proc", "/sys", "/k")


class BadPlan(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Thing:
    kind: str
    path: str
    mode: str = "0644"
    owner: str = "0"
    content: str = ""


@dataclasses.dataclass(frozen=True)
class Process:
    name: str
    domain: str
    words: list[str]


def parents(path: str) -> list[str]:
    return [str(parent) for parent in reversed(pathlib.PurePosixPath(path).parents) if str(parent) not in SYSTEM_FOLDERS]


def thing_of(entry: dict) -> list[Thing]:
    kind, words, options = entry["kind"], entry["words"], entry["options"]
    if not words or not words[0].startswith("/"):
        raise BadPlan(f"{entry['place']}: expected `{kind} PATH`")
    default_mode = "0755" if kind in ("dir", "program", "mounted") else "0644"
    path = words[0].rstrip("/")
    return [Thing(kind, path, options.get("mode", default_mode), options.get("owner", "0"), words[1] if len(words) > 1 else "")]


def process_of(entry: dict) -> Process:
    if len(entry["words"]) < 2:
        raise BadPlan(f"{entry['place']}: expected `process NAME DOMAIN [OPERATION ARGUMENTS...]`")
    name, domain, *words = entry["words"]
    return Process(name, domain, words or ["wait"])


@dataclasses.dataclass(frozen=True)
class World:
    things: list[Thing]
    processes: list[Process]


def world_of(case: dict, domains: dict[str, dict]) -> World:
    """With the programs of the domains that take part, and the folders above everything."""
    things: dict[str, Thing] = {}
    processes = [process_of(entry) for entry in case["world"] if entry["kind"] == "process"]

    def add(thing: Thing) -> None:
        for folder in parents(thing.path):
            things.setdefault(folder, Thing("dir", folder, "0755"))
        things[thing.path] = thing

    taking_part = {operation["domain"] for operation in case["operations"]} | {process.domain for process in processes}
    for domain in sorted(taking_part):
        for step in domains[domain]["way"]:
            add(Thing("program", step["path"], "0755"))
    for entry in case["world"]:
        if entry["kind"] != "process":
            for thing in thing_of(entry):
                add(thing)
    for process in processes:
        if process.words[0] in SERVERS and process.words[1].startswith("/"):
            add(Thing("socket", process.words[1], content=process.name))
    # What stands on its own line counts more than what was only a folder above something: the order is by depth.
    return World(sorted(things.values(), key=lambda thing: (thing.path.count("/"), thing.path)), processes)


def made_by(operation: dict) -> tuple[str, str] | None:
    """What an operation makes: kind and path."""
    if operation["operation"] not in MAKES:
        return None
    path = operation["arguments"][-1]
    if not path.startswith("/"):
        return None
    kind = MADE_KIND.get(operation["operation"], "dir" if path.endswith("/") else "file")
    return kind, path.rstrip("/")


def profiles_file(booleans: dict[str, bool]) -> str:
    """Where a guest has the profiles with this setting of the switches."""
    return "profiles-" + "".join(str(int(booleans[name])) for name in sorted(booleans))


class Writer:
    """The lines for one target."""

    def __init__(self, plan: dict, policy: Policy | None) -> None:
        self.plan = plan
        self.policy = policy
        self.lines: list[str] = []
        self.login = SHELL_LABEL
        self.switches: dict[str, bool] = plan["declared"]  # as they are at this point of the plan
        self.labels: dict[tuple[str, str], str] = {}
        if policy:
            worlds = [world_of(case, plan["domains"]) for case in plan["cases"]]
            wanted = [(thing.kind, thing.path) for world in worlds for thing in world.things]
            made = [made_by(operation) for case in plan["cases"] for operation in case["operations"]]
            self.labels = policy.labels([*wanted, *[one for one in made if one]])
            for (_, device), label in policy.labels([("char", device) for device in DEVICES]).items():
                self.line("label", device, label)
            self.line("label", LOGIN, SHELL_LABEL)

    def line(self, *fields: str) -> None:
        if any("\t" in field or "\n" in field for field in fields):
            raise BadPlan(f"a tab or the end of a line in {fields}")
        self.lines.append("\t".join(fields))

    def begin(self, case: dict) -> None:
        self.line("case", case["name"])
        world = world_of(case, self.plan["domains"])
        for thing in world.things:
            # A socket has the label that its maker's domain gives it: that is under test.
            label = "" if thing.kind == "socket" else self.labels.get((thing.kind, thing.path), "")
            self.line("thing", thing.kind, thing.path, thing.mode, thing.owner, label, thing.content)
        for process in world.processes:
            self.line("process", process.name, *self.command(process.domain, process.words))

    def turn(self, wanted: dict[str, bool]) -> None:
        if self.switches == wanted:
            return
        if self.policy:
            for name in sorted(wanted):
                if wanted[name] != self.switches[name]:
                    self.line("boolean", name, str(int(wanted[name])))
        else:
            self.line("profiles", profiles_file(wanted))
        self.switches = wanted

    def attempt(self, number: str, operation: dict, confined: bool = True) -> None:
        if confined:
            self.turn(operation["booleans"])
        made = made_by(operation)
        words = [operation["operation"], *self.arguments(operation)]
        context, *command = self.command(operation["domain"], words)
        self.relabel_login(operation["domain"])
        self.line("try", number, made[1] if made else "", context if confined else "", *command)

    def relabel_login(self, domain: str) -> None:
        """As the program of the one that starts this domain."""
        wanted = PROGRAM_LABELS.get(self.plan["domains"][domain]["way"][0]["type"], SHELL_LABEL)
        if self.policy and wanted != self.login:
            self.line("label", LOGIN, wanted)
            self.login = wanted

    def arguments(self, operation: dict) -> list[str]:
        out = []
        for kind, argument in zip(operation["parameters"], operation["arguments"]):
            if kind == "S":
                argument = f"%{argument}%"
            elif kind == "D" and operation["operation"] == "become":
                argument = self.name_of(argument)
            elif kind == "D":
                continue  # where it leads to is what is looked at afterwards
            out.append(argument)
        return out

    def name_of(self, domain: str, level: str = "") -> str:
        """What the kernel calls a domain."""
        about = self.plan["domains"][domain]
        if not self.policy:
            return about["profile"]
        return f"system_u:system_r:{about['type']}:{level or about['level'] or 's0'}"

    def command(self, domain: str, words: list[str]) -> list[str]:
        """The context to ask for, then the program that leads to the domain and has it try `words`."""
        way = self.plan["domains"][domain]["way"]
        if not way:
            raise BadPlan(f"nothing leads to the domain `{domain}` by a path without wildcards")
        first, *others = way
        command = [first["path"]]
        for step in others:
            command += ["exec", step["path"]]
        command += words
        if first["by"] == "unit":
            return [self.name_of(domain, first["level"]), *command]
        if first["by"] == "user" and self.policy:
            return [USER_CONTEXT, LOGIN, "exec", *command]
        if first["by"] == "external" and self.policy:
            return [f"system_u:system_r:{first['type']}:s0", LOGIN, "exec", *command]
        return ["", *command]

    def text(self) -> bytes:
        return ("\n".join(self.lines) + "\n").encode("utf-8", "surrogateescape")
