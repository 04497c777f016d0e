#!/usr/bin/env python3
"""Measures NIO over our stack on a TUN device beside NIO over the kernel's sockets through a veth pair and over loopback, in
turn in one run: `sockeye bench --serve` and `sockeye serve` as the servers, `sockeye bench` over the kernel as the client.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/joint.py [--seconds S] [--rounds N] [--only TEXT]

It needs network namespaces of its own, which it makes and removes: root, or user namespaces.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

from host import enter_namespace, prepare_namespace
from measuring import SOCKEYE, Server, print_table, ready_file

PORT = 5201


class Ways:
    """How the client reaches the server; each way starts one and answers (server, address)."""

    def __init__(self, folder):
        self.ready = f"{folder}/ready"
        self.count = 0
        # A namespace without a name is that of a process which waits in it.
        self.neighbour = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.inside = ["nsenter", f"--net=/proc/{self.neighbour.pid}/ns/net"]
        here, there = pathlib.Path("/proc/self/ns/net"), pathlib.Path(f"/proc/{self.neighbour.pid}/ns/net")
        while here.readlink() == there.readlink():
            pass
        for words in ("add near type veth peer name far", "set near up"):
            subprocess.run(["ip", "link", *words.split()], check=True)
        subprocess.run(["ip", "link", "set", "far", "netns", str(self.neighbour.pid)], check=True)
        subprocess.run(["ip", "address", "add", "10.88.0.1/24", "dev", "near"], check=True)
        for words in ("address add 10.88.0.2/24 dev far", "link set far up", "link set lo up"):
            subprocess.run([*self.inside, "ip", *words.split()], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.neighbour.kill()
        self.neighbour.wait()

    def _start(self, command, address, *, inside=(), stack=()):
        words = [*inside, SOCKEYE, command[0], "-q", *stack, "--ready-file", self.ready, *command[1:]]
        return Server([word.format(address=address, port=PORT) for word in words], ready_file(self.ready)), address

    def stack(self, command):
        self.count += 1
        name, own, neighbour = f"tun{self.count}", f"10.77.{self.count}.2", f"10.77.{self.count}.1"
        server, address = self._start(command, own, stack=["--stack", f"tun:{name}={own}/24"])
        for words in (f"address add {neighbour}/24 dev {name}", f"link set {name} up"):
            subprocess.run(["ip", *words.split()], check=True)
        return server, address

    def pair(self, command):
        return self._start(command, "10.88.0.2", inside=self.inside)

    def loopback(self, command):
        return self._start(command, "127.0.0.1")

    def all(self):
        return {"sockeye, TUN": self.stack, "kernel, veth": self.pair, "kernel, loopback": self.loopback}


def measure(start, command, target, arguments, seconds):
    """One round: what the client reports, with the processor's time of the server and of both."""
    server, address = start(command)
    with server:
        client = [SOCKEYE, "bench", "--json", "--for", f"{seconds}s", *arguments, target.format(address=address, port=PORT)]
        done = subprocess.run(client, capture_output=True, text=True, timeout=60 + seconds)
        assert done.returncode == 0, (client, done.stderr)
        result = json.loads(done.stdout.splitlines()[-1])
        assert not result["failures"], result
        used = server.processor_seconds
        return result, used, used + result["processorNanoseconds"] / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    enter_namespace()
    prepare_namespace()
    with tempfile.TemporaryDirectory() as folder, Ways(folder) as ways:
        (pathlib.Path(folder) / "page.html").write_bytes(b"x" * 1024)
        bench, serve = ["bench", "--serve", "{address}:{port}"], ["serve", "--listen", "{address}:{port}", folder]
        meet, page = "{address}:{port}", "http://{address}:{port}/page.html"
        rows = [
            ("receives (Gbit/s)", bench, meet, ["--direction", "up"]),
            ("sends (Gbit/s)", bench, meet, ["--direction", "down"]),
            ("echo, 1 connection, 64 B (round trips/s)", bench, meet, ["--mode", "echo"]),
            ("echo, 50 connections, 64 B (round trips/s)", bench, meet, ["--mode", "echo", "--connections", "50"]),
            ("connections (1/s)", bench, meet, ["--mode", "connections", "--connections", "4"]),
            ("HTTP, 1 connection, 1 KiB (requests/s)", serve, page, ["--mode", "http"]),
            ("HTTP, 50 connections, 1 KiB (requests/s)", serve, page, ["--mode", "http", "--connections", "50"]),
            ("HTTP, 1,000 connections, 1 KiB (requests/s)", serve, page, ["--mode", "http", "--connections", "1000"]),
            ("datagrams, 32 under way, 64 B (answers/s)", bench, meet, ["--mode", "datagrams"]),
        ]
        for title, command, target, arguments in rows:
            if options.only not in title:
                continue
            is_bulk = "Gbit" in title
            heads = ("server CPU, s/GB", "both CPU, s/GB") if is_bulk else ("server CPU, µs each", "both CPU, µs each")
            results = {name: [] for name in ways.all()}
            columns = {head: {name: [] for name in results} for head in heads}
            times = {} if is_bulk else {head: {name: [] for name in results} for head in ("p50, µs", "p99, µs")}
            for _ in range(options.rounds):
                for name, start in ways.all().items():
                    result, *spent = measure(start, command, target, arguments, options.seconds)
                    rate = result.get("upBitsPerSecond") or result.get("downBitsPerSecond") or result["perSecond"]
                    results[name].append(rate / 1e9 if is_bulk else rate)
                    for head, used in zip(heads, spent):
                        columns[head][name].append(used * (8e9 if is_bulk else 1e6) / (rate * options.seconds))
                    for column, key in zip(times.values(), ("nanosecondsP50", "nanosecondsP99")):
                        column[name].append(result[key] / 1000)
            print_table(title, results, columns | times)


if __name__ == "__main__":
    main()
