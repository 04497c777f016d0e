#!/usr/bin/env python3
"""`sockeye run`: the programs that people run in it, with servers of their own kind on addresses that this machine has for the
test: git, pip, apt-get, curl, dig, ping, traceroute, iperf3, ssh, a browser, and servers inside."""

import contextlib
import functools
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import zipfile

import support
from support import SOCKEYE, Program, Skip, need, wait_until
from support_network import ADDRESSES, curl, have_addresses, name_server, python
from support_run import Running, run

ADDRESS = ADDRESSES[socket.AF_INET]
ADDRESS6 = ADDRESSES[socket.AF_INET6]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Keeps connections, and counts them."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web(folder, certificate=None, address=ADDRESS):
    """A web server of a folder; yields it and its HOST:PORT."""
    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128
        connections = 0

    with Server((address, 0), functools.partial(QuietHandler, directory=str(folder))) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, f"{address}:{server.server_address[1]}"
        server.shutdown()


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as path:
        yield pathlib.Path(path)


@contextlib.contextmanager
def listening(*command, port, kind="tcp"):
    """Somebody else's server, once it listens at the port."""
    def is_there():
        assert server.process.poll() is None, server.errors
        state = "0A" if kind == "tcp" else "07"
        return any(
            f":{port:04X} " in line.split(":", 1)[1][:20] and f" {state} " in line
            for name in (kind, kind + "6") for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        )

    with Program(*command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        wait_until(is_there, f"server at port {port}")
        yield server


def free_port():
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


def test_curl():
    """curl: HTTP and HTTPS, one connection for all requests, bodies of megabytes both ways."""
    with folder() as place:
        (place / "large").write_bytes(body := os.urandom(1 << 20) * 8)
        certificate = place / "certificate.pem"
        subprocess.run(
            [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
             "-subj", "/CN=served.example", "-addext", "subjectAltName=DNS:served.example", "-keyout", certificate,
             "-out", place / "public.pem"],
            check=True, capture_output=True,
        )
        certificate.write_bytes(certificate.read_bytes() + (place / "public.pem").read_bytes())
        for scheme, pem in [("http", None), ("https", certificate)]:
            with web(place, pem) as (server, endpoint):
                url = f"{scheme}://served.example:{endpoint.rpartition(':')[2]}/large"
                answer = run("--host", f"served.example={ADDRESS}", "--",
                             *curl("--cacert", place / "public.pem", url, url, url))
                assert answer.returncode == 0, answer.stderr
                assert hashlib.sha256(answer.stdout).digest() == hashlib.sha256(body * 3).digest()
                assert server.connections == 1, server.connections


def test_git():
    """git clones over its own protocol and over HTTP, and all objects are whole."""
    git = need("git")
    with folder() as place:
        quiet = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(place)}
        for name in ("AUTHOR", "COMMITTER"):
            quiet |= {f"GIT_{name}_NAME": "N", f"GIT_{name}_EMAIL": "n@example.com"}

        def do(*words, **options):
            return subprocess.run([git, *map(str, words)], check=True, env=quiet, capture_output=True, **options)

        do("init", "-b", "main", place / "work")
        (place / "work/file").write_bytes(os.urandom(3 << 20))
        do("-C", place / "work", "add", ".")
        do("-C", place / "work", "commit", "-m", "one")
        do("clone", "--bare", place / "work", place / "served.git")
        do("-C", place / "served.git", "update-server-info")
        head = do("-C", place / "work", "rev-parse", "HEAD").stdout
        port = free_port()
        daemon = [git, "daemon", f"--base-path={place}", "--export-all", "--reuseaddr", f"--listen={ADDRESS}", f"--port={port}"]
        with listening(*daemon, port=port), web(place) as (_, endpoint):
            for number, url in enumerate([f"git://{ADDRESS}:{port}/served.git", f"http://{endpoint}/served.git"]):
                answer = run("--", git, "clone", url, place / f"copy{number}", env=quiet)
                assert answer.returncode == 0, (url, answer.stderr)
                do("-C", place / f"copy{number}", "fsck", "--full")
                assert do("-C", place / f"copy{number}", "rev-parse", "HEAD").stdout == head, url


