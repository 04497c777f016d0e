#!/usr/bin/env python3
"""What `sockeye serve` gives: listings, archives, types, codings, digests, links."""

import base64
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile
import urllib.parse
import zipfile

import support
from support_serve import BIG, Served


def test_listings():
    """A folder is listed as HTML, JSON and lines, as asked for and as accepted"""
    with Served() as served:
        listing = json.loads(served.get("/?json")[2])
        assert listing["v"] == 1 and listing["path"] == "/"
        entries = {entry["name"]: entry for entry in listing["entries"]}
        assert entries["big.bin"]["size"] == len(BIG) and entries["big.bin"]["type"] == "file"
        assert entries["sub"]["type"] == "directory" and entries["sub"]["href"] == "sub/"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entries["a.txt"]["modified"])
        below = json.loads(served.get("/sub/?json")[2])
        assert below["entries"][0]["name"] == "接收.txt"
        assert served.get("/sub/" + below["entries"][0]["href"])[2] == "内容\n".encode()
        assert served.get("/", Accept="text/plain")[2] == b"sub/\na.txt\nbig.bin\n"
        assert served.get("/", Accept="application/json")[1]["Content-Type"] == "application/json"
        assert served.get("/", Accept="text/html")[2].startswith(b"<!doctype html>")
        assert served.get("/sub")[2].startswith(b"<!doctype html>")


def test_large_folder():
    """A folder of thirty thousand files is listed whole"""
    with Served() as served:
        many = served.path / "many"
        many.mkdir()
        for n in range(30_000):
            os.close(os.open(many / f"file-{n}", os.O_CREAT | os.O_WRONLY))
        names = {entry["name"] for entry in json.loads(served.get("/many/?json")[2])["entries"]}
        assert names == {f"file-{n}" for n in range(30_000)}


def test_index():
    """A folder with an index.html shows it, unless asked otherwise"""
    with Served() as served:
        (served.path / "sub" / "index.html").write_bytes(b"<p>index")
        assert served.get("/sub/")[2] == b"<p>index"
        assert b"index.html" in served.get("/sub/?plain")[2]
    with Served("--no-index") as served:
        (served.path / "sub" / "index.html").write_bytes(b"<p>index")
        assert b"doctype" in served.get("/sub/")[2]


def test_archives():
    """A folder comes as a zip and as a tar with everything below it"""
    with Served() as served:
        long = "n" * 120
        (served.path / "sub" / long).write_bytes(b"long")
        (served.path / "empty").mkdir()
        (served.path / "run").write_bytes(b"#!/bin/sh\n")
        (served.path / "run").chmod(0o755)
        (served.path / "link").symlink_to("/etc")
        body = served.get("/?zip")[2]
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            below = {"", "a.txt", "big.bin", "run", "sub/", "sub/接收.txt", f"sub/{long}", "empty/"}
            expected = {"files/" + name for name in below}
            assert set(archive.namelist()) == expected, archive.namelist()
            assert archive.read("files/big.bin") == BIG
            modes = {name: archive.getinfo(f"files/{name}").external_attr >> 16 & 0o777 for name in ("run", "a.txt")}
            assert modes == {"run": 0o755, "a.txt": 0o644}, modes
        with tarfile.open(fileobj=io.BytesIO(served.get("/?tar")[2])) as archive:
            names = {member.name + ("/" if member.isdir() else "") for member in archive}
            assert names == expected, names
            assert archive.extractfile("files/big.bin").read() == BIG
            assert archive.extractfile(f"files/sub/{long}").read() == b"long"
            assert archive.getmember("files/run").mode == 0o755 and archive.getmember("files/a.txt").mode == 0o644
        with tarfile.open(fileobj=io.BytesIO(served.get("/sub/?tar")[2])) as archive:
            assert {member.name.split("/")[0] for member in archive} == {"sub"}
        unzip = support.need("unzip")
        path = served.path.parent / "all.zip"
        path.write_bytes(body)
        subprocess.run([unzip, "-tqq", path], check=True, timeout=support.DEADLINE)
        subprocess.run([unzip, "-qq", path, "-d", served.path.parent / "out"], check=True, timeout=support.DEADLINE)
        assert os.access(served.path.parent / "out" / "files" / "run", os.X_OK)
        disposition = served.get("/sub/?zip")[1]["Content-Disposition"]
        assert disposition == "attachment; filename=\"sub.zip\"; filename*=UTF-8''sub.zip", disposition


