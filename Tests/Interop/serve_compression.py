"""Texts that `sockeye serve` compresses while it sends them, as curl and others take them."""

import concurrent.futures
import gzip
import os
import random

import support
from support_serve import Served, raw

TEXT = b"".join(b"%d: the same words again and again\n" % number for number in range(40_000))


def test_curl():
    """curl gets every text whole, in a fraction of its bytes, over TLS too, and what is no text as it is"""
    support.need("curl")
    noise = random.Random(2).randbytes(50_000)
    with Served("--tls", "auto", files={"text.txt": TEXT, "noise.txt": noise, "picture.png": TEXT, "empty.txt": b""}) as served:
        for scheme in ("http", "https"):
            url = f"{scheme}://127.0.0.1:{served.port}"
            for name, contents in (("text.txt", TEXT), ("noise.txt", noise), ("picture.png", TEXT), ("empty.txt", b"")):
                assert served.curl("-k", "--compressed", f"{url}/{name}") == contents, name
            size = lambda *given: int(served.curl("-k", *given, "-o", os.devnull, "-w", "%{size_download}"))
            assert size("--compressed", f"{url}/text.txt") < len(TEXT) / 5 and size(f"{url}/text.txt") == len(TEXT)
            assert size("--compressed", "-r", "5-104", f"{url}/text.txt") == 100
        for number in range(2000):
            (served.path / f"file{number}").touch()
        whole = served.curl("--compressed", f"{served.url}/?json")
        assert whole.count(b'"name"') == 2007 and whole == served.curl(f"{served.url}/?json")
        assert int(served.curl("--compressed", f"{served.url}/?json", "-o", os.devnull, "-w", "%{size_download}")) < len(whole) / 4


def test_off():
    """With --no-compress nothing is compressed"""
    with Served("--no-compress", files={"text.txt": TEXT}) as served:
        code, fields, body = served.get("/text.txt", Accept_Encoding="gzip")
        assert (code, fields["Content-Encoding"], body) == (200, None, TEXT)


def test_get():
    """`sockeye get` fetches a text as it is, and goes on with it"""
    with Served(files={"text.txt": TEXT}) as served:
        got = support.sockeye("get", "-q", "-o", "-", f"{served.url}/text.txt")
        assert got.returncode == 0 and got.stdout == TEXT, got.stderr


def test_many():
    """Many who ask at once and read slowly, or leave, don't keep anybody from the whole of it"""
    with Served(files={"text.txt": TEXT * 8}) as served:
        request = b"GET /text.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
        leaving = [served_connection(served.port, request) for _ in range(40)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for reply in pool.map(lambda _: raw(served.port, request), range(24)):
                head, _, body = reply.partition(b"\r\n\r\n")
                body = unchunked(body) if b"chunked" in head else body
                text = gzip.decompress(body) if b"Content-Encoding: gzip" in head else body
                assert text == TEXT * 8
        for connection in leaving:
            connection.close()


def served_connection(port, request):
    connection = support.socket.create_connection(("127.0.0.1", port), timeout=support.DEADLINE)
    connection.sendall(request)
    return connection


def unchunked(body):
    whole = bytearray()
    while body:
        size, _, body = body.partition(b"\r\n")
        whole += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return bytes(whole)


if __name__ == "__main__":
    support.main(globals())
