"""What TLS with a peer comes to, told and chosen; and the plain dialogues that lead to it."""

import json
import re
import socket
import ssl
import subprocess
import tempfile

import support
from conversation_ends import certificate
from support import DEADLINE, SOCKEYE, Program, Server, connect, need, read_all, serving, sockeye, wait_until


def context(folder, *protocols):
    """What a server of the test's own needs, with a certificate for localhost."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*certificate(folder))
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def openssl_server(folder, *arguments):
    """`openssl s_server` on a port of its choice; answers the program and its port."""
    public, key = certificate(folder)
    program = Program("openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", public, "-key", key, *arguments)
    line = b""
    while not line.startswith(b"ACCEPT "):
        line = program.process.stdout.readline()
        assert line, program.errors
    return program, int(line.rpartition(b":")[2])


def events(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def secured(done):
    found = [event for event in events(done) if event["event"] == "secured"]
    assert len(found) == 1, (done.stdout, done.stderr)
    return found[0]


# The handshake's facts


def test_facts_of_openssl():
    """connect --verbose tells version, cipher, ALPN, certificate and days of openssl's server; --json the same"""
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        program, port = openssl_server(folder, "-alpn", "h2,http/1.1", "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384")
        with program:
            call = ["connect", "--tls", "--ca", f"{folder}/certificate.pem", "--alpn", "http/1.1", f"localhost:{port}"]
            told = sockeye(*call, "-v", "--send", "x", "--on-eof", "close").stderr.decode()
            assert "TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN http/1.1" in told, told
            assert "certificate: CN=localhost, issued by CN=localhost, valid until" in told and re.search(r"\([12] days\)", told), told
            event = secured(sockeye(*call, "--json", "--send", "x", "--on-eof", "close"))
    assert (event["version"], event["cipher"], event["alpn"]) == ("TLS 1.3", "TLS_AES_256_GCM_SHA384", "http/1.1"), event
    assert (event["subject"], event["issuer"], event["chain"]) == ("CN=localhost", "CN=localhost", ["CN=localhost"]), event
    assert event["daysLeft"] in (1, 2) and event["notAfter"] > event["notBefore"], event


