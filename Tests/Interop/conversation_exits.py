"""The exit codes that `connect` and `listen` end with, which scripts rely on."""

import os
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

import support
from support import Server, connect, loopback_listener, need, serving, sockeye, wait_until, DEADLINE, SOCKEYE


def closed_port():
    listener, port = loopback_listener()
    listener.close()
    return f"127.0.0.1:{port}"


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def expect(result, code, *words):
    assert result.returncode == code, (code, result)
    line = result.stderr.decode().strip().splitlines()[-1]
    assert line.startswith("sockeye: "), line
    for word in words:
        assert word in line, (word, line)


def test_exit_0_whole_reply():
    """a request piped into connect gets the whole reply and exit code 0, a hundred times in a row"""
    body = os.urandom(300_000)
    listener, port = loopback_listener()

    def run():
        for _ in range(100):
            connection, _ = listener.accept()
            with connection:
                while not connection.recv(1024).endswith(b"\r\n\r\n"):
                    pass
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)

    threading.Thread(target=run, daemon=True).start()
    for _ in range(100):
        result = sockeye("connect", "-q", f"127.0.0.1:{port}", stdin=b"GET / HTTP/1.0\r\n\r\n")
        assert result.returncode == 0, result.stderr
        assert result.stdout.endswith(body) and len(result.stdout) == len(body) + 19, len(result.stdout)


def test_exit_2_usage():
    """nonsense is refused in one line that says what would be right"""
    for arguments, word in [
        (["connect", "nowhere"], "HOST:PORT"),
        (["connect", "127.0.0.1:99999"], "65535"),
        (["connect", "--encoding", "klingon", "127.0.0.1:1"], "iconv -l"),
        (["connect", "--frame", "wat", "127.0.0.1:1"], "delimiter"),
        (["connect", "--input", "hex", "--send", "xyz", "127.0.0.1:1"], "pairs of digits"),
        (["connect", "--expect", "(", "127.0.0.1:1"], "regular expression"),
        (["connect", "--every", "1s", "127.0.0.1:1"], "--send"),
        (["connect", "--append", "crc-99", "127.0.0.1:1"], "--list"),
        (["listen", "--echo", "--relay", "0"], "exclude each other"),
        (["listen", "--tls", "0"], "--certificate"),
        (["listen", "--allow", "10.0.0.0/99", "0"], "prefix"),
        (["listen", "--udp", "--join", "10.0.0.1", "0"], "224.0.0.0/4"),
        (["checksum", "--algorithm", "md4", "x"], "--list"),
    ]:
        expect(sockeye(*arguments), 2, word)


def test_exit_3_local_file():
    """a file that can't be read or written is exit code 3"""
    endpoint = closed_port()
    expect(sockeye("connect", "--record", "/nonexistent/x", endpoint), 3, "/nonexistent/x")
    expect(sockeye("connect", "-o", "/nonexistent/x", endpoint), 3, "/nonexistent/x")
    expect(sockeye("connect", "--log-file", "/nonexistent/x", endpoint), 3, "/nonexistent/x")
    expect(sockeye("connect", "--tls", "--ca", "/nonexistent/x", endpoint), 3, "/nonexistent/x", "PEM")
    expect(sockeye("checksum", "--file", "/nonexistent/x"), 3, "/nonexistent/x")
    endpoint = serving(lambda connection: connection.sendall(b"x" * 100_000))
    with open("/dev/full", "wb") as full:
        result = subprocess.run([SOCKEYE, "connect", endpoint], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
    expect(result, 3, "No space left")


def test_exit_4_network():
    """refused, reset and unknown hosts are exit code 4"""
    expect(sockeye("connect", closed_port()), 4, "refused", "is the server running")
    expect(sockeye("connect", "no-such-host.invalid:80"), 4, "no-such-host.invalid")
    expect(sockeye("connect", "unix:/nonexistent/socket"), 4, "there is no such socket")

    def serve(connection):
        connection.sendall(b"half")
        assert connection.recv(1024) == b"go"
        reset(connection)

    result = sockeye("connect", serving(serve), stdin=b"go")
    expect(result, 4, "reset", "cut short")
    assert result.stdout == b"half", result
    with Server("listen", "127.0.0.1:0") as server:
        expect(sockeye("listen", server.endpoint), 4, "is in use", f"pid {server.process.pid}")


def test_exit_5_tls():
    """a certificate that is not trusted is exit code 5; --ca and --insecure get through"""
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True, capture_output=True,
        )
        with Server("listen", "--tls", "--certificate", certificate, "--key", key, "--echo", "127.0.0.1:0") as server:
            expect(sockeye("connect", "--tls", server.endpoint, stdin=b"x"), 5, "not trusted", "--ca")
            for flags in (["--ca", certificate], ["--insecure"]):
                for endpoint in (f"tls://localhost:{server.port}", f"tls://127.0.0.1:{server.port}"):
                    result = sockeye("connect", *flags, endpoint, stdin=b"secret" * 10_000)
                    assert (result.returncode, result.stdout) == (0, b"secret" * 10_000), result
            expect(sockeye("connect", server.endpoint, "--tls", "--ca", certificate, "--bind", "127.0.0.1", "--expect",
                           "never", "--within", "100ms", "--send", "x"), 12)
            context = ssl.create_default_context(cafile=certificate)
            with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as stream:
                    stream.sendall(b"from python")
                    assert stream.recv(1024) == b"from python"
        with Server("listen", "--echo", "127.0.0.1:0") as server:
            expect(sockeye("connect", "--tls", server.endpoint, stdin=b"x"), 5, "speak TLS")


