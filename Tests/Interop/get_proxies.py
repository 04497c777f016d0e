"""`sockeye get` through proxies: microsocks and tinyproxy, the environment as curl reads it, and proxies that are hostile."""

import base64
import contextlib
import os
import socket
import struct
import subprocess
import threading

import support
from support import Program, need, wait_until
from support_origin import (
    QUICK, Origin, behaviour, content, expect, get, hostile, ranged, read, response, serving, tls, write,
)


def private(text, *path):
    write(text.encode(), *path)
    os.chmod(os.path.join(*path), 0o600)
    return os.path.join(*path)


@contextlib.contextmanager
def environment(**variables):
    """Variables for whatever is started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@contextlib.contextmanager
def running(port, *command):
    """Somebody else's proxy, once it accepts."""
    with Program(*command) as program:
        def accepts():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return program.process.poll() is not None
        wait_until(accepts, command[0])
        expect(program.process.poll() is None, program.errors)
        yield port


class Relay:
    """A proxy of the tests' own, of all kinds, that knows names which nobody else knows: all lead to this machine."""

    def __init__(self):
        self.heads = []
        self.targets = []

    def __enter__(self):
        self.manager = serving(self.serve)
        self.port = self.manager.__enter__()
        return self

    def __exit__(self, *about):
        self.manager.__exit__(*about)

    def serve(self, connection):
        first = connection.recv(1, socket.MSG_PEEK)
        if first == b"\x05":
            connection.recv(2 + connection.recv(2, socket.MSG_PEEK)[1], socket.MSG_WAITALL)
            connection.sendall(b"\x05\x00")
            kind = connection.recv(4, socket.MSG_WAITALL)[3]
            length = connection.recv(1)[0] if kind == 3 else 4
            host = connection.recv(length, socket.MSG_WAITALL)
            port, = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))
            self.targets.append(("name", host.decode()) if kind == 3 else ("address", socket.inet_ntoa(host)))
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            return self.join(connection, port)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = connection.recv(1)
            if not more:
                return
            head += more
        self.heads.append(head.decode())
        method, target, _ = head.decode().split(" ", 2)
        if method == "CONNECT":
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return self.join(connection, int(target.rpartition(":")[2]))
        authority, slash, path = target.removeprefix("http://").partition("/")
        self.join(connection, int(authority.rpartition(":")[2]), head.replace(target.encode(), (slash + path).encode(), 1))

    def join(self, connection, port, first=b""):
        with socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(first)
            def copy(source, sink):
                with contextlib.suppress(OSError):
                    while data := source.recv(1 << 16):
                        sink.sendall(data)
                    sink.shutdown(socket.SHUT_WR)
            back = threading.Thread(target=copy, args=(server, connection), daemon=True)
            back.start()
            copy(connection, server)
            back.join()


# ---- Other people's


@behaviour
def microsocks_connects_for_those_whom_it_knows(folder):
    port = free_port()
    context, ca = tls(folder)
    body = content(3_000_000)
    right, wrong = private("alice:open:sesame", folder, "right"), private("alice:no", folder, "wrong")
    program = [need("microsocks"), "-i", "127.0.0.1", "-p", str(port), "-u", "alice", "-P", "open:sesame"]
    with running(port, *program), Origin(ranged(body)) as plain, Origin(ranged(body), context) as secure:
        proxy = ["--proxy", f"socks5h://127.0.0.1:{port}"]
        get(folder, *proxy, "--proxy-auth-file", right, "-o", "a", f"http://localhost:{plain.port}/x")
        get(folder, *proxy, "--proxy-auth-file", right, "--ca", ca, "-o", "b", f"https://localhost:{secure.port}/x")
        with environment(all_proxy=f"socks5://alice:open%3Asesame@127.0.0.1:{port}"):
            get(folder, "-o", "c", f"{plain.url}/x")
        get(folder, *proxy, "--proxy-auth-file", wrong, "-o", "d", f"{plain.url}/x", code=6)
        get(folder, *proxy, "-o", "d", f"{plain.url}/x", code=6)
        get(folder, *QUICK, *proxy, "--proxy-auth-file", right, "-o", "d", "http://127.0.0.1:1/x", code=4)
        get(folder, "--proxy", f"socks5://alice:open@127.0.0.1:{port}", "-o", "d", f"{plain.url}/x", code=2)
        def name(connection):
            expect(connection.recv(100) == b"x")
            connection.sendall(b"by its name")
        with serving(name) as bare:
            get(folder, *proxy, "--proxy-auth-file", right, "-o", "e", f"tcp://127.0.0.1:{bare}/x")
    expect(all(read(folder, each) == body for each in "abc") and not os.path.exists(f"{folder}/d"))
    expect(read(folder, "e") == b"by its name")


