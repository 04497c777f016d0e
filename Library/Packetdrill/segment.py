"""Segments as scripts write them, and as packets carry them: IPv4, TCP and what ICMP says of it."""

import re
import socket
import struct
from dataclasses import dataclass, field

FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, ".": 0x10, "U": 0x20, "E": 0x40, "W": 0x80, "A": 0x100}
ECN = {"noecn": 0, "ect1": 1, "ect0": 2, "ce": 3}
UNREACHABLE = {"net_unreachable": 0, "host_unreachable": 1, "protocol_unreachable": 2, "port_unreachable": 3, "frag_needed": 4}
TCP, ICMP = 6, 1
# AccECN's option names its counters in either order (RFC 9768 section 3.2.3).
ACCURATE_ECN = {172: ("e0b", "ceb", "e1b"), 174: ("e1b", "ceb", "e0b")}

SEGMENT = re.compile(
    r"(?:\[(?P<ecn>\w+)[^\]]*\] )?(?:tos 0x\w+ )?(?P<flags>[SFRPUEWA.0-9]+|-) "
    r"(?P<start>\d+):\d+\((?P<length>\d+)\)(?P<rest>.*)$"
)
MESSAGE = re.compile(r"icmp unreachable(?: (?P<code>[a-z_]+))?(?: mtu (?P<mtu>\d+))? \[(?P<start>\d+):\d+\((?P<length>\d+)\)\]$")


class Unsupported(Exception):
    """The script asks for what this runner doesn't know."""


@dataclass
class Segment:
    """A TCP segment. In a script, numbers are relative to the initial ones, and what is None was not said."""

    flags: int = 0
    start: int = 0
    length: int = 0
    acknowledgment: int | None = None
    window: int | None = None
    urgent: int | None = None
    options: list | None = field(default_factory=list)
    ecn: int | None = None
    ports: tuple = (0, 0)

    def __str__(self):
        names = "".join(name for name, bit in FLAGS.items() if self.flags & bit)
        return f"{names} {self.start}:{self.start + self.length}({self.length}) ack {self.acknowledgment} win {self.window} {self.options}"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def parse(line, defines):
    """The segment that a line of a script describes."""
    match = SEGMENT.match(line)
    if not match:
        raise Unsupported(f"the segment {line}")
    flags = 0
    for name in match["flags"]:
        # A digit is the three bits of ACE.
        flags |= int(name) << 6 if name.isdigit() else FLAGS.get(name, 0)

    def number(name):
        found = re.search(rf"{name} (\d+)", match["rest"].split("<")[0])
        return int(found[1]) if found else None

    options = re.search(r"<(.*)>", match["rest"])
    return Segment(
        flags,
        int(match["start"]),
        int(match["length"]),
        number("ack"),
        number("win"),
        number("urg"),
        [] if not options else None if options[1].strip() == "..." else parse_options(options[1], defines),
        ECN.get(match["ecn"]) if match["ecn"] else None,
    )


def parse_options(text, defines):
    options = []
    for words in (item.split() for item in text.split(",")):
        match words:
            case []:
                pass
            case ["nop" | "eol" | "sackOK" as name]:
                options.append((name,))
            case ["mss" | "wscale" as name, number]:
                options.append((name, int(number)))
            case ["sack", *blocks]:
                options.append(("sack", [tuple(map(int, block.split(":"))) for block in blocks]))
            case ["TS", "val", value, "ecr", echo]:
                options.append(("TS", int(value), int(echo)))
            case ["FO", *cookie]:
                # A cookie named by a macro is the one that this host grants.
                text = defines.get(cookie[0], cookie[0]) if cookie else ""
                is_hexadecimal = re.fullmatch(r"([0-9a-f]{2})*", text)
                options.append(("FO", bytes.fromhex(text) if is_hexadecimal and not cookie[:1] == ["TFO_COOKIE"] else None))
            case ["ECN", *counters]:
                options.append(("ECN", dict(zip(counters[::2], map(int, counters[1::2])))))
            case _:
                raise Unsupported(f"the option {' '.join(words)}")
    return options


