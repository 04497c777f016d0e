#!/usr/bin/env python3
"""`sockeye host` and the Linux kernel with a bad network between them.

The programs' kernel has one end of a wire whose packets our own bridge loses, delays, reorders, repeats and alters. A
second kernel has the other end, and forwards to the host's device:

    this network   near ── bridge ── far   another network   device ── host

BRIDGE names the program (`swift build -c release --package-path Benchmarks --product Bridge`). SOCKEYE_IMPAIRED sets how
many MiB go each way over each network at the most: 4 here, 64 by hand.
"""

import hashlib
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import threading

import support
from support import wait_until
from support_host import BLOCK, FAMILIES, OBSTACLE, Host, bulk, receive_bulk, run, send_bulk

SIZE = int(os.environ.get("SOCKEYE_IMPAIRED", "4")) << 20
BRIDGE = os.environ.get("BRIDGE", "")
SLACK = 0.5
"""Seconds that a busy machine may add to what a timer explains."""


class Wire:
    """The wire, the second network at its far end, and a host in that."""

    count = 0

    def __init__(self, *impairments, mtu=1500, arguments=()):
        if OBSTACLE:
            raise support.Skip(OBSTACLE)
        if not BRIDGE:
            raise support.Skip("BRIDGE names no program")
        Wire.count += 1
        number = Wire.count
        near, far = f"near{number}", f"far{number}"
        self._keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self._folder = tempfile.TemporaryDirectory()
        self.bridge = self.host = None
        self.looks = 0
        self._stalls = []
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        try:
            own = os.readlink("/proc/self/ns/net")
            network = f"/proc/{self._keeper.pid}/ns/net"
            wait_until(lambda: os.readlink(network) != own, "second network")
            inside = ["nsenter", f"--net={network}"]
            ready = pathlib.Path(self._folder.name) / "ready"
            self.bridge = support.Program(BRIDGE, near, far, "--mtu", mtu, "--ready-file", ready, *impairments)
            wait_until(lambda: ready.exists() or self.bridge.process.poll() is not None, "bridge")
            assert ready.exists(), self.bridge.errors
            run("ip", "link", "set", far, "netns", self._keeper.pid)
            for prefix, device, end in (([], near, 1), (inside, far, 2)):
                run(*prefix, "ip", "address", "add", f"10.200.{number}.{end}/24", "dev", device)
                run(*prefix, "ip", "address", "add", f"fd00:{number:x}::{end}/64", "dev", device, "nodad")
                run(*prefix, "ip", "link", "set", device, "up")
            for family in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                run(*inside, "sh", "-c", f"echo 1 > /proc/sys/net/{family}")
            host = Host(
                *("--gateway", f"10.{Host.count + 1}.0.1", "--gateway", f"fd{Host.count + 1:02x}::1", "--mtu", mtu),
                *("--status", "--every", "100ms", *arguments),
                inside=inside,
                stdout=subprocess.PIPE,
            )
            self.host = host
            self._watcher.start()
            run("ip", "route", "add", f"{self.host.v4}/32", "via", f"10.200.{number}.2")
            run("ip", "route", "add", f"{self.host.v6}/128", "via", f"fd00:{number:x}::2")
        except BaseException:
            self.__exit__()
            raise

    def _watch(self):
        """Reads the host's status, and notes what no timer explains. `looks` counts senders that were looked at."""
        for line in self.host.process.stdout:
            fields = dict(word.split(b":", 1) for word in line.split() if word.count(b":") == 1)
            if b"rto" not in fields or not (b"unacked" in fields or b"notsent" in fields):
                continue
            silence, timeout = int(fields[b"lastack"]) / 1000, float(fields[b"rto"]) / 1000
            self.looks += 1
            if unexplained(silence, timeout):
                self._stalls.append(f"the host: {line.decode().strip()}")

    def watch_kernel(self, connection):
        """Notes what no timer of the kernel's explains, of a connection by which it sends."""
        # struct tcp_info: the state and seven other bytes, then numbers of 32 bits: tcpi_rto in µs, tcpi_unacked, and
        # tcpi_last_ack_recv in ms.
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        numbers = struct.unpack_from("=24I", info, 8)
        timeout, in_flight, silence = numbers[0] / 1e6, numbers[4], numbers[12] / 1000
        if in_flight and unexplained(silence, timeout):
            self._stalls.append(f"the kernel: nothing for {silence} s with a timeout of {timeout} s")

    def end(self):
        """Ends the bridge; answers what it did to each direction, and asserts that nothing stood still."""
        code, output = self.bridge.finish()
        assert code == 0, self.bridge.errors
        assert not self._stalls, "\n".join(self._stalls)
        return json.loads(output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.host:
            self.host.process.kill()
            self._watcher.join()
            self.host.__exit__()
        if self.bridge:
            self.bridge.__exit__()
        self._keeper.kill()
        self._keeper.wait()
        self._folder.cleanup()


def unexplained(silence, timeout):
    """Whether a sender has heard nothing for longer than its timer, and the shorter ones that ran out before it."""
    return silence > 2 * timeout + SLACK


def upload(wire, family, size, failures):
    """Sends to the sink and compares digests."""
    try:
        connection = wire.host.connect(9, family)
        name = connection.getsockname()
        done = threading.Event()

        def watch():
            while not done.wait(0.1):
                try:
                    wire.watch_kernel(connection)
                except OSError:
                    return

        threading.Thread(target=watch, daemon=True).start()
        try:
            digest = send_bulk(connection, size)
        finally:
            done.set()
        compare(wire, name, "sink", (size, digest))
    except Exception as error:
        failures.append(f"upload over {family.name}: {error!r}")


def download(wire, family, size, failures):
    """Reads from the source and compares digests."""
    try:
        connection = wire.host.connect(19, family)
        name = connection.getsockname()
        received = receive_bulk(connection)
        assert received[0] == size, received
        compare(wire, name, "source", received)
    except Exception as error:
        failures.append(f"download over {family.name}: {error!r}")


def compare(wire, name, service, transfer):
    """Compares what the host says about the connection from `name`."""
    address = f"[{name[0]}]" if ":" in name[0] else name[0]
    pattern = re.compile(rf"{service}: {re.escape(address)}:{name[1]} \w+ (\d+) bytes .* sha256 ([0-9a-f]+)")
    found = wait_until(lambda: pattern.search(wire.host.errors), f"line about {name}")
    assert (int(found[1]), found[2]) == transfer, (found, transfer)


def transfer(size, *impairments, mtu=1500, host=()):
    """Transfers at once in both directions, over IPv4 and IPv6; answers what the bridge did."""
    with Wire(*impairments, mtu=mtu, arguments=[*bulk(size), *host]) as wire:
        failures = []
        threads = [
            threading.Thread(target=work, args=(wire, family, size, failures), daemon=True)
            for work in (upload, download)
            for family in FAMILIES
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, "\n".join(failures)
        # On a path this long some look must have met a sender that waits.
        assert wire.looks > 0 or 50 not in impairments
        return wire.end()


def test_whole_wire():
    """Over a bridge that does no harm everything arrives, and nothing is dropped."""
    counters = transfer(SIZE)
    for direction in counters.values():
        assert direction["packets"] > SIZE // 1500 and direction["dropped"] == 0, counters


def test_loss():
    """Transfers arrive whole where 1 % and 5 % of the packets are lost."""
    for share in (0.01, 0.05):
        counters = transfer(SIZE, "--loss", share)
        for direction in counters.values():
            assert direction["dropped"] > direction["packets"] * share / 2, counters


def test_delay():
    """Transfers arrive whole over a path of 50 ms each way, with 1 % loss and without."""
    transfer(SIZE // 2, "--delay-milliseconds", 50)
    transfer(SIZE // 4, "--delay-milliseconds", 50, "--loss", 0.01)


def test_reordering():
    """Transfers arrive whole where 10 % of the packets are passed by others."""
    for delay in (0, 50):
        counters = transfer(SIZE // 4, "--reordering", 0.1, "--delay-milliseconds", delay)
        for direction in counters.values():
            assert direction["reordered"] > direction["packets"] // 20, counters


def test_duplication():
    """Transfers arrive whole where 10 % of the packets come twice."""
    counters = transfer(SIZE, "--duplication", 0.1, "--jitter-milliseconds", 1)
    for direction in counters.values():
        assert direction["duplicated"] > direction["packets"] // 20, counters


def test_corruption():
    """Transfers arrive whole where a byte of 2 % of the packets is changed."""
    counters = transfer(SIZE, "--corruption", 0.02)
    for direction in counters.values():
        assert direction["corrupted"] > direction["packets"] // 100, counters


def test_slow_link():
    """Transfers arrive whole over 20 Mbit/s with a short queue."""
    counters = transfer(SIZE // 2, "--rate-megabits", 20, "--queue-bytes", 30_000, "--delay-milliseconds", 5)
    assert counters["fromFar"]["dropped"] > 0, counters


def test_everything():
    """Transfers arrive whole where all of it happens, with offload at the host and without."""
    harm = ["--loss", 0.01, "--delay-milliseconds", 50, "--reordering", 0.1, "--duplication", 0.01, "--corruption", 0.01]
    for host in ([], ["--no-offload"], ["--congestion", "bbr"]):
        transfer(SIZE // 16, *harm, host=host)
    transfer(SIZE // 32, *harm, "--loss", 0.05, mtu=1280)


def test_programs():
    """ncat's file comes back whole over a bad network, and ping is answered."""
    ncat, ping = support.need("ncat"), support.need("ping")
    data = BLOCK[:300_000]
    with Wire("--loss", 0.05, "--delay-milliseconds", 10, "--reordering", 0.1, arguments=["--echo", 7]) as wire:
        for address in (wire.host.v4, wire.host.v6):
            answer = subprocess.run([ncat, address, "7"], input=data, capture_output=True, timeout=60)
            assert hashlib.sha256(answer.stdout).digest() == hashlib.sha256(data).digest(), answer.stderr
            answer = subprocess.run([ping, "-n", "-c", "20", "-i", "0.01", "-W", "2", address], capture_output=True)
            assert answer.returncode == 0, answer


if __name__ == "__main__":
    support.main(globals())
