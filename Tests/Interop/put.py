#!/usr/bin/env python3
"""`sockeye put` into `sockeye serve`, into servers of other people, and into ones that lie, refuse and break off."""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

import support
from support import SOCKEYE, wait_until
from support_origin import QUICK, behaviour, content, expect, finished, hostile, read, repr_digest, serving, tls, write
from support_serve import Served


def put(*arguments, code=0, stdin=b"", **options):
    """Runs `sockeye put` to its end."""
    quick = QUICK if "--retry" not in arguments else []
    run = support.sockeye("put", *quick, *arguments, stdin=stdin, **options)
    assert run.returncode == code, (run.returncode, run.stderr.decode(), run.stdout.decode())
    return run


class Taker:
    """A server that takes PUT as it is told to: `answer(method, target, fields, body)` gives a status line's rest, fields and
    body; a part of a request is known by its length. One that `closes` does so after each answer, without saying so."""

    def __init__(self, answer, cut_after=None, closes=False):
        self.answer, self.cut_after, self.closes, self.requests, self.connections = answer, cut_after, closes, [], 0

    def __enter__(self):
        self._manager = serving(self._serve)
        self.url = f"http://127.0.0.1:{self._manager.__enter__()}"
        return self

    def __exit__(self, *exception):
        self._manager.__exit__(*exception)

    def _serve(self, connection):
        self.connections += 1
        stream = connection.makefile("rb")
        while line := stream.readline():
            method, target, _ = line.decode().split(" ")
            fields = {}
            while (field := stream.readline().strip()) != b"":
                name, _, value = field.decode().partition(":")
                fields[name.lower()] = value.strip()
            body = b""
            if self.cut_after is not None and method == "PUT":
                stream.read(self.cut_after)
                self.requests.append((method, target, fields, None))
                self.cut_after = None
                return
            if "chunked" in fields.get("transfer-encoding", ""):
                while (size := int(stream.readline(), 16)) > 0:
                    body += stream.read(size)
                    stream.readline()
                stream.readline()
            else:
                body = stream.read(int(fields.get("content-length", "0")))
            self.requests.append((method, target, fields, body))
            status, more, reply = self.answer(method, target, fields, body)
            length = "" if any(name.lower() == "content-length" for name in more) else f"Content-Length: {len(reply)}\r\n"
            head = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            connection.sendall(f"HTTP/1.1 {status}\r\n{head}{length}\r\n".encode() + (b"" if method == "HEAD" else reply))
            if self.closes:
                return


def storing(files, told=lambda body: {}):
    """A server that stores what it is given; `told(body)` is what HEAD says besides the length."""

    def answer(method, target, fields, body):
        if method == "PUT":
            files[target] = body
            return "201 Created", {}, b""
        if target in files:
            return "200 OK", {"Content-Length": len(files[target]), **told(files[target])}, b""
        return "404 Not Found", {}, b""

    return answer


# ---- Into `sockeye serve`


def test_file_and_digest():
    """A file arrives whole and is held against its digest; the same once more is left, and another is not overwritten"""
    with Served("--upload") as served, tempfile.TemporaryDirectory() as folder:
        body = content(3_000_000)
        source = pathlib.Path(folder) / "a file.bin"
        source.write_bytes(body)
        report, = finished(put("--json", source, served.url + "/"))
        assert (served.path / "a file.bin").read_bytes() == body
        assert report["assurance"] == "server-digest" and report["sent"] == len(body), report
        assert report["sha256"] == hashlib.sha256(body).hexdigest() and report["url"].endswith("/a%20file.bin"), report
        again = put("--json", source, served.url + "/").stdout
        assert [json.loads(line)["event"] for line in again.splitlines()] == ["skipped"], again
        source.write_bytes(b"other")
        said = put(source, served.url + "/", code=11).stderr
        assert b"exists and is another file" in said, said
        put("--on-exists", "skip", source, served.url + "/")
        assert (served.path / "a file.bin").read_bytes() == body
        put(source, served.url + "/sub/named.txt")
        assert (served.path / "sub" / "named.txt").read_bytes() == b"other"


def test_empty_and_large_names():
    """An empty file, a name in another script and a name that has to be escaped arrive under their names"""
    with Served("--upload") as served, tempfile.TemporaryDirectory() as folder:
        for name in ("empty", "接收 ?#%41.txt", "-dash", "n" * 255):
            (pathlib.Path(folder) / name).write_bytes(name.encode() if name != "empty" else b"")
        names = sorted(os.listdir(folder))
        put("--", *[os.path.join(folder, name) for name in names], served.url + "/")
        for name in names:
            assert (served.path / name).read_bytes() == (pathlib.Path(folder) / name).read_bytes(), name


