#!/usr/bin/env python3
"""Compares `sockeye get` with other downloaders, in turn in one run: one large file from nginx to memory, or a folder of
many small files from `sockeye serve` to a disk.

usage: get.py [--files N] [--sockeye PATH] [--runs N] [--gib N] [--clients a,b] [--memory DIR] [--disk DIR]
              [--verbose]

The file is in memory (tmpfs) on both ends and comes over loopback. `sockeye get` checks the SHA-256 while it downloads;
`curl+digest` checks it afterwards, with OpenSSL, and the others check nothing. CPU time is the client's own, user and
system. The ratio is that of the speeds within a round.

With --files, `sockeye get --recursive` fetches that many files of 1 to 16 KiB, checks the SHA-256 that the server names
for each, and gives each its name once it is on the disk. The others are told all names, and wait for no disk;
`curl -Z+sync` does so once, at its end.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(folder, scratch):
    port = free_port()
    configuration = scratch / "nginx.conf"
    configuration.write_text(
        f"worker_processes 1; daemon off; error_log {scratch}/nginx.err; pid {scratch}/nginx.pid; events {{ }}\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;\n"
        + "".join(f"{kind}_temp_path {scratch}/{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        + f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(scratch)])
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process, port
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit("nginx did not start")
            time.sleep(0.02)


def commands(sockeye, url, digest):
    return {
        "sockeye": [sockeye, "get", "-q", "--checksum", f"sha256:{digest}", "-o", "out", url],
        "sockeye x4": [sockeye, "get", "-q", "--connections", "4", "--checksum", f"sha256:{digest}", "-o", "out", url],
        "curl": ["curl", "-s", "-o", "out", url],
        # What it takes to know as much about the file as `sockeye get` does.
        "curl+digest": ["sh", "-c", f"curl -s -o out {url} && openssl dgst -sha256 out | grep -q {digest}"],
        "wget": ["wget", "-q", "-O", "out", url],
        "aria2": ["aria2c", "-q", "--file-allocation=none", "-x1", "-o", "out", url],
        "aria2 x4": ["aria2c", "-q", "--file-allocation=none", "-x4", "-s4", "-k1M", "-o", "out", url],
    }


def start_serve(sockeye, folder, scratch):
    ready = scratch / "ready"
    process = subprocess.Popen([sockeye, "serve", "-q", "--listen", "127.0.0.1:0", "--ready-file", str(ready), str(folder)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while not ready.exists() or not ready.read_text().strip():
        if time.monotonic() > end or process.poll() is not None:
            raise SystemExit("sockeye serve did not start")
        time.sleep(0.02)
    return process, int(ready.read_text().split()[0].rsplit(":", 1)[1])


def folder_commands(sockeye, url, names, scratch):
    """The same files by each client, into the current folder."""
    (scratch / "urls").write_text("".join(f"{url}/{name}\n" for name in names))
    (scratch / "curl.conf").write_text("".join(f'url = "{url}/{name}"\noutput = "{name}"\n' for name in names))
    curl = ["curl", "-s", "-Z", "--parallel-max", "16", "-K", f"{scratch}/curl.conf"]
    return {
        "sockeye": [sockeye, "get", "-q", "--recursive", f"{url}/"],
        "curl -Z": curl,
        "curl -Z+sync": ["sh", "-c", f"{' '.join(curl)} && sync -f ."],
        "aria2": ["aria2c", "-q", "--file-allocation=none", "-j16", "-i", f"{scratch}/urls"],
        "wget2": ["wget2", "-q", "--max-threads=16", "-i", f"{scratch}/urls"],
        "rclone": ["rclone", "copy", "-q", "--transfers=16", "--http-url", url, ":http:", "."],
    }


def measure_folder(options, sockeye):
    with tempfile.TemporaryDirectory(dir=options.disk) as base:
        scratch = pathlib.Path(base)
        source, target = scratch / "source", scratch / "target"
        source.mkdir()
        names = [f"file{number:05}" for number in range(options.files)]
        for number, name in enumerate(names):
            (source / name).write_bytes(os.urandom(1024 + number * 7919 % 15360))
        os.sync()
        server, port = start_serve(sockeye, source, scratch)
        try:
            table = folder_commands(sockeye, f"http://127.0.0.1:{port}", names, scratch)
            clients = [name for name in (options.clients or ",".join(table)).split(",") if shutil.which(table[name][0])]
            results = {name: [] for name in clients}
            for number in range(options.runs + 1):
                turn = number % len(clients)
                for name in clients[turn:] + clients[:turn]:
                    target.mkdir()
                    figures = measure(table[name], target)
                    assert all((target / file).stat().st_size == (source / file).stat().st_size for file in names), name
                    shutil.rmtree(target)
                    os.sync()
                    if options.verbose:
                        print(f"round {number}: {name:<12} {figures[0]:.2f} s, CPU {figures[1]:.2f} s", flush=True)
                    if number > 0:
                        results[name].append(figures)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    print(f"{'client':<12} {'seconds':>8} {'lowest':>7} {'highest':>8} {'CPU s':>6}")
    for name, figures in results.items():
        times = [elapsed for elapsed, _ in figures]
        cpu = statistics.median(used for _, used in figures)
        print(f"{name:<12} {statistics.median(times):8.2f} {min(times):7.2f} {max(times):8.2f} {cpu:6.2f}")


def measure(command, folder):
    before = os.times()
    start = time.monotonic()
    subprocess.run(command, cwd=folder, check=True)
    elapsed = time.monotonic() - start
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return elapsed, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockeye", default=".build/release/sockeye")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--gib", type=float, default=2)
    parser.add_argument("--clients", default="")
    parser.add_argument("--files", type=int, default=0)
    parser.add_argument("--disk", default=".")
    parser.add_argument("--memory", default="/dev/shm")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    sockeye = os.path.abspath(options.sockeye)
    size = int(options.gib * 2**30)
    if options.files > 0:
        return measure_folder(options, sockeye)

    with tempfile.TemporaryDirectory(dir=options.memory) as base:
        scratch = pathlib.Path(base)
        scratch.chmod(0o755)
        block = os.urandom(1 << 20)
        digest = hashlib.sha256()
        with open(scratch / "file", "wb") as file:
            left = size
            while left > 0:
                part = block[: min(left, len(block))]
                file.write(part)
                digest.update(part)
                left -= len(part)
        (scratch / "target").mkdir()
        server, port = start_nginx(scratch, scratch)
        try:
            names = [name for name in (options.clients or "sockeye,sockeye x4,curl,curl+digest,wget,aria2,aria2 x4").split(",")
                     if name]
            table = commands(sockeye, f"http://127.0.0.1:{port}/file", digest.hexdigest())
            names = [name for name in names if shutil.which(table[name][0])]
            results = {name: [] for name in names}
            for number in range(options.runs + 1):
                # Nobody always comes first, or always after the same other.
                turn = number % len(names)
                for name in names[turn:] + names[:turn]:
                    figures = measure(table[name], scratch / "target")
                    got = os.path.getsize(scratch / "target" / "out")
                    assert got == size, (name, got)
                    for leftover in (scratch / "target").iterdir():
                        leftover.unlink()
                    if options.verbose:
                        print(f"round {number}: {name:<12} {figures[0]:.2f} s, CPU {figures[1]:.2f} s", flush=True)
                    # The first round warms up.
                    if number > 0:
                        results[name].append(figures)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()

    gigabytes = size / 1e9
    print(f"{'client':<12} {'GB/s':>6} {'lowest':>7} {'highest':>8} {'CPU s/GB':>9} {'of curl':>8} {'spread':>12}")
    for name in names:
        speeds = [gigabytes / elapsed for elapsed, _ in results[name]]
        cpu = statistics.median(used / gigabytes for _, used in results[name])
        line = f"{name:<12} {statistics.median(speeds):6.2f} {min(speeds):7.2f} {max(speeds):8.2f} {cpu:9.2f}"
        if "curl" in results:
            ratios = [c[0] / own[0] for own, c in zip(results[name], results["curl"])]
            line += f" {statistics.median(ratios):8.2f} {min(ratios):5.2f} to {max(ratios):.2f}"
        print(line)


if __name__ == "__main__":
    main()
