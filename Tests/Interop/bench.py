#!/usr/bin/env python3
"""`sockeye bench`: each mode over the kernel's TCP and over our own, and what it says of servers that aren't one."""

import contextlib
import http.server
import json
import signal
import socket
import threading

import support
from stack import Device, folder_with_files
from support import sockeye

SHORT = ["--for", "300ms"]
MODES = {
    "up": ["--direction", "up"],
    "down": ["--direction", "down"],
    "both": ["--direction", "both", "--connections", "2"],
    "echo": ["--mode", "echo", "--connections", "3", "--size", "1000"],
    "connections": ["--mode", "connections", "--connections", "2"],
    "datagrams": ["--mode", "datagrams", "--size", "100"],
}
PERCENTILES = ["nanosecondsMin", "nanosecondsP50", "nanosecondsP90", "nanosecondsP99", "nanosecondsP999", "nanosecondsMax"]


def measured(*arguments):
    """Runs a client to its end; answers its result."""
    answer = sockeye("bench", "--json", *SHORT, *arguments)
    assert answer.returncode == 0, (arguments, answer)
    return json.loads(answer.stdout.splitlines()[-1])


def check(name, result):
    """Holds a result to what its mode has to have measured."""
    assert result["event"] == "result" and result["failures"] == 0, result
    assert result["processorNanoseconds"] > 0 and result["serverProcessorNanoseconds"] >= 0, result
    if name in ("up", "down", "both"):
        for direction in ("up", "down"):
            assert (f"{direction}Bytes" in result) == (name in (direction, "both")), result
            if name in (direction, "both"):
                assert result[f"{direction}Bytes"] > 0 and result[f"{direction}BitsPerSecond"] > 0, result
        return
    assert result["operations"] > 0 and result["perSecond"] > 0, result
    times = [result[percentile] for percentile in PERCENTILES]
    assert times == sorted(times) and times[0] > 0, result
    if name == "datagrams":
        assert result["sent"] == result["operations"] + result["lost"], result


def test_modes_over_loopback():
    """Each mode measures what it should, over the kernel's TCP and UDP."""
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        for name, flags in MODES.items():
            check(name, measured(*flags, server.endpoint))
        check("echo", measured("--workers", "2", *MODES["echo"], server.endpoint))


def test_modes_against_a_stack():
    """Each mode measures a server on our own TCP and UDP."""
    with Device() as device:
        with support.Server("bench", *device.stack, "--serve", ":5201"):
            for name, flags in MODES.items():
                check(name, measured(*flags, f"{device.own}:5201"))


def test_modes_from_a_stack():
    """Each mode measures the kernel from our own TCP and UDP, over either family."""
    with Device() as device:
        with support.Server("bench", "--serve", ":0") as server:
            for name, flags in MODES.items():
                check(name, measured(*flags, *device.stack, f"{device.kernel}:{server.port}"))
            kernel6 = device.own6.replace("::2", "::1")
            check("echo", measured(*MODES["echo"], *device.stack, f"[{kernel6}]:{server.port}"))
            check("datagrams", measured(*MODES["datagrams"], *device.stack, f"[{kernel6}]:{server.port}"))


def test_a_pace():
    """At a rate, so many operations are begun and no more."""
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        for mode in ("echo", "connections", "datagrams"):
            result = measured("--mode", mode, "--per-second", "50", "--connections", "2", server.endpoint)
            # Of 300 ms; a busy machine does fewer, and those that are due at the very end may be left out.
            assert 1 <= result["operations"] <= 20, result


