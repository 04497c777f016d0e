#!/usr/bin/env python3
"""Everybody's clients against `sockeye serve`: the tutorials', curl, wget, aria2, ncat."""

import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import urllib.parse

import support
from support_tls import TLS
from support_serve import BIG, Served, raw_location, tutorial_client


def test_tutorial_clients():
    """The tutorials' clients get a file by its name in UTF-8 and in GBK"""
    with Served() as served:
        assert tutorial_client(served.port, b"a.txt") == b"hello\n"
        assert tutorial_client(served.port, "sub/接收.txt".encode()) == "内容\n".encode()
        assert tutorial_client(served.port, "sub/接收.txt".encode("gbk")) == "内容\n".encode()
        assert tutorial_client(served.port, b"a.txt\n") == b"hello\n"
        assert tutorial_client(served.port, b"a.txt\r\n") == b"hello\n"


def test_tutorial_missing():
    """A missing bare name gets the byte 1, or nothing, as asked"""
    for flag, reply in (("one", b"1"), ("empty", b"")):
        with Served("--missing", flag) as served:
            assert tutorial_client(served.port, b"nothing") == reply


def test_bare_name_in_pieces():
    """A bare name that comes in pieces within the quiet time is one name; a large file arrives whole"""
    with Served("--quiet-time", "2s") as served:
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in (b"b", b"ig", b".b"):
                client.send(piece)
            client.send(b"in")
            client.shutdown(socket.SHUT_WR)
            assert support.read_all(client) == BIG


def test_ncat():
    """ncat gets a file by its bare name"""
    ncat = support.need("ncat")
    with Served() as served:
        run = subprocess.run(
            [ncat, "127.0.0.1", str(served.port)], input=b"big.bin\n", capture_output=True, timeout=support.DEADLINE
        )
        assert run.stdout == BIG


def test_close_notify_of_the_client():
    """A client that has said close_notify behind its request is answered whole, and told the end"""
    with Served("--tls", "auto", "-q") as served:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as connection:
            client = TLS(connection, context)
            client.send(b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            client.end()
            head, _, body = client.read_all().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200") and body == BIG, (head, len(body))


def test_curl():
    """curl gets files whole, in parts, resumed, and knows when it has them already"""
    support.need("curl")
    with Served() as served, tempfile.TemporaryDirectory() as folder:
        assert served.curl(f"{served.url}/big.bin") == BIG
        assert served.curl("-r", "5-9", f"{served.url}/big.bin") == BIG[5:10]
        part = pathlib.Path(folder) / "part"
        part.write_bytes(BIG[:1_000_000])
        served.curl("-C", "-", "-o", part, f"{served.url}/big.bin")
        assert part.read_bytes() == BIG
        tags = pathlib.Path(folder) / "tags"
        served.curl("--etag-save", tags, "-o", part, f"{served.url}/big.bin")
        code = served.curl("--etag-compare", tags, "-o", os.devnull, "-w", "%{http_code}", f"{served.url}/big.bin")
        assert code == b"304"
        code = served.curl("-z", part, "-o", os.devnull, "-w", "%{http_code}", f"{served.url}/big.bin")
        assert code == b"304"
        assert served.curl("-I", f"{served.url}/big.bin").count(b"Content-Length: %d" % len(BIG)) == 1
        # Of two ranges the one that the file has.
        assert served.curl("-r", "0-1,10-11", f"{served.url}/a.txt") == b"he"
        # An offer of HTTP/2 is declined, and the connection serves on.
        twice = served.curl("--http2", f"{served.url}/a.txt", "--next", "--http2", f"{served.url}/a.txt")
        assert twice == b"hello\nhello\n"


def test_multipart():
    """Several ranges come as multipart/byteranges that Python's mail parser reads"""
    import email

    with Served() as served:
        status, headers, body = served.get("/big.bin", Range="bytes=0-9,100-109,-10")
        assert status == 206
        message = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        parts = [(part["Content-Range"], part.get_payload(decode=True)) for part in message.get_payload()]
        size = len(BIG)
        assert parts == [
            (f"bytes 0-9/{size}", BIG[:10]), (f"bytes 100-109/{size}", BIG[100:110]),
            (f"bytes {size - 10}-{size - 1}/{size}", BIG[-10:]),
        ]  # fmt: skip
        assert int(headers["Content-Length"]) == len(body)


def test_wget():
    """wget mirrors a folder by its listing"""
    wget = support.need("wget")
    with Served() as served, tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [wget, "-q", "-r", "-np", "-nH", "-P", folder, served.url + "/"], check=True, timeout=support.DEADLINE
        )
        assert (pathlib.Path(folder) / "big.bin").read_bytes() == BIG
        assert (pathlib.Path(folder) / "sub" / "接收.txt").read_bytes() == "内容\n".encode()


