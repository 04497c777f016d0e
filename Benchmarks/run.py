#!/usr/bin/env python3
"""Measures `sockeye run` beside Debian's pasta (passt) and slirp4netns, and no gateway at all, in turn in one run: the same client
inside, `sockeye bench` over the kernel's sockets, and its server behind a veth pair with an MTU of 1500 bytes.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/run.py [--seconds S] [--rounds N] [--mtu N] [--only TEXT]

It needs network and mount namespaces of its own, which it makes and removes: root, or user namespaces; and /dev/net/tun. A
gateway that isn't installed is left out. The processor's time is the whole machine's, kernel, client and server included: it
should have nothing else to do. `--mtu` is that of the network inside.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from host import enter_namespace, prepare_namespace
from measuring import SOCKEYE, Server, print_table, ready_file, wait_until

PORT = 5201
NEAR, FAR = "10.88.0.1", "10.88.0.2"


class Namespace:
    """A network namespace without a name, which is that of a process that waits in it."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        here, there = pathlib.Path("/proc/self/ns/net"), pathlib.Path(f"/proc/{self.process.pid}/ns/net")
        wait_until(lambda: here.readlink() != there.readlink(), self.process)
        self.enter = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def connect_to(neighbour):
    """Joins this namespace and another by a veth pair; all that isn't here is there."""
    for words in ("add near type veth peer name far", "set near up"):
        subprocess.run(["ip", "link", *words.split()], check=True)
    subprocess.run(["ip", "link", "set", "far", "netns", str(neighbour.process.pid)], check=True)
    for words in (f"address add {NEAR}/24 dev near", f"route add default via {FAR}"):
        subprocess.run(["ip", *words.split()], check=True)
    for words in (f"address add {FAR}/24 dev far", "link set far up", "link set lo up"):
        subprocess.run([*neighbour.enter, "ip", *words.split()], check=True)


def machine_seconds():
    """What all of the machine's processors have worked so far."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def output(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def in_ours(client, mtu):
    return output([SOCKEYE, "run", "--report", "none", "--mtu", str(mtu), "--", *client])


def in_pasta(client, mtu):
    flags = ["--runas", "0:0", "--config-net", "--no-map-gw", "--mtu", str(min(mtu, 65_520))]
    return output(["pasta", *flags, "--", *client])


def in_slirp(client, mtu):
    with Namespace() as child:
        reading, writing = os.pipe()
        command = ["slirp4netns", "--configure", f"--mtu={min(mtu, 65_520)}", f"--ready-fd={writing}", str(child.process.pid)]
        slirp = subprocess.Popen(
            [*command, "tap0"], pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(writing)
        try:
            with os.fdopen(reading) as ready:
                assert ready.read(1), "slirp4netns isn't ready"
            return output([*child.enter, *client])
        finally:
            slirp.kill()
            slirp.wait()


def in_none(client, _):
    return output(client)


def gateways():
    """All that is installed, ours first."""
    yield "sockeye run", in_ours
    for name, program, run in [("pasta", "pasta", in_pasta), ("slirp4netns", "slirp4netns", in_slirp)]:
        if shutil.which(program):
            yield name, run
        else:
            print(f"{name} is left out: it is not installed")
    yield "no gateway", in_none


ROWS = [
    ("out, 1 stream (Gbit/s)", ["--direction", "up"]),
    ("in, 1 stream (Gbit/s)", ["--direction", "down"]),
    ("out, 8 streams (Gbit/s)", ["--direction", "up", "--connections", "8"]),
    ("in, 8 streams (Gbit/s)", ["--direction", "down", "--connections", "8"]),
    ("round trips, 1 connection, 64 B (1/s)", ["--mode", "echo"]),
    ("round trips, 50 connections, 64 B (1/s)", ["--mode", "echo", "--connections", "50"]),
    ("connections, 4 at a time (1/s)", ["--mode", "connections", "--connections", "4"]),
    ("datagrams, 32 under way, 64 B (answers/s)", ["--mode", "datagrams"]),
]


def measure(run, arguments, mtu, seconds):
    """One round: what the client reports, and the machine's work."""
    client = [SOCKEYE, "bench", "--json", "--for", f"{seconds}s", *arguments, f"{FAR}:{PORT}"]
    before = machine_seconds()
    result = json.loads(run(client, mtu).splitlines()[-1])
    return result, machine_seconds() - before


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mtu", type=int, nargs="*", default=[1_500, 65_535])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    enter_namespace()
    prepare_namespace()
    ways = dict(gateways())
    with tempfile.TemporaryDirectory() as folder, Namespace() as neighbour:
        connect_to(neighbour)
        ready = f"{folder}/ready"
        serve = [*neighbour.enter, SOCKEYE, "bench", "-q", "--serve", "--ready-file", ready, f"{FAR}:{PORT}"]
        with Server(serve, ready_file(ready)):
            for mtu in options.mtu:
                for title, arguments in ROWS:
                    if options.only not in title:
                        continue
                    is_bulk = "Gbit" in title
                    head = "CPU, s/GB" if is_bulk else "CPU, µs each"
                    results, work = {name: [] for name in ways}, {name: [] for name in ways}
                    times = {} if is_bulk else {key: {name: [] for name in ways} for key in ("p50, µs", "p99, µs")}
                    for _ in range(options.rounds):
                        for name, run in ways.items():
                            result, spent = measure(run, arguments, mtu, options.seconds)
                            bits = result.get("upBitsPerSecond", 0) + result.get("downBitsPerSecond", 0)
                            rate = bits if is_bulk else result["perSecond"]
                            results[name].append(rate / 1e9 if is_bulk else rate)
                            work[name].append(spent * (8e9 if is_bulk else 1e6) / (rate * options.seconds) if rate else 0)
                            for column, key in zip(times.values(), ("nanosecondsP50", "nanosecondsP99")):
                                column[name].append(result[key] / 1000)
                    print_table(f"MTU {mtu}: {title}", results, {head: work} | times)


if __name__ == "__main__":
    main()
