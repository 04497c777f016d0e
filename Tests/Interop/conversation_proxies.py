"""`sockeye connect` through proxies: microsocks, tinyproxy and ncat, and proxies that are hostile."""

import contextlib
import json
import socket

import support
from get_proxies import Relay, free_port, private, running
from support import need, sockeye
from support_origin import behaviour, serving, tls


def banner(connection):
    """A server that speaks first, and answers one line."""
    connection.sendall(b"220 ready\r\n")
    line = b""
    while not line.endswith(b"\n"):
        more = connection.recv(100)
        if not more:
            return
        line += more
    connection.sendall(b"you said " + line)


def talk(*arguments, code=0, said=None):
    answer = sockeye("connect", "-q", "--on-eof", "hold", "--on-peer-eof", "exit", "--send", "hello", "--eol", "lf", *arguments)
    assert answer.returncode == code, (arguments, answer)
    if said is not None:
        assert answer.stdout == said, (arguments, answer)
    return answer


WHOLE = b"220 ready\r\nyou said hello\n"


@behaviour
def microsocks_carries_conversations_by_name_for_those_whom_it_knows(folder):
    port = free_port()
    right, wrong = private("alice:open:sesame", folder, "right"), private("alice:no", folder, "wrong")
    program = [need("microsocks"), "-i", "127.0.0.1", "-p", str(port), "-u", "alice", "-P", "open:sesame"]
    with running(port, *program), serving(banner) as server:
        proxy = ["--proxy", f"socks5://127.0.0.1:{port}"]
        talk(*proxy, "--proxy-auth-file", right, f"localhost:{server}", said=WHOLE)
        talk(*proxy, "--proxy-auth-file", right, f"127.0.0.1:{server}", said=WHOLE)
        for code, flags in (6, ["--proxy-auth-file", wrong]), (6, []):
            assert sockeye("connect", "-z", *proxy, *flags, f"localhost:{server}").returncode == code
        closed = free_port()
        refused = sockeye("connect", "-z", *proxy, "--proxy-auth-file", right, f"127.0.0.1:{closed}")
        assert refused.returncode == 4 and b"refused" in refused.stderr, refused
        assert sockeye("connect", "-z", *proxy, "--proxy-auth-file", right, f"127.0.0.1:{server}").returncode == 0
        # What an argument has, everybody sees.
        told = sockeye("connect", "-z", "--proxy", f"socks5://alice:pw@127.0.0.1:{port}", f"127.0.0.1:{server}")
        assert told.returncode == 2 and b"alice" not in told.stderr, told


@behaviour
def the_CONNECT_of_tinyproxy_and_of_ncat_carries_conversations_in_TLS_too(folder):
    context, ca = tls(folder)

    def secure(connection):
        with context.wrap_socket(connection, server_side=True) as inside:
            banner(inside)
            with contextlib.suppress(OSError):
                inside.unwrap()

    tiny, cat = free_port(), free_port()
    with open(f"{folder}/conf", "w") as conf:
        conf.write(f"Port {tiny}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n")
    with running(tiny, need("tinyproxy"), "-d", "-c", f"{folder}/conf"), \
            running(cat, need("ncat"), "-l", "-k", "--proxy-type", "http", "127.0.0.1", str(cat)), \
            serving(banner) as plain, serving(secure) as inside:
        for port in tiny, cat:
            proxy = ["--proxy", f"http://127.0.0.1:{port}"]
            talk(*proxy, f"127.0.0.1:{plain}", said=WHOLE)
            talk(*proxy, "--ca", ca, f"tls://localhost:{inside}", said=WHOLE)


@behaviour
def names_are_the_proxys_to_look_up_and_events_name_both(folder):
    with Relay() as relay, serving(banner) as server:
        for scheme in "socks5", "http":
            answer = talk("--json", "--proxy", f"{scheme}://127.0.0.1:{relay.port}", f"nobody.invalid:{server}")
            events = [json.loads(line) for line in answer.stdout.splitlines()]
            opened = next(event for event in events if event["event"] == "opened")
            assert opened["address"] == f"nobody.invalid:{server}", opened
            assert opened["proxy"] == f"127.0.0.1:{relay.port}", opened
        assert relay.targets == [("name", "nobody.invalid")], relay.targets
        assert relay.heads[0].startswith(f"CONNECT nobody.invalid:{server} HTTP/1.1\r\n"), relay.heads


def answering(first, second=b"", hold=False):
    """A proxy that says what it is told to, whatever it is asked."""
    def proxy(connection):
        with contextlib.suppress(OSError):
            connection.recv(3 if first[:1] == b"\x05" else 65536)
            connection.sendall(first)
            if second:
                connection.recv(65536)
                connection.sendall(second)
            if not hold:
                connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    return proxy


@behaviour
def a_proxy_that_lies_or_says_too_little_or_too_much_ends_the_call_by_its_own_code(folder):
    ok = b"\x05\x00"
    for scheme, first, second, code in [
        ("http", b"hello\r\n\r\n", b"", 7), ("http", b"HTTP/1.1 200 OK\r\n", b"", 4), ("http", b"", b"", 4),
        ("http", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, b"", 7), ("http", b"A" * 1_000_000, b"", 7),
        ("http", b"HTTP/1.1 103 Hints\r\n\r\n" * 10_000, b"", 7), ("http", b"HTTP/1.1 407 Who\r\n\r\n", b"", 6),
        ("http", b"HTTP/1.1 403 No\r\n\r\n", b"", 8), ("http", b"HTTP/1.1 503 Busy\r\n\r\n", b"", 4),
        ("http", b"HTTP/1.1 2000 OK\r\n\r\n", b"", 7), ("socks5", b"\x04\x00", b"", 7), ("socks5", b"\x05", b"", 4),
        ("socks5", b"\x05\xff", b"", 6), ("socks5", b"\x05\x02", b"", 6), ("socks5", ok, b"\x05\x00\x00\x09" + bytes(6), 7),
        ("socks5", ok, b"\x05\x00\x00\x03\xff" + bytes(10), 4), ("socks5", ok, b"\x05\x05\x00\x01" + bytes(6), 4),
        ("socks5", ok, b"\x05\x02\x00\x01" + bytes(6), 8), ("socks5", b"HTTP/1.1 400 Bad\r\n\r\n", b"", 7),
    ]:
        with serving(answering(first, second)) as port:
            talk("--proxy", f"{scheme}://127.0.0.1:{port}", "nobody.invalid:25", code=code, said=b"")
    # Inside TLS nobody speaks before this side does.
    with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03")) as port:
        talk("--proxy", f"http://127.0.0.1:{port}", "--insecure", "tls://nobody.invalid:25", code=7, said=b"")


@behaviour
def a_proxy_that_stalls_runs_out_of_time(folder):
    for scheme, first in ("http", b""), ("http", b"H"), ("socks5", b""), ("socks5", b"\x05"):
        with serving(answering(first, hold=True)) as port:
            proxy = ["--connect-timeout", "500ms", "--proxy", f"{scheme}://127.0.0.1:{port}"]
            talk(*proxy, "nobody.invalid:25", code=10, said=b"")


if __name__ == "__main__":
    support.main(globals())
