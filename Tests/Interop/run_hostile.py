#!/usr/bin/env python3
"""`sockeye run` with a command that means ill: that looks for ways past a list of names, changes its network under the gateway,
ends its init, or opens more than anybody needs."""

import json
import os
import pathlib
import signal
import socket
import tempfile
import threading

import support
from support import need
from support_network import ADDRESSES, CONTENT, curl, have_addresses, name_server, python, serving, web_server
from support_run import Running, run

ADDRESS = ADDRESSES[socket.AF_INET]


def log_of(folder):
    return [json.loads(line) for line in (pathlib.Path(folder) / "log").read_text().splitlines()]


def test_allowed_names_open_nothing_else():
    """A name that is allowed opens no loopback, no private network and no address of the machine's, whatever its server says."""
    with tempfile.TemporaryDirectory() as folder, serving(lambda connection: connection.sendall(b"reached")) as endpoint:
        port = int(endpoint.rpartition(":")[2])
        places = {f"n{number}.allowed.example": place for number, place in enumerate(
            ["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "10.0.2.15", "172.16.0.1", "192.168.1.1", "169.254.169.254",
             "100.64.0.1", "224.0.0.1", "255.255.255.255", ADDRESS])}
        script = """
for place in sys.argv[1:]:
    try: connect(place).recv(1); print("reached", place)
    except OSError: pass
"""
        with name_server(places) as (server, asked):
            answer = run("--dns", server, "--allow", "*.allowed.example", "--log", f"{folder}/log", "--",
                         *python(script), *(f"{name}:{port}" for name in places))
        assert answer.returncode == 0 and answer.stdout == b"", answer
        assert set(asked) == set(places), asked
        refused = [line for line in log_of(folder) if line["event"] == "refused"]
        # What is the command's own loopback or nobody's never leaves it.
        own = ("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.2.15", "224.0.0.1", "255.255.255.255")
        wanted = {f"{place}:{port}" for place in places.values() if place not in own}
        assert wanted <= {line["to"] for line in refused}, (wanted, refused)
        assert {line["reason"] for line in refused} <= {"private", "closed"}, refused


def test_other_ways_out_are_closed():
    """With a list of names there is no way out by other names' servers, by QUIC's or DNS's ports, by ping, or by raw addresses."""
    with tempfile.TemporaryDirectory() as folder, name_server({"allowed.example": "203.0.113.1"}) as (server, asked):
        host, _, port = server.rpartition(":")
        script = f"""
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    for place in (("{host}", {port}), ("{ADDRESS}", 443), ("{ADDRESS}", 853), ("203.0.113.1", 53), ("203.0.113.2", 443),
                  ("{ADDRESSES[socket.AF_INET6]}", 443), ("::ffff:{ADDRESS}", 443)):
        with socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET, kind) as end:
            try:
                end.connect(place)
                end.send(bytes.fromhex("123401000001000000000000") + b"\\4name\\7example\\0\\0\\1\\0\\1")
                end.recv(1)
                print("answered", place)
            except OSError as error: print(error.strerror)
for name in ("other.example", "data.in.names.example", "allowed.example.evil.example"):
    try: print(socket.getaddrinfo(name, 1))
    except OSError: pass
"""
        answer = run("--dns", server, "--allow", "allowed.example:443", "--log", f"{folder}/log", "--", *python(script))
        said = answer.stdout.decode().splitlines()
        assert len(said) == 14 and not [line for line in said if "answered" in line], (said, answer.stderr)
        assert said[7:] == ["Connection refused"] * 7, said
        assert asked == [], asked
        lines = log_of(folder)
        assert sum(line["event"] == "refused" for line in lines) == 14, lines
        assert {line["name"] for line in lines if line["event"] == "name"} >= {"other.example", "data.in.names.example"}, lines
        answer = run("--allow", "allowed.example", "--", need("ping"), "-c1", "-W20", ADDRESS)
        assert answer.returncode == 1 and b"+1 errors" in answer.stdout, answer


