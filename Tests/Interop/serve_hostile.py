#!/usr/bin/env python3
"""What hostile clients send to `sockeye serve`, raw: paths, names, links, ranges and files that change."""

import json
import os
import re
import socket
import threading

import support
from support_hostile import SECRET, Served, expect, parse

# Paths, sent raw, against every method and both protocols: up, escaped once and twice, backslashes, absolute and
# authority forms, NUL, overlong UTF-8, names that are no UTF-8 and exist, components of 255 and 256 bytes, 64 KiB targets.

TRAVERSALS = [
    (b"/../x", {404}), (b"/..%2fx", {400}), (b"/%2e%2e/x", {404}), (b"/%252e%252e/x", {404}), (b"/..", {404}),
    (b"/sub/../../x", {404}), (b"/sub/%2e%2e/%2e%2e/x", {404}), (b"/..\\x", {404}), (b"/..%5cx", {404}),
    (b"/\\x", {404}), (b"/%5c", {404}), (b"//etc/passwd", {404}), (b"///x", {404}), (b"/a.txt/../../x", {404}),
    (b"http://h/../x", {404}), (b"http://h//etc/passwd", {404}), (b"/%00", {400}), (b"/a.txt%00.png", {400}),
    (b"/%c0%ae%c0%ae/x", {404}), (b"/%e0%80%ae%e0%80%ae/x", {404}), (b"/%zz", {400}), (b"/%", {400}), (b"/%4", {400}),
    (b"/./x", {404}), (b"/.//../x", {404}), (b"/.covert", {404}), (b"/.git/config", {404}), (b"/.git/", {404}), (b"/%2ecovert", {404}),
    (b"/" + b"n" * 255, {404}), (b"/" + b"n" * 256, {404}), (b"/a.txt/", {404}), (b"/sub//.covert", {404}), (b"//.git/./config", {404}),
    (b"/nope?json", {404}),
]  # fmt: skip


def test_traversals():
    """Paths that try to leave the directory get 400 or 404, by every method"""
    with Served("--upload") as served:
        before = set(os.listdir(served.path))
        for target, statuses in TRAVERSALS:
            for method in (b"GET", b"HEAD"):
                expect(served, target, statuses, method)
            # What names something inside is put there; what is put anywhere else shows at the end.
            expect(served, target, statuses | {201, 400, 403, 404, 409}, b"PUT", b"Content-Length: 0\r\n")
            for name in set(os.listdir(served.path)) - before:
                (served.path / name).unlink()
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
        for target in (b"example.com:80", b"*", b"/a.txt#x", b"a.txt", b"ftp://h/a.txt", b"http://user@h/a.txt", b"http:///a.txt"):
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
        assert b"\r\nSet-Cookie" not in head and b"Location: f%0D%0ASet-Cookie%3A%20a%3Db/" in head
        _, head, _ = expect(served, b"/f%0d%0aSet-Cookie:%20a=b/?zip", {200})
        assert b"\r\nSet-Cookie" not in head
        plain = expect(served, b"/?plain", {200})[2]
        assert b"line?break\n" in plain
        listing = json.loads(served.request(b"/?json", version=b"HTTP/1.0")[2])
        assert "line\nbreak" in [entry["name"] for entry in listing["entries"]]
        _, head, _ = expect(served, b"/sub?a=%0d%0aX:y", {301})
        assert b"\r\nX:y" not in head


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


if __name__ == "__main__":
    support.main(globals())
