#!/usr/bin/env python3
"""What `sockeye serve` tells its operator: the access log, broken downloads, metrics, JSON."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import urllib.request

import support
from support import wait_until
from support_serve import BIG, Served, tutorial_client


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


def test_full_disk():
    """That the access log can't be written is said once, and costs the clients nothing"""
    with Served("--access-log", "/dev/full") as served:
        for _ in range(3):
            assert served.get("/a.txt")[0] == 200
            served.server.wait_for("cannot write the access log: no space left on device")
        assert served.get("/a.txt")[0] == 200
        assert served.server.errors.count("access log") == 1, served.server.errors


def test_ready_pipe():
    """A ready file that is a pipe or a link is written to, and nothing is put in its place"""
    with tempfile.TemporaryDirectory() as folder:
        pipe, link, target = (pathlib.Path(folder) / name for name in ("pipe", "link", "target"))
        os.mkfifo(pipe)
        link.symlink_to(target)
        for place, read in ((pipe, pipe), (link, target)):
            serve = support.Program(support.SOCKEYE, "serve", folder, "--listen", "127.0.0.1:0", "--ready-file", place)
            with serve:
                wait_until(lambda: read.exists(), "ready file")
                text = wait_until(read.read_text, "address in it")
                assert re.fullmatch(r"127\.0\.0\.1:\d+\n", text), text
            assert pipe.is_fifo() and link.is_symlink() and not target.is_symlink()
        if os.path.exists("/dev/full"):
            answer = support.sockeye("serve", folder, "--listen", "127.0.0.1:0", "--ready-file", "/dev/full")
            assert answer.returncode == 3 and pathlib.Path("/dev/full").is_char_device(), answer


