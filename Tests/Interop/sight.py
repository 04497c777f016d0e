"""What `lab` and `watch` show, beside what the documents say that they show."""

import pathlib
import re
import tempfile

import support
from support import sockeye

ROOT = pathlib.Path(__file__).resolve().parents[2]


def printed(*arguments):
    """What a call prints."""
    return sockeye(*arguments).stdout.decode()


def test_documents():
    """Both READMEs show the handshake as the program draws it."""
    for name, language in (("README.md", "en"), ("README.zh.md", "zh")):
        drawn = printed("lab", "handshake", "--language", language)
        shown = re.search(r"```sh\nsockeye lab handshake\n```\n\n```text\n(.*?)```\n", (ROOT / name).read_text(), re.DOTALL)
        assert shown and shown[1] == drawn, drawn


def test_scenarios():
    """Each scenario that is listed runs, in both languages, and tells the same to programs each time."""
    names = [line.split()[0] for line in printed("lab", "list").splitlines()]
    assert {"handshake", "close", "half-close", "lost-syn", "fast-retransmit", "zero-window"} <= set(names), names
    for name in names:
        for language in ("en", "zh"):
            assert sockeye("lab", name, "--language", language).returncode == 0, name
        first, second = (printed("lab", name, "--json", "--seed", "9") for _ in range(2))
        assert first == second and first.startswith('{"v":1,'), name


def test_capture():
    """What the laboratory captures is read back: the table, one connection, and JSON."""
    with tempfile.TemporaryDirectory() as folder:
        capture = str(pathlib.Path(folder) / "close.pcapng")
        assert sockeye("lab", "close", "--capture", capture).returncode == 0
        drawn = printed("watch", capture)
        for word in ("SYN-SENT", "FIN-WAIT-2", "LAST-ACK", "TIME-WAIT"):
            assert word in drawn, drawn
        assert '"event":"segment-sent"' in printed("watch", capture, "--json")
        assert sockeye("watch", capture, "--stream", "2").returncode == 2


def test_refusals():
    """What can't be shown is refused in a line, by the code for it."""
    assert sockeye("lab", "nothing").returncode == 2
    assert sockeye("lab", "transfer", "--impair", "loss=200%").returncode == 2
    assert sockeye("watch", "/nonexistent").returncode == 3
    result = sockeye("watch", "/dev/null")
    assert result.returncode == 3 and b"neither pcap nor pcapng" in result.stderr, result


def test_transfer():
    """Senders are compared, the same way each time."""
    arguments = ["lab", "transfer", "--size", "1MiB", "--impair", "loss=1%", "--congestion", "cubic,bbr,newreno"]
    first, second = (printed(*arguments) for _ in range(2))
    assert first == second and [line.split()[0] for line in first.splitlines()[1:]] == ["cubic", "bbr", "newreno"], first


def test_verdicts():
    """The verdict is right on 95 of a hundred transfers whose limit is known, wherever they are seen; seed 2."""
    shown = printed("lab", "verdicts", "--count", "24", "--seed", "2")
    found = re.findall(r"(\d+) of (\d+) right", shown)
    assert len(found) == 3 and all(int(total) == 24 and int(right) >= 23 for right, total in found), shown


if __name__ == "__main__":
    support.main(globals())