def test_standard_input():
    """Standard input goes up as it comes, and is checked at its end"""
    with Served("--upload") as served:
        body = content(1_000_000)
        report, = finished(put("--json", "-", f"{served.url}/piped", stdin=body))
        assert (served.path / "piped").read_bytes() == body
        assert report["assurance"] == "server-digest" and report["file"] == "-" and report["size"] == len(body), report
        assert b"has no name" in put("-", f"{served.url}/", code=2).stderr
        put("-", f"{served.url}/nothing", stdin=b"")
        assert (served.path / "nothing").read_bytes() == b""


def test_folders():
    """A folder arrives with all that is in it but hidden names, and a second time nothing is sent"""
    with Served("--upload") as served, tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder) / "photos"
        (top / "深" / "deeper").mkdir(parents=True)
        files = {"one": b"1", "深/two": b"22", "深/deeper/three": content(300_000), ".hidden": b"no"}
        for name, body in files.items():
            (top / name).write_bytes(body)
        (top / "way out").symlink_to("/etc/passwd")
        assert b"--recursive" in put(top, served.url + "/", code=2).stderr
        put("--recursive", top, served.url + "/")
        for name, body in files.items():
            path = served.path / "photos" / name
            assert path.exists() == (name != ".hidden") and (not path.exists() or path.read_bytes() == body), name
        assert not (served.path / "photos" / "way out").exists()
        again = [json.loads(line) for line in put("--recursive", "--json", f"{top}/", served.url + "/").stdout.splitlines()]
        assert again[-1]["uploaded"] == 0 and again[-1]["skipped"] == 3, again


def test_interrupted():
    """An upload that is killed in the middle goes on from where it was, by the same command"""
    with Served("--upload") as served, tempfile.TemporaryDirectory() as folder:
        body = content(2_000_000)
        source = pathlib.Path(folder) / "big"
        source.write_bytes(body)
        partial = served.path / ".big.sockeye-upload"
        for ending in (signal.SIGKILL, signal.SIGINT):
            with support.Program(SOCKEYE, "put", "--rate", "300KiB", source, served.url + "/") as slow:
                before = partial.stat().st_size if partial.exists() else 0
                wait_until(lambda: partial.exists() and partial.stat().st_size > before + 50_000, "bytes on the server")
                slow.process.send_signal(ending)
                slow.process.wait(support.DEADLINE)
            wait_until(lambda: b"423" not in served.curl("-I", f"{served.url}/big"), "end of the connection")
        report, = finished(put("--json", "--retry", 50, source, served.url + "/"))
        assert (served.path / "big").read_bytes() == body and not partial.exists()
        assert 0 < report["sent"] < len(body) - 50_000 and report["assurance"] == "server-digest", report


def test_resumed_on_something_else():
    """What is continued on the beginning of another file never gets the name: its digest gives it away"""
    with Served("--upload") as served, tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "x"
        source.write_bytes(content(100_000))
        with socket.create_connection(("127.0.0.1", served.port)) as cut:
            cut.sendall(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"z" * 40_000)
            wait_until(lambda: (served.path / ".x.sockeye-upload").exists()
                       and (served.path / ".x.sockeye-upload").stat().st_size == 40_000, "forty thousand bytes")
        # The first attempt is refused with 422, and the second begins anew.
        report, = finished(put("--json", "--retry", 50, source, served.url + "/"))
        assert (served.path / "x").read_bytes() == source.read_bytes(), report


def test_refusals():
    """Each refusal has its exit code and says what to do"""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "file")
        write(b"x" * 10_000, folder, "file")
        with Served() as served:
            assert b"--upload" in put(source, served.url + "/", code=8).stderr
        with Served("--upload", "--quota", "1KiB") as served:
            assert b"no room" in put(source, served.url + "/", code=8).stderr
        with Served("--upload") as served:
            assert b"--recursive makes folders" in put(source, served.url + "/none/", code=8).stderr
            put(source, served.url + "/.hidden", code=8)
        put(os.path.join(folder, "none"), "http://127.0.0.1:1/", code=3)
        listener, port = support.loopback_listener()
        listener.close()
        put("--retry", 0, source, f"http://127.0.0.1:{port}/", code=4)
        put(source, "tcp://127.0.0.1:1/x", code=2)
        put(source, source, "http://127.0.0.1:1/x", code=2)