def test_pip():
    """pip installs from an index of the test's own, whose name the gateway knows."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        raise Skip("pip is not installed")
    with folder() as place:
        index = place / "simple/tiny"
        index.mkdir(parents=True)
        wheel = "tiny-1.0-py3-none-any.whl"
        with zipfile.ZipFile(index / wheel, "w") as archive:
            archive.writestr("tiny.py", "WORD = 'there'\n")
            archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
            archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr("tiny-1.0.dist-info/RECORD", "")
        (index / "index.html").write_text(f'<a href="{wheel}">{wheel}</a>')
        with web(place) as (_, endpoint):
            port = endpoint.rpartition(":")[2]
            answer = run(
                "--host", f"index.example={ADDRESS}", "--allow", f"index.example:{port}", "--",
                sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check",
                "--no-input", "--target", place / "target", "--trusted-host", "index.example",
                "--index-url", f"http://index.example:{port}/simple", "tiny",
                env={**os.environ, "PIP_CONFIG_FILE": os.devnull, "no_proxy": "*"},
            )
        assert answer.returncode == 0, answer
        assert (place / "target/tiny.py").exists()


def test_apt():
    """apt-get reads an index and downloads a package of the test's own."""
    apt, build = need("apt-get"), need("dpkg-deb")
    with folder() as place:
        control = place / "package/DEBIAN/control"
        control.parent.mkdir(parents=True)
        fields = "Package: tiny\nVersion: 1\nArchitecture: all\nMaintainer: N <n@example.com>\nDescription: tiny\n"
        control.write_text(fields)
        served = place / "served"
        served.mkdir()
        package = served / "tiny_1_all.deb"
        subprocess.run([build, "--build", place / "package", package], check=True, capture_output=True)
        data = package.read_bytes()
        (served / "Packages").write_text(
            f"{fields}Filename: ./{package.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
        )
        for name in ("lists/partial", "cache/archives/partial", "got"):
            (place / name).mkdir(parents=True)
        (place / "status").touch()
        with web(served) as (_, endpoint):
            port = endpoint.rpartition(":")[2]
            (place / "sources.list").write_text(f"deb [trusted=yes] http://packages.example:{port}/ ./\n")
            options = {
                "Dir::Etc::SourceList": place / "sources.list", "Dir::Etc::SourceParts": os.devnull,
                "Dir::State::Lists": place / "lists", "Dir::State::status": place / "status", "Dir::Cache": place / "cache",
                "APT::Sandbox::User": "root", "Acquire::http::Proxy": "false",
            }
            flags = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
            for words in (["update"], ["download", "tiny"]):
                answer = run("--host", f"packages.example={ADDRESS}", "--", apt, *flags, *words, cwd=place / "got")
                assert answer.returncode == 0, answer
        assert (place / "got" / package.name).read_bytes() == data


def test_dig():
    """dig's questions are answered over UDP and TCP, over both families, and by a server that it names."""
    dig = need("dig")
    with name_server({"served.example": "192.0.2.7"}) as (server, _):
        host, _, port = server.rpartition(":")
        flags = ["--dns", server, "--host", f"six.example={ADDRESS6}"]
        for words, said in [
            (["served.example"], b"192.0.2.7\n"),
            (["@fd73:6f63:6b65::2", "served.example"], b"192.0.2.7\n"),
            (["six.example", "aaaa"], f"{ADDRESS6}\n".encode()),
            (["+tcp", "six.example", "aaaa"], f"{ADDRESS6}\n".encode()),
            ([f"@{host}", "-p", port, "served.example"], b"192.0.2.7\n"),
        ]:
            answer = run(*flags, "--", dig, "+short", "+noedns", *words)
            assert answer.stdout == said, (words, answer)
        answer = run(*flags, "--", dig, "+noedns", "nobody.example")
        assert b"status: NXDOMAIN" in answer.stdout, answer


def test_ping_and_traceroute():
    """ping is answered whole at any size, is told of what is too long or out of reach, and traceroute arrives."""
    ping = need("ping")
    pathlib.Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
    for words, code, said in [
        (["-s", "1", ADDRESS], 0, b"1 received"), (["-s", "9000", ADDRESS], 0, b"1 received"), ([ADDRESS6], 0, b"1 received"),
        (["-M", "do", "-s", "1473", ADDRESS], 1, b"+1 errors"), (["203.0.113.9"], 1, b"Net Unreachable"),
    ]:
        answer = run("--", ping, "-c1", "-W20", *words)
        assert answer.returncode == code and said in answer.stdout, (words, answer)
    traceroute = shutil.which("traceroute")
    for words in ([], ["-I"]) if traceroute else ():
        for there in (ADDRESS, ADDRESS6):
            answer = run("--", traceroute, "-n", "-q1", "-m3", "-w20", *words, there)
            assert answer.returncode == 0 and there.encode() in answer.stdout.splitlines()[-1], (words, answer)


