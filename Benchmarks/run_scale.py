#!/usr/bin/env python3
"""Measures `sockeye run` at scale: many connections open at once, very many one after another, and datagrams between very many
pairs of ends, with the gateway's memory and descriptors beside them.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/run_scale.py [--open N] [--total N] [--flows N] [--only TEXT]

Client and server are small programs of this file's on the kernel's sockets; the server is in a network namespace behind a veth
pair. It takes root, or user namespaces; and /dev/net/tun.
"""

import argparse
import contextlib
import os
import pathlib
import resource
import select
import socket
import subprocess
import sys
import time

from host import enter_namespace, prepare_namespace
from measuring import SOCKEYE
from run import FAR, Namespace, connect_to

PORTS = 8
"""How many ports the server has: a client has some 64,000 of its own for each."""


def most_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# MARK: The server


def serve():
    """Echoes streams and datagrams, from ports of the system's choice, which it prints."""
    most_descriptors()
    poll, streams, listeners, datagrams = select.epoll(), {}, {}, {}
    for _ in range(PORTS):
        listener = socket.create_server((FAR, 0), backlog=4096)
        listeners[listener.fileno()] = listener
        speaker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        speaker.bind(listener.getsockname())
        datagrams[speaker.fileno()] = speaker
    for end in [*listeners.values(), *datagrams.values()]:
        end.setblocking(False)
        poll.register(end, select.EPOLLIN)
    print(*(end.getsockname()[1] for end in listeners.values()), flush=True)
    while True:
        for number, _ in poll.poll():
            try:
                if number in listeners:
                    while True:
                        stream, _ = listeners[number].accept()
                        stream.setblocking(False)
                        streams[stream.fileno()] = stream
                        poll.register(stream, select.EPOLLIN)
                elif number in datagrams:
                    while True:
                        words, client = datagrams[number].recvfrom(2048)
                        datagrams[number].sendto(words, client)
                elif words := streams[number].recv(4096):
                    streams[number].send(words)
                else:
                    streams.pop(number).close()
            except BlockingIOError:
                pass
            except ConnectionError:
                streams.pop(number).close()


# MARK: The clients, which do as a line on their input says, and print what came of it


def hold(ports, count):
    """Opens so many connections at once, asks something on each, and closes them at a word."""
    most_descriptors()
    start = time.monotonic()
    poll, streams, unanswered = select.epoll(), {}, set()
    for number in range(count):
        stream = socket.socket()
        stream.setblocking(False)
        stream.connect_ex((FAR, ports[number % len(ports)]))
        streams[stream.fileno()] = stream
        unanswered.add(stream.fileno())
        poll.register(stream, select.EPOLLOUT)
    errors = {}
    while unanswered:
        for number, events in poll.poll():
            try:
                if events & select.EPOLLOUT:
                    streams[number].send(b"x")
                    poll.modify(number, select.EPOLLIN)
                elif streams[number].recv(16) == b"x":
                    unanswered.discard(number)
                else:
                    raise ConnectionResetError("ended")
            except OSError as error:
                errors[str(error)] = errors.get(str(error), 0) + 1
                unanswered.discard(number)
                poll.unregister(number)
    print(f"{count - sum(errors.values())} {time.monotonic() - start:.3f} {errors or ''}", flush=True)
    sys.stdin.readline()
    # One after another, in order: each is told of the other's end.
    ended = 0
    for stream in streams.values():
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_WR)
    for stream in streams.values():
        stream.setblocking(True)
        try:
            ended += stream.recv(16) == b""
        except OSError:
            pass
        stream.close()
    print(ended, flush=True)
    sys.stdin.readline()