def test_passwords():
    """A password is asked for and shown; without it the exit code is 6"""
    with tempfile.TemporaryDirectory() as folder:
        users, mine = os.path.join(folder, "users"), os.path.join(folder, "mine")
        added = support.sockeye("serve", "--add-user", "ann", "--auth-file", users, stdin=b"secret\n")
        assert added.returncode == 0, added
        write(b"ann:secret\n", folder, "mine")
        os.chmod(mine, 0o600)
        with Served("--upload", "--auth-file", users) as served:
            assert b"--auth-file" in put(mine, served.url + "/", code=6).stderr
            put("--auth-file", mine, mine, served.url + "/")
            assert (served.path / "mine").exists()


# ---- Into servers of other people


@contextlib.contextmanager
def nginx(folder):
    """nginx with its WebDAV module: the folder it stores in, and its URL."""
    program = support.need("nginx")
    root = pathlib.Path(folder) / "stored"
    root.mkdir()
    root.chmod(0o777)
    listener, port = support.loopback_listener()
    listener.close()
    configuration = pathlib.Path(folder) / "nginx.conf"
    configuration.write_text(f"""
        daemon off; master_process off; pid {folder}/pid; error_log stderr;
        events {{}}
        http {{ access_log off; client_body_temp_path {folder}/temp; client_max_body_size 0;
          proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
          server {{ listen 127.0.0.1:{port}; root {root}; dav_methods PUT MKCOL; create_full_put_path on; }} }}
    """)
    os.chmod(folder, 0o755)
    with support.Program(program, "-p", folder, "-c", configuration):
        def is_up():
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
        wait_until(is_up, "nginx")
        yield root, f"http://127.0.0.1:{port}"


@behaviour
def nginx_takes_files_and_folders(folder):
    with nginx(folder) as (root, url):
        body = content(500_000)
        os.makedirs(os.path.join(folder, "things", "inner"))
        write(body, folder, "things", "inner", "big")
        write(b"1", folder, "things", "one")
        report, = finished(put("--json", os.path.join(folder, "things", "one"), f"{url}/"))
        expect(report["assurance"] == "length" and read(root, "one") == b"1", report)
        put("--recursive", os.path.join(folder, "things"), f"{url}/")
        expect(read(root, "things", "inner", "big") == body)
        expect(b"another file" in put(os.path.join(folder, "things", "one"), f"{url}/things/inner/big", code=11).stderr)
        put("--on-exists", "overwrite", os.path.join(folder, "things", "one"), f"{url}/things/inner/big")
        expect(read(root, "things", "inner", "big") == b"1")
        put("-", f"{url}/piped", stdin=body)
        expect(read(root, "piped") == body)


# ---- Hostile and broken servers


@behaviour
def a_connection_that_is_cut_is_tried_again(folder):
    write(content(400_000), folder, "file")
    files = {}
    with Taker(storing(files), cut_after=100_000) as taker:
        report, = finished(put("--json", os.path.join(folder, "file"), taker.url + "/x"))
        expect(files["/x"] == read(folder, "file") and report["assurance"] == "length", report)
        expect([method for method, *_ in taker.requests].count("PUT") == 2)
        # Who never told an offset is never sent a part.
        expect(all("content-range" not in fields for _, _, fields, _ in taker.requests))


@hostile("a server that keeps something else")
def what_a_server_keeps_is_held_against_what_was_sent(folder):
    write(content(10_000), folder, "file")
    for told in (lambda body: {"Repr-Digest": repr_digest(b"something else")}, lambda body: {"Content-Length": 9_999}):
        with Taker(storing({}, told)) as taker:
            put(os.path.join(folder, "file"), taker.url + "/x", code=9)


@hostile("offsets that are none")
def an_offset_beyond_the_file_is_not_believed(folder):
    write(b"0123456789", folder, "file")
    for offset in ("10", "11", "99999999999999999999", "-1", "0x5", "", "5, 5"):
        files = {}

        def answer(method, target, fields, body):
            if method == "HEAD" and target not in files:
                return "404 Not Found", {"Upload-Offset": offset}, b""
            return storing(files)(method, target, fields, body)

        with Taker(answer) as taker:
            put(os.path.join(folder, "file"), taker.url + "/x")
            expect(files["/x"] == b"0123456789", offset, files)


