#!/usr/bin/env python3
"""Measures `sockeye host` beside gVisor's netstack and lwIP, in turn in one run: on a TUN device each, with the kernel as the
peer, and the same client there for all. The kernel's own loopback is the yardstick.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/host.py [--seconds S] [--rounds N] [--only TEXT]

It needs gcc, and network and mount namespaces of its own, which it makes: root, or user namespaces. gVisor is Debian's package
golang-gvisor-gvisor-dev with golang-go, lwIP is liblwip-dev with pkg-config; one that is not installed is left out.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile

from measuring import HERE, SOCKEYE, Server, build, print_table, ready_file

ECHO, SINK, SOURCE = 7, 9, 19


def enter_namespace():
    """Starts this program again in a network of its own, which ends with it."""
    if os.environ.get("BENCHMARK_NAMESPACE"):
        return
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.environ["BENCHMARK_NAMESPACE"] = "own"
    os.execvp("unshare", ["unshare", *user, "--net", "--mount", sys.executable, *sys.argv])


def prepare_namespace():
    """Brings the loopback up, makes room for connections that wait, and shows the namespace's devices in /sys."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as ports:
        ports.write("1024 65535")
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)


def build_gvisor(folder):
    """Compiles the peer over gVisor's netstack; None where it is not installed."""
    if not shutil.which("go") or not os.path.exists("/usr/share/gocode/src/gvisor.dev/gvisor/pkg/tcpip"):
        print("gVisor is left out: golang-go and golang-gvisor-gvisor-dev are not installed")
        return None
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    path = f"{folder}/gvisor_host"
    subprocess.run(["go", "build", "-o", path, HERE / "peers" / "gvisor_host.go"], check=True, env=environment)
    return path


def build_lwip(folder):
    """Compiles the peer over lwIP; None where it is not installed."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "lwip"], capture_output=True, text=True)
    if flags.returncode != 0:
        print("lwIP is left out: liblwip-dev is not installed")
        return None
    return build("lwip_host", folder, *flags.stdout.split())


class Stacks:
    """Ways to start each stack; answers (server, address)."""

    def __init__(self, folder):
        self.ready = f"{folder}/ready"
        self.kernel = build("epoll_echo", folder)
        self.gvisor, self.lwip = build_gvisor(folder), build_lwip(folder)
        self.count = 0

    def _device(self):
        """A name, our address and the kernel's: new ones each time, so that no TIME-WAIT stands in the way."""
        self.count += 1
        return f"tun{self.count}", f"10.{self.count >> 8}.{self.count & 255}.2", f"10.{self.count >> 8}.{self.count & 255}.1"

    def on_tunnel(self, command, wait=None, napi=False):
        """Starts a stack on a device, gives the kernel its address there, and a thread if it shall have one."""
        name, own, neighbour = self._device()
        server = Server([word.format(name=name, address=own) for word in command], wait)
        for arguments in (["address", "add", f"{neighbour}/24", "dev", name], ["link", "set", name, "up"]):
            subprocess.run(["ip", *arguments], check=True)
        if napi:
            with open(f"/sys/class/net/{name}/threaded", "w") as threaded:
                threaded.write("1")
        return server, own

    def ours(self, mtu, *flags):
        command = [SOCKEYE, "host", "-q", "--tun", "{name}={address}/24", "--mtu", str(mtu), "--ready-file", self.ready, *flags]
        command += ["--echo", str(ECHO), "--sink", str(SINK), "--source", str(SOURCE)]
        return lambda: self.on_tunnel(command, ready_file(self.ready))

    def of_gvisor(self, mtu, mode):
        def start():
            server, address = self.on_tunnel([self.gvisor, "{name}", "{address}", str(mtu), mode], napi=mode == "napi")
            subprocess.run(["ip", "link", "set", f"tun{self.count}", "mtu", str(mtu)], check=True)
            return server, address

        return start

    def loopback(self, mode):
        def start():
            server = Server([self.kernel, mode])
            return server, f"127.0.0.1:{server.port}"

        return start

    def of_lwip(self, mode):
        return lambda: self.on_tunnel([self.lwip, "{name}", "{address}", mode], napi=mode == "napi")

    def plain(self, mtu, mode="plain"):
        """Each packet on its own, with its checksum."""
        thread = ["--kernel-thread"] if mode == "napi" else []
        stacks = {"sockeye": self.ours(mtu, "--no-offload", *thread)}
        if self.gvisor:
            stacks["gVisor"] = self.of_gvisor(mtu, mode)
        if self.lwip and mtu == 1500:
            stacks["lwIP"] = self.of_lwip(mode)
        return stacks

    def offload(self):
        """TCP super-segments, which lwIP can't take."""
        stacks = {"sockeye": self.ours(1500)}
        if self.gvisor:
            stacks["gVisor"] = self.of_gvisor(1500, "offload")
        return stacks

    def best(self, mode):
        """Each in the way that suits it best, and the kernel without a device."""
        stacks = self.offload()
        stacks |= {name: start for name, start in self.plain(1500).items() if name not in stacks}
        return stacks | {"kernel, loopback": self.loopback(mode)}