def test_wget_amount():
    """wget -r fetches each file once and no archive"""
    wget = support.need("wget")
    with Served() as served, tempfile.TemporaryDirectory() as folder:
        (served.path / "sub" / "deep").mkdir()
        (served.path / "sub" / "deep" / "c.bin").write_bytes(BIG[:1_000_000])
        run = subprocess.run([wget, "-r", "-nH", "-P", folder, served.url + "/"], capture_output=True, timeout=support.DEADLINE)
        names = {str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        files = {"a.txt", "big.bin", "sub/接收.txt", "sub/deep/c.bin"}
        assert names - files <= {"index.html", "sub/index.html", "sub/deep/index.html"}, names
        assert files <= names and run.returncode == 0, run.stderr
        pages = sum((pathlib.Path(folder) / name).stat().st_size for name in names - files)
        assert pages < 100_000, pages


def test_prefix():
    """Behind a proxy that adds a prefix, redirects, breadcrumbs and links stay below it"""
    with Served() as served:
        (served.path / "sub" / "deep").mkdir()
        (served.path / "sub" / "deep" / "c").write_bytes(b"c")
        (served.path / "sub" / "a:b").mkdir()
        base = "https://example.test/files"

        def follow(path, reference):
            joined = urllib.parse.urljoin(base + path, reference)
            assert joined.startswith(base + "/"), (path, reference, joined)
            return joined[len(base):]

        for path in ("/", "/sub/", "/sub/deep/"):
            page = served.get(path, Accept="text/html")[2].decode()
            links = [link for link in re.findall(r'href="([^"]*)"', page) if not link.startswith("#")]
            assert links and all(served.get(follow(path, link))[0] == 200 for link in links if follow(path, link) != "/../")
        for path in ("/sub", "/sub/deep", "/sub/a:b", "/sub/a%3Ab"):
            status, location = raw_location(served, path)
            assert status == 301 and served.get(follow(path, location))[0] == 200, (path, location)


def test_apt_and_colons():
    """A dot and doubled slashes in a target mean nothing, and names may have colons"""
    with Served() as served:
        (served.path / "a:b").write_bytes(b"colon")
        for target in ("/./a:b", "//a%3Ab", "/a:b", "/././/a%3ab"):
            assert served.get(target)[2] == b"colon", target
        assert served.get("/sub/.//%E6%8E%A5%E6%94%B6.txt")[2] == "内容\n".encode()


def test_aria2():
    """aria2 gets a file by four connections, and resumes it"""
    aria2 = support.need("aria2c")
    with Served() as served, tempfile.TemporaryDirectory() as folder:
        part = pathlib.Path(folder) / "big.bin"
        part.write_bytes(BIG[: 5 << 20])
        subprocess.run(
            [aria2, "-q", "-c", "-x4", "-s4", "-k1M", "-d", folder, served.url + "/big.bin"],
            check=True, timeout=support.DEADLINE,
        )  # fmt: skip
        assert part.read_bytes() == BIG


if __name__ == "__main__":
    support.main(globals())
