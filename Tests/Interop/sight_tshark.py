"""What `watch` calls segments, beside what tshark's analysis calls them, on captures of the laboratory.

Each disagreement has to be of a kind that is listed here with its reason; any other fails. `python3 sight_tshark.py --list`
prints them all.
"""

import collections
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

import support
from support import sockeye
from support_host import OBSTACLE, run

NAMES = {
    "tcp.analysis.retransmission": "retransmission",
    "tcp.analysis.fast_retransmission": "fast-retransmission",
    "tcp.analysis.spurious_retransmission": "spurious-retransmission",
    "tcp.analysis.out_of_order": "out-of-order",
    "tcp.analysis.lost_segment": "previous-segment-missing",
    "tcp.analysis.duplicate_ack": "duplicate-acknowledgment",
    "tcp.analysis.zero_window": "zero-window",
    "tcp.analysis.zero_window_probe": "zero-window-probe",
    "tcp.analysis.zero_window_probe_ack": "zero-window-probe-answer",
    "tcp.analysis.window_update": "window-update",
    "tcp.analysis.window_full": "window-full",
    "tcp.analysis.keep_alive": "keep-alive",
    "tcp.analysis.keep_alive_ack": "keep-alive-answer",
    "tcp.analysis.ack_lost_segment": "acknowledges-unseen",
    "tcp.connection.rst": "reset",
}
"""tshark's field, and our name for the same."""


class Frame:
    """A frame, what came before it, and what both say of it."""

    def __init__(self, event, sack, before):
        self.number = event["segment"]
        self.time = event["nanoseconds"]
        self.end = event["end"]
        self.flags = set(event["flags"])
        self.start = event.get("sequence", 0)
        self.length = event["length"]
        self.stop = self.start + self.length + len(self.flags & {"SYN", "FIN"})
        self.acknowledgment = event.get("acknowledgment", 0) if "ACK" in self.flags else None
        self.sack = sack
        self.ours = set(event.get("findings", ()))
        self.before = before

    def own(self):
        """The frames before it from the same end."""
        return [frame for frame in self.before if frame.end == self.end]

    def peers(self):
        """The frames before it from the other end."""
        return [frame for frame in self.before if frame.end != self.end]

    def nothing_outstanding(self):
        """Whether it acknowledges all that its peer was seen to send."""
        return max((frame.stop for frame in self.peers()), default=0) <= self.acknowledgment

    def was_seen(self):
        """Whether a part of what it carries was seen before."""
        return any(frame.start < self.stop and self.start < frame.stop for frame in self.own())

    def gap_age(self):
        """How long ago, in nanoseconds, what follows it was first seen."""
        later = [frame.time for frame in self.own() if frame.start >= self.stop and frame.stop > frame.start]
        return self.time - min(later, default=self.time)

    def round_trip(self):
        """The handshake's, or three milliseconds where it wasn't seen, as both programs have it."""
        opening = [frame.time for frame in [*self.before, self] if "SYN" in frame.flags]
        closing = [frame.time for frame in self.before if "SYN" not in frame.flags]
        return closing[0] - opening[0] if opening and closing else 3_000_000

    def is_sent_again(self):
        """Whether its sender must have known that it was missing."""
        return self.was_seen() or self.gap_age() >= self.round_trip()

    def asked_for_by_sack(self):
        """Whether two acknowledgments before it asked for it, each with SACK blocks."""
        asking = [frame for frame in self.peers() if frame.acknowledgment == self.start and frame.sack]
        return len(asking) >= 2

    def has_new_sack(self):
        """Whether its SACK blocks are others than those of the acknowledgment before it."""
        last = next((frame.sack for frame in reversed(self.own())), None)
        return bool(self.sack) and self.sack != last

    def repeats_greatest(self):
        """Whether it repeats its end's greatest acknowledgment, and a smaller one that was overtaken stands right before it."""
        said = [frame.acknowledgment for frame in self.own() if frame.acknowledgment is not None]
        return bool(said) and self.acknowledgment == max(said) and said[-1] < max(said)

    def was_overtaken(self):
        """Whether its end was seen to acknowledge more before."""
        said = [frame.acknowledgment for frame in self.own() if frame.acknowledgment is not None]
        return bool(said) and self.acknowledgment < max(said)

    def answers_keep_alive(self):
        """Whether the frame of its peer right before it asks whether it is there."""
        return bool(self.peers()) and "keep-alive" in self.peers()[-1].ours

    def is_bare_control(self):
        """Whether it is a SYN or a FIN without data."""
        return self.length == 0 and bool(self.flags & {"SYN", "FIN"})

    def answers_crossing(self):
        """Whether it is the SYN,ACK of an end that has sent a SYN."""
        return self.flags >= {"SYN", "ACK"} and any("SYN" in frame.flags for frame in self.own())


