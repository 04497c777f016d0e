"""`sockeye get` against servers that lie, break off, change their minds, and against the tutorials' own."""

import base64
import contextlib
import functools
import hashlib
import json
import os
import random
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

import support
from support import SOCKEYE, wait_until

QUICK = ["--backoff", "1ms..5ms", "--retry", "3"]


def behaviour(function):
    """Makes a test of a function that is given an empty folder; its name is the behaviour."""
    @functools.wraps(function)
    def test():
        with tempfile.TemporaryDirectory(prefix="sockeye-") as folder:
            function(folder)
    test.__doc__ = function.__name__.replace("_", " ")
    globals()[f"test_{function.__name__}"] = test
    return function


def expect(condition, *about):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in about))


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def write(content, *path):
    with open(os.path.join(*path), "wb") as file:
        file.write(content)


@contextlib.contextmanager
def serving(handle, context=None):
    """A TCP server on a port of its own: `handle(connection)` runs on a thread for each client."""
    listener, port = support.loopback_listener()
    listener.settimeout(None)

    def one(connection):
        with connection:
            try:
                if context is not None:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        handle(secure)
                else:
                    handle(connection)
            except OSError:
                pass

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield port
    finally:
        # A blocked accept is woken by shutdown, not by close.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def repr_digest(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


class Request:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:] if line)}

    @property
    def range(self):
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.fields.get("range", ""))
        return match and (int(match[1]), int(match[2]) if match[2] else None)


class Origin:
    """An HTTP server of one function: `answer(request, connection)` returns the bytes to send, or nothing to close."""

    def __init__(self, answer, context=None):
        self.answer = answer
        self.context = context
        self.requests = []
        self.connections = 0

    def __enter__(self):
        self.manager = serving(self.serve, self.context)
        self.port = self.manager.__enter__()
        scheme = "https" if self.context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *about):
        self.manager.__exit__(*about)

    def serve(self, connection):
        self.connections += 1
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                more = connection.recv(65536)
                if not more:
                    return
                buffer += more
            head, buffer = buffer.split(b"\r\n\r\n", 1)
            request = Request(head)
            self.requests.append(request)
            reply = self.answer(request, connection)
            if reply is None:
                return
            connection.sendall(reply)


def response(body=b"", status="200 OK", length=True, **fields):
    lines = [f"HTTP/1.1 {status}"]
    if length is True:
        length = len(body)
    if length is not False:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def partial(body, first, last=None, tag='"v1"', **fields):
    last = len(body) - 1 if last is None else min(last, len(body) - 1)
    return response(body[first:last + 1], "206 Partial Content", ETag=tag,
                    Content_Range=f"bytes {first}-{last}/{len(body)}", **fields)


def ranged(body, tag='"v1"', **fields):
    """A server that does ranges as it should."""
    def answer(request, connection):
        wanted = request.range
        if wanted and request.fields.get("if-range", tag) == tag:
            return partial(body, *wanted, tag=tag, **fields)
        return response(body, ETag=tag, Accept_Ranges="bytes", **fields)
    return answer


def cut_after(count, whole):
    """Sends the first bytes of a whole response's body, and closes."""
    head, body = whole.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n" + body[:count]


def try_get(folder, *arguments):
    return support.sockeye("get", *arguments, cwd=folder, deadline=60)


def get(folder, *arguments, code=0):
    result = try_get(folder, *arguments)
    expect(result.returncode == code, "exit code", result.returncode, "instead of", code, result.stderr)
    return result


def finished(result):
    events = [json.loads(line) for line in result.stdout.splitlines()]
    return [event for event in events if event["event"] == "finished"]


# ---- The plain case


@behaviour
def a_file_gets_its_name_and_nothing_is_left_beside_it(folder):
    body = content(3_000_000)
    with Origin(ranged(body)) as origin:
        result = get(folder, "--json", f"{origin.url}/a/file.bin?version=2")
    expect(os.listdir(folder) == ["file.bin"], os.listdir(folder))
    expect(read(folder, "file.bin") == body)
    report, = finished(result)
    expect(report["v"] == 1 and report["size"] == len(body) and report["received"] == len(body), report)
    expect(report["sha256"] == hashlib.sha256(body).hexdigest() and report["assurance"] == "length", report)


@behaviour
def an_empty_file_is_a_file(folder):
    with Origin(ranged(b"")) as origin:
        get(folder, f"{origin.url}/empty")
    expect(read(folder, "empty") == b"" and os.listdir(folder) == ["empty"])


@behaviour
def a_connection_serves_one_file_after_the_other(folder):
    with Origin(ranged(b"x" * 1000)) as origin:
        get(folder, *[f"{origin.url}/{name}" for name in "abcd"])
        expect(origin.connections == 1 and len(origin.requests) == 4, origin.connections)
    expect(sorted(os.listdir(folder)) == ["a", "b", "c", "d"])


