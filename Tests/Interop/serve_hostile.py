#!/usr/bin/env python3
"""What hostile clients send to `sockeye serve`, raw: each line of the list of attacks has a test here."""

import json
import os
import pathlib
import random
import re
import resource
import socket
import struct
import subprocess
import tempfile
import threading

import support
from support import wait_until

SECRET = b"this must never leave"


class Served:
    """A directory, something secret beside it, and a service for it."""

    def __init__(self, *arguments, **options):
        self._arguments, self._options = arguments, options

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.outside = pathlib.Path(self._folder.name)
        (self.outside / "x").write_bytes(SECRET)
        self.path = self.outside / "served"
        self.path.mkdir()
        (self.path / "a.txt").write_bytes(b"hello\n")
        (self.path / "ten").write_bytes(b"0123456789")
        (self.path / "sub").mkdir()
        (self.path / "sub" / "b.txt").write_bytes(b"below\n")
        (self.path / ".covert").write_bytes(SECRET)
        (self.path / ".git").mkdir()
        (self.path / ".git" / "config").write_bytes(SECRET)
        self.server = support.Server("serve", self.path, "--listen", "127.0.0.1:0", *self._arguments, **self._options)
        return self

    def __exit__(self, *exception):
        died = self.server.process.poll()
        self.server.__exit__(*exception)
        self._folder.cleanup()
        if exception[0] is None:
            assert died is None, f"the service ended with {died}:\n{self.server.errors}"

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=support.DEADLINE)
        return connection

    def raw(self, data, end=True):
        """Sends bytes, answers everything that comes back."""
        with self.connect() as connection:
            try:
                connection.sendall(data)
                if end:
                    connection.shutdown(socket.SHUT_WR)
                return support.read_all(connection)
            except (ConnectionResetError, BrokenPipeError):
                return b""

    def request(self, target, method=b"GET", fields=b"", version=b"HTTP/1.1"):
        """One request and its response: (status, head, body)."""
        data = method + b" " + target + b" " + version + b"\r\nHost: x\r\nConnection: close\r\n" + fields + b"\r\n"
        with self.connect() as connection:
            connection.sendall(data)
            return parse(support.read_all(connection))


def parse(response):
    head, _, body = response.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    assert match, f"no response: {response[:200]!r}"
    return int(match.group(1)), head, body


def expect(served, target, statuses, method=b"GET", fields=b""):
    status, head, body = served.request(target, method, fields)
    assert status in statuses, f"{method} {target[:80]!r}: {status}, not {statuses}"
    assert SECRET not in head + body and b"root:" not in body, f"{target!r} leaked"
    return status, head, body


# Paths, sent raw, against every method and both protocols: up, escaped once and twice, backslashes, absolute and
# authority forms, NUL, overlong UTF-8, names that are no UTF-8 and exist, components of 255 and 256 bytes, 64 KiB targets.

TRAVERSALS = [
    (b"/../x", {404}), (b"/..%2fx", {400}), (b"/%2e%2e/x", {404}), (b"/%252e%252e/x", {404}), (b"/..", {404}),
    (b"/sub/../../x", {404}), (b"/sub/%2e%2e/%2e%2e/x", {404}), (b"/..\\x", {404}), (b"/..%5cx", {404}),
    (b"/\\x", {404}), (b"/%5c", {404}), (b"//etc/passwd", {404}), (b"///x", {404}), (b"/a.txt/../../x", {404}),
    (b"http://h/../x", {404}), (b"http://h//etc/passwd", {404}), (b"/%00", {400}), (b"/a.txt%00.png", {400}),
    (b"/%c0%ae%c0%ae/x", {404}), (b"/%e0%80%ae%e0%80%ae/x", {404}), (b"/%zz", {400}), (b"/%", {400}), (b"/%4", {400}),
    (b"/./a.txt", {404}), (b"/.covert", {404}), (b"/.git/config", {404}), (b"/.git/", {404}), (b"/%2ecovert", {404}),
    (b"/" + b"n" * 255, {404}), (b"/" + b"n" * 256, {404}), (b"/a.txt/", {404}), (b"/sub//b.txt", {404}),
    (b"/nope?json", {404}),
]  # fmt: skip


def test_traversals():
    """Paths that try to leave the directory get 400 or 404, by every method"""
    with Served("--upload") as served:
        for target, statuses in TRAVERSALS:
            for method in (b"GET", b"HEAD"):
                expect(served, target, statuses, method)
            expect(served, target, statuses | {400, 403, 404, 409}, b"PUT", b"Content-Length: 0\r\n")
            for method in (b"DELETE", b"POST", b"PATCH", b"BREW"):
                expect(served, target, {405}, method)
        assert sorted(os.listdir(served.outside)) == ["served", "x"]
        assert (served.outside / "x").read_bytes() == SECRET


