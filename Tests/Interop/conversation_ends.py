"""How conversations end: what was still to be said, who closed first, and what TLS says of it."""

import json
import os
import re
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

import support
from support import Program, Server, connect, loopback_listener, need, read_all, serving, sockeye, wait_until, DEADLINE, SOCKEYE


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def certificate(folder):
    """A certificate of our own for localhost; answers the files of the certificate and of its key."""
    need("openssl")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )
    return f"{folder}/certificate.pem", f"{folder}/key.pem"


def expired_certificate(folder):
    """The same, of a month that is long over: only a certificate authority may choose the dates."""
    need("openssl")
    with open(f"{folder}/ca.cnf", "w") as file:
        file.write(
            "[ca]\ndefault_ca = own\n[own]\n"
            f"database = {folder}/index\nnew_certs_dir = {folder}\nserial = {folder}/serial\n"
            "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n"
        )
    open(f"{folder}/index", "w").close()
    with open(f"{folder}/serial", "w") as file:
        file.write("01\n")
    key, request, public = f"{folder}/key.pem", f"{folder}/request.pem", f"{folder}/certificate.pem"
    for command in (
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
         "-out", request, "-subj", "/CN=localhost"],
        ["openssl", "ca", "-batch", "-selfsign", "-notext", "-config", f"{folder}/ca.cnf", "-keyfile", key, "-in", request,
         "-out", public, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return public, key


# Input that is still to come


def test_late_input_is_delivered():
    """connect delivers what its input brings after the peer's half-close"""
    heard = []

    def early(connection):
        connection.sendall(b"all I have to say")
        connection.shutdown(socket.SHUT_WR)
        heard.append(read_all(connection))

    with Program(SOCKEYE, "connect", serving(early)) as program:
        program.send(b"one ")
        program.wait_for("has nothing more to say")
        program.send(b"two ")
        program.send(b"three")
        assert program.finish() == (0, b"all I have to say"), program.errors
    assert wait_until(lambda: heard, "end") == [b"one two three"], heard


def test_late_input_of_a_server_is_delivered():
    """listen --once delivers what its input brings after the client's half-close"""
    with Server("listen", "--once", "127.0.0.1:0") as server:
        with connect(server) as client:
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            server.wait_for("has nothing more to say")
            server.send(b"late ")
            server.send(b"answer")
            assert server.finish() == (0, b"question"), server.errors
            assert read_all(client) == b"late answer"


def test_lost_input_is_told():
    """what a peer that has gone was not told is exit code 4, not 0"""
    gone = threading.Event()

    def serve(connection):
        connection.recv(1)
        reset(connection) if connection.recv(1) == b"r" else connection.close()
        gone.set()

    for word in (b"xr", b"xc"):
        gone.clear()
        with Program(SOCKEYE, "connect", "--on-peer-eof", "hold", serving(serve)) as program:
            program.send(word)
            assert gone.wait(DEADLINE)
            program.wait_for("closed" if word == b"xr" else "has nothing more to say")
            if word == b"xc":
                program.send(b"too late")
                program.wait_for("closed")
                assert program.process.wait(DEADLINE) == 4, program.errors
            else:
                assert program.process.wait(DEADLINE) == 4, program.errors
            assert "reset" in program.errors or "not sent" in program.errors, program.errors


def test_a_person_is_not_waited_for():
    """a peer that has gone for good ends connect at once, though its input is open"""
    with Program(SOCKEYE, "connect", serving(lambda connection: connection.sendall(b"bye"))) as program:
        assert program.process.stdout.read() == b"bye"
        assert program.process.wait(DEADLINE) == 0


# Who closed first


def closing(*arguments, serve, stdin=b""):
    result = sockeye("connect", "--json", *arguments, serving(serve), stdin=stdin)
    return [json.loads(line) for line in result.stdout.splitlines()], result


def test_who_closed_first():
    """both FINs are events with a time each, and the close says who began"""
    events, _ = closing(serve=lambda connection: read_all(connection), stdin=b"x")
    kinds = [event["event"] for event in events]
    assert kinds.index("finished") < kinds.index("peer-finished"), kinds
    assert all(re.match(r"\d{4}-", event["time"]) for event in events)
    assert events[-1]["close"] == "active" and events[-1]["cause"] == "peer-fin", events[-1]
    assert events[-1]["finishedMicroseconds"] <= events[-1]["peerFinishedMicroseconds"], events[-1]

    with Program(SOCKEYE, "connect", serving(lambda connection: connection.sendall(b"bye"))) as program:
        program.wait_for("closed")
        assert "passive close: the peer's FIN first" in program.errors, program.errors

    def broken(connection):
        connection.recv(1)
        reset(connection)

    events, result = closing(serve=broken, stdin=b"x")
    assert result.returncode == 4 and events[-1]["resetBy"] == "peer", events[-1]


def test_time_wait_is_named():
    """a port that a server which closed first left in TIME-WAIT is called so, with the time and the remedy"""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        connection, _ = listener.accept()
        connection.close()
        client.recv(1)
    listener.close()
    result = sockeye("listen", f"127.0.0.1:{port}")
    assert result.returncode == 4, result
    assert re.search(rb"TIME-WAIT for \d+ s", result.stderr) and b"SO_REUSEADDR" in result.stderr, result


# TLS


def test_close_notify_is_answered():
    """close_notify is answered by close_notify, in both versions of TLS and whoever ends first"""
    with tempfile.TemporaryDirectory() as folder:
        public, private = certificate(folder)
        with Server("listen", "--tls", "--certificate", public, "--key", private, "--echo", "127.0.0.1:0",
                    stdout=subprocess.DEVNULL) as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = ssl.create_default_context(cafile=public)
                context.minimum_version = context.maximum_version = version
                with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as plain:
                    with context.wrap_socket(plain, server_hostname="localhost") as stream:
                        stream.sendall(b"hello")
                        assert stream.recv(16) == b"hello"
                        stream.unwrap()


def tls_server(public, private, serve):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)

    def run(connection):
        with context.wrap_socket(connection, server_side=True) as stream:
            serve(stream)

    return serving(run)