def measure(load, start, mode, port, arguments, seconds):
    """One round: what the client printed, and CPU seconds of the stack and of both."""
    server, address = start()
    with server:
        place = address if ":" in address else f"{address}:{port}"
        before, client = server.processor_seconds, resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [load, mode, place, *arguments, str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        stack = server.processor_seconds - before
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        whole = stack + after.ru_utime + after.ru_stime - client.ru_utime - client.ru_stime
        if done.returncode != 0:
            print(f"{command}: {done.stderr.strip()}", file=sys.stderr)
            return [0.0], stack, whole
        return [float(word) for word in done.stdout.split()], stack, whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    enter_namespace()
    prepare_namespace()
    with tempfile.TemporaryDirectory() as folder:
        load, stacks = build("talk_load", folder), Stacks(folder)
        bulk, take = ("bulk", SINK, ["65536"]), ("take", SOURCE, [])
        sink, source = ({"kernel, loopback": stacks.loopback(mode)} for mode in ("sink", "source"))
        rows = [
            ("receives, offload, MTU 1500 (Gbit/s)", stacks.offload() | sink, bulk),
            ("sends, offload, MTU 1500 (Gbit/s)", stacks.offload() | source, take),
            ("receives, no offload, MTU 1500 (Gbit/s)", stacks.plain(1500), bulk),
            ("sends, no offload, MTU 1500 (Gbit/s)", stacks.plain(1500), take),
            ("receives, no offload, kernel thread, MTU 1500 (Gbit/s)", stacks.plain(1500, "napi"), bulk),
            ("sends, no offload, kernel thread, MTU 1500 (Gbit/s)", stacks.plain(1500, "napi"), take),
            ("receives, no offload, MTU 65,535 (Gbit/s)", stacks.plain(65535), bulk),
            ("sends, no offload, MTU 65,535 (Gbit/s)", stacks.plain(65535), take),
            ("connections, a byte echoed, closed (1/s)", stacks.best("tcp"), ("close", ECHO, [])),
            ("echo, 1 connection, 64 B (round trips/s)", stacks.best("tcp"), ("echo", ECHO, ["1", "64"])),
            ("echo, 50 connections, 64 B (round trips/s)", stacks.best("tcp"), ("echo", ECHO, ["50", "64"])),
        ]
        for title, servers, (mode, port, arguments) in rows:
            if options.only not in title:
                continue
            is_bulk, has_times = mode in ("bulk", "take"), mode == "echo"
            # Gbit/s and seconds for each GB, or how many and microseconds for each.
            scale, unit = (8e-9, 1e9) if is_bulk else (1, 1e6)
            heads = ("stack CPU, s/GB", "both CPU, s/GB") if is_bulk else ("stack CPU, µs each", "both CPU, µs each")
            results = {name: [] for name in servers}
            columns = {head: {name: [] for name in servers} for head in heads}
            times = {head: {name: [] for name in servers} for head in ("p50, µs", "p99, µs")} if has_times else {}
            for _ in range(options.rounds):
                for name, start in servers.items():
                    (rate, *percentiles), *spent = measure(load, start, mode, port, arguments, options.seconds)
                    results[name].append(rate * scale)
                    if not rate:
                        continue
                    for head, seconds in zip(heads, spent):
                        columns[head][name].append(seconds * unit / (rate * options.seconds))
                    for column, time in zip(times.values(), percentiles):
                        column[name].append(time)
            print_table(title, results, columns | times)


if __name__ == "__main__":
    main()
