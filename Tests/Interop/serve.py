#!/usr/bin/env python3
"""Everybody's clients against `sockeye serve`: the tutorials', curl, wget, aria2, ncat; and its operator."""

import base64
import hashlib
import io
import json
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import subprocess
import tarfile
import tempfile
import threading
import urllib.request
import zipfile

import support
from support import wait_until

BIG = random.Random(1).randbytes(20 << 20)


class Served:
    """A directory with a few files, and a service for it."""

    def __init__(self, *arguments, **options):
        self._arguments, self._options = arguments, options

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._folder.name) / "served"
        self.path.mkdir()
        (self.path / "a.txt").write_bytes(b"hello\n")
        (self.path / "big.bin").write_bytes(BIG)
        (self.path / "sub").mkdir()
        (self.path / "sub" / "接收.txt").write_bytes("内容\n".encode())
        arguments = list(self._arguments)
        if "--listen" not in arguments:
            arguments += ["--listen", "127.0.0.1:0"]
        self.server = support.Server("serve", self.path, *arguments, **self._options)
        self.port = self.server.port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *exception):
        self.server.__exit__(*exception)
        self._folder.cleanup()

    def get(self, target, **fields):
        request = urllib.request.Request(self.url + target, headers={k.replace("_", "-"): v for k, v in fields.items()})
        try:
            with urllib.request.urlopen(request, timeout=support.DEADLINE) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def curl(self, *arguments):
        run = subprocess.run(["curl", "-sS", *arguments], capture_output=True, timeout=support.DEADLINE)
        assert run.returncode == 0, run.stderr
        return run.stdout


# The tutorials' download clients: a name with no terminator, no half-close, and one read.


def tutorial_client(port, name, limit=1024):
    with socket.create_connection(("127.0.0.1", port), timeout=support.DEADLINE) as client:
        client.send(name)
        return client.recv(limit)


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
        (served.path / "link").symlink_to("/etc")
        body = served.get("/?zip")[2]
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            expected = {"a.txt", "big.bin", "sub/", "sub/接收.txt", f"sub/{long}", "empty/"}
            assert set(archive.namelist()) == expected, archive.namelist()
            assert archive.read("big.bin") == BIG
        with tarfile.open(fileobj=io.BytesIO(served.get("/?tar")[2])) as archive:
            names = {member.name + ("/" if member.isdir() else "") for member in archive}
            assert names == expected, names
            assert archive.extractfile("big.bin").read() == BIG
            assert archive.extractfile(f"sub/{long}").read() == b"long"
        unzip = support.need("unzip")
        path = served.path.parent / "all.zip"
        path.write_bytes(body)
        subprocess.run([unzip, "-tqq", path], check=True, timeout=support.DEADLINE)


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


def test_passwords():
    """Files are for those who know a password, by any protocol"""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "users"
        made = support.sockeye("serve", "--auth-file", file, "--add-user", "ann", stdin=b"geheim\n")
        assert made.returncode == 0, made.stderr
        assert file.stat().st_mode & 0o777 == 0o600 and b"geheim" not in file.read_bytes()
        basic = lambda text: "Basic " + base64.b64encode(text).decode()
        with Served("--auth-file", file, "--upload") as served:
            status, headers, _ = served.get("/a.txt")
            assert status == 401 and headers["WWW-Authenticate"].startswith("Basic")
            for wrong in (b"ann:x", b"bob:geheim", b"ann", b":", b"ann:geheim "):
                assert served.get("/a.txt", Authorization=basic(wrong))[0] == 401
            for _ in range(3):
                assert served.get("/a.txt", Authorization=basic(b"ann:geheim"))[2] == b"hello\n"
            assert tutorial_client(served.port, b"a.txt") == b"1"
            # A new password counts from the next HUP.
            file.write_bytes(b"")
            support.sockeye("serve", "--auth-file", file, "--add-user", "bob", stdin=b"neu\n")
            served.server.signal(signal.SIGHUP)
            served.server.wait_for("again")
            assert served.get("/a.txt", Authorization=basic(b"bob:neu"))[2] == b"hello\n"
            assert served.get("/a.txt", Authorization=basic(b"ann:geheim"))[0] == 401