EXPLAINED = [
    (set(), {"duplicate-acknowledgment"}, Frame.nothing_outstanding, "RFC 5681, section 2: nothing is outstanding, so that it duplicates nothing"),
    (
        {"spurious-retransmission"}, {"retransmission"}, Frame.is_bare_control,
        "tshark calls only data spurious; a SYN or a FIN that was acknowledged is repeated as needlessly",
    ),
    (
        set(), {"retransmission"}, Frame.answers_crossing,
        "RFC 9293, figure 8: the SYN,ACK that answers a SYN that crossed it repeats the SYN's number",
    ),
    (
        {"retransmission"}, {"out-of-order"}, Frame.is_sent_again,
        "it was seen before, or its gap is older than a round trip: it was sent again; tshark goes by the time since the last segment",
    ),
    ({"fast-retransmission"}, {"out-of-order"}, Frame.is_sent_again, "the same, after two duplicate acknowledgments"),
    (
        {"out-of-order"}, {"retransmission"}, lambda frame: not frame.is_sent_again(),
        "nobody could have heard of the gap so soon",
    ),
    (
        {"out-of-order"}, {"fast-retransmission"}, lambda frame: not frame.is_sent_again(),
        "the same, after two duplicate acknowledgments",
    ),
    (
        {"fast-retransmission"}, {"retransmission"}, Frame.asked_for_by_sack,
        "RFC 6675, section 2: acknowledgments with new SACK blocks asked for it; tshark takes them for window updates",
    ),
    (
        {"duplicate-acknowledgment"}, set(), Frame.repeats_greatest,
        "RFC 5681, section 2: it repeats the greatest acknowledgment; one that was overtaken came between",
    ),
    (
        set(), {"duplicate-acknowledgment"}, Frame.was_overtaken,
        "RFC 5681, section 2: a duplicate repeats the greatest acknowledgment, and this one repeats one that was overtaken",
    ),
    (
        set(), {"window-update"}, Frame.was_overtaken,
        "RFC 9293, section 3.10.7.4: an acknowledgment that was overtaken changes no window",
    ),
    (
        {"window-update"}, set(), Frame.repeats_greatest,
        "the window is another than that of the greatest acknowledgment; tshark compares with one that was overtaken",
    ),
    (
        {"keep-alive-answer"}, {"window-update"}, Frame.answers_keep_alive,
        "RFC 9293, section 3.8.4: what answers a keep-alive may change the window",
    ),
    (
        {"duplicate-acknowledgment"}, {"window-update"}, Frame.has_new_sack,
        "RFC 6675, section 2: new SACK blocks make it a duplicate acknowledgment, whatever the window",
    ),
]  # fmt: skip
"""What we alone say of a segment, what tshark alone says, what has to hold of the frame, and why."""