def test_facts_of_old_version():
    """TLS 1.2's facts are told; --insecure tells of the chain all the same, and --tls-min 1.3 wants none of it"""
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        program, port = openssl_server(folder, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
        with program:
            call = ["connect", "--tls", "--insecure", f"localhost:{port}", "--json", "--send", "x", "--on-eof", "close"]
            event = secured(sockeye(*call))
            refused = sockeye(*call, "--tls-min", "1.3")
    assert (event["version"], event["cipher"]) == ("TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), event
    assert event["subject"] == "CN=localhost" and "alpn" not in event, event
    assert refused.returncode == 5 and b"another version of TLS" in refused.stderr, refused


def test_chain():
    """the certificates that vouch for the peer's own are told in their order"""
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        def make(name, issuer, extension):
            run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True)
            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/{name}.key"]
            subject = ["-subj", f"/O=Test/CN={name}", "-addext", extension]
            if issuer is None:
                return run("req", "-x509", *key, *subject, "-days", "9", "-out", f"{folder}/{name}.pem")
            run("req", *key, *subject, "-out", f"{folder}/{name}.csr")
            run("x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", f"{folder}/{issuer}.pem", "-CAkey",
                f"{folder}/{issuer}.key", "-CAcreateserial", "-copy_extensions", "copy", "-days", "9", "-out",
                f"{folder}/{name}.pem")

        make("root", None, "basicConstraints=critical,CA:TRUE")
        make("middle", "root", "basicConstraints=critical,CA:TRUE")
        make("own", "middle", "subjectAltName=DNS:localhost")
        with open(f"{folder}/all.pem", "w") as file:
            file.write(open(f"{folder}/own.pem").read() + open(f"{folder}/middle.pem").read())
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(f"{folder}/all.pem", f"{folder}/own.key")

        def serve(connection):
            with made.wrap_socket(connection, server_side=True) as inside:
                inside.recv(10)
                inside.unwrap()

        port = serving(serve).rpartition(":")[2]
        event = secured(sockeye("connect", "--tls", "--ca", f"{folder}/root.pem", "--json", "--send", "x",
                                "--on-eof", "close", f"localhost:{port}"))
    names = [dict(part.split("=") for part in name.split(","))["CN"] for name in event["chain"]]
    assert names == ["own", "middle", "root"] and event["daysLeft"] in (8, 9), event


def test_client_certificate_is_named():
    """listen --ca asks for a certificate and tells whose it was; connect --cert shows one"""
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        public, key = certificate(folder)
        listen = ["--tls", "--certificate", public, "--key", key, "--ca", public, "127.0.0.1:0"]
        with Server("listen", *listen) as server:
            done = sockeye("connect", "--tls", "--ca", public, "--cert", public, "--key", key, "--send", "hi",
                           "--on-eof", "close", f"localhost:{server.port}")
            assert done.returncode == 0, done
            server.wait_for("certificate: CN=localhost, issued by CN=localhost")
            client = Program("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-cert", public, "-key", key, "-quiet")
            with client:
                client.send(b"hello\n")
                wait_until(lambda: server.errors.count("certificate: CN=localhost") == 2, "second certificate")


def test_alpn_of_server():
    """listen --alpn chooses the first of its own that a client offers, and tells it"""
    with tempfile.TemporaryDirectory() as folder:
        public, key = certificate(folder)
        with Server("listen", "-v", "--tls", "--certificate", public, "--key", key, "--alpn", "h2,x/1", "127.0.0.1:0") as server:
            ours = ssl.create_default_context(cafile=public)
            ours.set_alpn_protocols(["http/1.1", "x/1"])
            with ours.wrap_socket(connect(server), server_hostname="localhost") as inside:
                assert inside.selected_alpn_protocol() == "x/1"
                cipher = inside.cipher()[0]
            server.wait_for(f"TLS 1.3, {cipher}, ALPN x/1")
    for name in ("", "h2,", "x" * 256):
        done = sockeye("connect", "--tls", "--alpn", name, "127.0.0.1:1")
        assert done.returncode == 2 and b"ALPN" in done.stderr, (name, done)


# STARTTLS


def lines(connection):
    """What a client says, line by line."""
    said = b""
    while True:
        while b"\n" not in said:
            part = connection.recv(1000)
            if not part:
                return
            said += part
        line, _, said = said.partition(b"\n")
        yield line.strip()


def dialogue(language):
    """A server's side of what is said before TLS."""

    def smtp(connection, said):
        connection.sendall(b"220-mail.example\r\n220 ESMTP\r\n")
        assert next(said).startswith(b"EHLO ")
        connection.sendall(b"250-mail.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 HELP\r\n")
        assert next(said) == b"STARTTLS"
        return b"220 ready\r\n"

    def imap(connection, said):
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
        tag, command = next(said).split()
        assert command == b"STARTTLS"
        connection.sendall(b"* OK a moment\r\n")
        return tag + b" OK begin\r\n"

    def pop3(connection, said):
        connection.sendall(b"+OK ready\r\n")
        assert next(said) == b"STLS"
        return b"+OK begin\r\n"

    def ldap(connection, said):
        request = connection.recv(100)
        assert request[:5] == bytes([0x30, 0x1D, 2, 1, 1]) and request.endswith(b"1.3.6.1.4.1.1466.20037"), request
        return bytes([0x30, 12, 2, 1, 1, 0x78, 7, 0x0A, 1, 0, 4, 0, 4, 0])

    def postgres(connection, said):
        assert connection.recv(100) == bytes([0, 0, 0, 8, 4, 210, 22, 47])
        return b"S"

    return locals()[language]


def starttls_server(language, made, injected=b""):
    def serve(connection):
        connection.settimeout(DEADLINE)
        connection.sendall(dialogue(language)(connection, lines(connection)) + injected)
        if injected:
            return read_all(connection)
        with made.wrap_socket(connection, server_side=True) as inside:
            inside.sendall(b"inside: " + inside.recv(100))
            inside.unwrap()

    return serving(serve).rpartition(":")[2]


LANGUAGES = ("smtp", "imap", "pop3", "ldap", "postgres")


def test_starttls():
    """connect --starttls leads each protocol to TLS, and what is said goes inside it"""
    with tempfile.TemporaryDirectory() as folder:
        made = context(folder)
        for language in LANGUAGES:
            port = starttls_server(language, made)
            done = sockeye("connect", "--starttls", language, "--ca", f"{folder}/certificate.pem", "-v", "--send", "hello",
                           f"localhost:{port}")
            assert (done.returncode, done.stdout) == (0, b"inside: hello"), (language, done)
            assert b"TLS 1.3" in done.stderr and b"CN=localhost" in done.stderr, done


def test_starttls_injection():
    """what is put behind the agreement in the clear is refused, in each protocol, and none of it is shown"""
    with tempfile.TemporaryDirectory() as folder:
        made = context(folder)
        for language in LANGUAGES:
            port = starttls_server(language, made, injected=b"INJECTED\r\n")
            done = sockeye("connect", "--starttls", language, "--insecure", "--send", "hello", f"localhost:{port}")
            assert done.returncode == 7 and b"in the clear behind its agreement" in done.stderr, (language, done)
            assert done.stdout == b"", done


def test_starttls_refusals():
    """a peer that hides, declines, ends, or speaks something else is told of, and nothing is said to it in the clear"""
    cases = [
        ("smtp", [b"220 a\r\n", b"250 a\r\n"], 5, "does not offer STARTTLS"),
        ("smtp", [b"554 no\r\n"], 5, "declines TLS: 554 no"),
        ("smtp", [b"220 a\r\n"], 4, "ended before TLS began"),
        ("imap", [b"* PREAUTH hello\r\n"], 7, "PREAUTH"),
        ("imap", [b"SSH-2.0-x\r\n"], 7, "does not speak imap: SSH-2.0-x"),
        ("pop3", [b"+OK\r\n+OK\r\n"], 7, "answered what was not asked yet"),
        ("pop3", [b"x" * 20_000], 7, "on and on"),
        ("postgres", [b"N"], 5, "declines TLS"),
        ("ldap", [bytes([0x30, 0x84, 255, 255, 255, 255])], 7, "does not speak ldap"),
    ]
    for language, answers, code, words in cases:
        heard = []

        def serve(connection):
            connection.settimeout(DEADLINE)
            speaks = language not in ("postgres", "ldap")
            for place, answer in enumerate(answers):
                if place > 0 or not speaks:
                    heard.append(connection.recv(1000))
                connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            heard.append(read_all(connection))

        port = serving(serve).rpartition(":")[2]
        done = sockeye("connect", "--starttls", language, "--send", "SECRET", f"127.0.0.1:{port}")
        assert done.returncode == code and words in done.stderr.decode(), (language, answers, done)
        assert b"SECRET" not in b"".join(heard), heard


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
