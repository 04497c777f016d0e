#!/usr/bin/env python3
"""Proves that a console stays usable, bounded and whole for long: messages without end, one long stream, sessions that answer each other.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/console_long.py messages [--for 10m] [--rate 100000]
    SOCKEYE=.build/release/sockeye python3 Benchmarks/console_long.py stream [--size 1GiB]
    SOCKEYE=.build/release/sockeye python3 Benchmarks/console_long.py repliers [--for 2h] [--rate 20]

`messages` and `stream` have the page open in headless Chromium with a person who types, and the session recorded: keys have to be answered
within --within milliseconds (99 of 100; the worst is printed), the memory of page and program must not grow after the first third, and
the record's SHA-256 has to be that of what was sent. `repliers` has no page: two sessions echo each other, pushed once a second, and have to
stay within their rate. The exit code is 1 where something of this doesn't hold. Everything is on loopback.
"""

import argparse
import hashlib
import pathlib
import socket
import sys
import tempfile
import threading
import time

from console_measurement import Keys, rank  # also says where the modules of the tests are

import support
from browser import Browser
from console_page import Page
from support_console import Console, port_of

UNITS = {"s": 1, "m": 60, "h": 3600}
BLOCK = 1000
"""Lines that are sent at a time."""
LINE = 28
"""Bytes of a line."""
MOST_KEPT = 192 << 20
"""Bytes that the page's messages cost at most."""
PAGE = 96 << 20
"""Bytes that the page costs beside them: itself, and what its collector hasn't looked at yet."""
SLACK = 24 << 20
"""Growth of a memory that is no growth: what an allocator and a collector keep back."""


def duration(text):
    return float(text[:-1]) * UNITS[text[-1]]


def size(text):
    units = {"KiB": 10, "MiB": 20, "GiB": 30}
    return int(text[:-3]) << units[text[-3:]] if text[-3:] in units else int(text)


class Sender(threading.Thread):
    """Sends pieces, at a rate or as fast as they are taken, and knows what it sent."""

    def __init__(self, port, pieces):
        super().__init__(daemon=True)
        self.port, self.pieces = port, pieces
        self.digest, self.bytes, self.failure = hashlib.sha256(), 0, None
        self.seconds = 0.0

    def run(self):
        start = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as peer:
                for piece in self.pieces:
                    peer.sendall(piece)
                    self.digest.update(piece)
                    self.bytes += len(piece)
                self.seconds = time.monotonic() - start
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65_536):
                    pass
        except OSError as error:
            self.failure = error


def lines(seconds, rate):
    """Numbered lines, so many a second; what couldn't be sent in time is sent behind it."""
    start, number = time.monotonic(), 0
    while number < rate * seconds:
        yield b"".join(b"%09d something to read\n" % each for each in range(number, number + BLOCK))
        number += BLOCK
        time.sleep(max(0, start + number / rate - time.monotonic()))


def stream(count):
    """So many bytes, of which no two pieces are alike."""
    piece = bytearray(bytes(range(256)) * 256)
    left, number = count, 0
    while left > 0:
        piece[:8] = number.to_bytes(8, "big")
        yield bytes(piece[:left])
        left -= len(piece)
        number += 1