def theirs(capture):
    """What tshark says of each frame, its SACK blocks, and the round trip of each acknowledgment in seconds."""
    fields = list(NAMES) + ["tcp.options.sack_le", "tcp.options.sack_re", "tcp.analysis.ack_rtt"]
    command = [support.need("tshark"), "-r", capture, "-T", "fields", "-e", "frame.number"]
    for field in fields:
        command += ["-e", field]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names, blocks, round_trips = {}, {}, {}
    for line in output.splitlines():
        number, *values = line.split("\t")
        found = {NAMES[field] for field, value in zip(fields, values) if value and field in NAMES}
        # Its subtrees show the general kind beside the special one.
        if found & {"fast-retransmission", "spurious-retransmission"}:
            found.discard("retransmission")
        if "zero-window-probe-answer" in found:
            found.discard("zero-window")
        names[int(number)] = found
        blocks[int(number)] = tuple(values[-3:-1]) if values[-3] else ()
        if values[-1]:
            round_trips[int(number)] = float(values[-1])
    return names, blocks, round_trips


def told(capture, stream):
    """What `watch` tells of a connection."""
    return sockeye("watch", capture, "--stream", stream, "--json").stdout.decode().splitlines()


def ours(capture):
    """What `watch` says of each segment, the segments, and the round trip of each acknowledgment in seconds."""
    names, events, round_trips = {}, {}, {}
    table = [json.loads(line) for line in sockeye("watch", capture, "--json").stdout.splitlines()]
    count = max((event["number"] for event in table if event["event"] == "connection"), default=1)
    lines = [(stream, line) for stream in range(count) for line in told(capture, stream + 1)]
    for stream, line in lines:
        event = json.loads(line) | {"stream": stream}
        if "roundTripNanoseconds" in event:
            round_trips[event["segment"]] = event["roundTripNanoseconds"] / 1e9
        if event["event"] != "segment-sent":
            continue
        found = set(event.get("findings", ())) - {"duplicate-reported"}
        if "refusal" in found:
            found = found - {"refusal"} | {"reset"}
        names[event["segment"]] = found
        events[event["segment"]] = event
    return names, events, round_trips


def disagreements(capture):
    """The segments that aren't called the same: frame, ours alone, theirs alone; and the segments in all."""
    (own, events, own_trips), (other, blocks, other_trips) = ours(capture), theirs(capture)
    assert own.keys() == other.keys(), (capture, own.keys() ^ other.keys())
    streams, found = collections.defaultdict(list), []
    for number in sorted(events):
        frame = Frame(events[number], blocks[number], list(streams[events[number]["stream"]]))
        if own[number] != other[number]:
            found.append((frame, own[number] - other[number], other[number] - own[number]))
        streams[events[number]["stream"]].append(frame)
    trips = [
        f"segment {number}: round trip {own_trips[number]:.9f}, tshark's {other_trips[number]}"
        for number in own_trips.keys() & other_trips.keys()
        if abs(own_trips[number] - other_trips[number]) > 2e-9
    ]
    return found, trips, len(own)


def compare(captures):
    """Compares all captures, and returns what isn't explained."""
    explained, unexplained, total = collections.Counter(), [], 0
    for name, capture in captures:
        found, trips, count = disagreements(capture)
        total += count
        unexplained += [f"{name}, {trip}" for trip in trips]
        for frame, own, other in found:
            reasons = (why for a, b, holds, why in EXPLAINED if (a, b) == (own, other) and holds(frame))
            reason = next(reasons, None)
            if reason:
                explained[reason] += 1
            else:
                unexplained.append(f"{name}, segment {frame.number}: ours {sorted(own)}, tshark's {sorted(other)}")
    if "--list" in sys.argv:
        print(f"{total} segments")
        for reason, count in explained.most_common():
            print(f"{count:6}  {reason}")
        print("\n".join(unexplained))
    return unexplained


def test_scenarios():
    """Every scenario's segments are called what tshark calls them, but for the kinds that are explained."""
    with tempfile.TemporaryDirectory() as folder:
        captures = []
        for line in sockeye("lab", "list").stdout.decode().splitlines():
            name = line.split()[0]
            if name == "udp":
                continue
            captures.append((name, str(pathlib.Path(folder) / f"{name}.pcapng")))
            sockeye("lab", name, "--capture", captures[-1][1])
        found = compare(captures)
        assert not found, "\n".join(found)