def test_changed_network():
    """A root inside who changes address, prefix and MTU under the gateway still gets everything, or nothing, and the end comes."""
    ip = need("ip")
    fetch = " ".join(f"'{word}'" for word in curl("--max-time", "20"))
    with web_server() as url:
        script = f"""
set -e
fetch() {{ {fetch} {url} | cmp - "$1" && echo whole; }}
fetch "$1"
{ip} link set sockeye0 mtu 600; fetch "$1"
{ip} link set sockeye0 mtu 1500
{ip} address del 10.0.2.15/24 dev sockeye0; {ip} address add 10.0.2.99/24 dev sockeye0
{ip} route replace default via 10.0.2.2; fetch "$1"
{ip} link set sockeye0 mtu 9000; {ip} link set sockeye0 down; {ip} link set sockeye0 up
{ip} route replace default dev sockeye0; fetch "$1"
{ip} link set sockeye0 down
{fetch} {url} >/dev/null 2>&1 || echo unreachable
"""
        with tempfile.NamedTemporaryFile() as content:
            content.write(CONTENT)
            content.flush()
            answer = run("--root", "--", "bash", "-c", script, "bash", content.name)
        assert answer.stdout.decode().split() == ["whole"] * 4 + ["unreachable"] and answer.returncode == 0, answer


def test_source_is_the_machines():
    """Destinations see the machine's address, and nothing at all of what comes from others than the command's network."""
    seen = []
    with serving(lambda connection: seen.append(connection.getpeername()[0])) as endpoint:
        script = """
import subprocess
subprocess.run(["ip", "address", "add", "203.0.113.77/32", "dev", "sockeye0"], check=True)
host, _, port = sys.argv[1].rpartition(":")
foreign = [socket.socket() for _ in range(10)]
for end in foreign:
    end.bind(("203.0.113.77", 0))
    end.setblocking(False)
    end.connect_ex((host, int(port)))
connect(sys.argv[1]).recv(1)
for end in foreign:
    try: end.getpeername(); print("connected")
    except OSError: pass
"""
        need("ip")
        answer = run("--root", "--", *python(script), endpoint)
        assert answer.returncode == 0 and answer.stdout == b"", answer
        assert seen == [ADDRESS], seen


def test_init_is_out_of_reach():
    """The first process inside can't be ended from inside, not even by root, nor be stopped, nor looked into."""
    script = """
for number in KILL TERM STOP ABRT; do kill -$number 1; done
readlink /proc/1/fd/* && echo descriptors
head -c1 /proc/1/mem >/dev/null 2>&1 && echo memory
cat /proc/1/environ >/dev/null 2>&1 && echo environment
cat /proc/1/status >/dev/null && echo alive
"""
    for flags in ([], ["--root"]):
        answer = run(*flags, "--", "sh", "-c", script)
        assert answer.returncode == 0 and answer.stdout == b"alive\n", (flags, answer)


def test_flood_is_bounded():
    """Thousands of connections at once, refused ones and open ones, leave memory and descriptors where they were."""
    with serving(lambda connection: connection.recv(1)) as endpoint:
        host, _, port = endpoint.rpartition(":")
        script = f"""
import errno, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def wave(port, kind):
    ends = []
    for _ in range(200):
        end = socket.socket(socket.AF_INET, kind)
        end.setblocking(False)
        end.connect_ex(("{host}", port))
        if kind == socket.SOCK_DGRAM: end.send(b"x")
        ends.append(end)
    for end in ends: end.close()
for line in sys.stdin:
    for _ in range(5):
        wave(1, socket.SOCK_STREAM)
        wave({port}, socket.SOCK_STREAM)
        wave(1, socket.SOCK_DGRAM)
    connect("{host}:{port}").close()
    print("done", flush=True)
"""
        with Running("--", *python(script)) as running:
            sizes = []
            for _ in range(4):
                running.send(b"again\n")
                assert running.line() == "done"
                sizes.append(running.memory)
            # What a first wave needs stays; the others need no more.
            assert sizes[-1] < sizes[0] + (48 << 20), sizes
            descriptors = lambda: len(os.listdir(f"/proc/{running.process.pid}/fd"))
            # Sessions of datagrams go after a minute; as many as may be are there until then.
            support.wait_until(lambda: descriptors() < 1_200, "end of descriptors")
            assert running.finish()[0] == 0, running.errors


if __name__ == "__main__":
    support.in_own_network()
    have_addresses()
    support.main(globals())
