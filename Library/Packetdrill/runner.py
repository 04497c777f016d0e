"""Runs a script against a host, in virtual time: an hour of script costs what its packets cost."""

import errno
import re
import select
import socket
import struct
import textwrap

import segment
from host import NEVER, Host, would_block
from script import Kind
from segment import Segment, Unsupported

LOCAL, REMOTE = "192.168.0.1", "192.0.2.1"
SERVER_PORT = 8080
START = 1_000_000
PUSH = segment.FLAGS["P"]
NONBLOCKING = 0o4000
# Calls that wait where they would block, and whose count may be reached in several steps.
WAITING = {"accept", "connect", "read", "recv", "recvfrom", "write", "send", "sendto", "sendmsg"}
WRITING = {"write", "send", "sendto", "sendmsg"}

NAMES = {
    name: value for module in (socket, select) for name, value in vars(module).items() if name.isupper() and isinstance(value, int)
}
NAMES |= dict(SOL_TCP=6, SOL_IP=0, O_RDWR=2, O_NONBLOCK=NONBLOCKING, F_GETFL=3, F_SETFL=4, SIOCINQ=0x541B, FIONREAD=0x541B)
NAMES |= dict(SIOCOUTQ=0x5411, MSG_MORE=0x8000, TCP_USER_TIMEOUT=18, TCP_FASTOPEN=23)
NAMES |= {f"TCP_CA_{name}": number for number, name in enumerate(("Open", "Disorder", "CWR", "Recovery", "Loss"))}
NAMES |= {f"TCPI_OPT_{name}": 1 << bit for bit, name in enumerate(("TIMESTAMPS", "SACK", "WSCALE", "ECN", "ECN_SEEN", "SYN_DATA"))}
STATES = "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING"
NAMES |= {f"TCP_{name}": number for number, name in enumerate(STATES.split(), 1)}

# Linux's settings that are keys of a host's configuration as well.
SETTINGS = {"timestamps": "timestamps", "sack": "sack", "rto_max_ms": "max_rto_ms", "syn_retries": "syn_retries"}


class Failure(Exception):
    """What happened is not what the script says."""


def configuration(script, extra):
    """The host's configuration: Linux's defaults, what the script's commands set, and what its SYN shows."""
    keys = dict(ip4=f"{LOCAL}/16", gateway4="192.168.0.254", seed=1, mtu=script.options.get("mtu", 1500), window_scale=8)
    keys |= dict(receive_buffer=540_000, send_buffer=262_144)
    for name, value in re.findall(r"tcp_(\w+)=\"?([\w]+(?: \d+)?)", "\n".join(script.texts(Kind.COMMAND))):
        if name in SETTINGS:
            keys[SETTINGS[name]] = value
        elif name == "ecn":
            keys["ecn"] = {"0": 0, "1": 1}.get(value, 3)
        elif name == "congestion_control":
            keys["congestion"] = {"reno": "newreno"}.get(value, value)
        elif name == "rmem" and " " in value:
            keys["receive_buffer"] = value.split()[1]
    if re.search(r"\bfq\b", "\n".join(script.texts(Kind.COMMAND))):
        keys["pacing"] = 1
    for text in script.texts(Kind.SENDS):
        if not re.match(r"(\[\w+\] )?S[.EWA]* ", text):
            continue
        syn = segment.parse(text, script.defines)
        if syn.window is not None:
            keys["initial_receive_window"] = syn.window
        options = {option[0]: option for option in syn.options or []}
        if "wscale" in options:
            keys["window_scale"] = options["wscale"][1]
        if "TS" not in options and not syn.flags & segment.FLAGS["."]:
            keys["timestamps"] = 0
        break
    return ",".join(f"{key}={value}" for key, value in keys.items()) + extra


def constant(text):
    try:
        return eval(text, {"__builtins__": {}}, NAMES)
    except (NameError, SyntaxError, TypeError):
        raise Unsupported(f"the value {text.strip()}") from None


