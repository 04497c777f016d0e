"""`sockeye listen --proxy-server`: curl, ncat, socat and our own `connect` and `get` through it, and clients that are hostile."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import threading

import support
from support import DEADLINE, Server, connect, loopback_listener, need, read_all, sockeye, wait_until
from support_origin import Origin, behaviour, content, ranged, serving, write

LOCAL = ["--proxy-server", "--allow", "127.0.0.1", "--allow", "::1"]


def curl(*arguments, code=0):
    answer = subprocess.run([need("curl"), "-sS", "-q", *map(str, arguments)], capture_output=True, timeout=DEADLINE)
    assert answer.returncode == code, (arguments, answer)
    return answer.stdout


def users(folder):
    """alice, whose password is open:sesame."""
    path = os.path.join(folder, "users")
    script = subprocess.run(
        ["python3", "-c", "import base64,hashlib,os;s=os.urandom(16);h=hashlib.pbkdf2_hmac('sha256',b'open:sesame',s,1000);"
         "print('alice:pbkdf2-sha256$1000$'+base64.b64encode(s).decode()+'$'+base64.b64encode(h).decode())"],
        capture_output=True, text=True, check=True)
    write(script.stdout.encode(), path)
    return path


def associate(server, port=0):
    """A connection that asked for datagrams, and where they go."""
    client = connect(server)
    client.sendall(b"\x05\x01\x00" + b"\x05\x03\x00\x01" + bytes(4) + struct.pack("!H", port))
    answer = client.recv(2, socket.MSG_WAITALL) + client.recv(10, socket.MSG_WAITALL)
    assert answer[:6] == b"\x05\x00\x05\x00\x00\x01", answer
    return client, (socket.inet_ntoa(answer[6:10]), struct.unpack("!H", answer[10:])[0])


def wrapped(address, data, fragment=0):
    host, port = address
    return b"\x00\x00" + bytes([fragment]) + b"\x01" + socket.inet_aton(host) + struct.pack("!H", port) + data


# ---- Other people's clients


@behaviour
def curl_goes_through_by_SOCKS_and_by_CONNECT(folder):
    body = content(3_000_000)
    with Server("listen", *LOCAL, "127.0.0.1:0") as server, Origin(ranged(body)) as origin:
        url = f"http://127.0.0.1:{origin.port}/x"
        assert curl("--socks5", server.endpoint, url) == body
        assert curl("--socks5-hostname", server.endpoint, f"http://localhost:{origin.port}/x") == body
        assert curl("-p", "-x", f"http://{server.endpoint}", url) == body
        server.wait_for("by socks5")
        server.wait_for("by http")
        closed, port = loopback_listener()
        closed.close()
        curl("--socks5", server.endpoint, f"http://127.0.0.1:{port}/", code=97)
        curl("-p", "-x", f"http://{server.endpoint}", f"http://127.0.0.1:{port}/", code=56)
        # Not a tunnel: there is none of that.
        assert b"405" in curl("-i", "-x", f"http://{server.endpoint}", url)


@behaviour
def users_are_those_of_the_file(folder):
    with Server("listen", *LOCAL, "--auth-file", users(folder), "127.0.0.1:0") as server, Origin(ranged(b"found")) as origin:
        url = f"http://127.0.0.1:{origin.port}/x"
        for _ in range(2):
            assert curl("--socks5", server.endpoint, "--proxy-user", "alice:open:sesame", url) == b"found"
            assert curl("-p", "-x", server.endpoint, "--proxy-user", "alice:open:sesame", url) == b"found"
        for wrong in ["alice:no", "bob:open:sesame", "alice:"]:
            curl("--socks5", server.endpoint, "--proxy-user", wrong, url, code=97)
            curl("-p", "-x", server.endpoint, "--proxy-user", wrong, url, code=56)
        curl("--socks5", server.endpoint, url, code=97)
        curl("-p", "-x", server.endpoint, url, code=56)


@behaviour
def ncat_socat_and_our_own_hold_conversations_through_it(folder):
    def greet(connection):
        connection.sendall(b"220 ready\r\n")
        connection.sendall(b"you said " + connection.recv(100))

    with Server("listen", *LOCAL, "127.0.0.1:0") as server, serving(greet) as port:
        whole = b"220 ready\r\nyou said hello\n"
        for scheme in "socks5", "http":
            proxy = ["--proxy", f"{scheme}://{server.endpoint}"]
            answer = sockeye("connect", "-q", "--send", "hello", "--eol", "lf", *proxy, f"localhost:{port}")
            assert answer.stdout == whole, answer
        for kind in "socks5", "http":
            command = [need("ncat"), "--proxy", server.endpoint, "--proxy-type", kind, "127.0.0.1", str(port)]
            answer = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=DEADLINE)
            assert answer.stdout == whole, answer
        command = [need("socat"), "-t", "20", "-", f"PROXY:127.0.0.1:127.0.0.1:{port},proxyport={server.port}"]
        answer = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=DEADLINE)
        assert answer.stdout == whole, answer


@behaviour
def a_half_closed_stream_goes_on_in_the_other_direction(folder):
    def late(connection):
        said = read_all(connection)
        connection.sendall(said[::-1])

    data = os.urandom(3_000_000)
    with Server("listen", *LOCAL, "127.0.0.1:0") as server, serving(late) as port:
        answer = sockeye("connect", "-q", "--proxy", f"socks5://{server.endpoint}", f"127.0.0.1:{port}", stdin=data)
        assert answer.stdout == data[::-1], len(answer.stdout)


@behaviour
def events_are_told_as_JSON(folder):
    with Server("listen", *LOCAL, "--json", "127.0.0.1:0") as server, Origin(ranged(b"x")) as origin:
        curl("--socks5", server.endpoint, f"http://127.0.0.1:{origin.port}/x")
        curl("--socks5", server.endpoint, "http://169.254.169.254/", code=97)
        with connect(server) as client:
            client.sendall(b"\x04")
            assert client.recv(1) == b""
        server.signal()
        _, output = server.finish()
    events = [json.loads(line) for line in output.splitlines()]
    kinds = [event["event"] for event in events]
    assert sorted(kinds) == ["closed", "faulty", "listening", "proxied", "refused"], kinds
    assert next(e for e in events if e["event"] == "proxied")["target"] == f"127.0.0.1:{origin.port}", events


# ---- Datagrams


@behaviour
def datagrams_go_there_and_back_for_as_long_as_the_connection_stays(folder):
    # Names of the machine have two addresses, of which a datagram takes the first that is open.
    with Server("listen", "--proxy-server", "--allow", "127.0.0.1", "127.0.0.1:0") as server, contextlib.ExitStack() as stack:
        echo, ours, stranger = (stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3))
        for each in echo, ours, stranger:
            each.bind(("127.0.0.1", 0))
            each.settimeout(DEADLINE)
        client, place = associate(server)
        with client:
            for data in b"hello", b"", os.urandom(40_000):
                ours.sendto(wrapped(echo.getsockname(), data), place)
                heard, source = echo.recvfrom(65535)
                assert heard == data
                echo.sendto(data[::-1], source)
                assert ours.recv(65535) == wrapped(echo.getsockname(), data[::-1])
            # By a name as well.
            name = b"\x00\x00\x00\x03\x09localhost" + struct.pack("!H", echo.getsockname()[1])
            ours.sendto(name + b"named", place)
            assert echo.recv(100) == b"named"
            # What nobody was told comes through to nobody: fragments, other senders on either side, what is no request.
            ours.sendto(wrapped(echo.getsockname(), b"fragment", fragment=1), place)
            stranger.sendto(wrapped(echo.getsockname(), b"stranger"), place)
            stranger.sendto(b"unasked", source)
            for nonsense in b"", b"\x00", b"\x00\x00\x00\x09abc", b"\x00\x00\x00\x03\xff", wrapped(("169.254.169.254", 53), b"x"):
                ours.sendto(nonsense, place)
            ours.sendto(wrapped(echo.getsockname(), b"last"), place)
            assert echo.recvfrom(100) == (b"last", source)
            echo.sendto(b"answer", source)
            assert ours.recv(100) == wrapped(echo.getsockname(), b"answer")

        def is_gone():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                with contextlib.suppress(OSError):
                    probe.bind(place)
                    return True

        wait_until(is_gone, "end of the association")


# ---- Hostile ones


@behaviour
def the_machine_itself_is_closed_unless_a_rule_names_the_address(folder):
    with Server("listen", "--proxy-server", "127.0.0.1:0") as server, Origin(ranged(b"x")) as origin:
        for host in "127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433":
            code = subprocess.run(
                [need("curl"), "-sS", "-q", "--socks5-hostname", server.endpoint, f"http://{host}:{origin.port}/x"],
                capture_output=True, timeout=DEADLINE).returncode
            assert code == 97, (host, code)
        curl("-p", "-x", server.endpoint, f"http://127.0.0.1:{origin.port}/x", code=56)
        assert not origin.requests
    with Server("listen", "--proxy-server", "--allow", "localhost", "127.0.0.1:0") as server, Origin(ranged(b"x")) as origin:
        curl("--socks5-hostname", server.endpoint, f"http://localhost:{origin.port}/x", code=97)
        assert not origin.requests


@behaviour
def it_is_not_called_by_itself(folder):
    with Server("listen", *LOCAL, "127.0.0.1:0") as server:
        for host in "127.0.0.1", "localhost":
            with connect(server) as client:
                client.sendall(f"CONNECT {host}:{server.port} HTTP/1.1\r\n\r\n".encode())
                assert client.recv(100).startswith(b"HTTP/1.1 403 ")


@behaviour
def rules_hold_for_names_addresses_and_ports(folder):
    with Origin(ranged(b"x")) as origin, Origin(ranged(b"y")) as other:
        allowed = ["--proxy-server", "--allow", f"127.0.0.1:{origin.port}", "--deny", "*.example"]
        with Server("listen", *allowed, "127.0.0.1:0") as server:
            assert curl("--socks5", server.endpoint, f"http://127.0.0.1:{origin.port}/x") == b"x"
            curl("--socks5", server.endpoint, f"http://127.0.0.1:{other.port}/x", code=97)
            curl("--socks5-hostname", server.endpoint, f"http://a.example:{origin.port}/x", code=97)
    for wrong in ["--allow", "a b"], ["--deny", "127.0.0.1:0"], ["--echo"], ["--exec", "cat"]:
        assert sockeye("listen", "--proxy-server", *wrong, "127.0.0.1:0").returncode == 2, wrong


@behaviour
def clients_that_say_nonsense_or_nothing_hold_up_nobody(folder):
    with Server("listen", *LOCAL, "--max-clients", "40", "127.0.0.1:0") as server, Origin(ranged(b"x")) as origin, \
            contextlib.ExitStack() as stack:
        for said in b"", b"\x05", b"\x05\xff", b"CONNECT ", b"\x05\x01\x00\x05\x01\x00\x03\xff":
            for _ in range(5):
                stack.enter_context(connect(server)).sendall(said)
        for said in b"\x04\x01", b"\x16\x03\x01", os.urandom(100_000).replace(b"\x05", b"\x06"), b"A" * 100_000, b"\x05\x00":
            with connect(server) as client:
                with contextlib.suppress(OSError):
                    client.sendall(said)
                    while client.recv(65536):
                        pass
        assert curl("--socks5", server.endpoint, f"http://127.0.0.1:{origin.port}/x") == b"x"
        # More than may be are turned away, and those who are there stay.
        for _ in range(60):
            # The reset may be there before the call has returned.
            with contextlib.suppress(ConnectionResetError):
                stack.enter_context(connect(server))
        server.wait_for("turned away")
        assert server.process.poll() is None and server.memory < 200 << 20, server.memory


@behaviour
def a_server_that_floods_a_client_that_does_not_read_takes_no_memory(folder):
    def flood(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 65536)

    with Server("listen", *LOCAL, "127.0.0.1:0") as server, serving(flood) as port, contextlib.ExitStack() as stack:
        before = server.memory
        clients = [stack.enter_context(connect(server)) for _ in range(10)]
        for client in clients:
            client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        for client in clients:
            assert client.recv(19) == b"HTTP/1.1 200 Connec"
        with Origin(ranged(b"x")) as origin:
            for _ in range(20):
                assert curl("--socks5", server.endpoint, f"http://127.0.0.1:{origin.port}/x") == b"x"
        assert server.memory - before < 64 << 20, (before, server.memory)


if __name__ == "__main__":
    support.main(globals())
