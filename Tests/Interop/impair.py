#!/usr/bin/env python3
"""`sockeye impair`: a bad network in front of a port, and between two devices, with other people's programs at both ends."""

import contextlib
import functools
import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import support
from support import need, read_all, serving, sockeye
from support_host import BLOCK, OBSTACLE, run

SIZE = int(os.environ.get("SOCKEYE_IMPAIR_BULK", "4")) << 20


class Impaired(support.Server):
    """A network in front of a target of the test's own."""

    def __init__(self, target, network, *arguments, scheme=""):
        super().__init__("impair", *arguments, f"{scheme}127.0.0.1:0", f"{scheme}{target}", network)

    def end(self):
        """Ends it; answers what it said of packets in the end."""
        self.signal(signal.SIGINT)
        code, output = self.finish()
        assert code == 130, (code, self.errors)
        return output.decode()


@contextlib.contextmanager
def web_server():
    """A server of files: (endpoint, digest of its file)."""
    content = (BLOCK * (SIZE // len(BLOCK) + 1))[:SIZE]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "file").write_bytes(content)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        handler.log_message = lambda *_: None
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"127.0.0.1:{server.server_address[1]}", hashlib.sha256(content).hexdigest()
            server.shutdown()


def fetch(endpoint, *arguments):
    return subprocess.run(
        [need("curl"), "-sS", "--noproxy", "*", *arguments, f"http://{endpoint}/file"], capture_output=True, timeout=120
    )


def test_curl_gets_every_byte():
    """Whatever happens to packets, what curl fetches is whole, and what happened to packets is told."""
    with web_server() as (target, digest):
        with Impaired(target, "delay=1ms,loss=3%,duplicate=1%,reorder=1%,corrupt=1%", "--json", "--seed", 7) as path:
            for _ in range(2):
                answer = fetch(path.endpoint)
                assert answer.returncode == 0, answer.stderr
                assert hashlib.sha256(answer.stdout).hexdigest() == digest
            lines = [json.loads(line) for line in path.end().splitlines()]
        assert lines[0]["event"] == "listening" and lines[0]["seed"] == 7, lines[0]
        last = lines[-1]
        assert last["event"] == "ended" and last["downBytes"] > 2 * SIZE, last
        for what in ("Lost", "Duplicated", "Reordered", "Corrupted"):
            share = last[f"down{what}"] / last["downPackets"]
            assert 0.003 < share < 0.05, (what, share)


def test_refusal_is_passed_on():
    """That the target refuses reaches the client as a reset, and a line says why."""
    listener, port = support.loopback_listener()
    listener.close()
    with Impaired(f"127.0.0.1:{port}", "delay=1ms") as path:
        with support.connect(path) as connection:
            try:
                assert connection.recv(1) == b"", "the target said something"
                raise AssertionError("an end of stream where a reset was due")
            except ConnectionResetError:
                pass
        path.wait_for("refused")


def test_half_close_is_passed_on():
    """A client that has said all gets the answer that comes after."""
    def answer(connection):
        connection.sendall(read_all(connection).upper())

    with Impaired(serving(answer), "delay=2ms,loss=5%") as path, support.connect(path) as connection:
        connection.sendall(b"all that i say " * 1000)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b"ALL THAT I SAY " * 1000


def test_reset_is_passed_on():
    """A target's reset resets the client."""
    def reset(connection):
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with Impaired(serving(reset), "delay=1ms") as path, support.connect(path) as connection:
        connection.sendall(b"x")
        try:
            connection.recv(1)
            raise AssertionError("no reset")
        except ConnectionResetError:
            pass


def test_streams_are_cut_where_asked():
    """`close=` ends a stream after exactly so many bytes; `reset=` resets it; `silence=` says nothing more."""
    def speak(connection):
        connection.sendall(b"0123456789" * 1000)
        read_all(connection)

    with Impaired(serving(speak), "down:close=4KiB") as path, support.connect(path) as connection:
        assert read_all(connection) == (b"0123456789" * 1000)[:4096]
    with Impaired(serving(speak), "down:reset=4KiB") as path, support.connect(path) as connection:
        try:
            while connection.recv(65536):
                pass
            raise AssertionError("no reset")
        except ConnectionResetError:
            pass
    with Impaired(serving(speak), "down:silence=4KiB") as path, support.connect(path) as connection:
        got = b""
        while len(got) < 4096:
            got += connection.recv(65536)
        connection.settimeout(0.3)
        try:
            more = connection.recv(1)
            raise AssertionError(f"{more!r} after the silence began")
        except TimeoutError:
            pass
        assert got == (b"0123456789" * 1000)[:4096]


def test_slow_reader_holds_the_sender_back():
    """What the client doesn't read stays where it came from: memory does not grow with it."""
    sent, stands = [0], threading.Event()

    def flood(connection):
        connection.settimeout(1)
        try:
            while True:
                sent[0] += connection.send(bytes(1 << 20))
        except TimeoutError:
            stands.set()

    with Impaired(serving(flood), "delay=1ms") as path, support.connect(path) as connection:
        connection.recv(1)
        assert stands.wait(support.DEADLINE), "the sender was never held back"
        assert sent[0] < 64 << 20, sent
        assert path.memory < 128 << 20, path.memory


def test_datagrams_are_lost_as_often_as_asked():
    """Of UDP's datagrams, each that is lost is counted, and as many are lost as the seed says, each time."""
    counts = []
    for _ in range(2):
        receiver, port = support.loopback_listener(kind=socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        with receiver, Impaired(f"127.0.0.1:{port}", "up:loss=20%", "--json", "--seed", 5, scheme="udp://") as path:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.settimeout(support.DEADLINE)
                sender.connect(("127.0.0.1", path.port))
                received = 0
                for batch in range(40):
                    for number in range(50):
                        sender.send(b"%d" % (batch * 50 + number))
                    receiver.settimeout(0.05)
                    with contextlib.suppress(TimeoutError):
                        while True:
                            _, address = receiver.recvfrom(100)
                            received += 1
                receiver.sendto(b"an answer", address)
                assert sender.recv(100) == b"an answer"
            last = json.loads(path.end().splitlines()[-1])
        assert last["upPackets"] == 2000 and received == 2000 - last["upLost"], (last, received)
        counts.append(received)
    assert counts[0] == counts[1] and 1530 <= counts[0] <= 1670, counts


def control(place, *lines):
    """What a control socket answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(support.DEADLINE)
        connection.connect(place)
        connection.sendall("".join(line + "\n" for line in lines).encode())
        connection.shutdown(socket.SHUT_WR)
        return [json.loads(line) for line in read_all(connection).splitlines()]


def test_network_changes_while_it_runs():
    """The control socket changes the network, tells its counters, refuses what can't be, and is gone in the end."""
    with web_server() as (target, digest), tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/control"
        with Impaired(target, "loss=100%", "--control", f"unix:{place}") as path:
            client = subprocess.Popen(
                [need("curl"), "-sS", "--noproxy", "*", f"http://{path.endpoint}/file"], stdout=subprocess.PIPE
            )
            support.wait_until(lambda: control(place, "status")[0]["upLost"] > 0, "a loss")
            answers = control(place, "loss=0", "mtu=1400", "speed=1", "status")
            assert [answer["event"] for answer in answers] == ["changed", "error", "error", "counters"], answers
            assert hashlib.sha256(client.communicate(timeout=60)[0]).hexdigest() == digest
            path.end()
            assert not os.path.exists(place)


def test_timetable_is_followed():
    """A timetable's changes come one after the other."""
    with web_server() as (target, digest), tempfile.NamedTemporaryFile("w", suffix=".txt") as table:
        table.write("# a bad moment\nat 0s loss=100%\nat 300ms loss=0\n")
        table.flush()
        with Impaired(target, "delay=1ms", "--timetable", table.name) as path:
            assert hashlib.sha256(fetch(path.endpoint).stdout).hexdigest() == digest
            path.wait_for("loss=100%")
            path.wait_for("loss=0")


def test_calls_that_cannot_be():
    """What makes no sense is exit 2, with a line that says why."""
    for arguments, part in [
        (["0", "127.0.0.1:1"], "LISTEN TARGET SPEC"), (["0", "127.0.0.1:1", "loss=2"], "'2'"),
        (["0", "tls://127.0.0.1:1", "loss=1%"], "TLS"), (["udp://:0", "127.0.0.1:1", "loss=1%"], "datagrams"),
        (["udp://127.0.0.1:0", "udp://127.0.0.1:1", "reset=1KiB"], "streams"), (["--tun", "a", "loss=1%"], "twice"),
        (["--tun", "a", "--tun", "b", "reset=1KiB"], "streams"), (["0", "127.0.0.1:1", "profile=5g"], "bad-wifi"),
        (["--max-streams", "0", "0", "127.0.0.1:1", ""], "--max-streams"),
    ]:
        answer = sockeye("impair", *arguments)
        assert answer.returncode == 2 and part in answer.stderr.decode(), (arguments, answer)
    answer = sockeye("impair", "--timetable", "/nonexistent", "0", "127.0.0.1:1", "loss=1%")
    assert answer.returncode == 3, answer


def test_too_many_streams_are_turned_away():
    """Beyond --max-streams a client is reset at once, and those who are there go on."""
    with Impaired(serving(lambda connection: connection.sendall(read_all(connection))), "delay=1ms", "--max-streams", 1) as path:
        with support.connect(path) as first:
            path.wait_for("1 at present")
            with support.connect(path) as second:
                try:
                    assert second.recv(1) == b""
                    raise AssertionError("an end of stream where a reset was due")
                except ConnectionResetError:
                    pass
            path.wait_for("--max-streams")
            first.sendall(b"still here")
            first.shutdown(socket.SHUT_WR)
            assert read_all(first) == b"still here"


def test_many_failures_are_told_in_few_lines():
    """Where the target refuses, each of many clients is reset, and one line a second at most tells how many there were."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        count, start = 40, time.monotonic()
        with Impaired(f"127.0.0.1:{closed.getsockname()[1]}", "delay=1ms") as path:
            for _ in range(count):
                with support.connect(path) as client:
                    try:
                        assert client.recv(1) == b""
                        raise AssertionError("an end of stream where a reset was due")
                    except ConnectionResetError:
                        pass
            path.end()
            lines = [line for line in path.errors.splitlines() if line.startswith("sockeye: ")]
            told = [re.match(r"sockeye: (?:(\d+) more, the last: )?(.*)", line).groups() for line in lines]
            assert sum(int(number or 1) for number, _ in told) == count, lines
            assert len({reason for _, reason in told}) == 1 and "refused" in told[0][1], lines
            assert len(lines) <= 3 + time.monotonic() - start, lines


def test_devices_are_joined():
    """Between two devices, each in a network of its own, ping takes as long as it should and loses what it should."""
    if OBSTACLE:
        raise support.Skip(OBSTACLE)
    with tempfile.TemporaryDirectory() as folder:
        ready = pathlib.Path(folder) / "ready"
        arguments = ["impair", "--ready-file", ready, "--json", "--tun", "wire0", "--tun", "wire1", "delay=20ms"]
        with support.Program(support.SOCKEYE, *arguments) as program, support.Program("unshare", "--net", "cat") as far:
            support.wait_until(ready.exists, "ready file")
            inside = ["nsenter", "--target", str(far.process.pid), "--net"]
            support.wait_until(lambda: os.readlink(f"/proc/{far.process.pid}/ns/net") != os.readlink("/proc/self/ns/net"), "net")
            run("ip", "link", "set", "wire1", "netns", far.process.pid)
            run(*inside, "ip", "address", "add", "10.78.0.2/24", "dev", "wire1")
            run(*inside, "ip", "link", "set", "wire1", "up")
            run("ip", "address", "add", "10.78.0.1/24", "dev", "wire0")
            run("ip", "link", "set", "wire0", "up")
            ping = subprocess.run(["ping", "-c", "5", "-i", "0.05", "10.78.0.2"], capture_output=True, text=True, timeout=60)
            times = [float(found) for found in re.findall(r"time=([\d.]+)", ping.stdout)]
            assert len(times) == 5 and min(times) >= 40, ping.stdout
            program.signal(signal.SIGTERM)
            code, output = program.finish()
            last = json.loads(output.splitlines()[-1])
            assert code == 143 and last["event"] == "ended" and last["upPackets"] >= 5, (code, last)


if __name__ == "__main__":
    support.main(globals())