def test_iperf3():
    """iperf3 moves streams both ways, one and eight, and datagrams."""
    iperf = need("iperf3")
    port = free_port()
    with listening(iperf, "-s", "-B", ADDRESS, "-p", port, port=port):
        for words in ([], ["-R"], ["-P", "8"], ["-R", "-P", "8"]):
            answer = run("--", iperf, "-J", "-c", ADDRESS, "-p", port, "-n", "4M", *words)
            assert answer.returncode == 0, (words, answer.stdout[-500:], answer.stderr)
            end = json.loads(answer.stdout)["end"]
            assert end["sum_sent"]["bytes"] >= 4 << 20 and end["sum_received"]["bytes"] > 0, (words, end)
        for words in ([], ["-R"]):
            answer = run("--", iperf, "-J", "-c", ADDRESS, "-p", port, "-u", "-b", "2M", "-n", "200K", *words)
            assert answer.returncode == 0, (words, answer.stdout[-500:], answer.stderr)
            assert json.loads(answer.stdout)["end"]["sum"]["packets"] >= 100, words


def test_server_inside():
    """A web server inside serves whole bodies at a published port, to many at a time, and ends by its signal."""
    with folder() as place:
        (place / "file").write_bytes(body := os.urandom(1 << 20))
        port = free_port()
        serve = "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, " \
                "http.server.ThreadingHTTPServer, port=80)"
        with Running("--publish", f"{ADDRESS}:{port}:80", "--", "python3", "-u", "-c", serve, cwd=place) as running:
            assert "Serving" in running.line()
            url = f"http://{ADDRESS}:{port}/file"
            fetches = [subprocess.Popen(curl(url), stdout=subprocess.PIPE) for _ in range(8)]
            for fetch in fetches:
                said, _ = fetch.communicate(timeout=support.DEADLINE)
                assert fetch.returncode == 0 and said == body
            running.signal()
            assert running.finish()[0] == 143


def test_browser():
    """A browser shows a page of the test's own, with what it loads beside it."""
    chromium = need("chromium")
    with folder() as place:
        (place / "script.js").write_text("document.title = 'loaded'; document.body.append(' and the script ran');")
        images = "".join(f'<img src="image{number}.svg">' for number in range(12))
        for number in range(12):
            (place / f"image{number}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
        (place / "index.html").write_text(f"<!doctype html><body>the page{images}<script src=script.js></script></body>")
        with web(place) as (server, endpoint):
            answer = run(
                "--host", f"page.example={ADDRESS}", "--", chromium, "--headless", "--disable-gpu", "--no-sandbox",
                "--disable-dev-shm-usage", "--no-proxy-server", f"--user-data-dir={place}/profile", "--dump-dom",
                f"http://page.example:{endpoint.rpartition(':')[2]}/", env={**os.environ, "HOME": str(place)},
            )
            assert b"the page" in answer.stdout and b"and the script ran" in answer.stdout, answer
            assert server.connections > 1, "more than one connection"


def test_two_of_ours():
    """`sockeye get` inside fetches from `sockeye serve` outside, and `connect` inside converses over IPv6."""
    with folder() as place:
        (place / "file").write_bytes(body := os.urandom(1 << 20))
        with support.Server("serve", "-q", "--listen", f"{ADDRESS}:0", place) as server:
            answer = run("--", SOCKEYE, "get", "-q", "-o", "-", f"http://{server.endpoint}/file")
            assert answer.returncode == 0 and answer.stdout == body, answer.stderr
    with socket.create_server((ADDRESS6, 0), family=socket.AF_INET6) as listener:
        def answer():
            with listener.accept()[0] as connection:
                connection.sendall(support.read_all(connection).upper())

        threading.Thread(target=answer, daemon=True).start()
        answer = run("--", SOCKEYE, "connect", "-q", f"[{ADDRESS6}]:{listener.getsockname()[1]}", stdin=b"words\n")
        assert answer.returncode == 0 and b"WORDS" in answer.stdout, answer


if __name__ == "__main__":
    support.in_own_network()
    have_addresses()
    support.main(globals())
