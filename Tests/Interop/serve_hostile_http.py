#!/usr/bin/env python3
"""What hostile clients send to `sockeye serve`, raw: HTTP that is none, slowness, PROXY headers, noise."""

import json
import os
import pathlib
import random
import re
import resource
import socket
import tempfile
import threading

import support
from support import wait_until
from support_hostile import Served, expect, parse

# HTTP: two lengths, a length and chunks, +5, 0x5, folding, bare LF, NUL, a space before the colon: 400 and close.
# Fields past a limit: 431. Unknown methods: 405. Pipelining, HEAD, Expect, HTTP/1.0.

MALFORMED = [
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n X: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x:80x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: user@x\r\n\r\n",
    b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
    b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1 x\r\nHost: x\r\n\r\n",
    b"GET /\r\nHost: x\r\n\r\n",
]


def test_malformed_requests():
    """Ambiguous lengths, folding, bare line feeds and NULs get 400, and nothing after them is answered"""
    with Served() as served:
        for data in MALFORMED:
            reply = served.raw(data + b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", end=False)
            status, head, body = parse(reply)
            assert status == 400, f"{data!r}: {status}"
            assert b"Connection: close" in head and b"hello" not in body, f"{data!r}: {reply!r}"
            # Behind a request that is still being answered it takes nothing away from that answer.
            reply = served.raw(
                b"GET /?plain HTTP/1.1\r\nHost: x\r\n\r\n" + data + b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", end=False
            )
            status, head, body = parse(reply)
            assert status == 200 and b"a.txt\n" in body and b"hello" not in body, f"after a request, {data!r}: {reply!r}"


def test_large_heads():
    """Header fields past a limit get 431"""
    with Served() as served:
        for fields in (b"X: " + b"a" * 40_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % n for n in range(2000))):
            reply = served.raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n", end=False)
            assert parse(reply)[0] == 431, reply[:60]
        reply = served.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000, end=False)
        assert parse(reply)[0] == 431, reply[:60]


def test_methods():
    """Methods that are not for files get 405 with Allow, known or not"""
    with Served() as served:
        for method in (b"POST", b"DELETE", b"PATCH", b"PUT", b"TRACE", b"BREW", b"X-Y"):
            status, head, _ = served.request(b"/a.txt", method)
            assert status == 405 and b"\r\nAllow: GET, HEAD, OPTIONS" in head, f"{method}: {head!r}"
        assert served.request(b"/a.txt", b"OPTIONS")[0] == 204
        assert (served.path / "a.txt").read_bytes() == b"hello\n"


def test_versions():
    """HTTP/1.0 is answered and closed, HTTP/2 without TLS refused"""
    with Served() as served:
        reply = served.raw(b"GET /a.txt HTTP/1.0\r\n\r\n", end=False)
        assert parse(reply)[2] == b"hello\n"
        reply = served.raw(b"GET /?plain HTTP/1.0\r\n\r\n", end=False)
        assert b"Transfer-Encoding" not in reply and b"a.txt\n" in reply
        reply = served.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", end=False)
        assert parse(reply)[0] in (400, 405, 505), reply
        with served.connect() as connection:
            for _ in range(2):
                connection.sendall(b"GET /ten HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                reply = connection.recv(65536)
                assert reply.endswith(b"0123456789") and b"Connection: keep-alive" in reply


def test_pipelining():
    """Pipelined requests are answered in order, HEAD without a body"""
    with Served() as served:
        requests = b"".join(
            b"%s /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (method, name)
            for method, name in [(b"GET", b"a.txt"), (b"HEAD", b"a.txt"), (b"GET", b"ten"), (b"GET", b"nope"), (b"GET", b"?plain")]
            * 50
        )
        reply = served.raw(requests + b"GET /ten HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", end=False)
        assert reply.count(b"HTTP/1.1 200 OK") == 201 and reply.count(b"HTTP/1.1 404") == 50
        assert reply.count(b"hello\n") == 50 and reply.endswith(b"0123456789")


def test_half_closure():
    """What was asked before the client ended its side is answered whole, however slowly the client reads"""
    with Served() as served:
        contents = os.urandom(30_000)
        (served.path / "part").write_bytes(contents)
        with served.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /part HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
            connection.shutdown(socket.SHUT_WR)
            reply = bytearray()
            while chunk := connection.recv(2000):
                reply += chunk
        assert reply.count(contents) == 40, f"{reply.count(contents)} of 40 responses"


def test_pipelining_without_reading():
    """A client that asks and never reads costs little memory, and nobody else waits"""
    with Served() as served:
        (served.path / "big").write_bytes(os.urandom(1 << 20))
        before = served.server.memory
        connections = []
        for _ in range(20):
            connection = served.connect()
            connection.settimeout(1)
            try:
                for _ in range(50):
                    connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
            except TimeoutError:
                pass
            connections.append(connection)
        assert expect(served, b"/a.txt", {200})[2] == b"hello\n"
        grown = served.server.memory - before
        assert grown < 32 << 20, f"{grown >> 20} MiB more"
        for connection in connections:
            connection.close()


def test_expect():
    """Expect: 100-continue gets its 100 before the body; other expectations 417"""
    with Served("--upload") as served:
        with served.connect() as connection:
            connection.sendall(
                b"PUT /new HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
            )
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"abc")
            assert parse(support.read_all(connection))[0] == 201
        assert (served.path / "new").read_bytes() == b"abc"
        reply = served.raw(
            b"PUT /new HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", end=False
        )
        assert parse(reply)[0] == 409
        assert served.request(b"/a.txt", fields=b"Expect: tea\r\n")[0] == 417