def arguments(text):
    """The arguments of a call, split at the commas that are not inside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def expected(result):
    """What a call is to answer: a number, -errno, or None where nothing is said."""
    match = re.match(r"=\s*(\w+|-1)\s*(E[A-Z]+)?", result)
    if not match:
        return None
    return -getattr(errno, match[2]) if match[2] else constant(match[1])


class Runner:
    """One run of one script."""

    def __init__(self, library, script, extra="", log=lambda line: None):
        self.script, self.log = script, log
        self.tolerance = max(int(script.options.get("tolerance_usecs", 0)), 14_000)
        self.now = START
        self.host = Host(library, configuration(script, extra), self.now)
        self.sent = []
        self.handles, self.nonblocking, self.latest = {}, set(), None
        self.waiting = None
        # Of the flow: the host's port and the peer's; the host's initial sequence number; timestamps by the script's.
        self.ports, self.initial, self.timestamps, self.cookie = (SERVER_PORT, 45_678), None, {}, None
        # After a reset, the next SYN belongs to another flow.
        self.is_over = False

    def run(self):
        clock = 0
        try:
            for event in self.script.events:
                start, end = (START + time for time in event.time.after(clock))
                self.log(f"{start - START:>10} {event.kind.name.lower()} {event.text} {event.result}")
                try:
                    if event.kind == Kind.SENDS:
                        self.expect(event.text, None if event.time.is_any else (start, end))
                    else:
                        self.pass_until(start)
                        self.perform(event, end)
                except (Failure, Unsupported) as problem:
                    raise type(problem)(f"line {event.line}: {problem}") from None
                clock = (self.now if event.time.is_span and event.kind == Kind.SENDS else start) - START
            self.pass_until(self.now + 1_000)
            if self.waiting:
                raise Failure(f"{self.waiting.text} never returned")
        finally:
            self.host.free()

    # Time

    def collect(self):
        for made, data in self.host.outputs():
            self.log(f"{made - START:>10}   {self.relative(segment.decode(data))}")
            self.sent.append((made, data))
        if self.waiting:
            self.waiting.go_on()

    def pass_until(self, time, is_enough=lambda: False):
        """Lets time pass, and whatever is due then happen."""
        self.collect()
        while not is_enough() and (deadline := self.host.next_deadline()) <= time and deadline != NEVER:
            self.now = max(self.now, deadline)
            self.host.advance(self.now)
            self.collect()
        if not is_enough() and self.now < time:
            self.now = time
            self.host.advance(time)
            self.collect()

    def perform(self, event, end):
        match event.kind:
            case Kind.ARRIVES:
                data = self.arriving(event.text)
                self.host.input(data, len(data), self.now)
                self.collect()
            case Kind.CODE:
                self.look(event.text)
            case Kind.CALL:
                name, text = event.text.split("(", 1)
                Call(self, name, arguments(text[:-1]), event, end).go_on()

    # Packets

    def arriving(self, text):
        if text.startswith("icmp"):
            return segment.unreachable(text, LOCAL, REMOTE, self.ports, self.initial or 0)
        arriving = segment.parse(text, self.script.defines)
        if self.is_over and arriving.flags & segment.FLAGS["S"]:
            self.ports, self.initial, self.timestamps = (SERVER_PORT, self.ports[1] + 1), None, {}
        self.is_over = bool(arriving.flags & segment.FLAGS["R"])
        if arriving.acknowledgment is not None:
            if self.initial is None and arriving.acknowledgment:
                raise Unsupported("an acknowledgment of a flow that is not known")
            arriving.acknowledgment += self.initial or 0
        arriving.ports = self.ports[::-1]
        arriving.options = [self.live(option) for option in arriving.options or []]
        return segment.packet(segment.TCP, REMOTE, LOCAL, segment.encode(arriving), arriving.ecn or 0)

    def live(self, option):
        """An option of the script with the host's numbers in place of the script's."""
        match option:
            case ("sack", blocks):
                return "sack", [tuple(edge + self.initial for edge in block) for block in blocks]
            case ("TS", value, echo) if echo and self.timestamps:
                nearest = min(self.timestamps, key=lambda known: abs(known - echo))
                return "TS", value, self.timestamps[nearest] + echo - nearest
            case ("FO", None):
                if self.cookie is None:
                    raise Unsupported("a cookie that was not granted in the script")
                return "FO", self.cookie
        return option

    def relative(self, sent):
        if sent and self.initial is not None:
            sent.start = (sent.start - self.initial) & 0xFFFFFFFF
        return sent

    def expect(self, text, span):
        """The next packet, or packets where the script has one with all their data, must be as described."""
        wanted = segment.parse(text, self.script.defines)
        count = 0
        while True:
            self.pass_until(self.now, lambda: bool(self.sent))
            self.pass_until(max(span[1] + 3_000_000 if span else self.now + 100_000_000, self.now), lambda: bool(self.sent))
            if not self.sent:
                raise Failure(f"nothing was sent, expected {text}")
            made, data = self.sent.pop(0)
            sent = segment.decode(data)
            if sent is None:
                raise Failure(f"protocol {data[9]} was sent, expected {text}")
            if self.initial is None:
                self.initial = (sent.start - wanted.start) & 0xFFFFFFFF
                self.ports = sent.ports
            sent = self.relative(sent)
            is_last = count + sent.length >= wanted.length
            if problem := self.difference(sent, wanted, count, is_last):
                raise Failure(f"{problem}: sent {sent} at {(made - START) / 1e6:.6f}, expected {text}")
            if count == 0 and span and not span[0] - self.tolerance <= made <= span[1] + self.tolerance:
                raise Failure(f"time: sent at {(made - START) / 1e6:.6f}, expected {(span[0] - START) / 1e6:.6f}: {text}")
            count += sent.length
            if is_last:
                self.is_over = bool(sent.flags & segment.FLAGS["R"])
                return

    def difference(self, sent, wanted, count, is_last):
        """What a packet has that it should not have; `count` bytes of the wanted segment came before it."""
        # Pushing is left to the stack; where segments come apart, FIN is on the last.
        compared = ~(PUSH if is_last else PUSH | segment.FLAGS["F"])
        if sent.ports != self.ports:
            return "another flow"
        if sent.start != wanted.start + count or sent.length > wanted.length - count:
            return "sequence"
        if sent.flags & compared != wanted.flags & compared:
            return "flags"
        if wanted.acknowledgment is not None and sent.acknowledgment != wanted.acknowledgment:
            return "acknowledgment"
        if wanted.window is not None and sent.window != wanted.window:
            return "window"
        if wanted.urgent is not None and sent.urgent != wanted.urgent:
            return "urgent pointer"
        if wanted.ecn is not None and sent.ecn != wanted.ecn:
            return "ECN"
        return self.option_difference(sent, wanted)

    def option_difference(self, sent, wanted):
        if wanted.options is None:
            return None
        meaning = [{option[0]: option for option in one.options if option[0] not in ("nop", "eol")} for one in (sent, wanted)]
        if meaning[0].keys() != meaning[1].keys():
            return "options"
        for name, option in meaning[1].items():
            match option, meaning[0][name]:
                case ("TS", value, echo), (_, live, told):
                    self.timestamps.setdefault(value, live)
                    is_same = echo == told
                case ("sack", blocks), (_, told):
                    is_same = blocks == told
                case ("FO", None), (_, cookie):
                    self.cookie, is_same = cookie, True
                case ("ECN", counters), (_, told):
                    is_same = all(told.get(key) == value for key, value in counters.items())
                case _, told:
                    is_same = option == told
            if not is_same:
                return f"option {name}"
        return None

    def look(self, text):
        """Runs the script's Python, which sees TCP_INFO of the socket that was used last."""
        names = dict(NAMES) | (self.host.info(self.latest) if self.latest is not None else {})
        code = textwrap.dedent(text.replace("\\\n", " ").strip("\n"))
        if not re.search(r":\s*$", code, re.M):
            code = "\n".join(line.strip() for line in code.splitlines())
        try:
            exec(code.strip(), names)
        except AssertionError as problem:
            raise Failure(f"{' '.join(text.split())[:120]}: it is {problem}") from None
        except (NameError, SyntaxError) as problem:
            raise Unsupported(f"the code: {problem}") from None