def test_bare_name_traversals():
    """Bare names that try to leave the directory are missing"""
    with Served() as served:
        names = [
            b"../x", b"../../etc/passwd", b"/etc/passwd", b"//etc/passwd", b"sub/../../x", b".covert", b".git/config",
            b"a.txt\0.png", b"\\..\\x", b"n" * 256, b"n" * 5000, b"\xff\xfe", b"./a.txt", b"sub", b"", b"\n",
        ]  # fmt: skip
        for name in names:
            reply = served.raw(name)
            assert reply in (b"1", b""), f"{name[:60]!r}: {reply!r}"
        assert served.raw(b"a.txt") == b"hello\n"


def test_authority_form():
    """A target in authority form, an asterisk and a fragment are no files"""
    with Served() as served:
        for target in (b"example.com:80", b"*", b"/a.txt#x", b"a.txt", b"ftp://h/a.txt"):
            status, _, _ = served.request(target)
            assert status == 400, f"{target!r}: {status}"
        status, _, body = served.request(b"http://other.example/a.txt")
        assert (status, body) == (200, b"hello\n")


def test_names_that_are_no_utf8():
    """A name that is not UTF-8 and does exist is listed, and served by its reference"""
    with Served() as served:
        odd = os.fsencode(served.path) + b"/caf\xe9"
        with open(odd, "wb") as file:
            file.write(b"latin")
        assert expect(served, b"/caf%e9", {200})[2] == b"latin"
        assert served.raw(b"caf\xe9") == b"latin"
        assert b'"href":"caf%E9"' in expect(served, b"/?json", {200})[2]
        assert b'href="caf%E9"' in expect(served, b"/?html", {200})[2]


