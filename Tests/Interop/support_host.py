"""What the tests of `sockeye host` share: a network of their own, hosts in it, bulk transfers with digests.

Importing it moves the process into a network namespace that ends with it. SOCKEYE_BULK sets how many MiB a bulk transfer
has, 256 unless said.
"""

import ctypes
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import tempfile

import support
from support import wait_until

BULK = int(os.environ.get("SOCKEYE_BULK", "256")) << 20
NETWORK_NAMESPACE, USER_NAMESPACE = 0x40000000, 0x10000000
FAMILIES = (socket.AF_INET, socket.AF_INET6)
BLOCK = bytes((7 * i * i + i) >> 3 & 0xFF for i in range(1_000_003))


def enter_namespace():
    """Moves this process into a network of its own, which ends with it. Answers why not, or None."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    if libc.unshare(NETWORK_NAMESPACE) != 0:
        user, group = os.getuid(), os.getgid()
        if libc.unshare(NETWORK_NAMESPACE | USER_NAMESPACE) != 0:
            return f"no network namespace: {os.strerror(ctypes.get_errno())}"
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    if subprocess.run(["ip", "tuntap", "add", "probe", "mode", "tun"], capture_output=True).returncode != 0:
        return "no TUN device can be made"
    run("ip", "tuntap", "del", "probe", "mode", "tun")
    run("ip", "link", "set", "lo", "up")
    return None


def run(*command):
    """Runs a command that must succeed."""
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


class Host(support.Program):
    """A `sockeye host` on a device of its own, and the kernel's addresses on it.

    `inside` is what a command begins with that is to run where the host does; nothing for the test's own network.
    """

    count = 0

    def __init__(self, *arguments, ipv6=True, inside=(), **options):
        if OBSTACLE:
            raise support.Skip(OBSTACLE)
        Host.count += 1
        self.device = f"sock{Host.count}"
        self.v4, self.v6 = f"10.{Host.count}.0.2", f"fd{Host.count:02x}::2"
        own = f"{self.v4}/24" + (f",{self.v6}/64" if ipv6 else "")
        self._folder = tempfile.TemporaryDirectory()
        ready = pathlib.Path(self._folder.name) / "ready"
        command = [*inside, support.SOCKEYE, "host", "--tun", f"{self.device}={own}", "--ready-file", ready]
        super().__init__(*command, *arguments, **options)
        try:
            wait_until(lambda: ready.exists() or self.process.poll() is not None, "ready file")
            assert ready.exists(), f"{self.arguments} ended with {self.process.returncode}:\n{self.errors}"
            ip = [*inside, "ip", "address", "add"]
            run(*ip, f"10.{Host.count}.0.1/24", "dev", self.device)
            if ipv6:
                run(*ip, f"fd{Host.count:02x}::1/64", "dev", self.device, "nodad")
        except BaseException:
            self.__exit__()
            raise

    def address(self, family):
        return self.v4 if family == socket.AF_INET else self.v6

    def connect(self, port, family=socket.AF_INET, **options):
        """A kernel socket that is connected to the host."""
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(support.DEADLINE)
        for option, value in options.items():
            connection.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
        connection.connect((self.address(family), port))
        return connection

    def datagrams(self, port, family=socket.AF_INET):
        connection = socket.socket(family, socket.SOCK_DGRAM)
        connection.settimeout(support.DEADLINE)
        connection.connect((self.address(family), port))
        return connection

    def digests(self, count, name):
        """What the host said about `count` transfers of a source or a sink: (bytes, digest) of each."""
        pattern = re.compile(rf"{name}: \S+ (?:sent|took) (\d+) bytes .* sha256 ([0-9a-f]+)")
        wait_until(lambda: len(pattern.findall(self.errors)) >= count, f"line about {count} transfers")
        return [(int(size), digest) for size, digest in pattern.findall(self.errors)]

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self._folder.cleanup()


def send_bulk(connection, size):
    """Sends so many bytes and closes; answers their digest."""
    digest = hashlib.sha256()
    rest = size
    while rest > 0:
        piece = BLOCK[: min(rest, len(BLOCK))]
        connection.sendall(piece)
        digest.update(piece)
        rest -= len(piece)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b""
    connection.close()
    return digest.hexdigest()


def receive_bulk(connection, pause=lambda count: None):
    """Reads to the end; answers (bytes, digest)."""
    digest, count = hashlib.sha256(), 0
    while piece := connection.recv(1 << 18):
        digest.update(piece)
        count += len(piece)
        pause(count)
    connection.close()
    return count, digest.hexdigest()


def transfer_both_ways(host, size, families=FAMILIES):
    """Sends to the sink and reads from the source, port 9 and 19, and compares digests."""
    for family in families:
        said = len(host.digests(0, "sink"))
        digest = send_bulk(host.connect(9, family), size)
        assert host.digests(said + 1, "sink")[said] == (size, digest), host.errors
        said = len(host.digests(0, "source"))
        received = receive_bulk(host.connect(19, family))
        assert received[0] == size, received
        assert host.digests(said + 1, "source")[said] == received, host.errors


def bulk(size):
    return ["--sink", "9", "--source", "19", "--bytes", str(size), "--digest"]


OBSTACLE = enter_namespace()