def churn(ports, total, width=64):
    """Opens, uses and closes connections, so many at a time, and tells of every tenth of them."""
    poll, streams, begun, done, failed = select.epoll(), {}, 0, 0, 0
    step, start = max(1, total // 10), time.monotonic()

    def begin():
        nonlocal begun
        stream = socket.socket()
        stream.setblocking(False)
        stream.connect_ex((FAR, ports[begun % len(ports)]))
        begun += 1
        streams[stream.fileno()] = stream
        poll.register(stream, select.EPOLLOUT)

    for _ in range(min(width, total)):
        begin()
    while done < total:
        for number, events in poll.poll():
            try:
                if events & select.EPOLLOUT:
                    streams[number].send(b"x")
                    poll.modify(number, select.EPOLLIN)
                    continue
                failed += streams[number].recv(16) != b"x"
            except OSError:
                failed += 1
            streams.pop(number).close()
            done += 1
            if done % step == 0:
                print(f"{done} {failed} {time.monotonic() - start:.3f}", flush=True)
                sys.stdin.readline()
            if begun < total:
                begin()


def flow(ports, total):
    """Asks by datagrams, each from a port of its own, and tells of every tenth of them."""
    step, start, lost, unanswered = max(1, total // 10), time.monotonic(), 0, []
    for number in range(total):
        speaker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        speaker.settimeout(5)
        speaker.sendto(b"x", (FAR, ports[number % len(ports)]))
        unanswered.append(speaker)
        if len(unanswered) == 64 or number + 1 == total:
            for waiting in unanswered:
                try:
                    waiting.recv(16)
                except TimeoutError:
                    lost += 1
                waiting.close()
            unanswered = []
        if (number + 1) % step == 0:
            print(f"{number + 1} {lost} {time.monotonic() - start:.3f}", flush=True)
            sys.stdin.readline()


# MARK: What is measured


class Gateway:
    """`sockeye run` with one of the clients, for the length of a `with` block."""

    def __init__(self, *arguments):
        client = [sys.executable, __file__, *map(str, arguments)]
        command = [SOCKEYE, "run", "--report", "none", "--", *client]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def line(self):
        line = self.process.stdout.readline()
        assert line, "the client has ended"
        return line.split(None, 2)

    def proceed(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    @property
    def memory(self):
        """What it has of the machine's memory, in KiB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        raise AssertionError("no memory")

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def load():
    return f"a load of {os.getloadavg()[0]:.1f}"


def measure_open(ports, count):
    with Gateway("hold", 1, *ports) as gateway:
        gateway.line()
        before = gateway.memory
    with Gateway("hold", count, *ports) as gateway:
        opened, seconds, *errors = gateway.line()
        memory, descriptors = gateway.memory, gateway.descriptors
        gateway.proceed()
        (ended,) = gateway.line()
        # What the other ends have to say arrives a little later.
        deadline = time.monotonic() + 30
        while gateway.descriptors > 100 and time.monotonic() < deadline:
            time.sleep(0.1)
        left = gateway.descriptors
        gateway.proceed()
        code = gateway.process.wait(60)
    share = (memory - before) * 1024 / count
    print(f"| {count:,} connections at once | {int(opened):,} open after {float(seconds):.1f} s, {share:,.0f} bytes of the "
          f"gateway's memory and {descriptors / count:.2f} descriptors each; {int(ended):,} end in order, {left} descriptors are left; "
          f"exit code {code} {' '.join(errors)}| {load()} |", flush=True)
    assert int(opened) == int(ended) == count and left < 100 and code == 0


def measure_total(name, what, ports, total):
    memory = []
    with Gateway(name, total, *ports) as gateway:
        for _ in range(10):
            done, failed, seconds = gateway.line()
            memory.append(gateway.memory)
            descriptors = gateway.descriptors
            print(f"  {int(done):,}: {memory[-1]:,} KiB, {descriptors} descriptors", file=sys.stderr, flush=True)
            gateway.proceed()
        code = gateway.process.wait(60)
    print(f"| {total:,} {what} | {total / float(seconds):,.0f} a second; {failed} failed; {memory[0]:,} KiB after the first "
          f"tenth, {memory[4]:,} after half, {memory[-1]:,} after all; exit code {code} | {load()} |", flush=True)
    assert int(failed) == 0 and code == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--total", type=int, default=1_000_000)
    parser.add_argument("--flows", type=int, default=50_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    enter_namespace()
    prepare_namespace()
    with Namespace() as neighbour:
        connect_to(neighbour)
        command = [*neighbour.enter, sys.executable, __file__, "serve"]
        rows = {
            "open": lambda: measure_open(ports, options.open),
            "total": lambda: measure_total("churn", "connections, 64 at a time", ports, options.total),
            "flows": lambda: measure_total("flow", "pairs of ends for datagrams", ports, options.flows),
        }
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                ports = process.stdout.readline().split()
                print("| what | figure | |\n| --- | --- | --- |", flush=True)
                for name, measure in rows.items():
                    if options.only in name:
                        measure()
            finally:
                process.kill()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["hold" | "churn" | "flow" as name, count, *ports]:
            {"hold": hold, "churn": churn, "flow": flow}[name]([int(port) for port in ports], int(count))
        case _:
            main()
