#!/usr/bin/env python3
"""Files that clients put into the directory of `sockeye serve`: whole, in parts, and within a quota."""

import os
import pathlib
import socket
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import support
from support import wait_until
from support_serve import BIG, Served, raw, status


def test_uploads():
    """PUT stores a file whole or not at all, continues what was cut, and never overwrites"""
    support.need("curl")
    with Served("--upload", "--quota", "50MiB") as served, tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "source"
        source.write_bytes(BIG)
        code = ["-o", os.devnull, "-w", "%{http_code}"]
        assert served.curl(*code, "-T", source, f"{served.url}/up.bin") == b"201"
        assert (served.path / "up.bin").read_bytes() == BIG
        assert served.curl(*code, "-T", source, f"{served.url}/up.bin") == b"409"
        assert served.curl(*code, "-T", source, "-H", "Expect:", f"{served.url}/.up") in (b"403", b"000")
        # A connection that is cut leaves what came; its size is told, and the rest can follow.
        with socket.create_connection(("127.0.0.1", served.port)) as cut:
            cut.sendall(b"PUT /cut HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BIG) + BIG[:1_000_000])
            wait_until(lambda: offset(served, "/cut") == 1_000_000, "a million bytes on the disk")
        assert not (served.path / "cut").exists() and served.get("/cut")[0] == 404
        wait_until(lambda: put_rest(served, "/cut", 1_000_000) != 423, "the end of the connection that was cut")
        assert (served.path / "cut").read_bytes() == BIG
        assert put_rest(served, "/other", 5) == 409
        # 20 MiB and 20 MiB are gone from the quota.
        assert served.curl(*code, "-T", source, "-H", "Expect:", f"{served.url}/third") in (b"507", b"000")
        assert not (served.path / "third").exists()


def put(name, body, fields=b""):
    return b"PUT /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n" % (name, fields, len(body)) + body


def chunked(name, body):
    head = b"PUT /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" % name
    return head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"


def test_quota():
    """What cannot fit is refused before its body; what failed leaves nothing and is not counted, also after a restart"""
    with Served("--upload", "--quota", "100KiB") as served:
        before = set(os.listdir(served.path))
        large = 200_000
        for fields in (b"", b"Expect: 100-continue\r\n"):
            # Nothing but the head is sent.
            reply = raw(served.port, b"PUT /x HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n" % (fields, large))
            assert status(reply) == 507 and b"100 Continue" not in reply, reply
        ranged = b"Content-Range: bytes 0-9/%d\r\n" % large
        assert status(raw(served.port, put(b"x", b"0123456789", ranged))) == 507
        assert set(os.listdir(served.path)) == before
        for n in range(3):
            with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as connection:
                try:
                    connection.sendall(chunked(b"y%d" % n, bytes(large)))
                    reply = support.read_all(connection)
                except (BrokenPipeError, ConnectionResetError):
                    reply = b""
                assert status(reply) in (507, 0), reply
            wait_until(lambda: set(os.listdir(served.path)) == before, "end of a failed upload's file")
        # A part that lies about its length fails as a whole.
        assert status(raw(served.port, put(b"z", b"0123456789", b"Content-Range: bytes 0-99/100\r\n"))) == 400
        assert set(os.listdir(served.path)) == before
        # A client that leaves keeps its bytes counted until it begins anew.
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as cut:
            cut.sendall(b"PUT /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + bytes(60_000))
            wait_until(lambda: offset(served, "/cut") == 60_000, "sixty thousand bytes on the disk")
        wait_until(lambda: status(raw(served.port, put(b"w", bytes(50_000)))) == 507, "quota that counts what was left")
        assert status(raw(served.port, put(b"cut", bytes(90_000)))) == 201
        assert status(raw(served.port, put(b"v", bytes(12_400)))) == 201
        assert status(raw(served.port, put(b"u", b"0"))) == 507
    # Killed in the middle: the next service sweeps what is left, and begins to count anew.
    with Served("--upload", "--quota", "100KiB") as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as cut:
            cut.sendall(b"PUT /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + bytes(60_000))
            wait_until(lambda: offset(served, "/cut") == 60_000, "sixty thousand bytes on the disk")
            served.server.process.kill()
            served.server.process.wait()
        before = set(os.listdir(served.path))
        assert len(before - {"a.txt", "big.bin", "sub"}) == 1
        with support.Server("serve", served.path, "--listen", "127.0.0.1:0", "--upload", "--quota", "100KiB") as again:
            wait_until(lambda: set(os.listdir(served.path)) == {"a.txt", "big.bin", "sub"}, "sweep of what was left")
            assert status(raw(again.port, put(b"whole", bytes(100_000)))) == 201


def test_broken_bodies():
    """A body that turns out to be none leaves nothing and is not counted, and what it was to continue is as it was"""
    with Served("--upload", "--quota", "100KiB") as served:
        before = set(os.listdir(served.path))
        head = b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n%s\r\n"
        full = b"%x\r\n" % 90_000 + b"x" * 90_000 + b"\r\n"
        for end in (b"zz\r\n", b"0\r\nContent-Length: 5\r\n\r\n", b"fffffffffffffffffffff\r\n", b"0\r\nbad trailer\r\n\r\n"):
            assert status(raw(served.port, head % b"" + full + end)) == 400, end
            wait_until(lambda: set(os.listdir(served.path)) == before, f"nothing left after {end}")
        with socket.create_connection(("127.0.0.1", served.port)) as cut:
            cut.sendall(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nfirst")
            wait_until(lambda: offset(served, "/x") == 5, "five bytes on the disk")
        part = head % b"Content-Range: bytes 5-8/9\r\n" + b"2\r\nxx\r\nzz\r\n"
        wait_until(lambda: status(raw(served.port, part)) == 400, "the end of the connection that was cut")
        wait_until(lambda: offset(served, "/x") == 5, "what was there before")
        rest = b"Content-Range: bytes 5-8/9\r\n"
        wait_until(lambda: status(raw(served.port, put(b"x", b"last", rest))) == 201, "the end of the part before")
        assert (served.path / "x").read_bytes() == b"firstlast"
        assert status(raw(served.port, put(b"y", b"y" * 100_000))) == 201


def test_long_names():
    """Names of up to 255 bytes are uploaded, cut, and continued"""
    with Served("--upload") as served:
        for length in (239, 240, 247, 248, 254, 255):
            name = b"n" * length
            with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as cut:
                cut.sendall(b"PUT /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234" % name)
                wait_until(lambda: offset(served, "/" + name.decode()) == 5, "five bytes on the disk")
            reply = lambda: status(raw(served.port, put(name, b"56789", b"Content-Range: bytes 5-9/10\r\n")))
            wait_until(lambda: reply() == 201, f"rest of a name of {length} bytes")
            assert (served.path / name.decode()).read_bytes() == b"0123456789"
        assert status(raw(served.port, put(b"n" * 256, b"x"))) == 400
        wide = urllib.parse.quote("接" * 85).encode()
        assert status(raw(served.port, put(wide, b"x"))) == 201 and (served.path / ("接" * 85)).exists()


def test_rights():
    """Who may read, add, change and remove is said by the password file, for each user and path"""
    support.need("curl")
    with tempfile.TemporaryDirectory() as folder:
        users = pathlib.Path(folder) / "users"
        for name in ("ann", "bob"):
            added = support.sockeye("serve", "--add-user", name, "--auth-file", users, stdin=b"secret\n")
            assert added.returncode == 0, added
        lines = users.read_text().splitlines()
        users.write_text(f"{lines[0]}:read /sub=all /big.bin=none\n{lines[1]}:none /sub=add\n")
        with Served("--upload", "--on-exists", "overwrite", "--auth-file", users) as served:
            (served.path / "sub" / "x").write_bytes(b"old")

            def code(user, *arguments):
                given = ["-o", os.devnull, "-w", "%{http_code}", "-u", f"{user}:secret"]
                return served.curl(*given, *arguments[:-1], served.url + arguments[-1])

            new = ["-X", "PUT", "--data-binary", "new"]
            for user, *arguments, expected in [
                ("ann", "/a.txt", b"200"), ("ann", "/big.bin", b"403"), ("ann", *new, "/y", b"403"),
                ("ann", *new, "/sub/x", b"201"), ("bob", "/sub/x", b"403"), ("bob", *new, "/sub/x", b"409"),
                ("bob", *new, "/sub/y", b"201"), ("bob", "-X", "DELETE", "/sub/x", b"403"),
                ("ann", "-X", "DELETE", "/sub/x", b"204"), ("ann", "-X", "DELETE", "/sub/x", b"404"),
                ("ann", "-X", "DELETE", "/a.txt", b"403"), ("ann", "-X", "MKCOL", "/sub/new", b"201"),
                ("ann", "-X", "DELETE", "/sub/new/", b"204"),
            ]:
                assert code(user, *arguments) == expected, (user, arguments, code(user, *arguments))
            assert (served.path / "sub" / "y").read_bytes() == b"new"
            listing = served.curl("-u", "ann:secret", f"{served.url}/?plain")
            assert b"big.bin" not in listing and b"a.txt" in listing, listing
        users.write_text(f"{lines[0]}:write\n")
        refused = support.sockeye("serve", folder, "--auth-file", users, "--listen", "127.0.0.1:0")
        assert refused.returncode == 2 and b"line 1" in refused.stderr, refused


def test_replacing():
    """A version is replaced in one step by who knows it, and by nobody else"""
    with Served("--upload", "--on-exists", "overwrite") as served:
        tag = served.get("/a.txt")[1]["ETag"].encode()
        assert status(raw(served.port, put(b"a.txt", b"lost", b'If-Match: "other"\r\n'))) == 412
        assert status(raw(served.port, put(b"a.txt", b"lost", b"If-None-Match: *\r\n"))) == 412
        assert status(raw(served.port, put(b"a.txt", b"new", b"If-Match: %s\r\n" % tag))) == 201
        assert status(raw(served.port, put(b"a.txt", b"lost", b"If-Match: %s\r\n" % tag))) == 412
        assert (served.path / "a.txt").read_bytes() == b"new"
        assert status(raw(served.port, put(b"sub", b"x"))) == 409
        assert status(raw(served.port, put(b"a.txt", b"x", b"Repr-Digest: sha-256=:%s=:\r\n" % (b"A" * 43)))) == 422
        assert (served.path / "a.txt").read_bytes() == b"new" and sorted(os.listdir(served.path)) == ["a.txt", "big.bin", "sub"]
    with Served("--upload", "--on-exists", "rename") as served:
        for number in (1, 2):
            reply = raw(served.port, put(b"a.txt", b"%d" % number))
            assert status(reply) == 201 and b"Location: a.txt.%d\r\n" % number in reply, reply
            assert (served.path / f"a.txt.{number}").read_bytes() == b"%d" % number


def offset(served, target):
    request = urllib.request.Request(served.url + target, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=support.DEADLINE)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.headers.get("Upload-Offset") or 0)


def put_rest(served, target, first):
    fields = {"Content-Range": f"bytes {first}-{len(BIG) - 1}/{len(BIG)}"}
    request = urllib.request.Request(served.url + target, data=BIG[first:], headers=fields, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=support.DEADLINE) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 409 if first == 5 else 0


if __name__ == "__main__":
    support.main(globals())