def test_types():
    """README, Makefile, subtitles and what the system's table knows have types; a text's encoding is told by what it is"""
    with Served() as served:
        files = {
            "README": (b"read", "text/plain; charset=utf-8"), "Makefile": (b"all:\n", "text/plain; charset=utf-8"),
            "a.vtt": (b"WEBVTT\n", "text/vtt; charset=utf-8"), "gbk.txt": ("接收".encode("gbk"), "text/plain"),
            "gbk.html": ("<meta charset=gbk>接收".encode("gbk"), "text/html"), "b.txt": ("接收".encode(), "text/plain; charset=utf-8"),
            "wide.txt": ("接".encode("utf-16"), "text/plain; charset=utf-16"),
            "large.txt": (b"a" * (1 << 20) + "接".encode(), "text/plain; charset=utf-8"),
        }
        table = pathlib.Path("/etc/mime.types")
        for line in table.read_text().splitlines() if table.exists() else []:
            if re.fullmatch(r"\S+\s+stl", line.strip()):
                files["a.stl"] = (b"x", line.split()[0])
        for name, (contents, expected) in files.items():
            (served.path / name).write_bytes(contents)
            assert served.get("/" + name)[1]["Content-Type"] == expected, name
            assert served.get("/" + name, Range="bytes=0-0")[1]["Content-Type"] == expected, name


def test_absolute_links():
    """A link that is absolute and ends inside the directory is served, listed and archived"""
    with Served() as served:
        (served.path / "here").symlink_to(served.path / "a.txt")
        (served.path / "there").symlink_to(served.path / "sub")
        (served.path / "out").symlink_to(served.path.parent)
        assert served.get("/here")[2] == b"hello\n"
        assert served.get("/there/%E6%8E%A5%E6%94%B6.txt")[2] == "内容\n".encode()
        names = {entry["name"] for entry in json.loads(served.get("/?json")[2])["entries"]}
        assert {"here", "there"} <= names and "out" not in names
        assert served.get("/out/")[0] == 404


def test_precompressed():
    """A precompressed sibling is sent to those who take its coding, with a tag of its own"""
    with Served() as served:
        (served.path / "a.txt.gz").write_bytes(b"zipped")
        (served.path / "a.txt.br").write_bytes(b"brotli")
        plain = served.get("/a.txt")
        assert plain[2] == b"hello\n" and "Content-Encoding" not in plain[1] and plain[1]["Vary"] == "Accept-Encoding"
        zipped = served.get("/a.txt", Accept_Encoding="gzip")
        assert zipped[2] == b"zipped" and zipped[1]["Content-Encoding"] == "gzip"
        assert zipped[1]["Content-Type"] == "text/plain; charset=utf-8" and zipped[1]["ETag"] != plain[1]["ETag"]
        assert served.get("/a.txt", Accept_Encoding="gzip, br")[2] == b"brotli"
        assert served.get("/a.txt", Accept_Encoding="gzip, br;q=0.1")[2] == b"zipped"
        assert served.get("/a.txt", Accept_Encoding="gzip;q=0")[2] == b"hello\n"
        os.utime(served.path / "a.txt.gz", (1, 1))
        assert served.get("/a.txt", Accept_Encoding="gzip")[2] == b"hello\n"


def test_digests():
    """?hash=sha256 is what sha256sum says, and Repr-Digest comes when asked for and with what is known"""
    with Served() as served:
        digest = hashlib.sha256(BIG)
        assert "Repr-Digest" not in served.get("/big.bin")[1]
        field = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        assert served.get("/big.bin", Want_Repr_Digest="sha-256=1")[1]["Repr-Digest"] == field
        assert served.get("/big.bin", Range="bytes=0-1")[1]["Repr-Digest"] == field
        assert served.get("/big.bin?hash=sha256")[2] == f"{digest.hexdigest()}  big.bin\n".encode()
        with open(served.path / "big.bin", "ab") as file:
            file.write(b"more")
        assert "Repr-Digest" not in served.get("/big.bin")[1]
        assert served.get("/big.bin?hash=sha256")[2].startswith(hashlib.sha256(BIG + b"more").hexdigest().encode())


def test_digest_names():
    """sha256sum -c takes the answer to ?hash=sha256, whatever the name; an unknown kind is a bad request"""
    with Served() as served:
        for name in ("a b", "back\\slash", "line\nend", "接收"):
            (served.path / name).write_bytes(b"x")
            line = served.get("/" + urllib.parse.quote(name) + "?hash=sha256")[2]
            check = subprocess.run(["sha256sum", "-c", "-"], input=line, cwd=served.path, capture_output=True)
            assert check.returncode == 0, (name, line, check.stderr)
        for target in ("/a.txt?hash=md5", "/?hash=sha256", "/a.txt?hash"):
            assert served.get(target)[0] == 400, target


def test_slow_digest():
    """A client that waits for what takes the server long isn't taken for one that stalls"""
    with Served("--stall-timeout", "1s") as served:
        os.truncate(served.path / "a.txt", 3 << 30)
        code, _, line = served.get("/a.txt?hash=sha256")
        assert code == 200 and line.endswith(b"  a.txt\n"), (code, line)


if __name__ == "__main__":
    support.main(globals())
