#!/usr/bin/env python3
"""Measures `sockeye listen` beside a plain epoll echo in C, ncat and socat, in turn in one run.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/conversation.py [--seconds S] [--rounds N]

Prints a table of medians with the lowest and highest round, and the ratio of Sockeye's median to each of the others'.
"""

import argparse
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOCKEYE = os.environ.get("SOCKEYE", str(HERE.parent / ".build/release/sockeye"))


def build(name, folder):
    path = f"{folder}/{name}"
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", path, HERE / "peers" / f"{name}.c"], check=True)
    return path


class Server:
    """A server that runs for the length of a `with` block; `port` is where."""

    def __init__(self, command, port=None, ready=None):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            stdout=subprocess.DEVNULL if port or ready else subprocess.PIPE,
        )
        deadline = time.monotonic() + 10
        if ready:
            while not os.path.exists(ready):
                assert time.monotonic() < deadline, command
                time.sleep(0.01)
            port = int(pathlib.Path(ready).read_text().split()[0].rpartition(":")[2])
            os.unlink(ready)
        elif port:
            marks = (f":{port:04X} 00000000:0000 0A", f":{port:04X} 00000000:0000 07")
            while not any(mark in open(f"/proc/net/{table}").read() for mark in marks for table in ("tcp", "udp")):
                assert time.monotonic() < deadline, command
                time.sleep(0.01)
        else:
            port = int(self.process.stdout.readline())
        self.port = port

    @property
    def processor_seconds(self):
        """What the server, and the processes that it started, have used of the processors."""
        ticks = 0
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        echo, load = build("epoll_echo", folder), build("talk_load", folder)
        ready = f"{folder}/ready"

        def ours(*flags):
            return lambda: Server([SOCKEYE, "listen", "-q", "--ready-file", ready, *flags, "127.0.0.1:0"], ready=ready)

        def theirs(*command):
            def start():
                port = free_port()
                return Server([word.replace("PORT", str(port)) for word in command], port=port)

            return start

        tcp = {
            "sockeye": ours("--echo"),
            "C epoll": lambda: Server([echo, "tcp"]),
            "ncat": theirs("ncat", "-l", "-k", "127.0.0.1", "PORT", "-e", shutil.which("cat")),
            "socat": theirs("socat", "TCP-LISTEN:PORT,bind=127.0.0.1,fork,reuseaddr,backlog=1024", "EXEC:cat"),
        }
        # Their quickest ways to echo: without a process for each connection, where there is one.
        single = dict(tcp)
        single["socat"] = theirs("socat", "TCP-LISTEN:PORT,bind=127.0.0.1,fork,reuseaddr,nodelay", "PIPE")
        sink = {
            "sockeye": ours(),
            "C epoll": lambda: Server([echo, "sink"]),
            "ncat": theirs("ncat", "-l", "-k", "--recv-only", "127.0.0.1", "PORT"),
            "socat": theirs("socat", "-u", "TCP-LISTEN:PORT,bind=127.0.0.1,fork,reuseaddr", "-"),
            "socat -b256k": theirs("socat", "-u", "-b262144", "TCP-LISTEN:PORT,bind=127.0.0.1,fork,reuseaddr", "-"),
        }
        udp = {
            "sockeye": ours("--udp", "--echo"),
            "C recvfrom": lambda: Server([echo, "udp"]),
            "ncat": theirs("ncat", "-u", "-l", "127.0.0.1", "PORT", "-e", shutil.which("cat")),
            "socat": theirs("socat", "UDP-LISTEN:PORT,bind=127.0.0.1", "PIPE"),
        }
        seconds = str(options.seconds)
        rows = [
            ("echo, 1 connection, 64 B (round trips/s)", single, ["echo", "1", "64", seconds], 1),
            ("echo, 50 connections, 64 B (round trips/s)", single, ["echo", "50", "64", seconds], 1),
            ("echo, 1 connection, 64 KiB (MB/s each way)", single, ["echo", "1", "65536", seconds], 65536 / 1e6),
            ("echo, 1 full stream (MB/s each way)", single, ["stream", seconds], 1e-6),
            ("one way to /dev/null, 64 KiB writes (MB/s)", sink, ["bulk", "65536", seconds], 1e-6),
            ("connections/s, a byte echoed", single, ["connect", seconds], 1),
            ("UDP echo, 1 under way, 64 B (datagrams/s)", udp, ["udp", "1", "64", seconds], 1),
            ("UDP echo, 32 under way, 64 B (datagrams/s)", udp, ["udp", "32", "64", seconds], 1),
        ]
        for title, servers, arguments, factor in rows:
            if options.only not in title:
                continue
            results = {name: [] for name in servers}
            costs = {name: [] for name in servers}
            for _ in range(options.rounds):
                for name, start in servers.items():
                    with start() as server:
                        before = server.processor_seconds
                        command = [load, arguments[0], str(server.port), *arguments[1:]]
                        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
                        rate = float(done.stdout.split()[0]) if done.returncode == 0 else 0.0
                        results[name].append(rate * factor)
                        if rate:
                            # Microseconds for each of what is counted; for bytes, milliseconds for each megabyte.
                            unit = 1e6 if factor == 1 else 1e3
                            spent = server.processor_seconds - before
                            costs[name].append(spent * unit / (rate * factor * options.seconds))
            base = statistics.median(results["sockeye"])
            cost = "µs each" if factor == 1 else "ms/MB"
            print(f"\n| {title} | median | lowest | highest | sockeye / it | server CPU, {cost} |")
            print("| --- | ---: | ---: | ---: | ---: | ---: |")
            for name, values in results.items():
                median = statistics.median(values)
                ratio = f"{base / median:.2f}" if median else "-"
                spent = f"{statistics.median(costs[name]):.2f}" if costs[name] else "-"
                row = f"{median:,.0f} | {min(values):,.0f} | {max(values):,.0f} | {ratio} | {spent}"
                print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
