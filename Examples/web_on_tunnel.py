#!/usr/bin/env python3
"""Fetches from the example WebOnTunnel, in a network of its own: web_on_tunnel.py PROGRAM. Takes root."""

import http.client
import os
import subprocess
import sys
import time

if os.geteuid() != 0:
    print("skipped: a device takes root")
    sys.exit(0)
if os.environ.get("EXAMPLE_NETWORK") != "own":
    os.environ["EXAMPLE_NETWORK"] = "own"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])

program = subprocess.Popen([sys.argv[1], "sock0", "10.9.0.2"])
try:
    end = time.monotonic() + 30
    while subprocess.run(["ip", "address", "add", "10.9.0.1/24", "dev", "sock0"], capture_output=True).returncode != 0:
        assert program.poll() is None and time.monotonic() < end, "there is no device"
    connection = http.client.HTTPConnection("10.9.0.2", timeout=30)
    while True:
        # The host may be there a moment before it listens.
        try:
            connection.connect()
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end, "nobody listens"
    for path, status, length in (("/1000000", 200, 1_000_000), ("/", 404, 0), ("/3", 200, 3)):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"a" * length), path
    print("Three requests were answered over one connection to the application on the TUN device.")
finally:
    program.kill()
    program.wait()