def broken_log(form, act, *arguments, lines=1):
    """The log of a service while clients do something."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        with Served("--access-log", log, "--log-format", form, *arguments) as served:
            act(served)
            wait_until(lambda: log.exists() and log.read_text().count("\n") >= lines, "line in the log")
            return log.read_text().splitlines()


def reads_once(request, size):
    def act(served):
        (served.path / "file").write_bytes(BIG[:size])
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as client:
            client.sendall(request)
            assert client.recv(1024)

    return act


def test_broken_downloads():
    """A download that its client breaks off is logged with its bytes and its cause, however large the file is"""
    get = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n"
    for size in (5_000, 100_000, len(BIG)):
        for request, method in ((get, "GET"), (b"file", "NAME"), (b"file\n", "NAME")):
            line = json.loads(broken_log("json", reads_once(request, size))[0])
            assert (line["method"], line["ending"], line["length"]) == (method, "client-left", size), line
            assert 0 <= line["bytes"] <= size and "reads once" in line["explanation"], line
            assert size < 1_000_000 or line["bytes"] < size, line
    line = broken_log("text", reads_once(b"file", len(BIG)))[0]
    assert re.search(r'"NAME file bare-name" 200 \d+ .* broken off after \d+ of %d bytes: the client closed' % len(BIG), line), line

    def stalls(served):
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"big.bin")
            client.recv(1024)
            wait_until(lambda: not connected(client), "end of a stalled connection")

    line = json.loads(broken_log("json", stalls, "--stall-timeout", "1s")[0])
    assert line["ending"] == "client-stalled" and line["bytes"] < line["length"] and "stopped reading" in line["explanation"]

    def changes(served):
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            client.recv(1024)
            with open(served.path / "big.bin", "ab") as file:
                file.write(b"more")
            with contextlib.suppress(ConnectionResetError):
                support.read_all(client)

    assert json.loads(broken_log("json", changes)[0])["ending"] == "file-changed"

    def reads_all(served):
        assert served.get("/big.bin")[2] == BIG
        assert tutorial_client(served.port, b"a.txt") == b"hello\n"

    lines = [json.loads(line) for line in broken_log("json", reads_all, lines=2)]
    assert {line["ending"] for line in lines} == {"complete"} and {line["bytes"] for line in lines} == {len(BIG), 6}, lines


def connected(client):
    try:
        client.send(b"x")
        return True
    except OSError:
        return False


def test_json_addresses():
    """The addresses in JSON and in the ready file are the same, and quoted whatever a path has in it"""
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/a "quoted" one'
        (pathlib.Path(folder) / "served").mkdir()
        with support.Program(
            support.SOCKEYE, "serve", f"{folder}/served", "--listen", f"unix:{path}", "--json"
        ) as program:
            event = json.loads(program.process.stdout.readline())
            assert event["addresses"] == [f"unix:{path}"], event


def test_zones():
    """An address of one link keeps its zone, in JSON and in the ready file"""
    inside = 'ip link set lo up && ip -6 address add fe80::5/64 dev lo nodad && exec "$@"'
    support.need("ip")
    if subprocess.run(["unshare", "--net", "sh", "-c", inside, "sh", "true"], capture_output=True).returncode != 0:
        raise support.Skip("this machine allows no network of its own")
    with tempfile.TemporaryDirectory() as folder:
        ready = pathlib.Path(folder) / "ready"
        served = pathlib.Path(folder) / "served"
        served.mkdir()
        with support.Program("unshare", "--net", "sh", "-c", inside, "sh", support.SOCKEYE, "serve", served, "--json",
                             "--listen", "[fe80::5%lo]:0", "--ready-file", ready) as program:  # fmt: skip
            event = json.loads(program.process.stdout.readline())
            wait_until(ready.exists, "ready file")
            address, = event["addresses"]
            assert re.fullmatch(r"\[fe80::5%lo\]:\d+", address), event
            assert ready.read_text() == address + "\n", ready.read_text()


def test_paths_are_bytes():
    """The files that its flags name are those of these bytes, whether they are text or not"""
    with tempfile.TemporaryDirectory() as base:
        folder = os.path.join(os.fsencode(base), b"caf\xe9 \xff")
        os.makedirs(os.path.join(folder, b"served"))
        file = lambda name: os.path.join(folder, name)
        with open(file(b"served/a.txt"), "wb") as one:
            one.write(b"hello\n")
        subprocess.run([support.need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out",
                        file(b"certificate"), "-keyout", file(b"key")], check=True, capture_output=True)  # fmt: skip
        line = subprocess.run([support.SOCKEYE, "serve", "--add-user", "me", "--auth-file", file(b"users")], input=b"secret\n",
                              capture_output=True, timeout=support.DEADLINE)  # fmt: skip
        assert line.returncode == 0 and os.path.exists(file(b"users")), line
        command = [support.SOCKEYE, "serve", file(b"served"), "--listen", "127.0.0.1:0", "--ready-file", file(b"ready"),
                   "--access-log", file(b"log"), "--certificate", file(b"certificate"), "--key", file(b"key"),
                   "--auth-file", file(b"users")]  # fmt: skip
        server = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
        try:
            wait_until(lambda: os.path.exists(file(b"ready")) or server.poll() is not None, "ready file")
            assert server.poll() is None, server.stderr.read()
            with open(file(b"ready")) as ready:
                url = f"https://{ready.read().strip()}/a.txt"
            with open(os.open(file(b"me"), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as secret:
                secret.write(b"me:secret\n")
            got = subprocess.run([support.SOCKEYE, "get", "--ca", file(b"certificate"), "--auth-file", file(b"me"), "-o", "-",
                                  url], capture_output=True, timeout=support.DEADLINE)  # fmt: skip
            assert (got.returncode, got.stdout) == (0, b"hello\n"), got
            wait_until(lambda: os.path.exists(file(b"log")) and os.path.getsize(file(b"log")), "line in the log")
        finally:
            server.kill()
            server.wait()
            server.stderr.close()
        names = {b"served", b"certificate", b"key", b"users", b"ready", b"log", b"me"}
        assert set(os.listdir(folder)) == names and os.listdir(base) == [os.fsdecode(b"caf\xe9 \xff")], os.listdir(folder)


if __name__ == "__main__":
    support.main(globals())
