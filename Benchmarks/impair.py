#!/usr/bin/env python3
"""Measures what `sockeye impair` delivers against what it was asked for: loss, delay and rate, by datagrams and by streams, and
the digest of a GiB that crosses a path with 5 % loss.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/impair.py [--packets N] [--mib N] [--seed N] [--only TEXT]

Loss is what the path itself counts beside what arrived; of N datagrams the share may differ from what was asked by chance, by
one standard deviation of sqrt(p (1 - p) / N). Everything is on loopback.
"""

import argparse
import hashlib
import json
import math
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from measuring import SOCKEYE, wait_until

# <asm-generic/socket.h>: Python doesn't name it. It takes root; others have their system's greatest buffer.
SO_RCVBUFFORCE = 33


class Path:
    """A bad network in front of a port, for the length of a `with` block; its counts once it has ended."""

    def __init__(self, network, target, seed, scheme=""):
        self.folder = tempfile.TemporaryDirectory()
        ready = pathlib.Path(self.folder.name, "ready")
        words = ["impair", "--json", "--every", "0s", "--seed", str(seed), "--ready-file", str(ready)]
        words += [f"{scheme}127.0.0.1:0", f"{scheme}127.0.0.1:{target}", network]
        self.process = subprocess.Popen([SOCKEYE, *words], stdout=subprocess.PIPE, text=True)
        wait_until(ready.exists, self.process)
        self.port = int(ready.read_text().split()[0].rpartition(":")[2])
        self.counts = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=20)
        # A stream may be told to be closed behind it.
        self.counts = next(line for line in map(json.loads, output.splitlines()[::-1]) if line["event"] == "ended")
        self.folder.cleanup()


def row(what, asked, got, unit, note=""):
    print(f"| {what} | {asked:g} {unit} | {got:.5g} {unit} | {100 * (got / asked - 1):+.2f} % | {note} |", flush=True)


def receiver(size):
    """A UDP socket whose buffer holds what comes while Python does something else."""
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF, size)
    end.bind(("127.0.0.1", 0))
    return end


def measure_loss(percent, packets, seed):
    """Datagrams one way, at a pace that no buffer on the way minds."""
    with receiver(64 << 20) as end, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        got = 0
        with Path(f"up:loss={percent}%", end.getsockname()[1], seed, "udp://") as path:
            client.connect(("127.0.0.1", path.port))
            end.settimeout(1)
            for first in range(0, packets, 8):
                for number in range(first, min(first + 8, packets)):
                    client.send(number.to_bytes(4, "big") * 8)
                time.sleep(0.001)
                end.setblocking(False)
                try:
                    while True:
                        end.recv(64)
                        got += 1
                except BlockingIOError:
                    pass
            end.settimeout(1)
            try:
                while True:
                    end.recv(64)
                    got += 1
            except TimeoutError:
                pass
        crossed = path.counts["upPackets"]
        deviation = 100 * math.sqrt(percent / 100 * (1 - percent / 100) / crossed)
        elsewhere = packets - got - path.counts["upLost"]
        note = f"{packets} sent, {elsewhere} lost in buffers of the kernel's; one deviation {deviation:.3f} %"
        row("loss of datagrams", percent, 100 * path.counts["upLost"] / crossed, "%", note)


def measure_delay(milliseconds, seed):
    """Round trips of single messages, over a stream and by datagrams."""
    for scheme in ("", "udp://"):
        kind = ["--udp"] if scheme else []
        with subprocess.Popen([SOCKEYE, "listen", "-q", "--echo", *kind, "--ready-file", "/dev/stdout", "127.0.0.1:0"],
                              stdout=subprocess.PIPE, text=True) as server:
            port = int(server.stdout.readline().split()[0].rpartition(":")[2])
            with Path(f"delay={milliseconds}ms", port, seed, scheme) as path:
                kind = socket.SOCK_DGRAM if scheme else socket.SOCK_STREAM
                with socket.socket(socket.AF_INET, kind) as client:
                    client.connect(("127.0.0.1", path.port))
                    times = []
                    for _ in range(60):
                        start = time.perf_counter()
                        client.send(b"x")
                        client.recv(1)
                        times.append((time.perf_counter() - start) * 1000)
            server.kill()
        note = f"median of 60, highest {max(times):.2f} ms"
        row(f"round trip, {'datagrams' if scheme else 'stream'}", 2 * milliseconds, statistics.median(times), "ms", note)


