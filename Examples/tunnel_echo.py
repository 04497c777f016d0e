#!/usr/bin/env python3
"""Talks to the example TunnelEcho, in a network of its own: tunnel_echo.py PROGRAM. Takes root."""

import os
import socket
import subprocess
import sys
import time

if os.geteuid() != 0:
    print("skipped: a device takes root")
    sys.exit(0)
if os.environ.get("EXAMPLE_NETWORK") != "own":
    os.environ["EXAMPLE_NETWORK"] = "own"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])



def connected(end):
    """A connection to the host, which may be there a moment before it listens."""
    while True:
        try:
            return socket.create_connection(("10.9.0.2", 7), timeout=30)
        except ConnectionRefusedError:
            assert time.monotonic() < end, "nobody listens"


program = subprocess.Popen([sys.argv[1], "sock0", "10.9.0.2"])
try:
    end = time.monotonic() + 30
    while subprocess.run(["ip", "address", "add", "10.9.0.1/24", "dev", "sock0"], capture_output=True).returncode != 0:
        assert program.poll() is None and time.monotonic() < end, "there is no device"
    said = os.urandom(1_000_000)
    heard = bytearray()
    with connected(end) as connection:
        connection.settimeout(30)
        for start in range(0, len(said), 50_000):
            connection.sendall(said[start : start + 50_000])
            while len(heard) < min(start + 50_000, len(said)):
                heard += connection.recv(1 << 16)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b"", "more came back than was said"
    assert heard == said, "something else came back"
    print("A million bytes went to the host on the TUN device, and came back.")
finally:
    program.kill()
    program.wait()