def encode_options(options):
    data = b""
    for option in options:
        match option:
            case ("nop",):
                data += b"\1"
            case ("eol",):
                data += b"\0"
            case ("mss", size):
                data += struct.pack(">BBH", 2, 4, size)
            case ("wscale", shift):
                data += struct.pack(">BBB", 3, 3, shift)
            case ("sackOK",):
                data += b"\4\2"
            case ("sack", blocks):
                data += struct.pack(">BB", 5, 2 + 8 * len(blocks))
                data += b"".join(struct.pack(">II", *(edge & 0xFFFFFFFF for edge in block)) for block in blocks)
            case ("TS", value, echo):
                data += struct.pack(">BBII", 8, 10, value, echo & 0xFFFFFFFF)
            case ("FO", cookie):
                data += bytes([34, 2 + len(cookie)]) + cookie
            case ("ECN", counters):
                kind = 172 if next(iter(counters), "") == "e0b" else 174
                values = b"".join(counters[name].to_bytes(3, "big") for name in ACCURATE_ECN[kind] if name in counters)
                data += bytes([kind, 2 + len(values)]) + values
    return data + bytes(-len(data) % 4)


def decode_options(data):
    options = []
    while data:
        kind = data[0]
        if kind == 0:
            break
        if kind == 1:
            options.append(("nop",))
            data = data[1:]
            continue
        value, data = data[2 : data[1]], data[data[1] :]
        match kind:
            case 2:
                options.append(("mss", *struct.unpack(">H", value)))
            case 3:
                options.append(("wscale", value[0]))
            case 4:
                options.append(("sackOK",))
            case 5:
                options.append(("sack", list(struct.iter_unpack(">II", value))))
            case 8:
                options.append(("TS", *struct.unpack(">II", value)))
            case 34:
                options.append(("FO", value))
            case 172 | 174:
                counters = [int.from_bytes(value[index : index + 3], "big") for index in range(0, len(value), 3)]
                options.append(("ECN", dict(zip(ACCURATE_ECN[kind], counters))))
            case _:
                options.append((f"kind {kind}",))
    return options


def packet(protocol, source, destination, payload, ecn=0):
    """An IPv4 packet; a TCP checksum is filled in."""
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    if protocol == TCP:
        pseudo_header = addresses + struct.pack(">BBH", 0, TCP, len(payload))
        payload = payload[:16] + struct.pack(">H", checksum(pseudo_header + payload)) + payload[18:]
    header = struct.pack(">BBHHHBBH", 0x45, ecn, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + addresses
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def encode(segment):
    """The TCP segment with its payload of zeros, checksum open."""
    options = encode_options(segment.options or [])
    return (
        struct.pack(
            ">HHIIBBHHH",
            *segment.ports,
            segment.start & 0xFFFFFFFF,
            (segment.acknowledgment or 0) & 0xFFFFFFFF,
            (5 + len(options) // 4) << 4 | segment.flags >> 8,
            segment.flags & 0xFF,
            segment.window or 0,
            0,
            segment.urgent or 0,
        )
        + options
        + bytes(segment.length)
    )


def decode(data):
    """The TCP segment in an IPv4 packet, its checksums verified; None for another protocol."""
    length = (data[0] & 15) * 4
    if checksum(data[:length]) != 0:
        raise ValueError("wrong IP checksum")
    if data[9] != TCP:
        return None
    tcp = data[length:]
    if checksum(data[12:20] + struct.pack(">BBH", 0, TCP, len(tcp)) + tcp) != 0:
        raise ValueError("wrong TCP checksum")
    source, destination, start, acknowledgment, offset, flags, window, _, urgent = struct.unpack(">HHIIBBHHH", tcp[:20])
    header = (offset >> 4) * 4
    return Segment(
        flags | (offset & 1) << 8,
        start,
        len(tcp) - header,
        acknowledgment,
        window,
        urgent,
        decode_options(tcp[20:header]),
        data[1] & 3,
        (source, destination),
    )


def unreachable(line, local, remote, ports, initial):
    """The ICMP packet of a script's line: from the peer, about a segment of the host's."""
    match = MESSAGE.match(line)
    if not match:
        raise Unsupported(f"the message {line}")
    quoted = struct.pack(">HHI", *ports, (int(match["start"]) + initial) & 0xFFFFFFFF)
    original = packet(TCP, local, remote, quoted + bytes(12 + int(match["length"])))[: 20 + 8]
    message = struct.pack(">BBHHH", 3, UNREACHABLE[match["code"] or "host_unreachable"], 0, 0, int(match["mtu"] or 0)) + original
    return packet(ICMP, remote, local, message[:2] + struct.pack(">H", checksum(message)) + message[4:])
