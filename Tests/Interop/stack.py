#!/usr/bin/env python3
"""`connect`, `listen`, `serve` and `get` over Sockeye's own TCP/IP (`--stack`), and the kernel's programs at the other end."""

import contextlib
import functools
import hashlib
import http.server
import os
import pathlib
import socket
import subprocess
import tempfile
import threading

import support
from support import need, sockeye
from support_host import BLOCK, OBSTACLE, run

SIZE = int(os.environ.get("SOCKEYE_STACK_BULK", "64")) << 20


class Device:
    """A TUN device with addresses of the kernel's, for a stack beside it."""

    count = 0

    def __enter__(self):
        if OBSTACLE:
            raise support.Skip(OBSTACLE)
        Device.count += 1
        self.name, number = f"stack{Device.count}", Device.count
        self.kernel, self.own, self.own6 = f"10.77.{number}.1", f"10.77.{number}.2", f"fd77:{number:x}::2"
        self.stack = ["--stack", f"tun:{self.name}={self.own}/24,{self.own6}/64"]
        run("ip", "tuntap", "add", self.name, "mode", "tun", "vnet_hdr")
        run("ip", "address", "add", f"{self.kernel}/24", "dev", self.name)
        run("ip", "address", "add", f"fd77:{number:x}::1/64", "dev", self.name, "nodad")
        run("ip", "link", "set", self.name, "up")
        return self

    def __exit__(self, *_):
        run("ip", "link", "del", self.name)


