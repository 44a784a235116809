"""What a policy says, rule by rule: from `macc build --emit ir`, to draw questions from and to tell which rule is about what."""
import itertools
import re

from question import OF_BOTH, Question, mount_names
from witnesses_test import Pattern, type_name

# What is there without an option is no option.
UNSET = {"rw", "suid", "dev", "exec", "async", "atime", "diratime"}
BENEATH = {"create", "delete", "rename"}  # in a tree, these are about the entries and not about its top


class Paths:
    """A set of paths. Files and directories are told apart: `/x/**` has the directory x, and no file of that name."""

    def __init__(self, value: dict, holes: list["Paths"]) -> None:
        self.include = [Pattern(text) for text in value.get("include", ())]
        self.exclude = [Pattern(text) for text in value.get("exclude", ())]
        self.texts = {id(pattern): text for pattern, text in zip(self.include + self.exclude, [
            *value.get("include", ()), *value.get("exclude", ())])}
        self.holes = holes

    def covers(self, path: str, directory: bool, verb: str = "") -> bool:
        return any(self.matches(pattern, path, directory, verb in BENEATH) for pattern in self.include) \
            and not any(self.matches(pattern, path, directory, False) for pattern in self.exclude) \
            and not any(hole.covers(path, directory) for hole in self.holes)

    def matches(self, pattern: Pattern, path: str, directory: bool, beneath: bool) -> bool:
        if not pattern.covers(path):
            return False
        if self.texts[id(pattern)].endswith("/"):
            return directory
        is_top = pattern.text.endswith("/**") and Pattern(pattern.text[:-3]).covers(path)
        deeper = is_top and re.search(r"\*\*/", pattern.text) is not None  # another part of the path may be the tree
        return not is_top or deeper or directory and not beneath

    def sample(self, dice) -> str:
        """A directory where a pattern is about one, or a tree."""
        pattern = self.include[0]
        return pattern.sample(dice) + "/" * self.texts[id(pattern)].endswith(("/", "/**"))

    def tops(self) -> list[Pattern]:
        return [Pattern(pattern.text[:-3]) for pattern in self.include + self.exclude if pattern.text.endswith("/**")]


class Rule:
    def __init__(self, policy: "Policy", domain: str, value: dict) -> None:
        self.domain, self.effect, self.access, self.text = domain, value["effect"], value["access"], value["text"]
        self.kind, self.when = self.access["kind"], value.get("when")
        self.place = value["where"]["at"]
        self.paths, self.source = (
            Paths(paths, [policy.set_of(name) for name in paths.get("holes", ())]) if paths and paths.get("include") else None
            for paths in (self.access.get("paths") or self.access.get("on"), self.access.get("from") if self.kind == "mount" else None))

    def key(self) -> tuple[str, str, str]:
        """As report.json names it."""
        return self.domain, f"{self.effect} {self.text}", ":".join(self.place.rsplit("/", 1)[-1].split(":")[:3])

    def is_about(self, question: Question) -> bool:
        """Whether it speaks of just this, with whatever verbs and conditions."""
        access = self.access
        if self.kind != question.kind:
            return False
        if self.kind in ("file", "exec") or self.kind == "unix" and self.paths:
            return self.covers(question)
        if self.kind == "unix":
            return access.get("abstract") == question.object.removeprefix("@")
        if self.kind == "network":
            low_high = access["ports"]
            return self.direction() == question.verb and any(low <= int(question.object) <= high for low, high in low_high)
        if self.kind == "signal":
            return self.is_to(question.target) and (access["signals"] == "any" or question.verb in access["signals"])
        if self.kind == "socket":
            return question.object == ".".join(filter(None, (access["family"], access.get("type"))))
        if self.kind == "capability":
            return question.object in access["names"]
        if self.kind == "mount":
            return self.is_such_mount(question) and self.covers(question)
        return "to" not in access or self.is_to(question.target)

    def is_such_mount(self, question: Question) -> bool:
        """Of the file system and the source, with exactly the options."""
        access = self.access
        if access["options"]:
            if options_that_count(access["options"]) != options_that_count(question.options):
                return False
        else:
            names_type, names_source = mount_names(question.options)
            if access["fstypes"] and not names_type or self.source and not names_source:
                return False
        return (not access["fstypes"] or question.fstype in access["fstypes"]) \
            and (not self.source or self.source.covers(question.source.rstrip("/"), question.source.endswith("/")))

    def covers(self, question: Question) -> bool:
        """Some of what is asked: the file or the directory."""
        return self.paths is not None and any(
            self.paths.covers(question.path(), directory, question.verb) for directory in question.directories())

    def direction(self) -> str:
        return f"{self.access['direction']} {self.access['protocol']}"

    def is_to(self, domain: str) -> bool:
        to = self.access["to"]
        return to == "any" or to == "self" and domain == self.domain or isinstance(to, dict) and to["domain"] == domain

    def says(self, question: Question) -> bool:
        """Whether it allows, or denies, what is asked, while its condition holds."""
        if not self.is_about(question):
            return False
        if self.kind == "file":
            return question.verb in self.access["verbs"] and (question.owner or not self.access["owner"])
        if self.kind == "unix":
            return self.access["direction"] == question.verb
        if self.kind == "exec" and self.effect == "allow":
            if question.keep_environment and not self.access["keep_environment"] and self.access["mode"] != "inside":
                return False
            if not question.target:
                return True
            wanted = ("unconfined", None) if question.target == "unconfined" else ("transition", question.target)
            return (self.access["mode"], self.access["to"]) == wanted
        return True