@behaviour
def tinyproxy_passes_on_and_carries(folder):
    port = free_port()
    context, ca = tls(folder)
    body = content(3_000_000)
    right, wrong = private("alice:sesame", folder, "right"), private("alice:no", folder, "wrong")
    write(f"Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth alice sesame\n".encode(), folder, "conf")
    with running(port, need("tinyproxy"), "-d", "-c", f"{folder}/conf"), \
            Origin(ranged(body)) as plain, Origin(ranged(body), context) as secure:
        proxy = ["--proxy", f"http://127.0.0.1:{port}"]
        get(folder, *proxy, "--proxy-auth-file", right, "-o", "a", f"{plain.url}/x")
        get(folder, *proxy, "--proxy-auth-file", right, "--ca", ca, "--connections", 4, "-o", "b", f"{secure.url}/x")
        for url in (f"{plain.url}/x", f"{secure.url}/x"):
            get(folder, *proxy, "--proxy-auth-file", wrong, "--ca", ca, "-o", "c", url, code=6)
            get(folder, *proxy, "--ca", ca, "-o", "c", url, code=6)
        get(folder, *proxy, "--proxy-auth-file", right, "-o", "c", f"{secure.url}/x", code=5)
        for origin in (plain, secure):
            expect(origin.requests and all("proxy-authorization" not in request.fields for request in origin.requests))
    expect(read(folder, "a") == read(folder, "b") == body and not os.path.exists(f"{folder}/c"))


# ---- Names, and the environment


@behaviour
def names_are_looked_up_by_the_proxy_alone(folder):
    context, ca = tls(folder)
    with Relay() as relay, Origin(ranged(b"found")) as plain, Origin(ranged(b"found"), context) as secure:
        for scheme in ("socks5", "socks5h", "http"):
            proxy = ["--proxy", f"{scheme}://127.0.0.1:{relay.port}"]
            get(folder, *proxy, "-o", f"{scheme}-plain", f"http://nobody.invalid:{plain.port}/x")
            get(folder, *proxy, "--insecure", "-o", f"{scheme}-secure", f"https://nobody.invalid:{secure.port}/x")
            get(folder, *proxy, "-o", f"{scheme}-address", f"http://127.0.0.1:{plain.port}/x")
        expect(relay.targets == [("name", "nobody.invalid")] * 2 + [("address", "127.0.0.1")] +
               [("name", "nobody.invalid")] * 2 + [("address", "127.0.0.1")], relay.targets)
        lines = [head.split("\r\n")[0] for head in relay.heads]
        expect(lines == [
            f"GET http://nobody.invalid:{plain.port}/x HTTP/1.1", f"CONNECT nobody.invalid:{secure.port} HTTP/1.1",
            f"GET http://127.0.0.1:{plain.port}/x HTTP/1.1"], lines)


@behaviour
def the_environment_means_what_it_means_to_curl(folder):
    cases = [
        {}, {"http_proxy": 1}, {"HTTP_PROXY": 1}, {"all_proxy": 1}, {"ALL_PROXY": 1}, {"https_proxy": 1}, {"http_proxy": 0},
        {"http_proxy": 0, "all_proxy": 1}, {"http_proxy": 1, "no_proxy": "127.0.0.1"},
        {"http_proxy": 1, "NO_PROXY": "127.0.0.1"}, {"http_proxy": 1, "no_proxy": "127.0.0.0/8"},
        {"http_proxy": 1, "no_proxy": "127.0.0.0/33"}, {"http_proxy": 1, "no_proxy": "10.0.0.0/8, 127.0.0.1/32"},
        {"http_proxy": 1, "no_proxy": "*"}, {"http_proxy": 1, "no_proxy": "127.0.0"}, {"http_proxy": 1, "no_proxy": "0.0.1"},
        {"http_proxy": 1, "no_proxy": "localhost"}, {"http_proxy": 1, "no_proxy": ".localhost"},
        {"http_proxy": 1, "no_proxy": "host"}, {"http_proxy": 1, "no_proxy": "LOCALHOST."},
        {"http_proxy": 1, "no_proxy": "", "NO_PROXY": "localhost"},
    ]
    with Relay() as relay, Origin(ranged(b"x")) as origin:
        for number, case in enumerate(cases):
            variables = {name: {1: f"127.0.0.1:{relay.port}", 0: ""}.get(value, value) for name, value in case.items()}
            for host in ("127.0.0.1", "localhost"):
                used = []
                with environment(**variables):
                    for program in ("curl", "sockeye"):
                        relay.heads.clear()
                        url = f"http://{host}:{origin.port}/{number}-{host}"
                        if program == "curl":
                            subprocess.run([need("curl"), "-sS", "-q", url], check=True, stdout=subprocess.DEVNULL)
                        else:
                            get(folder, "-4", url)
                        used.append(len(relay.heads))
                expect(used[0] == used[1], case, host, used)


@behaviour
def what_the_call_says_comes_before_the_environment(folder):
    with Relay() as relay, Origin(ranged(b"x")) as origin, environment(http_proxy="http://127.0.0.1:1", no_proxy="127.0.0.1"):
        get(folder, "-o", "a", f"{origin.url}/x")
        get(folder, "--no-proxy", "other", "--proxy", f"http://127.0.0.1:{relay.port}", "-o", "b", f"{origin.url}/x")
        expect(len(relay.heads) == 1)
        get(folder, "--no-proxy", "", "--retry", 0, "-o", "c", f"{origin.url}/x", code=4)
        get(folder, "--no-proxy", "*", "-o", "d", f"{origin.url}/x")
        with environment(http_proxy="socks4://127.0.0.1:1", no_proxy=""):
            get(folder, "-o", "e", f"{origin.url}/x", code=2)


