"""What `--qlog` writes, held to its schema in Documentation/QlogTCP.md, and to what qvis reads."""

import json
import pathlib
import re
import tempfile

import support
from support import sockeye

SCHEMA = (pathlib.Path(__file__).resolve().parents[2] / "Documentation" / "QlogTCP.md").read_text()
SECTIONS = dict(re.findall(r"### `([a-z_]+:[a-z_]+)`\n(.*?)(?=\n##|\Z)", SCHEMA, re.DOTALL))
"""What the schema says of each event, by its name."""

ENGINES_ONLY = {name for name, text in SECTIONS.items() if "from engines only" in text}


def words(text):
    """The names in a text of the schema."""
    return set(re.findall(r"`([a-z_]+)`", text))


FIELDS = {name: words(text) for name, text in SECTIONS.items()}
FIELDS["tcp:segment_received"] |= FIELDS["tcp:segment_sent"] - {"findings", "fate"}
for short in ("recovery:packet_lost", "transport:packet_sent", "transport:packet_received"):
    FIELDS[short] |= {"header", "raw"}


def checked(file, kind):
    """Reads a file and checks what every file has to have; answers its events, and the traces."""
    document = json.loads(pathlib.Path(file).read_text())
    assert (document["qlog_version"], document["qlog_format"], len(document["traces"])) == ("0.3", "JSON", 2), document
    events = []
    for trace, role in zip(document["traces"], ("client", "server")):
        point = trace["vantage_point"]
        assert (point["type"], point.get("flow")) == ((role, None) if kind == "ends" else ("network", role)), point
        common = trace["common_fields"]
        assert common["time_format"] == "relative" and isinstance(common["reference_time"], int), common
        times = [event["time"] for event in trace["events"]]
        assert times == sorted(times), "events out of order"
        for event in trace["events"]:
            assert set(event) == {"time", "name", "data"}, event
            assert event["name"] in SECTIONS, event
            assert set(event["data"]) <= FIELDS[event["name"]], (event, FIELDS[event["name"]])
            options = event["data"].get("options", {})
            assert set(options) <= FIELDS["tcp:segment_sent"], options
        events += trace["events"]
    return events, document["traces"]


def drawn(trace):
    """What qvis's congestion diagram has of a trace: packets by what became of them, and the lines."""
    sent, acknowledged, lost, lines = set(), set(), set(), set()
    for event in trace["events"]:
        data = event["data"]
        match event["name"]:
            case "transport:packet_sent":
                assert data["raw"]["length"] >= 20, data
                sent.add(data["header"]["packet_number"])
            case "transport:packet_received":
                for frame in data.get("frames", ()):
                    assert frame["frame_type"] == "ack", frame
                    acknowledged |= {number for first, *_ in frame["acked_ranges"] for number in [first]}
            case "recovery:packet_lost":
                lost.add(data["header"]["packet_number"])
            case "recovery:metrics_updated":
                lines |= data.keys()
    assert acknowledged <= sent and lost <= sent, (acknowledged - sent, lost - sent)
    return sent, acknowledged, lost, lines


def test_laboratory():
    """The scenarios produce every event that the schema names, with every field, and no other."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(pathlib.Path(folder) / "lab.qlog")
        names, fields = set(), {}
        for line in sockeye("lab", "list").stdout.decode().splitlines():
            assert sockeye("lab", line.split()[0], "--qlog", file).returncode == 0
            for event in checked(file, "ends")[0]:
                names.add(event["name"])
                fields.setdefault(event["name"], set()).update(event["data"])
        assert names == set(SECTIONS), names ^ set(SECTIONS)
        missing = FIELDS["tcp:segment_sent"] & words(SECTIONS["tcp:segment_sent"].split("| `options`")[0])
        assert missing - {"number"} <= fields["tcp:segment_sent"] | {"old", "new"}, missing - fields["tcp:segment_sent"]
        assert fields["tcp:metrics_updated"] == FIELDS["tcp:metrics_updated"], fields["tcp:metrics_updated"]


def test_transfer():
    """qvis finds in a transfer with losses what its congestion diagram draws: packets, acknowledgments, losses, lines"""
    with tempfile.TemporaryDirectory() as folder:
        file, capture = (str(pathlib.Path(folder) / name) for name in ("transfer.qlog", "transfer.pcapng"))
        arguments = ["lab", "transfer", "--size", "512KiB", "--impair", "loss=2%", "--capture", capture, "--qlog", file]
        assert sockeye(*arguments).returncode == 0
        sent, acknowledged, lost, lines = drawn(checked(file, "ends")[1][0])
        assert len(sent) > 350 and lost and len(acknowledged) > 340, (len(sent), len(acknowledged), len(lost))
        assert not acknowledged & lost and {"congestion_window", "bytes_in_flight", "smoothed_rtt", "min_rtt", "ssthresh"} <= lines
        assert sockeye("watch", capture, "--qlog", file).returncode == 0
        events, traces = checked(file, "network")
        seen, acknowledged, lost, lines = drawn(traces[0])
        assert len(seen) == len(sent) and lost and {"bytes_in_flight", "latest_rtt", "min_rtt"} <= lines, lines
        assert {event["name"] for event in events} == set(SECTIONS) - ENGINES_ONLY


def test_refused():
    """A file is about one connection: several at once are refused."""
    result = sockeye("lab", "transfer", "--congestion", "cubic,bbr", "--qlog", "/dev/null")
    assert result.returncode == 2 and b"--qlog" in result.stderr, result


if __name__ == "__main__":
    support.main(globals())
