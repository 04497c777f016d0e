#!/usr/bin/env python3
"""Measures how soon the console's page answers a key while messages pour in, while they are scrolled, and while they are filtered.

    SOCKEYE=.build/release/sockeye python3 Benchmarks/console_page.py [--messages N] [--rate N] [--keep N]

A peer sends N lines over one TCP connection, at a rate or as fast as it may. From a key's time stamp to the picture that
shows it is an answer; keys are pressed 20 times a second. Chromium is headless, and everything is on loopback.
"""

import argparse
import socket
import tempfile
import threading
import time

from console_measurement import Keys, rank  # also says where the modules of the tests are

import support
from browser import Browser
from console_page import Page

SHOWN = "Number(document.querySelector('.message')?.ariaSetSize ?? 0)"


class Measurement:
    """Keys pressed for the length of a `with` block, and a row of the table of how soon they were answered."""

    def __init__(self, keys, program, what):
        self.keys, self.program, self.what = keys, program, what
        self.press = keys.press

    def __enter__(self):
        self.keys.begin()
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        seconds = time.monotonic() - self.start
        time.sleep(0.2)
        answers = self.keys.answers()
        ranks = [rank(answers, share) for share in (0.5, 0.99, 1)]
        rows = self.keys.page.evaluate("document.querySelectorAll('.message').length")
        print(
            f"| {self.what} | {seconds:.1f} | {len(answers)} | {' | '.join(f'{each:.0f}' for each in ranks)} | {rows} |"
            f" {self.keys.heap >> 20} | {self.program.memory >> 20} |", flush=True,
        )  # fmt: skip


def pour(connection, count, rate):
    """Sends lines, at a rate in lines a second, or as fast as they are taken."""
    start = time.monotonic()
    for first in range(0, count, 500):
        last = min(count, first + 500)
        connection.sendall(b"".join(b"%d: something to read, of which there is much\n" % number for number in range(first, last)))
        if rate:
            time.sleep(max(0, start + last / rate - time.monotonic()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--keep", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, support.Server("console", cwd=folder) as server, Browser(folder) as browser:
        browser.open_tab(1600, 900)
        page = Page(browser, server.addresses[0])
        keys = Keys(page)
        page.click("#settings")
        page.evaluate(f"(i => {{ i.value = {options.keep}; i.dispatchEvent(new Event('change')); }})(document.querySelector('#dialog input'))")
        page.evaluate("document.getElementById('dialog').close()")
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_framing="line")
        print("| while | s | keys | median, ms | 99 % | worst | rows | page's heap, MiB | program, MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        counted = f"document.getElementById('count-in').textContent.endsWith(' {options.messages:,}')"
        with socket.create_connection(("127.0.0.1", port)) as peer:
            thread = threading.Thread(target=pour, args=(peer, options.messages, options.rate), daemon=True)
            with Measurement(keys, server, f"{options.messages:,} messages come") as measurement:
                thread.start()
                while not page.evaluate(counted):
                    measurement.press()
            thread.join()
            shown = page.evaluate(SHOWN)
            with Measurement(keys, server, f"{shown:,} of them are scrolled") as measurement:
                for step in range(40):
                    page.evaluate(f"(s => {{ s.scrollTop = s.scrollHeight * {step} / 40; }})(document.getElementById('scroller'))")
                    measurement.press()
            with Measurement(keys, server, "they are filtered") as measurement:
                page.set("filter", "/9{4}: some/")
                while not 0 < page.evaluate(SHOWN) < shown:
                    measurement.press()
                for _ in range(20):
                    measurement.press()
        print(f"\nNot shown, because the page was behind: {page.text('count-lost') or 'none'}")
        assert browser.complaints == [], browser.complaints


if __name__ == "__main__":
    main()
