#!/usr/bin/env python3
"""Other people's clients and servers at the other end of `--stack`: over a TUN device, and over a wire that loses one packet
in twenty.

BRIDGE names the program that is the wire (`swift build -c release --package-path Benchmarks --product Bridge`).
SOCKEYE_STACK_BULK sets how many MiB a file has: 64 here, and an eighth of that over the bad wire.
"""

import contextlib
import hashlib
import os
import pathlib
import subprocess
import tempfile

import support
from stack import SIZE, Device, curl, folder_with_files
from support import need, sockeye, wait_until
from support_host import BLOCK, OBSTACLE, run

BRIDGE = os.environ.get("BRIDGE", "")
LONG = 300
"""Seconds for what has to cross the bad wire."""


class BadWire:
    """A wire that loses and delays packets, and behind it a network with a device for a stack:

    this network   near ── bridge ── far   another network   device ── stack
    """

    count = 0

    def __init__(self, loss):
        if OBSTACLE:
            raise support.Skip(OBSTACLE)
        if not BRIDGE:
            raise support.Skip("BRIDGE names no program")
        BadWire.count += 1
        number = BadWire.count
        near, far, self.device = f"wire{number}a", f"wire{number}b", f"behind{number}"
        self.kernel, self.own = f"10.78.{number}.1", f"10.79.{number}.2"
        self.stack = ["--stack", f"tun:{self.device}={self.own}/24,gateway=10.79.{number}.1"]
        self._resources = contextlib.ExitStack()
        try:
            keeper = self._resources.enter_context(support.Program("unshare", "--net", "sleep", "infinity"))
            own, network = os.readlink("/proc/self/ns/net"), f"/proc/{keeper.process.pid}/ns/net"
            wait_until(lambda: os.readlink(network) != own, "second network")
            self.inside = ["nsenter", f"--net={network}"]
            ready = pathlib.Path(self._resources.enter_context(tempfile.TemporaryDirectory())) / "ready"
            flags = ["--loss", loss, "--delay-milliseconds", 2, "--queue-bytes", 1 << 20, "--ready-file", ready]
            bridge = self._resources.enter_context(support.Program(BRIDGE, near, far, *flags))
            wait_until(lambda: ready.exists() or bridge.process.poll() is not None, "bridge")
            assert ready.exists(), bridge.errors
            run("ip", "link", "set", far, "netns", keeper.process.pid)
            run(*self.inside, "ip", "tuntap", "add", self.device, "mode", "tun", "vnet_hdr")
            places = (([], near, self.kernel), (self.inside, far, f"10.78.{number}.2"), (self.inside, self.device, f"10.79.{number}.1"))
            for prefix, device, address in places:
                run(*prefix, "ip", "address", "add", f"{address}/24", "dev", device)
                run(*prefix, "ip", "link", "set", device, "up")
            run(*self.inside, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
            run("ip", "route", "add", f"10.79.{number}.0/24", "via", f"10.78.{number}.2")
        except BaseException:
            self._resources.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._resources.close()

    @contextlib.contextmanager
    def server(self, verb, *arguments):
        """A `sockeye` behind the wire that listens."""
        with tempfile.TemporaryDirectory() as folder:
            ready = pathlib.Path(folder) / "ready"
            with support.Program(*self.inside, support.SOCKEYE, verb, "--ready-file", ready, *self.stack, *arguments) as server:
                wait_until(lambda: ready.exists() or server.process.poll() is not None, "ready file")
                assert ready.exists(), server.errors
                yield server


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


@contextlib.contextmanager
def nginx(address, folder, certificate=None):
    """nginx at port 8080 of an address, by TLS where there is a certificate."""
    program = need("nginx")
    with tempfile.TemporaryDirectory() as place:
        secure = f"ssl_certificate {certificate}.pem; ssl_certificate_key {certificate}.key;" if certificate else ""
        pathlib.Path(place, "nginx.conf").write_text(
            f"daemon off; master_process off; pid {place}/pid; error_log {place}/log;\n"
            "events {}\n"
            f"http {{ access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;"
            f" uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n"
            f" server {{ listen {address}:8080{' ssl' if certificate else ''}; {secure} root {folder}; }} }}\n"
        )
        os.chmod(folder, 0o755)
        with support.Program(program, "-c", f"{place}/nginx.conf", "-p", place) as server:
            wait_until(lambda: pathlib.Path(place, "pid").exists() or server.process.poll() is not None, "nginx")
            assert server.process.poll() is None, server.errors
            yield


def test_clients_of_serve():
    """wget, and aria2 by four connections, fetch from the file service."""
    wget, aria2 = need("wget"), need("aria2c")
    with Device() as device, folder_with_files() as (folder, expected), tempfile.TemporaryDirectory() as place:
        with support.Server("serve", *device.stack, "--listen", ":80", folder):
            url = f"http://{device.own}/big.bin"
            subprocess.run([wget, "-q", "--no-proxy", "-O", f"{place}/wget", url], check=True, timeout=LONG)
            flags = ["-q", "--all-proxy=", "-x4", "-s4", "-k1M", "-d", place, "-o", "aria2"]
            subprocess.run([aria2, *flags, url], check=True, timeout=LONG)
        assert digest(f"{place}/wget") == expected
        assert digest(f"{place}/aria2") == expected


def test_clients_of_listen():
    """What ncat and socat say to a listener that echoes comes back whole, and so does the end."""
    ncat, socat = need("ncat"), need("socat")
    with Device() as device:
        with support.Server("listen", *device.stack, "--echo", f"{device.own}:7", stdout=subprocess.DEVNULL):
            for command in ([ncat, device.own, "7"], [socat, "-t", "60", "-", f"TCP:{device.own}:7"]):
                answer = subprocess.run(command, input=BLOCK, capture_output=True, timeout=LONG)
                assert answer.returncode == 0 and answer.stdout == BLOCK, (command, answer.stderr, len(answer.stdout))


def test_connect_to_others():
    """What is said to ncat and socat arrives whole."""
    ncat, socat = need("ncat"), need("socat")
    listeners = (
        lambda address: [ncat, "-l", address, "9000"],
        lambda address: [socat, "-t", "60", f"TCP-LISTEN:9000,bind={address},reuseaddr", "-"],
    )
    with Device() as device:
        for listener in listeners:
            with tempfile.TemporaryFile() as heard:
                with support.Program(*listener(device.kernel), stdin=subprocess.DEVNULL, stdout=heard) as peer:
                    wait_until(lambda: ":2328 00000000:0000 0A" in open("/proc/net/tcp").read(), "listener")
                    spoken = sockeye("connect", *device.stack, "--on-eof", "close", f"{device.kernel}:9000", stdin=BLOCK)
                    assert spoken.returncode == 0, spoken.stderr
                    peer.process.wait(support.DEADLINE)
                heard.seek(0)
                assert heard.read() == BLOCK, peer.arguments


def test_get_from_nginx():
    """`get` fetches from nginx, by several connections too, and by TLS."""
    with Device() as device, folder_with_files() as (folder, expected), tempfile.TemporaryDirectory() as place:
        with nginx(device.kernel, folder):
            for number in ("1", "4"):
                flags = ["--connections", number, "-o", f"{place}/{number}"]
                answer = sockeye("get", *device.stack, *flags, f"http://{device.kernel}:8080/big.bin")
                assert answer.returncode == 0 and digest(f"{place}/{number}") == expected, answer
        pair = f"{place}/pair"
        run(
            *(need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-keyout", f"{pair}.key", "-out", f"{pair}.pem", "-subj", "/CN=stack", "-addext", f"subjectAltName=IP:{device.kernel}"),
        )
        with nginx(device.kernel, folder, certificate=pair):
            flags = ["--ca", f"{pair}.pem", "-o", f"{place}/tls"]
            answer = sockeye("get", *device.stack, *flags, f"https://{device.kernel}:8080/big.bin")
            assert answer.returncode == 0 and digest(f"{place}/tls") == expected, answer


def test_a_bad_wire():
    """Over a wire that loses a packet in twenty each way, curl fetches with the digest right, and so does `get`."""
    with BadWire(loss=0.05) as wire, folder_with_files(SIZE // 8) as (folder, expected), tempfile.TemporaryDirectory() as place:
        with wire.server("serve", "--listen", ":80", folder):
            fetched = curl(f"http://{wire.own}/big.bin", deadline=LONG)
            assert hashlib.sha256(fetched).hexdigest() == expected
        with nginx(wire.kernel, folder):
            command = [*wire.inside, support.SOCKEYE, "get", *wire.stack, "-o", f"{place}/copy"]
            subprocess.run([*command, f"http://{wire.kernel}:8080/big.bin"], check=True, capture_output=True, timeout=LONG)
            assert digest(f"{place}/copy") == expected


if __name__ == "__main__":
    support.main(globals())
