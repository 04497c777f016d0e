"""What `lab` and `watch` show, beside what the documents say that they show."""

import base64
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading

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
    assert printed(*" ".join(arguments).replace("--impair loss=1%", "--loss 1%").split()) == first


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


def captured(folder, talk):
    """A capture, by Wireshark's dumpcap, of what `talk` does with a port of the loopback interface."""
    dumpcap = support.need("dumpcap")
    listener, port = support.loopback_listener()
    capture = str(pathlib.Path(folder) / "talk.pcap")
    # Room for all that is said, should a busy machine keep dumpcap from reading it: what finds none isn't in the capture.
    command = [dumpcap, "-q", "-P", "-B", "64", "-i", "lo", "-f", f"tcp port {port}", "-w", capture]
    with listener, subprocess.Popen(command, stderr=subprocess.PIPE) as tap:
        try:
            while not tap.stderr.readline().startswith(b"File:"):
                assert tap.poll() is None, "dumpcap captures nothing"
            talk(listener, port)
            support.wait_until(
                lambda: sockeye("watch", capture, "--follow", "--json").stdout.count(b"stream-finished") == 2,
                "the connection's end in the capture",
            )
        finally:
            tap.terminate()
            tap.stderr.read()
    return capture


def test_follow():
    """What both ends say is put together: for a terminal, for programs, and as the bytes that they are."""
    if os.geteuid() != 0:
        raise support.Skip("to capture takes root")
    noise = bytes(range(256)) * 4_000

    def talk(listener, port):
        with socket.create_connection(("127.0.0.1", port)) as client, listener.accept()[0] as server:
            client.sendall("GET /café \x1b[2J\r\n".encode())
            server.recv(100)
            sender = threading.Thread(target=lambda: (server.sendall(noise), server.shutdown(socket.SHUT_WR)))
            sender.start()
            while client.recv(65_536):
                pass
            sender.join()
            client.shutdown(socket.SHUT_WR)
            assert server.recv(1) == b""

    with tempfile.TemporaryDirectory() as folder:
        capture = captured(folder, talk)
        result = sockeye("watch", capture, "--follow", "--language", "en")
        assert result.stdout.decode().startswith("→ GET /café \\x1b[2J\n← \\x00\\x01"), result.stdout[:200]
        assert b"\x1b" not in result.stdout and b"has said all" in result.stdout, result.stdout[-300:]
        assert sockeye("watch", capture, "--follow", "--raw", "server").stdout == noise
        events = [json.loads(line) for line in sockeye("watch", capture, "--follow", "--json").stdout.splitlines()]
        server = events[0]["to"]
        data = [event for event in events if event["event"] == "stream-data" and event["from"] == server]
        said = b"".join(base64.b64decode(event["base64"]) for event in data)
        assert said == noise and {event["event"] for event in events} == {"stream-data", "stream-finished"}
        cut = pathlib.Path(folder) / "cut.pcap"
        subprocess.run([support.need("editcap"), "-F", "pcap", "-s", "100", capture, str(cut)], check=True)
        shown = sockeye("watch", str(cut), "--follow", "--language", "en").stdout.decode()
        assert "the capture kept less of each packet" in shown, shown[:300]


def test_follow_refused():
    """A connection that isn't there is refused, and one that is chosen among several is named."""
    with tempfile.TemporaryDirectory() as folder:
        capture = str(pathlib.Path(folder) / "flood.pcapng")
        sockeye("lab", "syn-flood", "--capture", capture)
        result = sockeye("watch", capture, "--follow", "--stream", "19")
        assert result.stdout.startswith("→ aaaa".encode()) and b"19 of 19" in result.stderr, result
        result = sockeye("watch", capture, "--follow", "--stream", "20")
        assert result.returncode == 2 and b"has 19" in result.stderr, result


def test_scenario_files():
    """A file with a scenario is drawn like those that are built in; what is wrong in it is told by its line."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "mine.lab"
        file.write_text("title Mine\nup lose 1\nclient closes\nserver closes second\n")
        shown = printed("lab", str(file))
        assert shown.startswith("Mine\n") and "✗" in shown and "TIME-WAIT" in shown, shown
        file.write_text("title Mine\nup loose 1\n")
        for language, word in (("en", "line 2"), ("zh", "第 2 行")):
            result = sockeye("lab", str(file), "--language", language)
            assert result.returncode == 3 and word in result.stderr.decode() and "lose" in result.stderr.decode(), result
        assert sockeye("lab", "./nothing.lab", cwd=folder).returncode == 3
        text = (ROOT / "Documentation" / "ScenarioFiles.md").read_text()
        file.write_text("\n".join(line for line in text.splitlines() if line.startswith("    ")))
        assert "A lost answer" in printed("lab", str(file)) and sockeye("lab", str(file)).returncode == 0


def test_datagrams():
    """Datagrams have no states, and no page."""
    shown = printed("lab", "udp", "--language", "en")
    assert "ICMP port unreachable" in shown and "CLOSED" not in shown, shown
    assert sockeye("lab", "udp", "--html", "/dev/null").returncode == 2


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
    first, _, second = rest.splitlines()[-1].split()[-3:]
    assert {first, second} < {"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK", "TIME-WAIT", "CLOSED"}, rest


TALKER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
for line in sys.stdin:
    word, port = line.split()
    if word == "accept":
        connection = listener.accept()[0]
        connection.sendall(b"accepted\\n")
    else:
        connection = socket.create_connection(("127.0.0.1", int(port)))
        connection.sendall(b"connected\\n")
"""
"""A process that listens, accepts and connects when it is told to."""


def test_process():
    """A process's connections are watched, those that it accepts and opens later too, and nobody else's, until it ends."""
    if os.geteuid() != 0:
        raise support.Skip("to see packets takes root")
    listener, port = support.loopback_listener()
    with listener, subprocess.Popen([sys.executable, "-c", TALKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as talker:
        own = int(talker.stdout.readline())
        with subprocess.Popen(
            [support.SOCKEYE, "watch", "--pid", str(talker.pid), "--language", "en"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as watch:  # fmt: skip
            assert b"watching process" in watch.stderr.readline()
            with socket.create_connection(("127.0.0.1", port)) as other, listener.accept()[0] as stranger:
                other.sendall(b"somebody else's")
                assert stranger.recv(100)
            with socket.create_connection(("127.0.0.1", own)) as client:
                talker.stdin.write(f"accept 0\nconnect {port}\n".encode())
                talker.stdin.flush()
                assert client.recv(9) == b"accepted\n"
                with listener.accept()[0] as server:
                    assert server.recv(10) == b"connected\n"
            lines = iter(watch.stdout.readline, b"")
            shown = b"".join(itertools.takewhile(lambda line: b"len=10" not in line, lines)).decode()
            talker.stdin.close()
            assert talker.wait() == 0
            assert watch.stdout.read().decode().splitlines()[-1].split()[0] == "2"
            assert watch.wait() == 0, watch.stderr.read()
    assert f"→ 127.0.0.1:{own}  SYN" in shown and "len=9" in shown and "len=15" not in shown, shown


def test_process_refused():
    """A process that isn't there, or isn't one's own, is refused in words that say what it takes."""
    result = sockeye("watch", "--pid", "4194304", "--language", "en")
    assert result.returncode == 1 and b"ps -e" in result.stderr, result
    if os.geteuid() == 0:
        result = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", support.SOCKEYE, "watch", "--pid", "1"],
            capture_output=True, timeout=support.DEADLINE,
        )  # fmt: skip
        assert result.returncode == 1 and b"CAP_SYS_PTRACE" in result.stderr, result


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