NETWORKS = ["loss=1%", "reorder=3%", "duplicate=2%", "loss=2%,reorder=2%,duplicate=1%", "down:loss=5%", "queue=40KiB"]


def test_transfers():
    """The same holds for transfers over networks that lose, reorder and duplicate."""
    with tempfile.TemporaryDirectory() as folder:
        captures = []
        for network in NETWORKS:
            for rtt in ("4ms", "60ms"):
                name = f"{network} --rtt {rtt}"
                captures.append((name, str(pathlib.Path(folder) / f"{len(captures)}.pcapng")))
                result = sockeye(
                    "lab", "transfer", "--size", "512KiB", "--rate", "20Mbps", "--rtt", rtt, "--impair", network,
                    "--seed", "1", "--capture", captures[-1][1],
                )  # fmt: skip
                assert result.returncode == 0, result
        found = compare(captures)
        assert not found, "\n".join(found)


def kernels_talk(folder, impairments):
    """A capture, near the sender, of what two kernels say to each other over a network that our own bridge spoils."""
    dumpcap, capture, ready = support.need("dumpcap"), str(pathlib.Path(folder) / "kernels.pcapng"), pathlib.Path(folder) / "ready"
    arguments = ["impair", "--seed", "3", "--ready-file", ready, "--tun", "sight0", "--tun", "sight1", impairments]
    with support.Program(support.SOCKEYE, *arguments), support.Program("unshare", "--net", "cat") as far:
        support.wait_until(ready.exists, "ready file")
        own = os.readlink("/proc/self/ns/net")
        support.wait_until(lambda: os.readlink(f"/proc/{far.process.pid}/ns/net") != own, "net")
        inside = ["nsenter", "--target", str(far.process.pid), "--net"]
        run("ip", "link", "set", "sight1", "netns", far.process.pid)
        for prefix, device, end in ([], "sight0", 1), (inside, "sight1", 2):
            run(*prefix, "ip", "address", "add", f"10.79.0.{end}/24", "dev", device)
            run(*prefix, "ip", "link", "set", device, "up")
        command = [dumpcap, "-q", "-i", "sight0", "-f", "tcp", "-w", capture]
        server = [*inside, "nc", "-l", "-N", "10.79.0.2", "9000"]
        with subprocess.Popen(server, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as sink, subprocess.Popen(command, stderr=subprocess.PIPE) as tap:
            while not tap.stderr.readline().startswith(b"File:"):
                assert tap.poll() is None, "dumpcap captures nothing"
            support.wait_until(lambda: b":9000" in subprocess.run([*inside, "ss", "-ltn"], capture_output=True).stdout, "server")
            with socket.create_connection(("10.79.0.2", 9000)) as client:
                client.sendall(bytes(300_000))
                client.shutdown(socket.SHUT_WR)
                assert client.recv(1) == b""
            assert sink.wait(support.DEADLINE) == 0
            support.wait_until(
                lambda: sockeye("watch", capture, "--follow", "--json").stdout.count(b"stream-finished") == 2,
                "the end in the capture",
            )
            tap.terminate()
            tap.stderr.read()
    return capture


def test_kernels():
    """The same holds for two kernels with a bad network between them."""
    if OBSTACLE:
        raise support.Skip(OBSTACLE)
    with tempfile.TemporaryDirectory() as folder:
        captures = []
        for network in ("delay=5ms,loss=3%", "delay=5ms,reorder=5%,duplicate=2%"):
            place = pathlib.Path(folder) / str(len(captures))
            place.mkdir()
            captures.append((network, kernels_talk(place, network)))
        found = compare(captures)
        assert not found, "\n".join(found)


if __name__ == "__main__":
    support.main(globals())