@behaviour
def a_connection_that_was_closed_between_two_files_is_replaced(folder):
    def answer(request, connection):
        connection.sendall(response(b"y" * 100))
    with Origin(answer) as origin:
        get(folder, "--retry", 0, *[f"{origin.url}/{name}" for name in "abc"])
        expect(origin.connections == 3, origin.connections)


@behaviour
def chunks_are_put_together(folder):
    body = content(300_000)
    def answer(request, connection):
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                          for part in (body[i:i + 7919] for i in range(0, len(body), 7919)))
        return response(chunks + b"0\r\n\r\n", length=False, Transfer_Encoding="chunked")
    with Origin(answer) as origin:
        get(folder, f"{origin.url}/chunked")
    expect(read(folder, "chunked") == body)


@behaviour
def output_goes_where_it_is_sent(folder):
    body = content(200_000)
    with Origin(ranged(body)) as origin:
        expect(get(folder, "-o", "-", f"{origin.url}/x").stdout == body)
        get(folder, "-o", "other", f"{origin.url}/x")
        os.mkdir(os.path.join(folder, "sub"))
        get(folder, "-d", "sub", f"{origin.url}/x")
        get(folder, "-o", "sub/y", f"{origin.url}/x")
        get(folder, "-o", "/dev/null", f"{origin.url}/x")
        get(folder, "-o", "sub", f"{origin.url}/x", code=2)
        get(folder, "-d", "missing", f"{origin.url}/x", code=3)
    expect(read(folder, "other") == body and read(folder, "sub/x") == body and read(folder, "sub/y") == body)
    expect(not os.path.isfile("/dev/null"), "/dev/null was replaced")