class Call:
    """A system call, which may have to be tried again until it no longer blocks."""

    def __init__(self, runner, name, args, event, end):
        self.runner, self.host = runner, runner.host
        self.name, self.args, self.end = name, args, end
        self.is_span = event.time.is_span
        self.text, self.result = event.text, event.result
        self.wanted = expected(event.result)
        self.done = 0
        self.is_begun = False

    @property
    def handle(self):
        handle = self.runner.handles.get(constant(self.args[0]))
        if handle is None:
            raise Unsupported(f"the descriptor {self.args[0]}")
        return handle

    def number(self, index):
        return constant(self.args[index])

    def go_on(self):
        """Tries; waits where that would block."""
        runner = self.runner
        runner.waiting = None
        result = self.attempt()
        is_blocking = self.name in WAITING and self.handle not in runner.nonblocking
        if is_blocking and self.name in WRITING and 0 < result < (self.wanted or 0) - self.done:
            self.done += result
            result = -errno.EAGAIN
        elif result > 0 and self.done:
            result += self.done
        if is_blocking and (would_block(result) or result == -errno.EINPROGRESS) and self.wanted != result:
            runner.waiting = self
            if not self.is_begun and not self.is_span:
                self.is_begun = True
                runner.collect()
                if runner.waiting:
                    raise Failure(f"{self.text} would block")
            elif not self.is_begun:
                self.is_begun = True
                runner.collect()
            return
        self.finish(result)
        runner.collect()

    def finish(self, result):
        runner = self.runner
        if self.is_begun and abs(runner.now - self.end) > runner.tolerance:
            raise Failure(f"{self.text} returned at {(runner.now - START) / 1e6:.6f}, expected {(self.end - START) / 1e6:.6f}")
        if self.name in ("socket", "accept") and result >= 0 and (self.wanted or 0) >= 0:
            runner.handles[self.wanted] = runner.latest = result
        elif self.wanted is not None and result != self.wanted:
            raise Failure(f"{self.text} answers {result} {errno.errorcode.get(-result, '')}, expected {self.result}")
        if self.name == "close" and result == 0:
            runner.handles.pop(self.number(0), None)

    def attempt(self):
        host, args = self.host, self.args
        match self.name:
            case "socket":
                kind = self.number(1)
                handle = host.socket(socket.AF_INET, kind & 0xF, 0)
                if kind & NONBLOCKING:
                    self.runner.nonblocking.add(handle)
                return handle
            case "bind":
                return host.bind_to(self.handle, LOCAL, SERVER_PORT)
            case "listen":
                return host.listen(self.handle, self.number(1))
            case "accept":
                return host.accept(self.handle, None, None)
            case "connect":
                return self.connect()
            case "read" | "recv" | "recvfrom":
                self.runner.latest = self.handle
                flags = self.number(3) if len(args) > 3 else 0
                return host.read(self.handle, self.number(2), flags, args[1] == "NULL")
            case "write" | "send" | "sendto":
                self.runner.latest = self.handle
                flags = self.number(3) if len(args) > 3 else 0
                return host.write(self.handle, self.number(2) - self.done, flags, args[1] == "NULL")
            case "sendmsg":
                lengths = re.findall(r"\{\.\.\., (\d+)\}", args[1])
                return host.write(self.handle, sum(map(int, lengths)) - self.done, self.number(2))
            case "shutdown":
                return host.shutdown(self.handle, self.number(1))
            case "close":
                return host.close(self.handle)
            case "fcntl":
                return self.change_flags()
            case "setsockopt":
                return self.set_option()
            case "getsockopt":
                return self.compare(host.option(self.handle, self.number(1), self.number(2)), args[3])
            case "ioctl":
                return self.compare(host.queued(self.handle, self.number(1)), args[2])
            case "poll":
                return self.poll()
        raise Unsupported(f"the call {self.name}")

    def connect(self):
        if not self.is_begun:
            return self.host.connect_to(self.handle, REMOTE, SERVER_PORT)
        if not self.host.poll(self.handle) & (select.POLLOUT | select.POLLERR | select.POLLHUP):
            return -errno.EAGAIN
        return -self.host.error(self.handle)

    def change_flags(self):
        handles = self.runner.nonblocking
        if self.number(1) == NAMES["F_GETFL"]:
            return NAMES["O_RDWR"] | (NONBLOCKING if self.handle in handles else 0)
        (handles.add if self.number(2) & NONBLOCKING else handles.discard)(self.handle)
        return 0

    def set_option(self):
        text = self.args[3].strip("[]{} ")
        if text.startswith('"'):
            value = text.strip('"').encode()
        else:
            value = b"".join(struct.pack("=i", constant(part.split("=")[-1])) for part in text.split(","))
        return self.host.setsockopt(self.handle, self.number(1), self.number(2), value, len(value))

    def compare(self, value, wanted):
        if isinstance(value, bytes):
            value = struct.unpack("=i", value[:4])[0]
        elif value < 0:
            return value
        if re.fullmatch(r"\[\w+\]", wanted) and value != constant(wanted[1:-1]):
            raise Failure(f"{self.text} tells {value}")
        return 0

    def poll(self):
        count = 0
        for descriptor, events, returned in re.findall(r"fd=(\d+),\s*events=([\w|]+)(?:,\s*revents=([\w|]+))?", self.args[0]):
            ready = self.host.poll(self.runner.handles[int(descriptor)])
            ready &= constant(events) | select.POLLERR | select.POLLHUP
            count += ready != 0
            if returned and ready != constant(returned):
                raise Failure(f"poll tells {ready:#x}, expected {returned}")
        return count