def growth(samples):
    """How much more a memory took at most in the last third of the time than in the first."""
    third = max(1, len(samples) // 3)
    return max(samples[-third:]) - max(samples[:third])


class Verdict:
    """What has to hold, and whether it did."""

    def __init__(self):
        self.holds = True

    def check(self, what, holds):
        print(f"{'ok    ' if holds else 'FAILED'} {what}", flush=True)
        self.holds &= holds


def judge_memory(verdict, name, samples):
    change = growth(samples)
    verdict.check(f"{name}: {max(samples) >> 20} MiB at most, {change / (1 << 20):+.1f} MiB from the first third to the last", change <= SLACK)


def watch(options, pieces, framing):
    """Has a page open while a sender sends, and types meanwhile."""
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder, support.Server("console", cwd=folder) as server, Browser(folder) as browser:
        browser.open_tab(1600, 900)
        page = Page(browser, server.addresses[0])
        keys = Keys(page)
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_framing=framing)
        page.evaluate("document.getElementById('record').click()")
        page.wait("document.querySelector('#dialog[open] select')", "dialog of the record")
        page.fill("#dialog select", "raw")
        page.fill("#dialog input", "all.bin")
        page.evaluate("document.querySelector('#dialog form').requestSubmit()")
        page.wait("document.getElementById('record').ariaPressed === 'true'", "record")
        sender = Sender(port, pieces)
        answers, program, heap, start = [], [], [], time.monotonic()
        keys.begin()
        sender.start()
        said, full = start, 0
        while sender.is_alive():
            for _ in range(20):
                keys.press()
            answers += keys.answers()
            program.append(server.memory)
            heap.append(keys.heap)
            full += heap[-1] >= 0.9 * MOST_KEPT or page.evaluate("Number(document.querySelector('.message')?.ariaSetSize ?? 0)") >= 100_000
            page.set("message", "")
            if time.monotonic() - said >= options.every:
                said = time.monotonic()
                print(
                    f"{said - start:7.0f} s  {sender.bytes >> 20:7} MiB  keys {rank(sorted(answers), 0.99):5.0f} ms (99 %)"
                    f"  program {program[-1] >> 20} MiB  page {heap[-1] >> 20} MiB", flush=True,
                )  # fmt: skip
        seconds = max(sender.seconds, 0.001)
        answers.sort()
        print(f"{sender.bytes:,} bytes in {seconds:.1f} s, {sender.bytes / seconds / 1e6:.1f} MB/s; not shown: {page.text('count-lost') or 'none'}")
        verdict.check(f"the sender was never reset ({sender.failure})", sender.failure is None)
        if getattr(options, "rate", None):
            reached = sender.bytes / LINE / seconds
            verdict.check(f"{reached:,.0f} messages a second", reached >= options.rate * 0.95)
        verdict.check(
            f"{len(answers)} keys: median {rank(answers, 0.5):.0f} ms, 99 % {rank(answers, 0.99):.0f} ms, worst {rank(answers, 1):.0f} ms",
            bool(answers) and rank(answers, 0.99) <= options.within,
        )
        judge_memory(verdict, "program", program)
        # A page keeps so many messages, and so many bytes, of a session: until then its memory has to grow.
        if full >= 6:
            judge_memory(verdict, "page, once it keeps all that it may", heap[-full:])
        verdict.check(f"page: {max(heap) >> 20} MiB at most", max(heap) <= MOST_KEPT + PAGE)
        page.evaluate("document.getElementById('record').click()")
        page.wait("document.querySelector('#dialog a') !== null", "end of the record")
        file = pathlib.Path(folder) / "all.bin"
        support.wait_until(lambda: file.stat().st_size >= sender.bytes, "whole record", 600)
        with open(file, "rb") as record:
            digest = hashlib.file_digest(record, "sha256").hexdigest()
        verdict.check(f"the record's SHA-256 is {digest}", digest == sender.digest.hexdigest())
        verdict.check(f"nothing to complain about in the page {browser.complaints}", browser.complaints == [])
    return verdict


def repliers(options):
    """Two sessions that echo whatever the other says."""
    verdict = Verdict()
    with Console() as console:
        echo = {"rules": [{"echo": True}], "perSecond": options.rate}
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", **echo)
        client = console.open(protocol="tcp-client", remote=f"127.0.0.1:{port_of(server)}", **echo)
        console.do("cycle", session=client["id"], messages=[{"text": "ping"}], interval="1s")
        start = time.monotonic()
        memory, counts, said = [], [], start
        while time.monotonic() - start < options.seconds:
            event = console.next("event")
            console.seen.clear()
            if event.get("event") == "counters" and event["session"] == server["id"]:
                memory.append(console.program.memory)
                counts.append((time.monotonic() - start, event["sent"]["messages"]))
            if time.monotonic() - said >= options.every and counts:
                said = time.monotonic()
                print(f"{said - start:7.0f} s  {counts[-1][1]:,} answers  program {memory[-1] >> 20} MiB", flush=True)
        first, last = counts[0], counts[-1]
        rate = (last[1] - first[1]) / max(1, last[0] - first[0])
        # A bucket that fills at the edge of a second may give twice in one, and once over time.
        verdict.check(f"{last[1]:,} answers, {rate:.1f} a second of {options.rate}", 0 < rate <= options.rate * 1.1)
        judge_memory(verdict, "program", memory)
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=duration, default=10, help="how often is said how it goes")
    kinds = parser.add_subparsers(dest="kind", required=True)
    messages = kinds.add_parser("messages")
    messages.add_argument("--for", dest="seconds", type=duration, default=600)
    messages.add_argument("--rate", type=int, default=100_000)
    one = kinds.add_parser("stream")
    one.add_argument("--size", type=size, default=1 << 30)
    for kind in (messages, one):
        kind.add_argument("--within", type=int, default=100, help="milliseconds")
    two = kinds.add_parser("repliers")
    two.add_argument("--for", dest="seconds", type=duration, default=7200)
    two.add_argument("--rate", type=int, default=20)
    options = parser.parse_args()
    if options.kind == "messages":
        verdict = watch(options, lines(options.seconds, options.rate), "line")
    elif options.kind == "stream":
        verdict = watch(options, stream(options.size), "raw")
    else:
        verdict = repliers(options)
    sys.exit(0 if verdict.holds else 1)


if __name__ == "__main__":
    main()
