"""What the tests of `sockeye run` share that have something to reach: addresses that this machine has for the test, and servers
of the test's own on them."""

import contextlib
import functools
import http.server
import pathlib
import socket
import socketserver
import subprocess
import tempfile
import threading

from support import need

ADDRESSES = {socket.AF_INET: "198.51.100.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of this machine, in networks for documentation (RFC 5737, RFC 3849)."""

CONTENT = b"".join(b"%d\n" % number for number in range(500_000))


def have_addresses():
    for address, prefix in zip(ADDRESSES.values(), (32, 128)):
        subprocess.run(["ip", "address", "add", f"{address}/{prefix}", "dev", "lo"], check=True)


ROUTERS = {
    socket.AF_INET: ["198.18.0.1", "198.18.0.2", "198.18.1.1", "198.18.1.2"],
    socket.AF_INET6: ["2001:db8:18::1", "2001:db8:18::2", "2001:db8:19::1", "2001:db8:19::2"],
}
"""This network's end of a wire to a router, the router's, the router's end of a wire to somebody far away, and that one's."""


class Namespace:
    """A network without a name, which is that of a process that waits in it."""

    def __init__(self):
        words = [need("unshare"), "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"up\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def run(self, *words):
        subprocess.run([need("nsenter"), f"--net=/proc/{self.process.pid}/ns/net", *words], check=True)


@contextlib.contextmanager
def router():
    """A router, and somebody behind it, at the addresses of `ROUTERS`."""
    with Namespace() as middle, Namespace() as far:
        wires = [("near", None, 0), ("middle0", middle, 1), ("middle1", middle, 2), ("far", far, 3)]
        for one, other in (("near", "middle0"), ("middle1", "far")):
            subprocess.run(["ip", "link", "add", one, "type", "veth", "peer", "name", other], check=True)
        for name, place, number in wires:
            if place:
                subprocess.run(["ip", "link", "set", name, "netns", str(place.process.pid)], check=True)
            enter = place.run if place else lambda *words: subprocess.run(words, check=True)
            for addresses, prefix in zip(ROUTERS.values(), ("/24", "/64")):
                detection = ["nodad"] if ":" in addresses[number] else []
                enter("ip", "address", "add", addresses[number] + prefix, "dev", name, *detection)
            enter("ip", "link", "set", name, "up")
        middle.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; "
                   "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit")
        for near, first, second, end in ROUTERS.values():
            subprocess.run(["ip", "route", "add", end, "via", first], check=True)
            far.run("ip", "route", "add", "default", "via", second)
        try:
            yield
        finally:
            subprocess.run(["ip", "link", "del", "near"], check=True)


def bracketed(address):
    return f"[{address}]" if ":" in address else address


@contextlib.contextmanager
def serving(answer, family=socket.AF_INET):
    """A server on an address of this machine that has a thread for each connection; yields HOST:PORT."""
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(ConnectionError):
                answer(self.request)

    class Server(socketserver.ThreadingTCPServer):
        address_family = family
        daemon_threads = True
        request_queue_size = 128

    with Server((ADDRESSES[family], 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{bracketed(ADDRESSES[family])}:{server.server_address[1]}"
        server.shutdown()


@contextlib.contextmanager
def web_server(family=socket.AF_INET):
    """A server of one file; yields its URL."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "file").write_bytes(CONTENT)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None

        class Server(http.server.ThreadingHTTPServer):
            address_family = family
            request_queue_size = 128

        with Server((ADDRESSES[family], 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://{bracketed(ADDRESSES[family])}:{server.server_address[1]}/file"
            server.shutdown()


def curl(*arguments):
    return [need("curl"), "-sS", "--noproxy", "*", *arguments]


def python(script):
    """A command that is a program of the test's own; `connect(endpoint)` connects, and has no time limit."""
    prelude = """
import socket, struct, sys, threading
def connect(endpoint):
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)))
"""
    return ["python3", "-c", prelude + script]


@contextlib.contextmanager
def name_server(names):
    """A name server of the test's own for IPv4 addresses; yields HOST:PORT and the names that were asked for."""
    asked = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((ADDRESSES[socket.AF_INET], 0))

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    question, client = server.recvfrom(512)
                    labels, place = [], 12
                    while question[place]:
                        labels.append(question[place + 1:place + 1 + question[place]].decode())
                        place += 1 + question[place]
                    name, kind = ".".join(labels), int.from_bytes(question[place + 1:place + 3], "big")
                    asked.append(name)
                    address = names.get(name) if kind == 1 else None
                    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address) if address else b""
                    code = 0 if name in names else 3
                    header = question[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, 1 if address else 0, 0, 0, 0, 0])
                    server.sendto(header + question[12:place + 5] + record, client)

        threading.Thread(target=answer, daemon=True).start()
        yield f"{server.getsockname()[0]}:{server.getsockname()[1]}", asked
