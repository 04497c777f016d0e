#!/usr/bin/env python3
"""The operator of `sockeye serve`: passwords, TLS, limits, draining, sockets from elsewhere, memory."""

import base64
import hashlib
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile

import support
from support import wait_until
from support_serve import BIG, Served, own_state, refused, tutorial_client


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
    with own_state() as (environment, _), Served("--tls", "auto", env=environment) as served:
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


def test_kept_certificate():
    """The certificate of --tls auto is the same at the next start, and its key is nobody else's to read"""
    with own_state() as (environment, folder):

        def certificate():
            with Served("--tls", "auto", env=environment) as served:
                return ssl.get_server_certificate(("127.0.0.1", served.port))

        first = certificate()
        file = folder / "sockeye" / "serve.pem"
        assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
        assert certificate() == first
        file.chmod(0o644)
        assert certificate() != first and file.stat().st_mode & 0o777 == 0o600
        without = {name: value for name, value in environment.items() if name not in ("XDG_STATE_HOME", "HOME")}
        with Served("--tls", "auto", env=without) as served:
            served.server.wait_for("this start alone")


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