def options_that_count(options: list[str]) -> set[str]:
    """`rbind` is bind and more; mount(2) ignores what else stands beside bind and its like."""
    counted = {option for option in options if option not in UNSET and "r" + option not in options}
    alone = not mount_names(tuple(options))[0] and "remount" not in options
    return {option for option in counted if not mount_names((option,))[0]} if alone else counted


class Policy:
    """The meaning of a build."""

    def __init__(self, meaning: dict) -> None:
        self.resources = {each["name"]: each for each in meaning["resources"]}
        self.sets: dict[str, Paths] = {}
        self.booleans = {each["name"]: each["value"] for each in meaning["booleans"]}
        own = [each for each in meaning["domains"] if not each["external"]]
        self.domains = [each["name"] for each in own]
        self.rules = {each["name"]: [Rule(self, each["name"], value) for value in each["rules"]] for each in own}
        self.by_key: dict[tuple, list[Rule]] = {}
        for rule in itertools.chain(*self.rules.values()):
            self.by_key.setdefault(rule.key(), []).append(rule)
        self.types = {name: type_name(last(name)) for name in self.domains}
        self.profiles = {each["name"]: profile_name(each) for each in own}

    def set_of(self, name: str) -> Paths:
        if name not in self.sets:
            resource = self.resources[name]
            self.sets[name] = Paths(resource["paths"], [])
            self.sets[name].holes = [self.set_of(inner) for inner in resource.get("inside", ())]
        return self.sets[name]

    def holds(self, condition: dict | None, turned: tuple[str, ...]) -> bool:
        if not condition:
            return True
        (kind, value), = condition.items()
        if kind == "boolean":
            return self.booleans[value] ^ (value in turned)
        if kind == "not":
            return not self.holds(value[0], turned)
        return (all if kind == "and" else any)(self.holds(each, turned) for each in value)

    def decides(self, question: Question) -> bool:
        """By the rules as they stand here: a second opinion on macc's own answer."""
        there = [rule for rule in self.rules[question.domain] if rule.says(question) and self.holds(rule.when, question.turned)]
        return any(rule.effect == "allow" for rule in there) and not any(rule.effect == "deny" for rule in there)


def last(name: str) -> str:
    return name.rsplit(".", 1)[1]


def profile_name(domain: dict) -> str:
    name = last(domain["name"])
    return f"{last(domain['parent'])}//{name}" if domain.get("parent") else name


def base_name(pattern: str) -> str:
    """The literal part of a pattern, for its neighbours."""
    return re.split(r"[*?\[{\\]", pattern, maxsplit=1)[0].rstrip("/")