def test_long_names():
    """A component of 255 bytes is served, one of 256 is not found, a target of 64 KiB is 414"""
    with Served() as served:
        name = "n" * 255
        (served.path / name).write_bytes(b"long")
        assert expect(served, b"/" + name.encode(), {200})[2] == b"long"
        expect(served, b"/" + name.encode() + b"n", {404})
        expect(served, b"/" + b"n" * 65536, {414})
        expect(served, b"/" + b"n" * 9000, {414})
        assert parse(served.raw(b"GET /" + b"n" * 500_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", end=False))[0] == 414


# Symbolic links out, in, looping, dangling (a parent that is swapped for one is at the end); FIFOs, devices, sockets;
# dotfiles hidden and denied alike; names with CR LF or markup in listings and headers.


def test_links():
    """Symbolic links out, looping, dangling and to hidden files are not found; links inside are followed"""
    with Served() as served:
        links = {
            "out": "/etc/passwd", "up": "../x", "loop": "loop", "dangling": "nothing", "dir": "/etc", "hide": ".covert",
            "in": "a.txt", "insub": "sub", "gitlink": ".git", "proc": "/proc/self/root",
        }  # fmt: skip
        for name, target in links.items():
            (served.path / name).symlink_to(target)
        for name in ("out", "up", "loop", "dangling", "hide", "dir/passwd", "dir/", "gitlink/config", "proc/etc/passwd"):
            expect(served, b"/" + name.encode(), {404})
        assert expect(served, b"/in", {200})[2] == b"hello\n"
        assert expect(served, b"/insub/b.txt", {200})[2] == b"below\n"
        listing = expect(served, b"/?json", {200})[2]
        for name in ("out", "up", "loop", "dangling", "hide", "dir", "gitlink", "proc"):
            assert b'"name":"%s"' % name.encode() not in listing, f"{name} is listed"
        for form in (b"/?zip", b"/?tar"):
            expect(served, form, {200})


def test_special_files():
    """FIFOs never block and are forbidden, as sockets are; hidden files are neither listed nor served"""
    with Served() as served:
        os.mkfifo(served.path / "fifo")
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(served.path / "socket"))
        expect(served, b"/fifo", {403})
        expect(served, b"/socket", {403})
        assert served.raw(b"fifo") == b"1"
        for form in (b"/?json", b"/?html", b"/?plain", b"/?tar", b"/?zip"):
            body = expect(served, form, {200})[2]
            for word in (b"fifo", b"socket", b".covert", b".git"):
                assert word not in body, f"{word} in {form}: {body}"
        unix.close()


def test_devices():
    """A device is forbidden"""
    with Served() as served:
        try:
            os.mknod(served.path / "zero", 0o20666, os.makedev(1, 5))
        except PermissionError:
            raise support.Skip("making a device needs root")
        expect(served, b"/zero", {403})


def test_names_with_markup():
    """Names with CR LF, quotes or markup stay names in listings and headers"""
    with Served() as served:
        folder = served.path / "f\r\nSet-Cookie: a=b"
        folder.mkdir()
        (served.path / "<img src=x onerror=alert(1)>").write_bytes(b"")
        (served.path / "q\"'&").write_bytes(b"")
        (served.path / "line\nbreak").write_bytes(b"")
        html = expect(served, b"/?html", {200})[2]
        assert b"<img" not in html and b"onerror=alert(1)&gt;" in html and b"&quot;&#39;&amp;" in html
        _, head, _ = expect(served, b"/?html", {200})
        assert b"Content-Security-Policy: default-src 'none'" in head
        _, head, _ = expect(served, b"/f%0d%0aSet-Cookie:%20a=b", {301})
        assert b"\r\nSet-Cookie" not in head and b"Location: /f%0D%0ASet-Cookie%3A%20a%3Db/" in head
        _, head, _ = expect(served, b"/f%0d%0aSet-Cookie:%20a=b/?zip", {200})
        assert b"\r\nSet-Cookie" not in head
        plain = expect(served, b"/?plain", {200})[2]
        assert b"line?break\n" in plain
        listing = json.loads(expect(served, b"/?json", {200})[2])
        assert "line\nbreak" in [entry["name"] for entry in listing["entries"]]
        _, head, _ = expect(served, b"/sub?a=%0d%0aX:y", {301})
        assert b"\r\nX:y" not in head


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


# Ranges: 0-0, -0, -1, N- at the end, reversed, thirteen hundred, twenty digits, the smallest Int64, other units;
# If-Range by tag and by date. A file that shrinks, grows or is replaced while it is sent: cut, never padded.

RANGES = [
    (b"bytes=0-0", 206, b"0", b"bytes 0-0/10"), (b"bytes=-1", 206, b"9", b"bytes 9-9/10"),
    (b"bytes=-0", 416, None, b"bytes */10"), (b"bytes=10-", 416, None, b"bytes */10"),
    (b"bytes=9-", 206, b"9", b"bytes 9-9/10"), (b"bytes=5-2", 200, b"0123456789", None),
    (b"bytes=0-99999999999999999999", 206, b"0123456789", b"bytes 0-9/10"),
    (b"bytes=99999999999999999999-", 416, None, b"bytes */10"),
    (b"bytes=-9223372036854775808", 206, b"0123456789", b"bytes 0-9/10"),
    (b"bytes=-99999999999999999999999", 206, b"0123456789", b"bytes 0-9/10"),
    (b"bytes=9223372036854775807-9223372036854775807", 416, None, b"bytes */10"),
    (b"bytes=" + b",".join(b"0-" for _ in range(1300)), 200, b"0123456789", None),
    (b"bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(10)) + b",0-9", 200, b"0123456789", None),
    (b"items=0-1", 200, b"0123456789", None), (b"bytes", 200, b"0123456789", None),
    (b"bytes=", 200, b"0123456789", None), (b"bytes=+1-2", 200, b"0123456789", None),
    (b"bytes=1-2-3", 200, b"0123456789", None), (b"bytes=0x1-2", 200, b"0123456789", None),
    (b"bytes=--1", 200, b"0123456789", None), (b"BYTES=2-3", 206, b"23", b"bytes 2-3/10"),
]  # fmt: skip


def test_ranges():
    """Ranges at every edge: first, last, none, reversed, thirteen hundred, twenty digits, other units"""
    with Served() as served:
        for field, status, body, content_range in RANGES:
            got, head, data = served.request(b"/ten", fields=b"Range: " + field + b"\r\n")
            assert got == status, f"{field[:60]!r}: {got}"
            assert body is None or data == body, f"{field[:60]!r}: {data!r}"
            assert content_range is None or b"Content-Range: " + content_range in head, f"{field!r}: {head!r}"
        (served.path / "empty").write_bytes(b"")
        assert served.request(b"/empty", fields=b"Range: bytes=0-0\r\n")[0] == 416


def test_if_range():
    """If-Range by tag and by date: the range if it matches, the whole if not"""
    with Served() as served:
        os.utime(served.path / "ten", (1_000_000_000, 1_000_000_000))
        head = served.request(b"/ten")[1]
        tag = re.search(rb"ETag: (\S+)", head).group(1)
        date = re.search(rb"Last-Modified: ([^\r]+)", head).group(1)
        for field, status in [
            (tag, 206), (b'"other"', 200), (b"W/" + tag, 200), (date, 206),
            (b"Sun, 09 Sep 2001 01:46:41 GMT", 200), (b"nonsense", 200),
        ]:  # fmt: skip
            got = served.request(b"/ten", fields=b"Range: bytes=0-1\r\nIf-Range: " + field + b"\r\n")[0]
            assert got == status, f"{field!r}: {got}"


def test_file_shrinks():
    """A file that shrinks, grows or is rewritten while it is sent ends in a cut connection, and is never padded"""
    with Served() as served:
        size = 64 << 20
        for change in ("shrink", "grow", "rewrite"):
            path = served.path / "changing"
            with open(path, "wb") as file:
                for _ in range(size >> 20):
                    file.write(b"\x01" * (1 << 20))
            with served.connect() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
                connection.sendall(b"GET /changing HTTP/1.1\r\nHost: x\r\n\r\n")
                data = bytearray(connection.recv(65536))
                if change == "shrink":
                    os.truncate(path, 1 << 20)
                elif change == "grow":
                    with open(path, "ab") as file:
                        file.write(b"\x02" * 100)
                else:
                    with open(path, "r+b") as file:
                        file.seek(size - 10)
                        file.write(b"\x03" * 10)
                try:
                    while chunk := connection.recv(1 << 20):
                        data += chunk
                except ConnectionResetError:
                    pass
            body = bytes(data).partition(b"\r\n\r\n")[2]
            assert len(body) < size, f"{change}: all {len(body)} bytes came"
            assert body.count(b"\x01") == len(body), f"{change}: bytes that were never in the file"
        assert served.request(b"/a.txt")[0] == 200


def test_file_is_replaced():
    """A file that is replaced while it is sent arrives whole as it was, or is cut: never a mixture"""
    with Served() as served:
        size = 32 << 20
        path = served.path / "replaced"
        path.write_bytes(b"\x01" * size)
        (served.path / "other").write_bytes(b"\x02" * size)
        with served.connect() as connection:
            connection.sendall(b"GET /replaced HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            data = bytearray(connection.recv(65536))
            os.replace(served.path / "other", path)
            try:
                data += support.read_all(connection)
            except ConnectionResetError:
                pass
        body = bytes(data).partition(b"\r\n\r\n")[2]
        assert b"\x02" not in body


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
        for connection in connections:
            connection.close()
        wait_until(lambda: attempt(served), "answer once descriptors are free again")


def attempt(served):
    try:
        return served.request(b"/a.txt")[0] == 200
    except (AssertionError, OSError):
        return False


# A parent swapped for a link while it is being read.


def test_swap_race():
    """A folder that is swapped for a link out, over and over, leaks nothing"""
    count = int(os.environ.get("SOCKEYE_SWAPS", "5000"))
    with Served() as served:
        outside = served.outside / "outside"
        outside.mkdir()
        (outside / "b.txt").write_bytes(SECRET)
        (served.path / "link").symlink_to(outside)
        (served.path / "real").mkdir()
        (served.path / "real" / "b.txt").write_bytes(b"below\n")
        over = threading.Event()

        def swap():
            here = os.fsencode(served.path)
            while not over.is_set():
                os.rename(here + b"/real", here + b"/swap")
                os.rename(here + b"/link", here + b"/real")
                os.rename(here + b"/real", here + b"/link")
                os.rename(here + b"/swap", here + b"/real")

        swapper = threading.Thread(target=swap)
        swapper.start()
        statuses = {}
        try:
            with served.connect() as connection:
                stream = connection.makefile("rb")
                batch = 50
                for _ in range(count // batch):
                    connection.sendall(b"GET /real/b.txt HTTP/1.1\r\nHost: x\r\n\r\n" * batch)
                    for _ in range(batch):
                        status = int(stream.readline().split()[1])
                        length = 0
                        while (line := stream.readline()) != b"\r\n":
                            if line.lower().startswith(b"content-length:"):
                                length = int(line.split(b":")[1])
                        body = stream.read(length)
                        assert SECRET not in body, "the secret leaked"
                        statuses[status] = statuses.get(status, 0) + 1
        finally:
            over.set()
            swapper.join()
        assert statuses.get(200, 0) > 0 and set(statuses) <= {200, 404, 503}, statuses


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
