#!/usr/bin/env python3
"""Runs packetdrill's scripts over libsockeye, in virtual time.

    python3 packetdrill.py PATH/libsockeye.so SCRIPT...

The scripts are those that test Linux's TCP (https://github.com/google/packetdrill, and tools/testing/selftests/net/packetdrill
in Linux). What they ask for that a host in a library hasn't is unsupported, and said to be: shell commands but for the
settings that are keys of the configuration, epoll, splice, zero-copy, timestamping of sockets. Where Linux sends one segment
of several, for its hardware to cut, the stack's segments are taken together; PSH is not compared.
"""

import argparse
import sys
from pathlib import Path

from host import load
from runner import Failure, Runner
from script import Script
from segment import Unsupported


def main():
    parser = argparse.ArgumentParser(description="Run packetdrill's scripts over libsockeye, in virtual time.")
    parser.add_argument("library", help="libsockeye.so")
    parser.add_argument("scripts", nargs="+", type=Path, metavar="script")
    parser.add_argument("--set", default=[], action="append", metavar="KEY=VALUE", help="more of the host's configuration")
    parser.add_argument("--verbose", action="store_true", help="print events and packets")
    options = parser.parse_args()
    library = load(options.library)
    counts = dict.fromkeys(("passed", "failed", "unsupported"), 0)
    for path in options.scripts:
        outcome, why = run(library, path, options)
        counts[outcome] += 1
        print(f"{outcome:11} {path.stem}{': ' + why if why else ''}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] else 0


def run(library, path, options):
    log = (lambda line: print("   ", line)) if options.verbose else (lambda line: None)
    try:
        Runner(library, Script(path), "".join("," + key for key in options.set), log).run()
    except Unsupported as what:
        return "unsupported", str(what)
    except Failure as what:
        return "failed", str(what)
    return "passed", ""


if __name__ == "__main__":
    sys.exit(main())