def test_tls_cut():
    """an end without close_notify is not exit code 0"""
    with tempfile.TemporaryDirectory() as folder:
        public, private = certificate(folder)
        # Each hears the client out first: with its close_notify unread, the end would be a reset.
        for serve, code in ((lambda stream: (stream.sendall(b"half"), read_all(stream)), 4),
                            (lambda stream: (stream.sendall(b"all"), read_all(stream), stream.unwrap()), 0)):
            endpoint = tls_server(public, private, serve)
            result = sockeye("connect", "--tls", "--ca", public, "--send", "x", endpoint)
            assert result.returncode == code, (code, result)
            assert ("close_notify" in result.stderr.decode()) == (code != 0), result


def test_tls_handshake_has_a_limit():
    """a handshake that doesn't come to an end is exit code 10, and costs a server its client alone"""
    endpoint = serving(lambda connection: connection.recv(1 << 16) and connection.recv(1))
    result = sockeye("connect", "--tls", "--insecure", "--connect-timeout", "300ms", "--send", "x", endpoint)
    assert result.returncode == 10 and b"TLS handshake" in result.stderr, result


def test_end_in_the_tls_handshake():
    """a peer that ends, resets or talks nonsense in the handshake is told of in words, in either role"""
    with tempfile.TemporaryDirectory() as folder:
        public, private = certificate(folder)
        endings = (lambda connection: None, reset, lambda connection: connection.sendall(b"\x16\x03\x01\x00\x04nope"),
                   lambda connection: connection.sendall(b"220 mail.example.com\r\n"))
        server_flags = ["--tls", "--certificate", public, "--key", private]
        for ending in endings:
            result = sockeye("connect", "--tls", "--insecure", "--send", "x", serving(ending))
            assert result.returncode in (4, 5), result
            told = [result.stderr.decode()]
            with Server("listen", *server_flags, "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
                with connect(server) as client:
                    ending(client)
                server.wait_for("closed: ")
                told.append(server.errors)
            for text in told:
                assert not re.search("ssl|Error|\\(NIO|\\[\\[", text, re.IGNORECASE), text


def test_rejected_client_certificate():
    """a server that wants a certificate and gets none, or one it doesn't trust, is an error every time"""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        public, private = certificate(folder)
        their_public, their_private = certificate(other)
        with Server("listen", "--tls", "--certificate", public, "--key", private, "--ca", public, "--reply", "welcome",
                    "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            for flags in ([], ["--certificate", their_public, "--key", their_private]):
                for last in (["--send", "x"], ["-z"], ["--on-eof", "close", "--send", "x"]):
                    for _ in range(5):
                        result = sockeye("connect", "--tls", "--ca", public, *flags, *last, f"localhost:{server.port}")
                        assert result.returncode == 5 and b"ssl" not in result.stderr.lower(), (flags, last, result)


def test_expired_certificate():
    """an expired certificate is called expired"""
    with tempfile.TemporaryDirectory() as folder:
        public, private = expired_certificate(folder)
        with Server("listen", "--tls", "--certificate", public, "--key", private, "127.0.0.1:0") as server:
            result = sockeye("connect", "--tls", "--ca", public, f"localhost:{server.port}")
            assert result.returncode == 5 and b"expired" in result.stderr and b"sslError" not in result.stderr, result


# Start and end of the program


def test_closed_descriptors():
    """standard descriptors that are closed at the start are nobody's connection and no signal"""
    for redirection in ("<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"):
        result = subprocess.run(["sh", "-c", f'"$0" --version {redirection}', SOCKEYE], capture_output=True)
        assert result.returncode == (3 if ">&-" in redirection.replace("2>&-", "") else 0), (redirection, result)


def test_arguments_are_bytes():
    """--send, -o and unix: paths keep bytes that aren't UTF-8"""
    heard = []
    endpoint = serving(lambda connection: heard.append(read_all(connection)))
    result = subprocess.run([SOCKEYE.encode(), b"connect", b"--send", b"\xc4\xe3\xff", endpoint.encode()], capture_output=True)
    assert result.returncode == 0 and wait_until(lambda: heard, "end") == [b"\xc4\xe3\xff"], (result, heard)
    with tempfile.TemporaryDirectory() as folder:
        output = folder.encode() + b"/\xc4\xe3"
        endpoint = serving(lambda connection: connection.sendall(b"kept"))
        subprocess.run([SOCKEYE.encode(), b"connect", b"-o", output, endpoint.encode()], capture_output=True, check=True)
        assert open(output, "rb").read() == b"kept"
        path = folder.encode() + b"/\xff.socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            with subprocess.Popen([SOCKEYE.encode(), b"connect", b"--send", b"hi", b"unix:" + path], stderr=subprocess.PIPE):
                connection, _ = listener.accept()
                with connection:
                    assert connection.recv(16) == b"hi"


def test_what_the_encoding_lacks_is_told():
    """input that the encoding lacks is an error, and no question marks go out"""
    heard = []
    endpoint = serving(lambda connection: heard.append(read_all(connection)))
    result = sockeye("connect", "--encoding", "gbk", endpoint, stdin="snow ☃".encode())
    assert result.returncode == 2 and b"GBK lacks" in result.stderr, result
    assert b"?" not in wait_until(lambda: heard, "end")[0], heard


if __name__ == "__main__":
    support.main(globals())