def test_exit_7_protocol():
    """a frame that announces more than is allowed, or is cut, is exit code 7"""
    endpoint = serving(lambda connection: (connection.sendall(b"\xff\xff\xff\xff"), connection.recv(1)))
    expect(sockeye("connect", "--frame", "length:u32be@0", "--on-eof", "hold", endpoint), 7, "4294967295", "--max-frame")
    endpoint = serving(lambda connection: connection.sendall(b"\x00\x05ab"))
    expect(sockeye("connect", "--frame", "length:u16be@0", "--on-eof", "hold", endpoint), 7, "middle of a frame")


def test_exit_10_timeouts():
    """silence beyond --idle, and no answer to a connection, are exit code 10"""
    endpoint = serving(lambda connection: connection.recv(1))
    expect(sockeye("connect", "--idle", "200ms", "--on-eof", "hold", endpoint), 10, "--idle")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    endpoint = "127.0.0.1:%d" % listener.getsockname()[1]
    expect(sockeye("connect", "--connect-timeout", "300ms", endpoint), 10, "no answer")


def test_exit_12_expectation():
    """--expect ends with 0 when it is met and with 12 when it is not, by time or by the peer's end"""
    greet = lambda connection: (connection.sendall(b"220 rea"), connection.sendall(b"dy\r\n"), connection.recv(1))
    result = sockeye("connect", "--expect", "^220 ready", "--within", "20s", "--on-eof", "hold", serving(greet))
    assert result.returncode == 0, result
    expect(sockeye("connect", "--expect", "^250", "--within", "200ms", "--on-eof", "hold", serving(greet)), 12, "^250")
    expect(sockeye("connect", "--expect", "^250", serving(lambda connection: connection.sendall(b"no"))), 12, "^250")


def test_exit_by_signal():
    """the first TERM lets the client finish and ends with 143; the second ends at once"""
    with Server("listen", "--echo", "127.0.0.1:0") as server:
        with connect(server) as client:
            client.sendall(b"before")
            assert client.recv(1024) == b"before"
            server.signal(signal.SIGTERM)
            wait_until(lambda: connect_fails(server), "end of accepting")
            client.sendall(b"after")
            assert client.recv(1024) == b"after"
        assert server.process.wait(DEADLINE) == 143
    with Server("listen", "--echo", "127.0.0.1:0") as server:
        with connect(server) as client:
            client.sendall(b"here")
            assert client.recv(1024) == b"here"
            server.signal(signal.SIGINT)
            wait_until(lambda: connect_fails(server), "end of accepting")
            server.signal(signal.SIGINT)
            assert server.process.wait(DEADLINE) == 130


def connect_fails(server):
    try:
        connect(server).close()
        return False
    except OSError:
        return True


if __name__ == "__main__":
    support.main(globals())