def test_tls():
    """TLS with a made certificate has the fingerprint that was printed; plain HTTP and bare names still work"""
    with Served("--tls", "auto") as served:
        served.server.wait_for("SHA-256 is ")
        printed = re.search(r"SHA-256 is ([0-9A-F:]+)", served.server.errors).group(1)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", served.port)) as plain:
            with context.wrap_socket(plain) as client:
                digest = hashlib.sha256(client.getpeercert(binary_form=True)).hexdigest().upper()
                assert ":".join(re.findall("..", digest)) == printed
                client.sendall(b"GET /big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert support.read_all(client).partition(b"\r\n\r\n")[2] == BIG
        pem = ssl.get_server_certificate(("127.0.0.1", served.port))
        trusted = ssl.create_default_context(cadata=pem)
        with socket.create_connection(("127.0.0.1", served.port)) as plain:
            with trusted.wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(b"a.txt\n")
                assert support.read_all(client) == b"hello\n"
        assert served.get("/a.txt")[2] == b"hello\n"
        assert tutorial_client(served.port, b"a.txt") == b"hello\n"


def test_certificate_files():
    """A certificate of one's own is used, and read again on HUP"""
    openssl = support.need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/cert.pem", f"{folder}/key.pem"]

        def make():
            subprocess.run(
                [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
                + ["-subj", "/CN=localhost", "-out", paths[0], "-keyout", paths[1]],
                check=True, capture_output=True,
            )  # fmt: skip
            return pathlib.Path(paths[0]).read_text().strip()

        first = make()
        with Served("--certificate", paths[0], "--key", paths[1]) as served:
            assert ssl.get_server_certificate(("127.0.0.1", served.port)).strip() == first
            second = make()
            served.server.signal(signal.SIGHUP)
            served.server.wait_for("again")
            assert ssl.get_server_certificate(("127.0.0.1", served.port)).strip() == second


def test_admin():
    """Metrics count, health is told, and both are on an endpoint of their own"""
    with Served("--admin", "127.0.0.1:0", "--json", stdout=subprocess.PIPE) as served:
        event = json.loads(served.server.process.stdout.readline())
        assert event["event"] == "listening" and event["v"] == 1
        admin = f"http://{event['admin'][0]}"
        served.get("/a.txt")
        served.get("/nothing")
        fetch = lambda path: urllib.request.urlopen(admin + path, timeout=support.DEADLINE).read().decode()
        text = fetch("/metrics")
        assert 'sockeye_http_responses_total{code="200"} 1' in text
        assert 'sockeye_http_responses_total{code="404"} 1' in text
        for line in text.splitlines():
            assert re.fullmatch(r"# (HELP|TYPE) sockeye_\w+ .+|sockeye_\w+(\{code=\"\d+\"\})? \d+", line), line
        assert fetch("/healthz") == "ok\n"
        assert served.get("/metrics")[0] == 404


def test_access_log():
    """The access log has a line for each request, as text and as JSON, with nothing in it that ends a line"""
    with tempfile.TemporaryDirectory() as folder:
        for form in ("text", "json"):
            log = pathlib.Path(folder) / form
            with Served("--access-log", log, "--log-format", form) as served:
                served.get("/a.txt", User_Agent='a"b\xc2\x9b31m')  # CSI, as one character of UTF-8
                tutorial_client(served.port, b"no\x1b[2Jthing\n")
                wait_until(lambda: log.read_text().count("\n") == 2, "two lines in the log")
            lines = log.read_text().splitlines()
            assert not re.search("[\x1b\x9b]", log.read_text())
            if form == "json":
                first = json.loads(lines[0])
                assert (first["status"], first["bytes"], first["target"]) == (200, 6, "/a.txt")
                assert first["userAgent"] == 'a"b\x9b31m' and json.loads(lines[1])["status"] == 404
            else:
                pattern = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:[\d:]+ \+0000\] "GET /a.txt HTTP/1.1" 200 6 "-" "a\\"b\\x9b31m"'
                assert re.match(pattern, lines[0]), lines


def test_drain():
    """TERM lets a transfer end, ends idle connections, and refuses new ones; a second one ends all at once"""
    with Served("--rate", "8MiB") as served:
        idle = socket.create_connection(("127.0.0.1", served.port))
        idle.sendall(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"hello\n"):
            answer += idle.recv(65536)
        with socket.create_connection(("127.0.0.1", served.port)) as busy:
            busy.sendall(b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            data = busy.recv(65536)
            served.server.signal(signal.SIGTERM)
            served.server.wait_for("Waiting")
            assert idle.recv(1) == b""
            wait_until(lambda: refused(served.port), "a closed port")
            data += support.read_all(busy)
            assert data.partition(b"\r\n\r\n")[2] == BIG
        assert served.server.finish()[0] == 128 + signal.SIGTERM
    with Served("--rate", "64KiB") as served:
        with socket.create_connection(("127.0.0.1", served.port)) as busy:
            busy.sendall(b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            busy.recv(65536)
            served.server.signal(signal.SIGTERM)
            served.server.wait_for("Waiting")
            served.server.signal(signal.SIGTERM)
            assert served.server.finish()[0] == 128 + signal.SIGTERM


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return False
    except ConnectionRefusedError:
        return True


def test_limits():
    """Beyond --max-clients others wait their turn; beyond --max-per-address they get 503; --deny gets 403"""
    request = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    with Served("--max-clients", "2") as served:
        first, second = (socket.create_connection(("127.0.0.1", served.port)) for _ in range(2))
        for connection in (first, second):
            connection.sendall(request)
            assert connection.recv(65536).endswith(b"hello\n")
        third = socket.create_connection(("127.0.0.1", served.port), timeout=0.3)
        third.sendall(request)
        try:
            third.recv(65536)
            raise AssertionError("the third was served beside the others")
        except TimeoutError:
            pass
        first.close()
        third.settimeout(support.DEADLINE)
        assert third.recv(65536).endswith(b"hello\n")
    with Served("--max-per-address", "1") as served:
        first = socket.create_connection(("127.0.0.1", served.port))
        first.sendall(request)
        assert first.recv(65536).endswith(b"hello\n")
        assert served.get("/a.txt")[0] == 503
        first.close()
        wait_until(lambda: served.get("/a.txt")[0] == 200, "a free place")
    with Served("--deny", "127.0.0.0/8") as served:
        assert served.get("/a.txt")[0] == 403
    with Served("--allow", "192.0.2.0/24") as served:
        assert served.get("/a.txt")[0] == 403 and tutorial_client(served.port, b"a.txt") == b"1"


def test_socket_activation():
    """A socket that a service manager hands over is served on"""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "a.txt").write_bytes(b"hello\n")
        listener, port = support.loopback_listener()
        script = 'exec 3<&"$1"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$2" serve "$3" --quiet'
        command = ["bash", "-c", script, "sh", str(listener.fileno()), support.SOCKEYE, folder]
        with support.Program(*command, pass_fds=[listener.fileno()]):
            assert tutorial_client(port, b"a.txt") == b"hello\n"


def test_implicit_directory():
    """Without a directory and without a terminal it refuses to serve the current one"""
    run = support.sockeye("serve")
    assert run.returncode == 2 and b"serve ." in run.stderr, run
    run = support.sockeye("serve", "/nothing/here", "--listen", "127.0.0.1:0")
    assert run.returncode == 3, run


def test_qr_code():
    """The QR code of the public URL, on a terminal, is read by somebody else's reader"""
    tmux, reader = support.need("tmux"), support.need("zbarimg")
    with tempfile.TemporaryDirectory() as folder:
        socket_path = f"{folder}/tmux"
        ready = pathlib.Path(folder) / "ready"
        run = lambda *words: subprocess.run([tmux, "-S", socket_path, *words], capture_output=True, text=True)
        run("new-session", "-d", "-x", "120", "-y", "60",
            f"{support.SOCKEYE} serve {folder} --listen :0 --ready-file {ready}")  # fmt: skip
        try:
            def blocks():
                screen = run("capture-pane", "-p").stdout
                lines = [line for line in screen.splitlines() if re.search("[█▀▄]", line)]
                return (screen, lines) if len(lines) > 10 and ready.exists() else None

            try:
                screen, lines = wait_until(blocks, "QR code on the terminal", 10)
            except AssertionError:
                raise support.Skip("this machine has no address that others can reach")
            url = re.search(r"at (http://\S+)", screen).group(1)
            width = max(map(len, lines))
            rows = []
            for line in lines:
                line = line.ljust(width)
                rows.append([255 if c in "█▀" else 0 for c in line])
                rows.append([255 if c in "█▄" else 0 for c in line])
            scale = 4
            pixels = bytearray()
            for row in rows:
                wide = bytes(value for value in row for _ in range(scale))
                pixels += wide * scale
            image = pathlib.Path(folder) / "code.pgm"
            image.write_bytes(b"P5 %d %d 255\n" % (width * scale, len(rows) * scale) + bytes(pixels))
            read = subprocess.run([reader, "--raw", "-q", str(image)], capture_output=True, text=True)
            assert read.stdout.strip() == url, (read.stdout, url)
            # A terminal that goes away takes what was started from it along.
            run("kill-server")
            port = int(ready.read_text().split()[0].rpartition(":")[2])
            wait_until(lambda: refused(port), "end of a service whose terminal is gone")
        finally:
            run("kill-server")


def test_memory():
    """A file of 8 GiB to a hundred slow clients at once takes less than 64 MiB"""
    with Served("--rate", "1MiB") as served:
        with open(served.path / "huge", "wb") as file:
            file.truncate(8 << 30)
        connections = []
        for _ in range(100):
            connection = socket.create_connection(("127.0.0.1", served.port))
            connection.sendall(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
            connections.append(connection)
        for _ in range(5):
            for connection in connections:
                assert connection.recv(65536)
        peak = served.server.peak_memory
        for connection in connections:
            connection.close()
        assert peak < 64 << 20, f"{peak >> 20} MiB"


def test_idle_connections():
    """A keep-alive connection that lies idle costs less than 4.5 KiB"""
    with Served() as served:

        def open_idle(count):
            connections = []
            for _ in range(count):
                connection = socket.create_connection(("127.0.0.1", served.port))
                connection.sendall(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(65536).endswith(b"hello\n")
                connections.append(connection)
            return connections

        connections = open_idle(50)
        before = served.server.memory
        connections += open_idle(800)
        each = (served.server.memory - before) / 800
        for connection in connections:
            connection.close()
        assert each < 4608, f"{each:.0f} bytes each"


if __name__ == "__main__":
    support.main(globals())
