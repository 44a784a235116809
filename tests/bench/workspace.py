"""A realistic workspace of N services for the measurements: a module each, 20 to 60 rules, shared abstractions."""
import pathlib
import random

SHARED = """macc 1;
module fleet.shared;

import std.nameservice;
import std.service as std_service;
import std.tls;

/// What every service of the fleet has: program, settings, state and log under one name.
public abstraction service(name: text) {
    entry "/usr/lib/fleet/${name}/bin/${name}";
    resource config  : config  { "/etc/fleet/${name}/**" }
    resource state   : state   { "/var/lib/fleet/${name}/**" }
    resource logs    : log     { "/var/log/fleet/${name}/**" }
    resource runtime : runtime { "/run/fleet/${name}/**" }
    include std_service.daemon;
    include nameservice.dns;
    include tls.client;
    allow read, list config;
    allow manage state, runtime;
    allow append, create, list logs;
    allow listen unix runtime;
    never change config;
}

/// A service that is called over the network.
public abstraction reachable(port: ports) {
    allow listen tcp port;
    allow capability net_bind_service;
}

/// A program that changes to a user of its own after it has started.
public abstraction drops_privileges() {
    allow capability setuid, setgid, chown;
}
"""

CAPABILITIES = ("sys_nice", "kill", "ipc_lock", "fowner", "sys_chroot", "net_raw", "dac_read_search", "sys_resource")
FILES = ("read", "read, list", "write", "read, write", "append", "lock", "setattr", "watch")


def rule(dice: random.Random, name: str, number: int, others: list[str]) -> str:
    shared_data = f"/srv/fleet/{name}/data{number}"
    choices = (
        f'allow {dice.choice(FILES)} "{shared_data}/**";',
        f'resource data{number} : content {{ "/srv/fleet/{name}/site{number}/**" }}\n    allow read, list data{number};',
        f"allow connect tcp {dice.randint(1024, 60000)};",
        f"allow listen udp {dice.randint(1024, 60000)};",
        f"allow capability {dice.choice(CAPABILITIES)};",
        f'allow read "/usr/share/fleet/{name}/asset{number}.json";',
        f'exec "/usr/lib/fleet/{name}/tool{number}";',
        f'deny write "{shared_data}/sealed/**";',
    )
    weights = (2, 6, 3, 1, 1, 4, 2, 1)
    return dice.choices(choices, weights)[0]


def service(dice: random.Random, number: int) -> str:
    name = f"svc{number:04d}"
    rules = [rule(dice, name, i, []) for i in range(dice.randint(12, 50))]
    # Data folders that no resource covers belong to the system, so each service owns its own tree.
    lines = [f'include shared.service("{name}");', f"include shared.reachable({8000 + number});",
             "include shared.drops_privileges;", f'resource data : content {{ "/srv/fleet/{name}/**" }}',
             "allow read, list data;", f'resource programs : program {{ "/usr/lib/fleet/{name}/tool*" }}',
             f'resource assets : content {{ "/usr/share/fleet/{name}/**" }}', "allow read assets;", "allow read programs;", *rules]
    body = "".join(f"    {line}\n" for line in lines)
    test = (f'\ntest "{name} keeps to itself" {{\n    expect allow {name} read "/etc/fleet/{name}/main.toml";\n'
            f'    expect deny {name} write "/etc/fleet/{name}/main.toml";\n    expect deny {name} read "/etc/shadow";\n}}\n')
    return f"macc 1;\nmodule fleet.{name};\n\nimport fleet.shared;\n\n/// Service {number} of the fleet.\ndomain {name} {{\n{body}}}\n{test}"


def write(folder: pathlib.Path, services: int, seed: int = 1) -> int:
    """Writes macc.toml and the policies; gives the number of source lines."""
    dice = random.Random(seed)
    policy = folder / "policy"
    policy.mkdir(parents=True)
    (policy / "shared.macc").write_text(SHARED)
    lines = SHARED.count("\n")
    for number in range(services):
        text = service(dice, number)
        lines += text.count("\n")
        (policy / f"svc{number:04d}.macc").write_text(text)
    (folder / "macc.toml").write_text('[project]\nname = "fleet"\nout = "out"\n\n'
                                      '[target.selinux]\nbackend = "selinux"\n\n[target.apparmor]\nbackend = "apparmor"\n')
    return lines