@behaviour
def an_output_that_stops_reading_is_a_local_failure(folder):
    with Origin(ranged(content(4_000_000))) as origin:
        process = subprocess.Popen([SOCKEYE, "get", "-o", "-", f"{origin.url}/x"], cwd=folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        expect(process.wait(30) == 3, process.returncode)
        process.stderr.close()


# ---- Redirects and credentials


@behaviour
def a_redirect_is_followed_but_does_not_choose_the_name(folder):
    def answer(request, connection):
        if request.target == "/start":
            return response(status="302 Found", Location="../other/../other/.bashrc")
        return response(b"moved", Content_Disposition='attachment; filename="evil"')
    with Origin(answer) as origin:
        get(folder, f"{origin.url}/start")
        expect([request.target for request in origin.requests] == ["/start", "/other/.bashrc"])
        expect(origin.connections == 1)
    expect(os.listdir(folder) == ["start"])


@behaviour
def a_server_that_is_trusted_chooses_the_name_safely(folder):
    fields = {}
    def answer(request, connection):
        if request.target == "/start":
            return response(status="301 Moved", Location="/real.txt")
        body = b"" if request.method == "HEAD" else b"moved"
        return response(body, length=5, **fields)
    with Origin(answer) as origin:
        get(folder, "--trust-server-names", f"{origin.url}/start")
        fields["Content_Disposition"] = "attachment; filename=\"plain\"; filename*=UTF-8''%e4%bd%a0.txt"
        get(folder, "--trust-server-names", f"{origin.url}/start")
        fields["Content_Disposition"] = 'attachment; filename="../../.ssh/authorized_keys"'
        get(folder, "--trust-server-names", f"{origin.url}/start", code=11)
        fields["Content_Disposition"] = 'attachment; filename=".profile"'
        get(folder, "--trust-server-names", f"{origin.url}/start")
    expect(sorted(os.listdir(folder)) == ["_profile", "real.txt", "你.txt"], os.listdir(folder))


@behaviour
def redirects_end(folder):
    with Origin(lambda request, connection: response(status="302 Found", Location="/again")) as origin:
        get(folder, f"{origin.url}/x", code=7)
        expect(len(origin.requests) == 11)
        get(folder, "--max-redirects", 0, f"{origin.url}/x", code=7)
    for location in ["", "ftp://example.org/x", "http://[::1/x", "http://h:99999/", "tcp://127.0.0.1:1/x"]:
        with Origin(lambda request, connection: response(status="302 Found", Location=location)) as origin:
            result = try_get(folder, f"{origin.url}/x")
            expect(result.returncode in (7, 11), location, result)
    with Origin(lambda request, connection: response(status="302 Found")) as origin:
        get(folder, f"{origin.url}/x", code=7)
    expect(os.listdir(folder) == [])


def tls(folder):
    """A server's context with a certificate for localhost and 127.0.0.1, and the certificate's path."""
    pair = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    subprocess.run(
        [support.need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", pair[0], "-keyout", pair[1]],
        check=True, capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context, pair[0]


@behaviour
def a_certificate_has_to_be_trusted(folder):
    context, ca = tls(folder)
    body = content(2_000_000)
    with Origin(ranged(body), context) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=5)
        get(folder, *QUICK, "--ca", ca, f"https://localhost:{origin.port}/name")
        get(folder, *QUICK, "--ca", ca, f"{origin.url}/address")
        get(folder, *QUICK, "--insecure", f"{origin.url}/any")
        get(folder, *QUICK, "--ca", "/nonexistent", f"{origin.url}/x", code=3)
    for name in ["name", "address", "any"]:
        expect(read(folder, name) == body)
    def plain(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with serving(plain) as port:
        get(folder, *QUICK, "--insecure", f"https://127.0.0.1:{port}/x", code=5)


@behaviour
def a_body_without_length_has_to_end_in_order_over_tls(folder):
    context, ca = tls(folder)
    orderly = True
    def answer(request, connection):
        connection.sendall(response(b"x" * 100_000, length=False))
        if orderly:
            connection.unwrap()
    with Origin(answer, context) as origin:
        get(folder, *QUICK, "--ca", ca, f"{origin.url}/whole")
        orderly = False
        get(folder, *QUICK, "--ca", ca, f"{origin.url}/cut", code=9)
    expect(read(folder, "whole") == b"x" * 100_000 and "cut" not in os.listdir(folder))


@behaviour
def https_never_falls_to_http(folder):
    context, ca = tls(folder)
    with Origin(ranged(b"plain")) as plain:
        answer = lambda request, connection: response(status="302 Found", Location=f"{plain.url}/x")
        with Origin(answer, context) as secure:
            get(folder, "--ca", ca, f"{secure.url}/x", code=11)
        expect(plain.requests == [])


@behaviour
def credentials_are_shown_to_the_first_host_alone(folder):
    secret = os.path.join(folder, "secret")
    write(b"alice:open sesame\n", secret)
    with Origin(ranged(b"there")) as other:
        def answer(request, connection):
            if "authorization" not in request.fields:
                return response(status="401 Unauthorized", WWW_Authenticate="Basic")
            return response(status="302 Found", Location=f"{other.url}/x")
        with Origin(answer) as origin:
            os.chmod(secret, 0o644)
            get(folder, "--auth-file", secret, f"{origin.url}/x", code=11)
            os.chmod(secret, 0o600)
            get(folder, f"{origin.url}/x", code=6)
            get(folder, "--auth-file", secret, f"{origin.url}/x")
            expect(origin.requests[-1].fields["authorization"] ==
                   "Basic " + base64.b64encode(b"alice:open sesame").decode())
            expect("authorization" not in other.requests[-1].fields)
            get(folder, f"http://alice:open@127.0.0.1:{origin.port}/x", code=2)
            write(f"machine example.org login a password b\nmachine 127.0.0.1\nlogin carol password d\n".encode(), secret)
            get(folder, "--auth-file", secret, "-o", "y", f"{origin.url}/x")
            expect(origin.requests[-1].fields["authorization"] == "Basic " + base64.b64encode(b"carol:d").decode())


# ---- Bodies


@behaviour
def a_short_body_is_never_the_file_and_is_gone_on_with(folder):
    body = content(5_000_000)
    cut = True
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if cut:
            connection.sendall(cut_after(2_000_000, whole) if not request.range else cut_after(10, whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
        expect(sorted(os.listdir(folder)) == ["x.part", "x.part.journal"], os.listdir(folder))
        ranges = [request.range[0] for request in origin.requests if request.range]
        expect(ranges == sorted(ranges) and ranges[0] >= 2_000_000 and len(ranges) >= 3, ranges)
        cut = False
        result = get(folder, "--json", f"{origin.url}/x")
        expect(origin.requests[-1].fields["if-range"] == '"v1"')
    report, = finished(result)
    expect(report["received"] <= 3_000_000, report)
    expect(read(folder, "x") == body and os.listdir(folder) == ["x"])


@behaviour
def chunks_that_are_cut_are_not_the_file(folder):
    def answer(request, connection):
        connection.sendall(response(b"5\r\nhello\r\n", length=False, Transfer_Encoding="chunked"))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
    expect("x" not in os.listdir(folder))


@behaviour
def a_body_longer_than_said_ends_where_it_was_said_to(folder):
    def answer(request, connection):
        connection.sendall(response(b"0123456789", length=4))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/a", f"{origin.url}/b")
        expect(origin.connections == 2)
    expect(read(folder, "a") == b"0123" and read(folder, "b") == b"0123")


@behaviour
def a_part_longer_than_said_is_refused(folder):
    body = content(1000)
    def answer(request, connection):
        if request.range:
            chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (900, body[:900])
            return response(chunks, "206 Partial Content", length=False, ETag='"v1"', Transfer_Encoding="chunked",
                            Content_Range=f"bytes {request.range[0]}-999/1000")
        connection.sendall(cut_after(400, ranged(body)(request, connection)))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=7)
    expect("x" not in os.listdir(folder))


@behaviour
def a_body_without_length_is_taken_and_said_to_be_uncertain(folder):
    body = content(700_000)
    def answer(request, connection):
        connection.sendall(response(body, length=False))
    with Origin(answer) as origin:
        report, = finished(get(folder, "--json", f"{origin.url}/x"))
        expect(report["assurance"] == "none", report)
        get(folder, "--checksum", "sha256:" + "0" * 64, "-o", "y", f"{origin.url}/x", code=9)
        get(folder, "--checksum", "sha256:" + hashlib.sha256(body).hexdigest(), "-o", "z", f"{origin.url}/x")
    expect(read(folder, "x") == body and read(folder, "z") == body and "y" not in os.listdir(folder))


@behaviour
def a_body_without_length_that_is_reset_is_not_the_file(folder):
    def answer(request, connection):
        connection.sendall(response(b"x" * 1000, length=False))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with Origin(answer) as origin:
        result = try_get(folder, *QUICK, f"{origin.url}/x")
        expect(result.returncode in (4, 9), result)
    expect("x" not in os.listdir(folder))


def half_then(answer_to_range, body, tag='"v1"', first_fields=None):
    """Sends half of a file, breaks off, and answers the request for the rest as told."""
    state = {"cut": True}
    def answer(request, connection):
        if request.range:
            return answer_to_range(request)
        whole = response(body, ETag=tag, Accept_Ranges="bytes", **(first_fields or {}))
        if state["cut"]:
            state["cut"] = False
            connection.sendall(cut_after(len(body) // 2, whole))
            return None
        return whole
    return answer


@behaviour
def a_part_of_another_version_starts_again(folder):
    body = content(100_000)
    other = content(100_000, seed=2)
    answer = half_then(lambda request: partial(other, *request.range, tag='"v2"'), body)
    with Origin(answer) as origin:
        result = get(folder, *QUICK, f"{origin.url}/x")
        expect(b"starting again" in result.stderr, result.stderr)
    expect(read(folder, "x") == body)


@behaviour
def the_whole_in_place_of_a_part_is_not_appended(folder):
    body = content(100_000)
    other = content(150_000, seed=2)
    with Origin(half_then(lambda request: response(other, ETag='"v2"'), body)) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == other)


@behaviour
def another_part_than_the_one_asked_for_is_refused(folder):
    body = content(100_000)
    for name, field in enumerate(["bytes 0-99999/100000", "bytes 50001-99999/100000", "bytes 50000-200000/100000",
                                  "bytes 50000-99999/99999", "bytes 50000-49999/100000", "bytes -1-99999/100000",
                                  "bytes 50000-99999999999999999999/*", "rows 1-2/3", "bytes", ""]):
        reply = lambda request: response(body[50_000:], "206 Partial Content", ETag='"v1"', Content_Range=field)
        with Origin(half_then(reply, body)) as origin:
            get(folder, *QUICK, "-o", str(name), f"{origin.url}/x", code=7)
        expect(str(name) not in os.listdir(folder), field)


@behaviour
def a_range_that_is_gone_starts_again(folder):
    body = content(100_000)
    reply = lambda request: response(status="416 Range Not Satisfiable", Content_Range="bytes */10")
    with Origin(half_then(reply, body)) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == body)


@behaviour
def a_file_that_never_stops_changing_is_given_up(folder):
    body = content(100_000)
    count = iter(range(1000))
    def answer(request, connection):
        connection.sendall(cut_after(50_000, response(body, ETag=f'"{next(count)}"', Accept_Ranges="bytes")))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
        expect(len(origin.requests) < 30, len(origin.requests))


@behaviour
def without_any_sign_of_sameness_it_starts_again(folder):
    body = content(100_000)
    state = {"count": 0}
    def answer(request, connection):
        expect(request.range is None)
        state["count"] += 1
        whole = response(body, Accept_Ranges="bytes")
        if state["count"] < 3:
            connection.sendall(cut_after(50_000, whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == body and state["count"] == 3)


@behaviour
def a_wrong_digest_is_never_the_file(folder):
    body = content(100_000)
    digest = hashlib.sha256(body).hexdigest()
    with Origin(ranged(body, Repr_Digest=repr_digest(b"other"))) as origin:
        get(folder, f"{origin.url}/x", code=9)
        expect("x" not in os.listdir(folder))
        get(folder, f"{origin.url}/x", code=9)
    with Origin(ranged(body, Repr_Digest=f"md5=:AAAA:, {repr_digest(body)}")) as origin:
        report, = finished(get(folder, "--json", "-o", "y", f"{origin.url}/x"))
        expect(report["assurance"] == "server-digest", report)
    with Origin(ranged(body)) as origin:
        get(folder, "--checksum", f"sha256:{'0' * 64}", "-o", "z", f"{origin.url}/x", code=9)
        expect("z" not in os.listdir(folder))
        # The mistake was in the digest: nothing has to be downloaded again.
        before = len(origin.requests)
        report, = finished(get(folder, "--json", "--checksum", f"SHA256:{digest.upper()}", "-o", "z", f"{origin.url}/x"))
        expect(report["assurance"] == "checksum" and report["received"] == 0 and len(origin.requests) == before, report)
        get(folder, "--checksum", "sha256:12", f"{origin.url}/x", code=2)


@behaviour
def what_is_not_http_is_said_to_be_so(folder):
    replies = [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b"\0" * 100,
               b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
               b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
               b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
               b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
               b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx"]
    for reply in replies:
        def answer(request, connection):
            connection.sendall(reply)
        with Origin(answer) as origin:
            result = try_get(folder, *QUICK, f"{origin.url}/x")
            expect(result.returncode == 7, result.returncode, reply[:60], result.stderr)
            expect(result.stderr.count(b"\n") < 10 and b"\0" not in result.stderr)
        expect("x" not in os.listdir(folder))


@behaviour
def statuses_have_their_exit_codes(folder):
    for status, code in [("404 Not Found", 8), ("403 Forbidden", 8), ("401 Unauthorized", 6), ("500 Oops", 8),
                         ("204 No Content", 8), ("304 Not Modified", 8), ("300 Choices", 8)]:
        with Origin(lambda request, connection: response(status=status)) as origin:
            get(folder, *QUICK, f"{origin.url}/x", code=code)
    expect(os.listdir(folder) == [])


# ---- Trying again


@behaviour
def a_busy_server_is_asked_again(folder):
    replies = iter(["503 Busy", "429 Slow down", "502 Bad gateway"])
    def answer(request, connection):
        status = next(replies, None)
        return response(b"busy", status, Retry_After="0") if status else response(b"there")
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
        expect(len(origin.requests) == 4)
    with Origin(lambda request, connection: response(status="503 Busy")) as origin:
        get(folder, "--retry", 2, "--backoff", "1ms", f"{origin.url}/y", code=8)
        expect(len(origin.requests) == 3)


@behaviour
def silence_ends(folder):
    release = threading.Event()
    def silent(request, connection):
        release.wait(30)
    def stalls(request, connection):
        connection.sendall(response(b"x" * 10, length=1000))
        release.wait(30)
    for answer in [silent, stalls]:
        with Origin(answer) as origin:
            get(folder, "--retry", 0, "--idle", "200ms", f"{origin.url}/x", code=10)
    release.set()


@behaviour
def nobody_there_is_a_network_failure(folder):
    with serving(lambda connection: None) as port:
        pass
    get(folder, "--retry", 1, "--backoff", "1ms", f"http://127.0.0.1:{port}/x", code=4)
    get(folder, "--retry", 0, "http://name.invalid/x", code=4)


@behaviour
def resets_are_survived(folder):
    body = content(3_000_000)
    chance = random.Random(7)
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if chance.random() < 0.7:
            connection.sendall(cut_after(chance.randrange(400_000), whole))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, "--backoff", "1ms", "--retry", 30, f"{origin.url}/x")
    expect(read(folder, "x") == body)


# ---- Names, and what stands there


@behaviour
def names_from_urls_are_made_safe(folder):
    with Origin(ranged(b"x")) as origin:
        for path, name in [("/.bashrc", "_bashrc"), ("/-rf", "_rf"), ("/C:%5cx", "C__x"), ("/a%0d%0ab%1b[2J", "a__b_[2J"),
                           ("/%e2%80%aegpj.exe", "_gpj.exe"), ("/" + "n" * 300 + ".tar", None), ("/%B9%FB", "%B9%FB"),
                           ("/caf%c3%a9", "café"), ("/a%20b", "a b"), ("/a/../b/./c", "c")]:
            before = set(os.listdir(folder))
            get(folder, f"{origin.url}{path}")
            new, = set(os.listdir(folder)) - before
            if name is None:
                expect(new.endswith(".tar") and len(new) < 243, new)
            else:
                expect(new == name, path, new)
        before = sorted(os.listdir(folder))
        for path in ["/", "/folder/", "/..%2f..%2fetc%2fpasswd", "/x%00y", "/%2e%2e", "/..%5c..%5cx", "/%2f"]:
            get(folder, f"{origin.url}{path}", code=11)
        expect(sorted(os.listdir(folder)) == before)


@behaviour
def a_name_that_is_taken_is_left_alone_unless_told(folder):
    with Origin(ranged(b"new")) as origin:
        url = f"{origin.url}/x"
        write(b"old", folder, "x")
        get(folder, url, code=11)
        expect(read(folder, "x") == b"old" and origin.requests == [])
        get(folder, "--on-exists", "skip", url)
        expect(read(folder, "x") == b"old" and origin.requests == [])
        get(folder, "--on-exists", "rename", url)
        get(folder, "--on-exists", "rename", url)
        expect(read(folder, "x") == b"old" and read(folder, "x.1") == b"new" and read(folder, "x.2") == b"new")
        get(folder, "--on-exists", "overwrite", url)
        expect(read(folder, "x") == b"new")
    expect(sorted(os.listdir(folder)) == ["x", "x.1", "x.2"])


@behaviour
def a_name_that_is_taken_meanwhile_is_left_alone(folder):
    body = content(10_000)
    def answer(request, connection):
        write(b"mine", folder, "x")
        return response(body)
    with Origin(answer) as origin:
        get(folder, f"{origin.url}/x", code=11)
    expect(read(folder, "x") == b"mine")


@behaviour
def links_that_stand_there_are_not_followed(folder):
    victim = os.path.join(folder, "victim")
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    write(b"precious", victim)
    with Origin(ranged(b"new")) as origin:
        for name in ["x", "x.part", "x.part.journal"]:
            os.symlink(victim, os.path.join(inner, name))
            get(inner, f"{origin.url}/x", code=11)
            expect(os.path.islink(os.path.join(inner, name)) and read(victim) == b"precious", name)
            os.unlink(os.path.join(inner, name))
        os.symlink(victim, os.path.join(inner, "x"))
        get(inner, "--on-exists", "overwrite", f"{origin.url}/x")
        expect(not os.path.islink(os.path.join(inner, "x")) and read(victim) == b"precious")
        os.mkfifo(os.path.join(inner, "y.part.journal"))
        get(inner, f"{origin.url}/y", code=11)


@behaviour
def what_is_not_ours_is_not_touched(folder):
    with Origin(ranged(b"new")) as origin:
        write(b"somebody's", folder, "x.part")
        get(folder, f"{origin.url}/x", code=11)
        expect(read(folder, "x.part") == b"somebody's")
        os.unlink(os.path.join(folder, "x.part"))
        write(b"somebody's", folder, "x.part.journal")
        get(folder, f"{origin.url}/x", code=11)
        expect(read(folder, "x.part.journal") == b"somebody's")


@behaviour
def two_downloads_of_one_name_keep_apart(folder):
    proceed = threading.Event()
    def answer(request, connection):
        connection.sendall(response(b"x" * 10, length=20))
        proceed.wait(30)
        return b"y" * 10
    with Origin(answer) as origin:
        first = subprocess.Popen([SOCKEYE, "get", f"{origin.url}/x"], cwd=folder, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(os.path.join(folder, "x.part")), "the first download")
        get(folder, f"{origin.url}/x", code=11)
        proceed.set()
        expect(first.wait(30) == 0)
    expect(read(folder, "x") == b"x" * 10 + b"y" * 10)


# ---- Parts at once, rates


@behaviour
def connections_share_a_file(folder):
    body = content(24_000_000)
    with Origin(ranged(body, Repr_Digest=repr_digest(body))) as origin:
        get(folder, "--connections", 4, f"{origin.url}/x")
        expect(origin.connections >= 4 and len(origin.requests) > 8, origin.connections, len(origin.requests))
    expect(read(folder, "x") == body)


@behaviour
def connections_share_a_file_that_changes(folder):
    old, new = content(24_000_000), content(24_000_000, seed=2)
    lock = threading.Lock()
    count = {"n": 0}
    def answer(request, connection):
        with lock:
            count["n"] += 1
            now = new if count["n"] > 6 else old
        return ranged(now, tag='"old"' if now is old else '"new"')(request, connection)
    with Origin(answer) as origin:
        get(folder, *QUICK, "--connections", 4, f"{origin.url}/x")
    expect(read(folder, "x") == new)


@behaviour
def connections_that_break_leave_their_share_to_the_others(folder):
    body = content(24_000_000)
    chance = random.Random(5)
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if request.range and chance.random() < 0.3:
            connection.sendall(cut_after(chance.randrange(1_000_000), whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, *QUICK, "--retry", 20, "--connections", 4, f"{origin.url}/x")
    expect(read(folder, "x") == body)


@behaviour
def a_rate_is_kept(folder):
    body = content(600_000)
    with Origin(ranged(body)) as origin:
        start = time.monotonic()
        get(folder, "--rate", "1MB", f"{origin.url}/x")
        expect(time.monotonic() - start > 0.4)
    expect(read(folder, "x") == body)


# ---- Kills


def trickle(body, tag, chunk=20_000, pause=0.002):
    """A server slow enough to be killed in the middle of."""
    def answer(request, connection):
        first = request.range[0] if request.range else 0
        last = request.range[1] if request.range and request.range[1] is not None else len(body) - 1
        whole = ranged(body, tag)(request, connection)
        head = whole[:whole.index(b"\r\n\r\n") + 4]
        connection.sendall(head)
        for position in range(first, last + 1, chunk):
            connection.sendall(body[position:min(position + chunk, last + 1)])
            time.sleep(pause)
        return b""
    return answer


def kill_at_random(folder, seed, arguments):
    print(f"kill test: seed {seed}", file=sys.stderr)
    chance = random.Random(seed)
    body = content(12_000_000, seed)
    digest = hashlib.sha256(body).hexdigest()
    resumed = 0
    with Origin(trickle(body, '"v1"')) as origin:
        kills = 0
        while kills < 30:
            target = os.path.join(folder, "x")
            process = subprocess.Popen([SOCKEYE, "get", "--json", "--retry", "0", *arguments, f"{origin.url}/x"], cwd=folder,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                process.wait(chance.uniform(0.0, 1.0))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            output, errors = process.communicate()
            if process.returncode == -signal.SIGKILL:
                # Killed after the file got its name: it is right, and the next run finds it finished or in its way.
                if os.path.exists(target):
                    expect(hashlib.sha256(read(target)).hexdigest() == digest, "seed", seed)
                    if not os.path.exists(target + ".part.journal"):
                        os.unlink(target)
            else:
                expect(process.returncode == 0, "seed", seed, process.returncode, errors)
                expect(hashlib.sha256(read(target)).hexdigest() == digest, "seed", seed)
                expect(os.listdir(folder) == ["x"], os.listdir(folder))
                report = json.loads(output.splitlines()[-1])
                expect(report["event"] == "finished" and report["sha256"] == digest, report)
                resumed += report["received"] < len(body)
            if process.returncode == 0:
                os.unlink(target)
        get(folder, *arguments, f"{origin.url}/x", "--on-exists", "overwrite")
        expect(hashlib.sha256(read(folder, "x")).hexdigest() == digest, "seed", seed)
        expect(os.listdir(folder) == ["x"], os.listdir(folder))
        expect(any(request.range for request in origin.requests), "nothing was ever taken up, seed", seed)


@behaviour
def thirty_kills_never_leave_a_wrong_file(folder):
    kill_at_random(folder, int(os.environ.get("SEED", random.randrange(1 << 32))), [])


@behaviour
def thirty_kills_of_four_connections_never_leave_a_wrong_file(folder):
    kill_at_random(folder, int(os.environ.get("SEED", random.randrange(1 << 32))), ["--connections", "4"])


@behaviour
def a_signal_writes_down_how_far_it_is(folder):
    body = content(4_000_000)
    gate = threading.Event()
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if not gate.is_set():
            connection.sendall(cut_after(3_000_000, whole))
            gate.wait(30)
            return None
        return whole
    with Origin(answer) as origin:
        process = subprocess.Popen([SOCKEYE, "get", f"{origin.url}/x"], cwd=folder, stderr=subprocess.PIPE)
        part = os.path.join(folder, "x.part")
        wait_until(lambda: os.path.exists(part) and os.path.getsize(part) == 3_000_000, "three quarters")
        process.send_signal(signal.SIGINT)
        expect(process.wait(30) == 130, process.returncode)
        process.stderr.close()
        gate.set()
        report, = finished(get(folder, "--json", f"{origin.url}/x"))
        expect(report["received"] == 1_000_000, report)
    expect(read(folder, "x") == body)


@behaviour
def a_damaged_part_is_noticed(folder):
    body = content(4_000_000)
    state = {"cut": True}
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if state["cut"]:
            connection.sendall(cut_after(3_000_000, whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, "--retry", 0, f"{origin.url}/x", code=9)
        with open(os.path.join(folder, "x.part"), "r+b") as file:
            file.seek(2_999_000)
            file.write(b"damage")
        state["cut"] = False
        result = get(folder, f"{origin.url}/x")
        expect(b"starting again" in result.stderr, result.stderr)
    expect(read(folder, "x") == body)


# ---- The bare-name protocol, with the tutorials' servers


def tutorial_server(files, missing, encoding="utf-8"):
    """Receives once, takes what came for a name, sends the file and closes."""
    def handle(connection):
        name = connection.recv(1024).decode(encoding)
        connection.sendall(files.get(name, missing))
    return handle


@behaviour
def tutorial_servers_are_fetched_from(folder):
    body = content(2_500_000)
    with serving(tutorial_server({"file.bin": body, "图片/照片.jpg": body}, b"1")) as port:
        get(folder, f"tcp://127.0.0.1:{port}/file.bin")
        get(folder, f"tcp://127.0.0.1:{port}/图片/照片.jpg")
        result = get(folder, f"tcp://127.0.0.1:{port}/none", code=8)
        expect(b"'1'" in result.stderr and b"--allow-ambiguous" in result.stderr, result.stderr)
        get(folder, "--allow-ambiguous", f"tcp://127.0.0.1:{port}/none")
    expect(read(folder, "file.bin") == body and read(folder, "照片.jpg") == body and read(folder, "none") == b"1")
    expect(sorted(os.listdir(folder)) == ["file.bin", "none", "照片.jpg"])


@behaviour
def tutorial_servers_that_answer_nothing_are_understood(folder):
    with serving(tutorial_server({"one": b"12"}, b"")) as port:
        result = get(folder, f"tcp://127.0.0.1:{port}/none", code=8)
        expect(b"nothing" in result.stderr and b"--allow-ambiguous" in result.stderr, result.stderr)
        get(folder, "--allow-ambiguous", f"tcp://127.0.0.1:{port}/none")
        get(folder, f"tcp://127.0.0.1:{port}/one")
        expect(get(folder, "-o", "-", f"tcp://127.0.0.1:{port}/one").stdout == b"12")
        expect(get(folder, "-o", "-", f"tcp://127.0.0.1:{port}/none", code=8).stdout == b"")
    expect(read(folder, "none") == b"" and read(folder, "one") == b"12")


@behaviour
def names_are_sent_in_gbk_when_asked(folder):
    with serving(tutorial_server({"接收.txt": b"received"}, b"1", "gbk")) as port:
        get(folder, "--encoding", "gbk", f"tcp://127.0.0.1:{port}/接收.txt")
        get(folder, "--encoding", "gbk", f"tcp://127.0.0.1:{port}/😀", code=2)
        get(folder, "--encoding", "no-such", f"tcp://127.0.0.1:{port}/x", code=2)
    expect(read(folder, "接收.txt") == b"received")


@behaviour
def a_tutorial_server_that_is_killed_leaves_no_file(folder):
    def handle(connection):
        connection.recv(1024)
        connection.sendall(b"x" * 1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with serving(handle) as port:
        get(folder, *QUICK, f"tcp://127.0.0.1:{port}/x", code=4)
    expect("x" not in os.listdir(folder))


# ---- Folders


def listing(path, entries):
    return json.dumps({"v": 1, "path": path, "entries": entries}).encode()


@behaviour
def a_folder_is_downloaded_and_its_names_are_not_trusted(folder):
    files = {"/top/a": b"A", "/top/sub/b%20c": b"BC", "/top/.hidden": b"H"}
    top = [{"name": "a", "type": "file", "size": 1}, {"name": "sub", "type": "directory"},
           {"name": "../../evil", "type": "file"}, {"name": "..", "type": "directory"}, {"name": "", "type": "file"},
           {"name": ".hidden", "type": "file"}, {"name": "gone", "type": "file"}]
    def answer(request, connection):
        if request.target == "/top/?json":
            return response(listing("/top/", top))
        if request.target == "/top/sub/?json":
            return response(listing("/top/sub/", [{"name": "b c", "type": "file", "size": 2, "modified": "x"}]))
        body = files.get(request.target)
        return response(body) if body is not None else response(status="404 Not Found")
    with Origin(answer) as origin:
        result = get(folder, *QUICK, "--recursive", f"{origin.url}/top/", code=11)
        expect(b"4 of its files failed" in result.stderr, result.stderr)
        found = sorted(os.path.relpath(os.path.join(base, name), folder)
                       for base, _, names in os.walk(folder) for name in names)
        expect(found == ["top/_hidden", "top/a", "top/sub/b c"], found)
        top[2:] = []
        result = get(folder, "--recursive", "--on-exists", "skip", "--json", f"{origin.url}/top")
        expect(json.loads(result.stdout.splitlines()[-1])["skipped"] == 2, result.stdout)


@behaviour
def a_folder_without_end_is_given_up(folder):
    def answer(request, connection):
        return response(listing("/", [{"name": "d", "type": "directory"}]))
    with Origin(answer) as origin:
        get(folder, "--recursive", f"{origin.url}/", code=7)
        expect(len(origin.requests) < 100)
    with Origin(lambda request, connection: response(b"<html>")) as origin:
        get(folder, "--recursive", f"{origin.url}/", code=7)
    os.symlink("/tmp", os.path.join(folder, "out"))
    with Origin(lambda request, connection: response(listing("/", [{"name": "f", "type": "file"}]))) as origin:
        get(folder, "--recursive", f"{origin.url}/out/", code=11)


if __name__ == "__main__":
    support.main(globals())
