"""`connect --reconnect`, `--total` and `--keepalive`."""

import contextlib
import json
import socket
import struct
import subprocess
import threading

import support
from support import DEADLINE, Program, SOCKEYE, loopback_listener, need, serving, sockeye, wait_until


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def accept(listener):
    listener.settimeout(DEADLINE)
    connection, _ = listener.accept()
    connection.settimeout(DEADLINE)
    return connection


def client(*arguments, **options):
    return Program(SOCKEYE, "connect", "--backoff", "10ms..50ms", *arguments, **options)


def test_lost_and_made_again():
    """a connection that ends, or is reset, is made again, until this side is told to end"""
    listener, port = loopback_listener()
    with listener, client("--reconnect", "--on-eof", "hold", f"127.0.0.1:{port}", stdin=subprocess.DEVNULL) as program:
        heard = b""
        for word, end in (b"one\n", socket.socket.close), (b"two\n", reset), (b"three\n", None):
            connection = accept(listener)
            connection.sendall(word)
            while not heard.endswith(word):
                heard += program.process.stdout.read1(100)
            if end:
                end(connection)
        assert heard == b"one\ntwo\nthree\n", heard
        program.signal(2)
        with connection:
            assert program.finish()[0] == 130, program.errors


def test_input_goes_on():
    """what is left of the input goes to the next connection, and its end is the conversation's"""
    listener, port = loopback_listener()
    with listener, client("--reconnect", f"127.0.0.1:{port}") as program:
        program.send(b"first\n")
        with accept(listener) as connection:
            assert connection.recv(100) == b"first\n"
        program.wait_for("again in")
        program.send(b"second\n")
        with accept(listener) as connection:
            assert connection.recv(100) == b"second\n"
            program.process.stdin.close()
            assert connection.recv(100) == b""
            connection.sendall(b"bye")
        assert program.finish() == (0, b"bye"), program.errors


def test_refused_first():
    """--reconnect waits for a server that isn't there yet; --retry limits how often, and a name that is wrong ends it"""
    listener, port = loopback_listener()
    listener.close()
    with client("--reconnect", f"127.0.0.1:{port}") as program:
        program.wait_for("(attempt 2)")
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()
            program.process.stdin.close()
            with accept(listener) as connection:
                assert connection.recv(100) == b""
        assert program.finish()[0] == 0, program.errors
    limited = sockeye("connect", "--reconnect", "--retry", "2", "--backoff", "1ms", f"127.0.0.1:{port}")
    assert limited.returncode == 4 and limited.stderr.count(b"again in") == 2, limited


def test_hanging_up():
    """a peer that accepts and hangs up at once is not called faster and faster: the pauses double"""
    listener, port = loopback_listener()

    def hang_up():
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    threading.Thread(target=hang_up, daemon=True).start()
    flags = ["--json", "--reconnect", "--on-eof", "hold", "--retry", "5", "--backoff", "5ms..10s"]
    answer = sockeye("connect", *flags, f"127.0.0.1:{port}")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    pauses = [event["afterMilliseconds"] for event in map(json.loads, answer.stdout.splitlines()) if event["event"] == "retrying"]
    assert pauses == [5, 10, 20, 40, 80] and answer.returncode == 4, (pauses, answer)


def test_reconnects_not():
    """a conversation that is over is not begun again: all is said, or the certificate is not trusted"""
    heard = []

    def once(connection):
        heard.append(support.read_all(connection))
        reset(connection)

    answer = sockeye("connect", "-q", "--reconnect", "--send", "hello", serving(once))
    assert answer.returncode in (0, 4) and heard == [b"hello"], (answer, heard)


def test_total():
    """--total ends a conversation with exit code 10 however busy it is, connecting, shaking hands or waiting to"""
    closed, port = loopback_listener()
    closed.close()

    def chatter(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 1000)

    def silent(connection):
        with contextlib.suppress(OSError):
            while connection.recv(1 << 16):
                pass

    total = ["-q", "--total", "400ms", "--on-eof", "hold"]
    for arguments in (
        [serving(chatter)], [serving(silent)], ["--tls", "--insecure", serving(silent)],
        ["--reconnect", f"127.0.0.1:{port}"], ["--retry", "9", "--backoff", "1h", f"127.0.0.1:{port}"],
        ["--reconnect", "--backoff", "1h", serving(socket.socket.close)], ["--proxy", f"http://{serving(silent)}", "nobody.invalid:1"],
        ["--send", "x", "--every", "1ms", serving(silent)],
    ):
        answer = sockeye("connect", *total, *arguments)
        assert answer.returncode == 10, (arguments, answer)
    assert sockeye("connect", "--total", "30s", "--send", "x", serving(lambda connection: connection.recv(1))).returncode == 0


def test_keepalive():
    """--keepalive is what the kernel has for the connection, on either side"""
    ss = need("ss")
    with support.Server("listen", "--keepalive", "1000s,7s,3", "127.0.0.1:0") as server, \
            Program(SOCKEYE, "connect", "--keepalive", "2000s", server.endpoint) as program:
        program.wait_for("connected")

        def timers():
            lines = subprocess.run(
                [ss, "-tnoH", f"( sport = :{server.port} or dport = :{server.port} )"], capture_output=True, text=True, check=True,
            ).stdout.splitlines()
            return sum("keepalive,16min" in line for line in lines), sum("keepalive,33min" in line for line in lines)

        wait_until(lambda: timers() == (1, 1), "keep-alive timers of both sides")
    for wrong in "", "0s", "500ms", "1s,", "1s,1s,0", "1s,1s,128", "32768s", "1s,1s,1,1", "30":
        assert sockeye("connect", "--keepalive", wrong, "127.0.0.1:1").returncode == 2, wrong


if __name__ == "__main__":
    support.main(globals())
