"""Reads packetdrill scripts: a time, and what is done or expected then."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from segment import Unsupported

TIME = re.compile(r"(\*|\+?\d*\.?\d+)(?:\s*(\.\.\.|~)\s*(\+?\d*\.?\d+))?(?=[\s`%<>])")
CALL = re.compile(r"[a-z_0-9]+\(")
OPTION = re.compile(r"(?m)^--([a-z_0-9]+)(?:=(\S+))?\s*$")
DEFINE = re.compile(r"(?m)^-D\s+(\w+)=(\S+)")


class Kind(Enum):
    """What an event is."""

    COMMAND = "a shell command: settings are understood"
    CODE = "Python that looks at TCP_INFO"
    ARRIVES = "a packet for the host"
    SENDS = "a packet from the host"
    CALL = "a system call"


@dataclass
class Time:
    """When an event happens, in microseconds: at a time, within a span, or whenever."""

    start: int = 0
    end: int = 0
    is_relative: bool = True
    is_span: bool = False
    is_any: bool = False

    def after(self, clock):
        """The span's ends, where the event before was at `clock`."""
        offset = clock if self.is_relative else 0
        return self.start + offset, self.end + offset


@dataclass
class Event:
    """One line of a script."""

    time: Time
    kind: Kind
    text: str
    result: str
    line: int


class Script:
    """A script's events and settings."""

    def __init__(self, path):
        text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match[0].count("\n"), Path(path).read_text(), flags=re.S)
        text = re.sub(r"(?m)(^|\s)//[^\n`]*$", "", text)
        self.options = dict(OPTION.findall(text))
        self.defines = dict(DEFINE.findall(text))
        self.events = list(_events(DEFINE.sub("", OPTION.sub("", text))))

    def texts(self, kind):
        return [event.text for event in self.events if event.kind == kind]


def _time(match):
    first, last = match[1], match[3] or match[1]
    if first == "*":
        return Time(is_span=True, is_any=True)
    start, end = (round(float(text.lstrip("+")) * 1e6) for text in (first, last))
    # A range with dots says when a call begins, and when it returns.
    return Time(start, end, first[0] == "+", match[3] is not None)


def _events(text):
    position, time = 0, Time()
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif match := TIME.match(text, position):
            position, time = match.end(), _time(match)
        else:
            line = text.count("\n", 0, position) + 1
            kind, body, result, position = _body(text, position)
            yield Event(time, kind, body, result, line)
            time = Time()


def _body(text, position):
    if text[position] == "`":
        close = text.index("`", position + 1)
        return Kind.COMMAND, text[position + 1 : close], "", close + 1
    if text.startswith("%{", position):
        close = text.index("}%", position)
        return Kind.CODE, text[position + 2 : close], "", close + 2
    if text[position] in "<>":
        close = text.find("\n", position) % (len(text) + 1)
        while text[position + 1 : close].count("<") > text[position + 1 : close].count(">"):
            close = text.find("\n", close + 1) % (len(text) + 1)
        kind = Kind.ARRIVES if text[position] == "<" else Kind.SENDS
        return kind, " ".join(text[position + 1 : close].split()), "", close
    call = CALL.match(text, position)
    if not call:
        raise Unsupported(text[position:].split("\n")[0].strip())
    depth, close = 1, call.end()
    while depth > 0:
        depth += {"(": 1, ")": -1}.get(text[close], 0)
        close += 1
    end = text.find("\n", close) % (len(text) + 1)
    return Kind.CALL, text[position:close], text[close:end].strip(), end
