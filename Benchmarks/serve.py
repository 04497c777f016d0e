#!/usr/bin/env python3
"""Compares `sockeye serve` with nginx, lighttpd and caddy: the same files, the same clients, in turn in one run.

usage: serve.py [--sockeye PATH] [--runs N] [--only large|small|tls|idle] [--large-gib N] [--servers a,b]

Every server runs with one worker. CPU time is the server's own, from /proc, workers included.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"a server ended at once: {process.args}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"a server did not start: {process.args}")


def family(pid):
    """A process and its descendants."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def cpu_seconds(pid):
    total = 0
    for member in family(pid):
        fields = pathlib.Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_kib(pid):
    total = 0
    for member in family(pid):
        match = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{member}/status").read_text())
        total += int(match.group(1)) if match else 0
    return total


class Server:
    def __init__(self, name, directory, scratch, sockeye, tls):
        self.name, self.port, self.tls = name, free_port(), tls
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        config = scratch / f"{name}.conf"
        cert, key = scratch / "cert.pem", scratch / "key.pem"
        base = name.split("+")[0]
        if base == "sockeye":
            command = [sockeye, "serve", str(directory), "--listen", f"127.0.0.1:{self.port}", "--quiet"]
            if tls:
                command += ["--certificate", str(cert), "--key", str(key)]
        elif base == "nginx":
            listen = f"127.0.0.1:{self.port}" + (" ssl" if tls else "")
            secure = f"ssl_certificate {cert}; ssl_certificate_key {key};" if tls else ""
            extra = "open_file_cache max=1000;" if "cache" in name else ""
            nopush = "off" if "cache" in name else "on"
            config.write_text(
                f"worker_processes 1; daemon off; error_log {scratch}/nginx.err; pid {scratch}/nginx.pid;"
                f"events {{ worker_connections 20000; }} http {{ access_log off; sendfile on; tcp_nopush {nopush};"
                f" keepalive_requests 1000000000; {extra} client_body_temp_path {scratch}/t1;"
                f" proxy_temp_path {scratch}/t2; fastcgi_temp_path {scratch}/t3; uwsgi_temp_path {scratch}/t4;"
                f" scgi_temp_path {scratch}/t5;"
                f" server {{ listen {listen}; {secure} root {directory}; }} }}"
            )
            command = ["nginx", "-c", str(config), "-p", str(scratch)]
        elif base == "lighttpd":
            secure = (
                f'server.modules += ("mod_openssl")\nssl.engine="enable"\nssl.pemfile="{cert}"\nssl.privkey="{key}"\n'
                if tls
                else ""
            )
            config.write_text(
                f'server.document-root="{directory}"\nserver.port={self.port}\nserver.bind="127.0.0.1"\n'
                f"server.max-keep-alive-requests=1000000000\nserver.max-fds=30000\nserver.max-connections=20000\n{secure}"
            )
            command = ["lighttpd", "-D", "-f", str(config)]
        elif base == "caddy":
            address = f"https://127.0.0.1:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
            secure = f"tls {cert} {key}" if tls else ""
            config.write_text(
                f"{{\n admin off\n auto_https off\n}}\n{address} {{\n {secure}\n root * {directory}\n file_server\n}}\n"
            )
            command = ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"]
        environment = dict(os.environ, GOMAXPROCS="1", HOME=str(scratch))
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=open(scratch / f"{name}.log", "w"), env=environment
        )
        wait_for(self.port, self.process)

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def spread(values, digits=2):
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def measure_large(servers, size, runs, path):
    results = {server.name: ([], []) for server in servers}
    for server in servers:  # page cache, and the first connection
        subprocess.run(["curl", "-sk", "-o", "/dev/null", "-r", "0-1000000", f"{server.url}/{path}"], check=True)
    for _ in range(runs):
        for server in servers:
            before, start = server.cpu(), time.monotonic()
            subprocess.run(["curl", "-sk", "-o", "/dev/null", f"{server.url}/{path}"], check=True)
            elapsed = time.monotonic() - start
            results[server.name][0].append(size / elapsed / 1e9)
            results[server.name][1].append((server.cpu() - before) / (size / 1e9))
    return results