@hostile("offsets that go on and on")
def a_server_that_always_wants_another_offset_is_given_up(folder):
    write(b"0123456789", folder, "file")
    offsets = iter(range(1, 10_000))

    def answer(method, target, fields, body):
        status = "404 Not Found" if method == "HEAD" else "409 Conflict"
        return status, {"Upload-Offset": next(offsets) % 9}, b""

    with Taker(answer) as taker:
        put(os.path.join(folder, "file"), taker.url + "/x", code=8)
        expect(len(taker.requests) < 10, len(taker.requests))


@hostile("answers that refuse all that was taken")
def a_server_that_takes_all_and_keeps_nothing_is_given_up(folder):
    write(content(400_000), folder, "file")
    for status in ("500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"):
        with Taker(lambda method, *_: ("404 Not Found" if method == "HEAD" else status, {}, b"")) as taker:
            put("--retry", "2", "--backoff", "1ms..5ms", os.path.join(folder, "file"), taker.url + "/x", code=8)
            expect([method for method, *_ in taker.requests].count("PUT") == 3, status, len(taker.requests))


@behaviour
def a_server_that_keeps_a_piece_each_time_gets_the_whole_file(folder):
    write(content(400_000), folder, "file")
    kept, piece = bytearray(), 70_000

    def answer(method, target, fields, body):
        if method == "HEAD":
            return ("200 OK", {"Content-Length": len(kept)}, b"") if len(kept) == 400_000 else (
                "404 Not Found", {"Upload-Offset": len(kept)}, b"")
        kept.extend(body[:piece])
        return ("201 Created" if len(kept) == 400_000 else "503 Service Unavailable"), {}, b""

    with Taker(answer) as taker:
        put("--retry", "1", "--backoff", "1ms..5ms", os.path.join(folder, "file"), taker.url + "/x")
        expect(bytes(kept) == content(400_000) and [method for method, *_ in taker.requests].count("PUT") == 6)


@hostile("a redirection")
def where_a_file_goes_is_not_the_servers_choice(folder):
    write(b"secret", folder, "file")
    files = {}
    with Taker(storing(files)) as other:
        for status in ("301 Moved", "307 Temporary Redirect", "308 Permanent Redirect"):
            with Taker(lambda *_: (status, {"Location": other.url + "/x"}, b"")) as taker:
                said = put(os.path.join(folder, "file"), taker.url + "/x", code=8).stderr
                expect(b"elsewhere" in said, said)
        expect(files == {} and other.requests == [])


@hostile("an answer before the end")
def a_refusal_that_comes_early_is_heard(folder):
    write(content(50_000_000), folder, "file")

    def serve(connection):
        while head := connection.recv(65536):
            if head.startswith(b"HEAD"):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            text = b"the \x1b[31mdisk\x1b[0m is full\n" + b"x" * 100_000
            connection.sendall(b"HTTP/1.1 507 Insufficient Storage\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
                               % len(text) + text)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 20):
                    pass
            return

    with serving(serve) as port:
        said = put(os.path.join(folder, "file"), f"http://127.0.0.1:{port}/x", code=8).stderr
        expect(b"no room" in said and b"\x1b" not in said, said)


@hostile("silence")
def a_server_that_takes_nothing_and_says_nothing_is_left(folder):
    write(content(1000), folder, "file")
    ended = threading.Event()

    def serve(connection):
        ended.wait(support.DEADLINE)

    with serving(serve) as port:
        put("--idle", "100ms", "--retry", 0, os.path.join(folder, "file"), f"http://127.0.0.1:{port}/x", code=10)
        ended.set()


@behaviour
def a_file_that_shrinks_while_it_is_sent_is_told(folder):
    write(content(400_000), folder, "file")
    path = os.path.join(folder, "file")
    arrived = threading.Event()

    def serve(connection):
        stream = connection.makefile("rb")
        while line := stream.readline():
            method = line.split()[0]
            while stream.readline().strip():
                pass
            if method == b"HEAD":
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            stream.read(1000)
            os.truncate(path, 5)
            arrived.set()
            while stream.read(1000):
                pass

    with serving(serve) as port:
        put("--rate", "100KiB", "--retry", 0, path, f"http://127.0.0.1:{port}/x", code=9)
        expect(arrived.is_set())


if __name__ == "__main__":
    support.main(globals())
