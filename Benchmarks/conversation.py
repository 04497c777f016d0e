#!/usr/bin/env python3
"""Measures `sockeye listen` beside a plain epoll echo in C, ncat and socat, in turn in one run.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/conversation.py [--seconds S] [--rounds N]

Prints a table of medians with the lowest and highest round, and the ratio of Sockeye's median to each of the others'.
"""

import argparse
import shutil
import socket
import subprocess
import tempfile

from measuring import SOCKEYE, Server, build, listening, print_table, ready_file


def free_port():
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
            command = [SOCKEYE, "listen", "-q", "--ready-file", ready, *flags, "127.0.0.1:0"]
            return lambda: Server(command, ready_file(ready))

        def theirs(*command):
            def start():
                port = free_port()
                return Server([word.replace("PORT", str(port)) for word in command], listening(port))

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
            print_table(title, results, {"server CPU, µs each" if factor == 1 else "server CPU, ms/MB": costs})


if __name__ == "__main__":
    main()