def test_codings_and_empty_lines():
    """A coding that is not known gets 501; empty lines before requests are skipped; HTTP/1.0 expects nothing"""
    with Served("--upload") as served:
        coded = b"PUT /n HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\n0\r\n\r\n"
        for field in (b"gzip, chunked", b"gzip\r\nTransfer-Encoding: chunked", b"x-own;q=1, chunked"):
            reply = served.raw(coded % field + b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", end=False)
            assert parse(reply)[0] == 501 and b"hello" not in reply, reply
        request = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
        reply = served.raw(b"\r\n" + request + b"\r\n" + request)
        assert reply.count(b"hello\n") == 2, reply
        old = b"PUT /old HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
        assert served.raw(old, end=False).startswith(b"HTTP/1.1 201 ")
        assert not (served.path / "n").exists()


def test_names_that_turn():
    """Names that would turn a line around or move a terminal are neutral in the page, the lists and the log"""
    marks = ["\u202e", "\u2066", "\x9b", "\u200f", "\ufeff", "\U000e0041", "\u2028"]
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        with Served("--access-log", log) as served:
            for mark in marks:
                (served.path / f"x{mark}gpj.exe").write_bytes(b"found")
            for form in (b"/?html", b"/?plain", b"/?json"):
                text = expect(served, form, {200})[2].decode()
                assert not any(mark in text for mark in marks), form
            for entry in json.loads(served.request(b"/?json", version=b"HTTP/1.0")[2])["entries"]:
                if entry["name"].startswith("x"):
                    assert expect(served, b"/" + entry["href"].encode(), {200})[2] == b"found"
            for mark in marks:
                served.raw(f"x{mark}none\n".encode())
                served.request(f"/{mark}".encode())
            wait_until(lambda: log.read_text().count("\n") >= 10 + 2 * len(marks), "lines in the log")
            assert not any(mark in log.read_text() for mark in marks)


# Slow heads, slow bodies, readers that never read: deadlines, and nobody else is held up. Running out of descriptors
# does not spin.


def test_slow_clients():
    """Slow heads get 408, slow bodies and readers that never read are cut, and nobody else waits"""
    with Served(
        "--upload", "--request-timeout", "1s", "--stall-timeout", "1s", "--idle-timeout", "1s"
    ) as served:  # fmt: skip
        (served.path / "big").write_bytes(bytes(64 << 20))
        silent, head, body, reader, idle = (served.connect() for _ in range(5))
        head.sendall(b"GET /a.txt HTTP/1.1\r\nHost:")
        body.sendall(b"PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.sendall(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(20):
            assert served.request(b"/a.txt")[0] == 200
        assert support.read_all(silent) == b""
        assert parse(support.read_all(head))[0] == 408
        try:
            assert parse(support.read_all(body))[0] == 408
        except ConnectionResetError:
            pass
        assert support.read_all(idle).endswith(b"hello\n")
        admin_open = lambda: open_sockets(served.server.process.pid) == 0
        wait_until(admin_open, "end of the connection of a client that reads nothing")
        for connection in (silent, head, body, reader, idle):
            connection.close()
        assert not (served.path / "slow").exists()


def open_sockets(pid):
    """Connections that a process holds, beside those it listens on."""
    inodes = set()
    for link in os.listdir(f"/proc/{pid}/fd"):
        try:
            match = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{link}"))
        except FileNotFoundError:
            continue
        if match:
            inodes.add(match.group(1))
    rows = pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return sum(1 for row in rows if row.split()[9] in inodes and row.split()[3] != "0A")


def test_descriptors_run_out():
    """Running out of descriptors neither spins nor ends the service"""
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    with Served(preexec_fn=limit) as served:
        connections = [served.connect() for _ in range(100)]
        ticks = lambda: sum(map(int, pathlib.Path(f"/proc/{served.server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        before, watch = ticks(), threading.Event()
        watch.wait(2)
        used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        assert used < 0.5, f"{used} s of CPU in 2 s"
        assert served.server.errors.count("no connection can be accepted: too many open files") == 1, served.server.errors
        for connection in connections:
            connection.close()
        wait_until(lambda: attempt(served), "answer once descriptors are free again")


def attempt(served):
    try:
        return served.request(b"/a.txt")[0] == 200
    except (AssertionError, OSError):
        return False


# What else may come: TLS where there is none, PROXY headers, noise.


def test_tls_without_certificate():
    """A TLS hello to a service without a certificate gets an alert"""
    with Served() as served:
        reply = served.raw(bytes.fromhex("160301000501000001") + b"\0" * 40, end=False)
        assert reply[:1] == b"\x15", reply


def test_proxy_header():
    """A PROXY header is demanded where it is believed, and a broken one ends the connection"""
    with Served("--proxy-from", "127.0.0.0/8", "--deny", "192.0.2.7") as served:
        request = b"GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert parse(served.raw(b"PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n" + request, end=False))[0] == 200
        assert parse(served.raw(b"PROXY TCP4 192.0.2.7 192.0.2.2 5 80\r\n" + request, end=False))[0] == 403
        assert parse(served.raw(b"PROXY UNKNOWN\r\n" + request, end=False))[0] == 200
        v2 = b"\r\n\r\n\0\r\nQUIT\n"
        block = bytes([0x21, 0x11, 0, 12, 192, 0, 2, 7, 192, 0, 2, 2, 0, 5, 0, 80])
        assert parse(served.raw(v2 + block + request, end=False))[0] == 403
        assert parse(served.raw(v2 + bytes([0x20, 0, 0, 0]) + request, end=False))[0] == 200
        for broken in (request, b"PROXY TCP4 x y 1 2\r\n" + request, b"PROXY " + b"x" * 200, v2 + b"\x31\x11\0\0" + request):
            assert served.raw(broken, end=False) == b"", broken[:30]


def test_random_bytes():
    """Random bytes, and requests with a few bytes changed, never end the service"""
    seed = int(os.environ.get("SOCKEYE_SEED", "20261121"))
    source = random.Random(seed)
    good = b"GET /ten HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,3-4\r\nIf-None-Match: \"a\"\r\nAccept-Encoding: gzip;q=0.5, br\r\n\r\n"
    try:
        with Served("--quiet-time", "5ms") as served:
            for _ in range(300):
                data = bytearray(good if source.random() < 0.8 else source.randbytes(source.randrange(1, 300)))
                for _ in range(source.randrange(0, 6)):
                    data[source.randrange(len(data))] = source.randrange(256)
                served.raw(bytes(data))
            assert served.request(b"/a.txt")[0] == 200
    except BaseException:
        print(f"seed {seed}")
        raise


if __name__ == "__main__":
    support.main(globals())
