"""What `watch` calls segments, beside what tshark's analysis calls them, on captures of the laboratory.

Each disagreement has to be of a kind that is listed here with its reason; any other fails. `python3 sight_tshark.py --list`
prints them all.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import support
from support import sockeye

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

EXPLAINED = [
    (set(), {"duplicate-acknowledgment"}, "RFC 5681, section 2: nothing is outstanding, so that it duplicates nothing"),
    (
        {"spurious-retransmission"},
        {"retransmission"},
        "tshark calls only data spurious; a SYN or a FIN that was acknowledged is repeated as needlessly",
    ),
    (set(), {"retransmission"}, "RFC 9293, figure 8: the SYN,ACK that answers a SYN that crossed it repeats the SYN's number"),
    (
        {"retransmission"},
        {"out-of-order"},
        "it was seen before, or its gap is older than a round trip: it was sent again; tshark goes by the time since the last segment",
    ),
    ({"fast-retransmission"}, {"out-of-order"}, "the same, after two duplicate acknowledgments"),
    ({"out-of-order"}, {"retransmission"}, "nobody could have heard of the gap so soon"),
    ({"out-of-order"}, {"fast-retransmission"}, "the same, after two duplicate acknowledgments"),
    (
        {"fast-retransmission"},
        {"retransmission"},
        "RFC 6675, section 2: acknowledgments with new SACK blocks asked for it; tshark takes them for window updates",
    ),
    (
        {"duplicate-acknowledgment"},
        set(),
        "RFC 5681, section 2: it repeats the greatest acknowledgment; one that was overtaken came between",
    ),
    ({"keep-alive-answer"}, {"window-update"}, "RFC 9293, section 3.8.4: what answers a keep-alive may change the window"),
    (
        {"duplicate-acknowledgment"},
        {"window-update"},
        "RFC 6675, section 2: new SACK blocks make it a duplicate acknowledgment, whatever the window",
    ),
]
"""What we alone say of a segment, what tshark alone says, and why."""


def theirs(capture):
    """What tshark says of each frame, and the round trip of each acknowledgment in seconds."""
    fields = list(NAMES) + ["tcp.analysis.ack_rtt"]
    command = [support.need("tshark"), "-r", capture, "-T", "fields", "-e", "frame.number"]
    for field in fields:
        command += ["-e", field]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names, round_trips = {}, {}
    for line in output.splitlines():
        number, *values = line.split("\t")
        found = {NAMES[field] for field, value in zip(fields, values) if value and field in NAMES}
        # Its subtrees show the general kind beside the special one.
        if found & {"fast-retransmission", "spurious-retransmission"}:
            found.discard("retransmission")
        if "zero-window-probe-answer" in found:
            found.discard("zero-window")
        names[int(number)] = found
        if values[-1]:
            round_trips[int(number)] = float(values[-1])
    return names, round_trips


def ours(capture):
    """What `watch` says of each segment, and the round trip of each acknowledgment in seconds."""
    names, round_trips = {}, {}
    for line in sockeye("watch", capture, "--stream", "1", "--json").stdout.decode().splitlines():
        event = json.loads(line)
        if "roundTripNanoseconds" in event:
            round_trips[event["segment"]] = event["roundTripNanoseconds"] / 1e9
        if event["event"] != "segment-sent":
            continue
        found = set(event.get("findings", ())) - {"duplicate-reported"}
        if "refusal" in found:
            found = found - {"refusal"} | {"reset"}
        names[event["segment"]] = found
    return names, round_trips


def disagreements(capture):
    """The segments that aren't called the same: number, ours alone, theirs alone; and the segments in all."""
    (own, own_trips), (other, other_trips) = ours(capture), theirs(capture)
    assert own.keys() == other.keys(), (capture, own.keys() ^ other.keys())
    found = [(number, own[number] - other[number], other[number] - own[number]) for number in own]
    trips = [
        (number, {f"rtt {own_trips[number]:.9f}"}, {f"rtt {other_trips[number]}"})
        for number in own_trips.keys() & other_trips.keys()
        if abs(own_trips[number] - other_trips[number]) > 2e-9
    ]
    return [item for item in found if item[1] or item[2]] + trips, len(own)


def compare(captures):
    """Compares all captures, and returns what isn't explained."""
    explained, unexplained, total = collections.Counter(), [], 0
    for name, capture in captures:
        found, count = disagreements(capture)
        total += count
        for number, own, other in found:
            reason = next((why for a, b, why in EXPLAINED if (a, b) == (own, other)), None)
            if reason:
                explained[reason] += 1
            else:
                unexplained.append(f"{name}, segment {number}: ours {sorted(own)}, tshark's {sorted(other)}")
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


if __name__ == "__main__":
    support.main(globals())