class Sized(http.server.BaseHTTPRequestHandler):
    """Answers with ten bytes, and closes after every third answer where it is told to."""

    protocol_version = "HTTP/1.1"
    answers = 0
    closes = False

    def do_GET(self):
        type(self).answers += 1
        self.send_response(200 if self.path == "/there?x=1" else 404)
        self.send_header("Content-Length", "10")
        if self.closes and self.answers % 3 == 0:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"0123456789")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def python_server(**attributes):
    """An HTTP server of Python's; answers its port."""
    handler = type("Handler", (Sized,), attributes)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        # A client that has measured enough leaves without having heard the rest.
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_http():
    """Requests are answered by other people's servers, also where connections end; what isn't 2xx is counted."""
    for closes in (False, True):
        with python_server(closes=closes) as port:
            result = measured("--mode", "http", "--connections", "2", f"http://127.0.0.1:{port}/there?x=1")
            assert result["operations"] > 0 and result["refusals"] == 0 and result["failures"] == 0, result
            result = measured("--mode", "http", f"127.0.0.1:{port}")
            assert result["operations"] > 0 and result["refusals"] == result["operations"], result


def test_http_of_serve_over_a_stack():
    """The file service on our own TCP is measured by the kernel's client."""
    with Device() as device, folder_with_files() as (folder, _):
        with support.Server("serve", *device.stack, "--listen", ":80", folder):
            result = measured("--mode", "http", "--connections", "4", f"http://{device.own}/small.txt")
            assert result["operations"] > 0 and result["refusals"] == 0 and result["failures"] == 0, result


def test_the_page():
    """What a person reads says the rate, the percentiles and the processor's time."""
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        answer = sockeye("bench", *SHORT, "--mode", "echo", server.endpoint)
        text = answer.stdout.decode()
        assert answer.returncode == 0 and "round trips a second" in text, answer
        for word in ("min ", "p50 ", "p99.9 ", "max ", "processor here: ", "; there: "):
            assert word in text, text
        answer = sockeye("bench", *SHORT, "--quiet", server.endpoint)
        assert answer.returncode == 0 and answer.stderr == b"" and b"up: " in answer.stdout, answer


def test_an_interrupt_ends_it_with_its_result():
    """The first INT ends the measurement, whose result is printed."""
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        with support.Program(support.SOCKEYE, "bench", "--json", "--mode", "echo", "--for", "1h", server.endpoint) as client:
            assert json.loads(client.process.stdout.readline())["event"] == "progress"
            client.process.send_signal(signal.SIGINT)
            *_, last = client.process.stdout.read().splitlines()
            assert json.loads(last)["operations"] > 0
            assert client.process.wait(support.DEADLINE) == 128 + 2


def test_servers_that_are_none():
    """Who isn't there, closes at once, says something else, or leaves while it is measured is told of in a line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer():
            for words in (b"", b"220 welcome\r\n"):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(words)

        thread = threading.Thread(target=answer)
        thread.start()
        for _ in range(2):
            refused = sockeye("bench", f"127.0.0.1:{port}")
            assert refused.returncode in (4, 7), refused
            assert len(refused.stderr.splitlines()) == 2, refused
        thread.join()
        assert b"bench --serve" in refused.stderr, refused
    absent = sockeye("bench", "127.0.0.1:1")
    assert absent.returncode == 4 and b"refused" in absent.stderr, absent
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        with support.Program(support.SOCKEYE, "bench", "--json", "--mode", "echo", "--for", "1h", server.endpoint) as client:
            assert json.loads(client.process.stdout.readline())["event"] == "progress"
            server.process.kill()
            assert client.process.wait(support.DEADLINE) == 4, client.errors


def test_clients_that_are_none():
    """A server closes on whoever asks for nothing that it knows, and goes on serving."""
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"SOCKBEN\x02" + b"\0" * 8, b"SOCKBEN\x01\x09" + b"\0" * 7):
            with socket.create_connection(("127.0.0.1", server.port), timeout=support.DEADLINE) as client:
                client.sendall(words)
                assert client.recv(1) == b"", words
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", server.port))
            for words in (b"", b"SBA1" + b"\0" * 60, b"SBQ1"):
                client.send(words)
            client.settimeout(support.DEADLINE)
            client.send(b"SBQ1" + b"\0" * 11 + b"\7")
            assert client.recv(100) == b"SBA1" + b"\0" * 11 + b"\7"
        check("echo", measured(*MODES["echo"], server.endpoint))


if __name__ == "__main__":
    support.main(globals())
