"""What `lab` and `watch` show, beside what the documents say that they show."""

import os
import pathlib
import re
import signal
import socket
import subprocess
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


def test_steps():
    """A diagram is drawn a row for each line of input, until q or the end of the input."""
    whole = printed("lab", "close")
    assert sockeye("lab", "close", "--step").stdout.decode() == whole
    some = sockeye("lab", "close", "--step", stdin=b"\n\nq\n").stdout.decode()
    assert whole.startswith(some) and 6 < len(some.splitlines()) < len(whole.splitlines()) / 2, some


def test_interface():
    """An interface is watched live, a line for each segment, and its connections are summed up at the end."""
    if os.geteuid() != 0:
        raise support.Skip("to see packets takes root")
    listener, port = support.loopback_listener()
    with listener, subprocess.Popen(
        [support.SOCKEYE, "watch", "--interface", "lo", "--port", str(port), "--language", "en"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as watch:  # fmt: skip
        assert b"watching lo" in watch.stderr.readline()
        with socket.create_connection(("127.0.0.1", port)) as client, listener.accept()[0] as server:
            client.sendall(b"hello")
            assert server.recv(5) == b"hello"
        lines = [watch.stdout.readline().decode() for _ in range(4)]
        watch.send_signal(signal.SIGINT)
        rest = watch.stdout.read().decode()
        assert watch.wait() == 0, watch.stderr.read()
    assert [line.split()[5] for line in lines] == ["SYN", "SYN,ACK", "ACK", "PSH,ACK"], lines
    assert f"→ 127.0.0.1:{port}" in lines[0] and "len=5" in lines[3], lines
    assert f"127.0.0.1:{port}" in rest.splitlines()[-1] and len(rest.splitlines()) < 10, rest


def test_interface_refused():
    """Whoever may not see packets, or names no interface, is told so and what to do."""
    result = sockeye("watch", "--interface", "nowhere0")
    assert result.returncode == 1 and b"nowhere0" in result.stderr and b"ip link" in result.stderr, result
    if os.geteuid() == 0:
        result = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", support.SOCKEYE, "watch", "--interface", "lo"],
            capture_output=True, timeout=support.DEADLINE,
        )  # fmt: skip
        assert result.returncode == 1 and b"CAP_NET_RAW" in result.stderr, result


if __name__ == "__main__":
    support.main(globals())