def sink(listener, size, digest, done):
    connection, _ = listener.accept()
    left = size
    while left and (data := connection.recv(1 << 18)):
        digest.update(data)
        left -= len(data)
        if size - left > size // 10 and not done:
            done.append((time.perf_counter(), size - left))
    done.append((time.perf_counter(), size - left))
    connection.close()


def transfer(network, size, seed):
    """A stream of so many bytes: bytes a second behind its first tenth, whether it came whole, and counts."""
    block = b"".join(hashlib.sha256(bytes([index])).digest() for index in range(256)) * 32
    sent, received, done = hashlib.sha256(), hashlib.sha256(), []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=sink, args=(listener, size, received, done))
        thread.start()
        with Path(network, listener.getsockname()[1], seed) as path:
            with socket.create_connection(("127.0.0.1", path.port)) as client:
                for offset in range(0, size, len(block)):
                    piece = block[: min(len(block), size - offset)]
                    sent.update(piece)
                    client.sendall(piece)
                client.shutdown(socket.SHUT_WR)
                thread.join()
    (start, before), (end, after) = done[0], done[-1]
    return (after - before) / (end - start), sent.digest() == received.digest(), path.counts


def measure_rate(megabits, seed):
    rate, whole, _ = transfer(f"rate={megabits}Mbps,delay=5ms", megabits * 125_000 * 8, seed)
    assert whole
    # A packet of 1,500 bytes carries 1,448 of the stream: 20 are IPv4's, 20 TCP's, 12 the timestamps'.
    row("rate of a stream, with its headers", megabits, rate * 8e-6 * 1500 / 1448, "Mbit/s", "8 s of it")


def measure_datagram_rate(megabits, seed, size=1_400, seconds=8):
    """Numbered datagrams, a third more than the path lets through: those that arrive, by their numbers and the time they took."""
    arrivals, over = [], threading.Event()

    def hear():
        end.settimeout(1)
        while True:
            try:
                number = int.from_bytes(end.recv(2048)[:4], "big")
                arrivals.append((time.perf_counter(), number))
            except TimeoutError:
                if over.is_set():
                    return

    with receiver(64 << 20) as end, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        hearing = threading.Thread(target=hear)
        hearing.start()
        with Path(f"up:rate={megabits}Mbps,up:queue=256KiB", end.getsockname()[1], seed, "udp://") as path:
            client.connect(("127.0.0.1", path.port))
            sent, interval, start = 0, size * 8e-6 / (megabits * 4 / 3), time.perf_counter()
            while (now := time.perf_counter()) < start + seconds:
                while sent * interval <= now - start:
                    client.send(sent.to_bytes(4, "big") * (size // 4))
                    sent += 1
                time.sleep(0.001)
            # What waits in the path's queue arrives yet.
            time.sleep(1)
        over.set()
        hearing.join()
    numbers = [number for _, number in arrivals]
    assert numbers == sorted(set(numbers)) and numbers[-1] < sent, "in order, and none twice"
    behind = arrivals[len(arrivals) // 10:-len(arrivals) // 10]
    rate = (len(behind) - 1) * (size + 28) * 8e-6 / (behind[-1][0] - behind[0][0])
    note = f"{sent} sent, {len(numbers)} arrived, each once and in order, {path.counts['upQueueDrops']} dropped by the queue"
    row("rate of datagrams, with their headers", megabits, rate, "Mbit/s", note)


def measure_digest(mebibytes, seed):
    start = time.perf_counter()
    rate, whole, counts = transfer("loss=5%,delay=1ms", mebibytes << 20, seed)
    row("loss of a stream's packets", 5, 100 * counts["upLost"] / counts["upPackets"], "%", f"{counts['upPackets']} packets")
    verdict = "equal" if whole else "DIFFERENT"
    print(f"| digest of {mebibytes} MiB at 5 % loss | equal | {verdict} | | {time.perf_counter() - start:.1f} s, {rate * 8e-6:.0f} Mbit/s |")
    assert whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packets", type=int, default=400_000)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| what | asked | delivered | difference | |\n| --- | ---: | ---: | ---: | --- |")
    rows = {
        "loss": lambda: [measure_loss(percent, options.packets, options.seed) for percent in (1, 5, 20)],
        "delay": lambda: [measure_delay(milliseconds, options.seed) for milliseconds in (10, 50)],
        "rate": lambda: [measure_rate(megabits, options.seed) for megabits in (10, 100)],
        "numbers": lambda: [measure_datagram_rate(megabits, options.seed) for megabits in (10, 100)],
        "digest": lambda: measure_digest(options.mib, options.seed),
    }
    for name, measure in rows.items():
        if options.only in name:
            measure()


if __name__ == "__main__":
    main()
