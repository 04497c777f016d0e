"""Servers of the tests' own for `sockeye get`: honest ones, and ones that say and do what they are told to."""

import base64
import contextlib
import functools
import hashlib
import json
import os
import random
import re
import socket
import ssl
import subprocess
import tempfile
import threading

import support

QUICK = ["--backoff", "1ms..5ms", "--retry", "3"]


def apache_configuration(folder, port, modules, more):
    """What Apache is told to serve FOLDER/site on a port with, by these modules beside those that it can't do without."""
    place = "/usr/lib/apache2/modules"
    load = "\n".join(f"LoadModule {name}_module {place}/mod_{name}.so" for name in ("mpm_event", "authz_core", *modules))
    return f"""
{load}
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
DefaultRuntimeDir {folder}
Mutex file:{folder}
User nobody
Group nogroup
DocumentRoot {folder}/site
{more}
"""


def behaviour(function, attack=None):
    """Makes a test of a function that is given an empty folder; its name is the behaviour."""
    @functools.wraps(function)
    def test():
        with tempfile.TemporaryDirectory(prefix="sockeye-") as folder:
            function(folder)
    name = function.__name__.replace("_", " ")
    test.__doc__ = f"{name} [{attack}]" if attack else name
    function.__globals__[f"test_{function.__name__}"] = test
    return function


def hostile(attack):
    """The same, for what a hostile server does or sends."""
    return lambda function: behaviour(function, attack)


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