# ---- Hostile ones


@hostile("answers that are none, or say more than was asked")
def a_proxy_that_lies_gives_no_file(folder):
    glued = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies"
    answers = {
        glued: 7, b"HTTP/1.1 200 OK\r\n\r\n1": 7, b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n": 6,
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n": 8, b"HTTP/1.1 503 Busy\r\n\r\n": 4, b"": 4,
        b"HTTP/1.1 200 OK\r\n": 4, b"hello\r\n\r\n": 7, b"\x05\x00\r\n\r\n": 7, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000: 7,
        b"HTTP/1.1 103 Hints\r\n\r\n" * 10_000: 7,
    }
    for answer, code in answers.items():
        asked = []
        def proxy(connection):
            asked.append(connection.recv(65536))
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
        with serving(proxy) as port:
            get(folder, *QUICK, "--proxy", f"http://127.0.0.1:{port}", "--insecure", "https://nobody.invalid/x", code=code)
            expect(len(asked) == (4 if code == 4 else 1), answer[:60], len(asked))
    expect(os.listdir(folder) == [], os.listdir(folder))


@hostile("SOCKS answers cut off, of another version, of unknown kinds, with more behind them")
def a_socks_proxy_that_lies_gives_no_file(folder):
    for method, reply, code in [
        (b"", b"", 4), (b"\x05", b"", 4), (b"\x04\x00", b"", 7), (b"HTTP/1.1 400 Bad\r\n\r\n", b"", 7), (b"\x05\xff", b"", 6),
        (b"\x05\x02", b"", 6), (b"\x05\x00", b"\x05\x00\x00\x09" + bytes(6), 7), (b"\x05\x00", b"\x05\x05\x00\x01" + bytes(6), 4),
        (b"\x05\x00", b"\x05\x02\x00\x01" + bytes(6), 8), (b"\x05\x00", b"\x05\x00\x00\x03\xff" + bytes(10), 4),
        (b"\x05\x00", b"\x05\x00\x00\x01" + bytes(6) + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies", 7),
    ]:
        def proxy(connection):
            connection.recv(3, socket.MSG_WAITALL)
            connection.sendall(method)
            if method == b"\x05\x00":
                connection.recv(65536)
                connection.sendall(reply)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
        with serving(proxy) as port:
            get(folder, *QUICK, "--proxy", f"socks5://127.0.0.1:{port}", "http://nobody.invalid/x", code=code)
    expect(os.listdir(folder) == [], os.listdir(folder))


@hostile("a login page in place of the file, in the middle of it")
def what_a_proxy_puts_in_place_of_the_file_is_not_mixed_with_it(folder):
    body = content(3_000_000)
    whole = ranged(body, Content_Type="application/zip")
    def answer(request, connection):
        if len(proxy.requests) == 2:
            return response(b"<html>log in</html>", Content_Type="text/html")
        reply = whole(request, connection)
        if len(proxy.requests) == 1:
            connection.sendall(reply[:1_500_000])
            return None
        return reply
    with Origin(answer) as proxy:
        get(folder, *QUICK, "--connections", 1, "--proxy", f"http://127.0.0.1:{proxy.port}", "http://nobody.invalid/x")
        expect(proxy.requests[0].target == "http://nobody.invalid/x" and proxy.requests[0].fields["host"] == "nobody.invalid")
    expect(read(folder, "x") == body)


@hostile("the proxy's password is the proxy's, and the server's is the server's")
def each_is_told_its_own(folder):
    context, ca = tls(folder)
    ours, theirs = private("proxy:secret", folder, "ours"), private("server:secret", folder, "theirs")
    encoded = {name: "Basic " + base64.b64encode(f"{name}:secret".encode()).decode() for name in ("proxy", "server")}
    with Relay() as relay, Origin(ranged(b"x")) as direct, Origin(ranged(b"x"), context) as secure:
        flags = ["--proxy", f"http://127.0.0.1:{relay.port}", "--proxy-auth-file", ours, "--auth-file", theirs]
        get(folder, *flags, "--insecure", "-o", "a", f"https://nobody.invalid:{secure.port}/x")
        expect("proxy-authorization" not in secure.requests[0].fields, secure.requests[0].fields)
        expect(secure.requests[0].fields["authorization"] == encoded["server"])
        expect(f"Proxy-Authorization: {encoded['proxy']}" in relay.heads[0] and encoded["server"] not in relay.heads[0])
        # From what is reached through the proxy to what isn't.
        with Origin(lambda *_: response(status="302 Found", Location=f"{direct.url}/y")) as origin:
            get(folder, *flags, "--no-proxy", "127.0.0.1", "-o", "b", f"http://nobody.invalid:{origin.port}/x")
        expect(direct.requests[0].target == "/y" and
               not {"authorization", "proxy-authorization"} & set(direct.requests[0].fields), direct.requests[0].fields)


if __name__ == "__main__":
    support.main(globals())