@contextlib.contextmanager
def folder_with_files(size=SIZE):
    """A folder with `big.bin` of so many bytes and `small.txt`: (path, digest of the big one)."""
    with tempfile.TemporaryDirectory() as name:
        content = (BLOCK * (size // len(BLOCK) + 1))[:size]
        (pathlib.Path(name) / "big.bin").write_bytes(content)
        (pathlib.Path(name) / "small.txt").write_bytes(b"small\n")
        yield pathlib.Path(name), hashlib.sha256(content).hexdigest()


def curl(*arguments, deadline=60):
    command = [need("curl"), "-sS", "--noproxy", "*", *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, timeout=deadline)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_curl_fetches_from_serve():
    """curl fetches files, ranges and listings from the file service, over both families, with every byte in its place."""
    with Device() as device, folder_with_files() as (folder, digest):
        with support.Server("serve", *device.stack, "--listen", ":80", folder):
            for host in (device.own, f"[{device.own6}]"):
                assert hashlib.sha256(curl(f"http://{host}/big.bin")).hexdigest() == digest
                assert curl("-r", "2-4", f"http://{host}/small.txt") == b"all"
                assert b"big.bin" in curl(f"http://{host}/?plain")


def test_uploads_to_serve():
    """What curl uploads arrives whole."""
    with Device() as device, folder_with_files() as (folder, digest), tempfile.TemporaryDirectory() as served:
        with support.Server("serve", *device.stack, "--upload", "--listen", f"{device.own}:80", served):
            curl("-T", folder / "big.bin", f"http://{device.own}/copy.bin")
            copy = (pathlib.Path(served) / "copy.bin").read_bytes()
            assert hashlib.sha256(copy).hexdigest() == digest


def test_tls_both_ways():
    """curl fetches over TLS from the stack, and so does the stack from the kernel."""
    with Device() as device, folder_with_files() as (folder, digest), tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, "XDG_STATE_HOME": name}
        tls = ["--tls", "auto", "--listen"]
        with support.Server("serve", *device.stack, *tls, f"{device.own}:443", folder, env=environment):
            assert hashlib.sha256(curl("-k", f"https://{device.own}/big.bin")).hexdigest() == digest
        with support.Server("serve", *tls, f"{device.kernel}:443", folder, env=environment):
            url = f"https://{device.kernel}/big.bin"
            answer = sockeye("get", *device.stack, "--insecure", "-o", f"{name}/copy", url)
            assert answer.returncode == 0, answer
            assert hashlib.sha256(pathlib.Path(name, "copy").read_bytes()).hexdigest() == digest


def test_get_from_a_server_of_others():
    """`get` fetches from Python's server, and from the bare-name protocol of a service on the kernel's TCP."""
    with Device() as device, folder_with_files() as (folder, digest), tempfile.TemporaryDirectory() as name:
        handler = functools.partial(Silent, directory=folder)
        with http.server.ThreadingHTTPServer((device.kernel, 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://{device.kernel}:{server.server_port}/big.bin"
            answer = sockeye("get", *device.stack, "-o", f"{name}/copy", url)
            server.shutdown()
        assert answer.returncode == 0, answer
        assert hashlib.sha256(pathlib.Path(name, "copy").read_bytes()).hexdigest() == digest
        with support.Server("serve", "--listen", f"{device.kernel}:0", folder) as server:
            answer = sockeye("get", *device.stack, "-o", "-", f"tcp://{server.endpoint}/small.txt")
            assert (answer.returncode, answer.stdout) == (0, b"small\n"), answer


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_connect():
    """A conversation with a listener of the kernel's: all that was said arrives, each way, and so do both ends."""
    with Device() as device, socket.create_server((device.kernel, 0)) as listener:
        received = bytearray()

        def answer():
            connection, _ = listener.accept()
            with connection:
                while piece := connection.recv(1 << 16):
                    received.extend(piece)
                connection.sendall(BLOCK[::-1])

        peer = threading.Thread(target=answer)
        peer.start()
        port = listener.getsockname()[1]
        spoken = sockeye("connect", *device.stack, f"{device.kernel}:{port}", stdin=BLOCK)
        peer.join()
        assert spoken.returncode == 0, spoken.stderr
        assert bytes(received) == BLOCK and spoken.stdout == BLOCK[::-1]


def test_connect_that_closes_at_once():
    """What was sent last arrives though the program has ended: it leaves when its bytes have."""
    with Device() as device, socket.create_server((device.kernel, 0)) as listener:
        received = bytearray()

        def take():
            connection, _ = listener.accept()
            with connection:
                while piece := connection.recv(1 << 16):
                    received.extend(piece)

        peer = threading.Thread(target=take)
        peer.start()
        port = listener.getsockname()[1]
        spoken = sockeye("connect", *device.stack, "--on-eof", "close", f"{device.kernel}:{port}", stdin=BLOCK)
        peer.join()
        assert spoken.returncode == 0, spoken.stderr
        assert bytes(received) == BLOCK


def test_connect_to_nobody():
    """A refusal and a missing route are what they are over the kernel's TCP: the same exit code."""
    with Device() as device:
        refused = sockeye("connect", *device.stack, "-z", f"{device.kernel}:1")
        assert refused.returncode == 4 and b"refused" in refused.stderr, refused
        unreachable = sockeye("connect", *device.stack, "-z", "192.0.2.1:1")
        assert unreachable.returncode == 4, unreachable


def test_datagrams_to_nobody():
    """What the kernel's ICMP says of a datagram is exit code 4, and the answer of one who is there isn't lost to it."""
    with Device() as device:
        for flags in (["-z"], ["--send", "x"], ["--send", "x", "--every", "10ms"], ["--send", "x", "--bind", f"{device.own}:4000"]):
            refused = sockeye("connect", *device.stack, "-u", *flags, f"{device.kernel}:1")
            assert refused.returncode == 4 and b"refused" in refused.stderr, (flags, refused)
        with support.Server("listen", "--udp", "--reply", "here", f"{device.kernel}:0", stdout=subprocess.DEVNULL) as server:
            for flags in (["-z"], ["--send", "x"], ["--send", "x", "--bind", f"{device.own}:4000"]):
                answer = sockeye("connect", *device.stack, "-u", *flags, server.endpoint)
                assert (answer.returncode, answer.stdout) == (0, b"here"), (flags, answer)


def test_listen():
    """A listener echoes to the kernel's clients, and ends in good order when it is told to."""
    with Device() as device:
        with support.Server("listen", *device.stack, "--echo", f"{device.own}:7") as server:
            clients = [socket.create_connection((device.own, 7), timeout=support.DEADLINE) for _ in range(20)]
            for number, client in enumerate(clients):
                client.sendall(BLOCK[number : number + 30_000])
                client.shutdown(socket.SHUT_WR)
            for number, client in enumerate(clients):
                with client:
                    said = bytearray()
                    while piece := client.recv(1 << 16):
                        said.extend(piece)
                assert said == BLOCK[number : number + 30_000]
            server.signal()
            assert server.finish()[0] == 128 + 15


def test_datagrams():
    """Datagrams each way: to a listener of ours, and from a client of ours."""
    with Device() as device:
        with support.Server("listen", *device.stack, "--udp", "--echo", f"{device.own}:7"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(support.DEADLINE)
                client.connect((device.own, 7))
                for size in (1, 1400, 9000):
                    client.send(BLOCK[:size])
                    assert client.recv(65_535) == BLOCK[:size]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(support.DEADLINE)
            peer.bind((device.kernel, 0))
            place = f"udp://{device.kernel}:{peer.getsockname()[1]}"
            answer = sockeye("connect", *device.stack, "--send", "datagram", "--on-eof", "close", place)
            assert answer.returncode == 0, answer
            assert peer.recv(100) == b"datagram"


def test_refusals():
    """What only the kernel has is refused in a line, and so is what is no stack."""
    with tempfile.TemporaryDirectory() as folder:
        stack = ["--stack", "tun:none0=10.77.0.2/24"]
        for arguments in (
            ["connect", *stack, "unix:nobody"],
            ["listen", *stack, "unix:nobody"],
            ["listen", *stack, "--udp", "--join", "239.1.2.3", ":0"],
            ["listen", *stack, "--reuse-port", ":0"],
            ["serve", *stack, "--listen", "unix:nobody", folder],
            ["serve", *stack, "--workers", "2", folder],
        ):
            answer = sockeye(*arguments)
            assert answer.returncode == 2, (arguments, answer)
            assert "--stack" in answer.stderr.decode().splitlines()[0], (arguments, answer)
        for text in (
            "none0=10.77.0.2/24", "tun:none0", "tun:none0=10.77.0.2", "tun:none0=10.77.0.2/33", "tun:none0=224.0.0.1/4",
            "tun:none0=10.77.0.2/24,gateway=x", "tun:none0=10.77.0.2/24,mtu=1", "tun:none0=fd77::2/64,mtu=1000",
            "tun:none0=10.77.0.2/24,unknown=1", "tun:none0=10.77.0.2/24,", "tun:much-too-long-for-it=10.77.0.2/24",
        ):
            answer = sockeye("connect", "--stack", text, "10.77.0.1:1")
            assert answer.returncode == 2 and answer.stdout == b"", (text, answer)


def test_unix_sockets_and_inherited_ones():
    """An admin endpoint that is a Unix domain socket, and a socket of a service manager's, are refused in a line."""
    with Device() as device, folder_with_files() as (folder, _):
        place = ["--listen", f"{device.own}:80"]
        answer = sockeye("serve", *device.stack, *place, "--admin", f"unix:{folder}/admin", folder)
        assert answer.returncode == 2 and b"leave --stack out" in answer.stderr, answer


if __name__ == "__main__":
    support.main(globals())