def wrk(url, seconds, close):
    command = ["wrk", "-t1", "-c64", f"-d{seconds}", url]
    if close:
        command += ["-H", "Connection: close"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failures = re.search(r"Non-2xx.*", output)
    if failures:
        raise SystemExit(f"{url}: {failures.group()}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def measure_small(servers, runs, seconds, path, close):
    results = {server.name: ([], []) for server in servers}
    for _ in range(runs):
        for server in servers:
            before = server.cpu()
            rate = wrk(f"{server.url}/{path}", seconds, close)
            results[server.name][0].append(rate)
            results[server.name][1].append((server.cpu() - before) / (rate * seconds) * 1e6)
    return results


def measure_idle(servers, count):
    print(f"\n### {count} idle keep-alive connections, KiB each\n\n| server | KiB |\n| --- | --- |", flush=True)
    for server in servers:
        with socket.create_connection(("127.0.0.1", server.port)) as warm:
            warm.sendall(b"GET /1k HTTP/1.1\r\nHost: x\r\n\r\n")
            warm.recv(65536)
        time.sleep(0.5)
        before = resident_kib(server.process.pid)
        connections = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(b"GET /1k HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(65536)
            connections.append(connection)
        time.sleep(3)
        after = resident_kib(server.process.pid)
        for connection in connections:
            connection.close()
        time.sleep(0.5)
        print(f"| {server.name} | {(after - before) / count:.2f} |", flush=True)


def table(title, unit, cost, results, digits):
    print(f"\n### {title}\n\n| server | {unit} | {cost} |\n| --- | --- | --- |")
    for name, (rates, costs) in results.items():
        print(f"| {name} | {spread(rates, digits)} | {spread(costs)} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockeye", default=os.environ.get("SOCKEYE", ".build/release/sockeye"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--large-gib", type=float, default=4)
    parser.add_argument("--idle", type=int, default=10000)
    parser.add_argument("--only", default="large,small,tls,idle")
    parser.add_argument("--servers", default="sockeye,nginx,nginx+cache,lighttpd,caddy")
    options = parser.parse_args()
    parts = options.only.split(",")
    names = [name for name in options.servers.split(",") if name == "sockeye" or shutil.which(name.split("+")[0])]
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory(dir=options_directory(memory)) as files:
        scratch, files = pathlib.Path(scratch), pathlib.Path(files)
        files.chmod(0o755)
        scratch.chmod(0o777)
        (files / "1k").write_bytes(os.urandom(1024))
        (files / "100k").write_bytes(os.urandom(102400))
        size = int(options.large_gib * 2**30)
        if "large" in parts or "tls" in parts:
            with open(files / "large", "wb") as large:
                block = os.urandom(1 << 20)
                for _ in range(size >> 20):
                    large.write(block)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", str(scratch / "key.pem"), "-out", str(scratch / "cert.pem")],
            check=True,
            capture_output=True,
        )
        (scratch / "key.pem").chmod(0o644)

        def speaks_tls(name):
            return "cache" not in name and (name != "lighttpd" or os.path.exists("/usr/lib/lighttpd/mod_openssl.so"))

        def with_servers(tls, body):
            chosen = [name for name in names if not tls or speaks_tls(name)]
            servers = [Server(name, files, scratch, options.sockeye, tls) for name in chosen]
            try:
                body(servers)
            finally:
                for server in servers:
                    server.stop()

        def plain(servers):
            if "large" in parts:
                results = measure_large(servers, size, options.runs, "large")
                table(f"{options.large_gib:g} GiB to curl", "GB/s", "server CPU s/GB", results, 2)
            if "small" in parts:
                for path in ["1k", "100k"]:
                    for close in [False, True]:
                        results = measure_small(servers, options.runs, options.seconds, path, close)
                        kind = "a connection each" if close else "keep-alive"
                        table(f"{path}, {kind}", "requests/s", "server CPU us/request", results, 0)
            if "idle" in parts:
                measure_idle([server for server in servers if "cache" not in server.name], options.idle)

        def secure(servers):
            results = measure_large(servers, size, options.runs, "large")
            table(f"{options.large_gib:g} GiB to curl by TLS", "GB/s", "server CPU s/GB", results, 2)

        if {"large", "small", "idle"} & set(parts):
            with_servers(False, plain)
        if "tls" in parts:
            with_servers(True, secure)


def options_directory(memory):
    """Page cache either way; /dev/shm keeps writes to a disk out of the figures."""
    return memory


if __name__ == "__main__":
    main()
