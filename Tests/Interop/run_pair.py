#!/usr/bin/env python3
"""`sockeye run` where /dev/net/tun is missing or closed: a pair of Ethernet devices carries what the device of TUN would."""

import hashlib
import json
import os
import socket
import subprocess

import support
from support import SOCKEYE, need, read_all
from support_network import ADDRESSES, CONTENT, curl, have_addresses, python, serving, web_server
from support_run import USER, in_network, Running, run

COVERS = {
    "missing": "mount -t tmpfs none /dev/net",
    "closed": "mount -t tmpfs none /dev/net && mknod -m 600 /dev/net/tun c 10 200",
}


def hidden(cover="missing", before="true"):
    """What a command begins with for which TUN is hidden that way; where it is closed, it is a user's command."""
    if os.getuid() != 0:
        raise support.Skip("covering /dev/net takes root")
    user = [need("setpriv"), f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if cover == "closed" else []
    script = f'{COVERS[cover]} && {before} && exec "$@"'
    return [need("unshare"), "--mount", "--propagation", "private", "sh", "-c", script, "sh", *user]


def test_every_byte():
    """What is fetched is whole, over both families, as root and as a user, in packets of every size."""
    for cover in COVERS:
        for family in ADDRESSES:
            with web_server(family) as url:
                answer = run("--", *curl(url), caller=hidden(cover))
                assert answer.returncode == 0, (cover, answer.stderr)
                assert hashlib.sha256(answer.stdout).digest() == hashlib.sha256(CONTENT).digest(), (cover, family)
    with web_server() as url:
        for mtu in (576, 1280, 9000, 65535):
            answer = run("--mtu", mtu, "--", *curl(url), caller=hidden())
            assert answer.returncode == 0 and answer.stdout == CONTENT, (mtu, answer.stderr)


def test_last_words():
    """What a command has said last arrives, though it ended before."""
    size, lengths = 3 << 20, []
    with serving(lambda connection: lengths.append(len(read_all(connection)))) as endpoint:
        answer = run("--", *python(f"connect(sys.argv[1]).sendall(bytes({size}))"), endpoint, caller=hidden())
        assert answer.returncode == 0, answer
        support.wait_until(lambda: lengths, "all that was said")
        assert lengths == [size]


def test_many_at_a_time():
    """Twenty at a time all get everything, and are told of."""
    with web_server() as url:
        answer = run("--report", "json", "--", "sh", "-c", f"""
for number in $(seq 20); do {' '.join(map(repr, curl(url)))} | sha256sum & done; wait""", caller=hidden())
    digests = set(answer.stdout.decode().split("\n")[:-1])
    assert digests == {f"{hashlib.sha256(CONTENT).hexdigest()}  -"}, (digests, answer.stderr)
    lines = [json.loads(line) for line in answer.stderr.splitlines()]
    assert len(lines) == 20 and {line["command"] for line in lines} == {"curl"}, lines


def test_datagrams_and_echoes():
    """Datagrams and their answers cross it, in pieces too, and so do echoes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as echo:
        echo.bind((ADDRESSES[socket.AF_INET], 0))
        host, port = echo.getsockname()
        script = f"""
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
    speaker.connect(({host!r}, {port}))
    speaker.settimeout(60)
    for size in (1, 5000):
        speaker.send(b"x" * size)
        print(len(speaker.recv(9000)), flush=True)
"""
        with Running("--", *python(script), caller=hidden()) as running:
            for size in (1, 5000):
                words, client = echo.recvfrom(9000)
                echo.sendto(words, client)
                assert running.line() == str(size)
            assert running.process.wait(support.DEADLINE) == 0
    answer = run("--", need("ping"), "-c", 1, "-W", 30, "10.0.2.2", caller=hidden())
    assert answer.returncode == 0, answer


def test_bad_network():
    """On a bad network all arrives, later."""
    with web_server() as url:
        answer = run("--impair", "delay=2ms,loss=2%", "--seed", 7, "--report", "json", "--", *curl(url), caller=hidden())
        assert answer.returncode == 0 and answer.stdout == CONTENT, answer.stderr
        line = json.loads(answer.stderr)
        assert line["retransmissions"] > 0 and line["rtt_us"] >= 4000, line


def test_watched_command():
    """A command is watched in segments no longer than the link's."""
    with web_server() as url:
        answer = subprocess.run(
            [*hidden(), SOCKEYE, "watch", "--json", "--", *curl("-o", "/dev/null", url)],
            capture_output=True, stdin=subprocess.DEVNULL,
        )
        assert answer.returncode == 0, answer.stderr
        lengths = [json.loads(line).get("length", 0) for line in answer.stdout.splitlines()]
        assert 1_000 < max(lengths) <= 1_460, max(lengths)


def test_nothing_else_is_there():
    """The command sees one device beside its loopback, and nothing is left of either namespace."""
    answer = run("--", "sh", "-c", "ls /sys/class/net; readlink /proc/self/ns/net", caller=hidden())
    *devices, namespace = answer.stdout.decode().split()
    assert sorted(devices) == ["lo", "sockeye0"], answer
    assert not in_network(namespace)


def test_neither_is_named():
    """Where there can be no such pair either, one line says how TUN is had, and a network with nothing on it can be had."""
    few = "echo 1 > /proc/sys/user/max_net_namespaces"
    for cover, word in [("missing", "modprobe tun"), ("closed", "chmod 666")]:
        for language in ("en", "zh"):
            caller = hidden(cover)
            inner = ["unshare", "--user", "--map-root-user", "sh", "-c", f'{few} && exec "$@"', "sh"]
            answer = run("--language", language, "--", "true", caller=[*caller, *inner])
            said = answer.stderr.decode()
            assert answer.returncode == 1 and said.count("\n") == 1 and word in said, answer
        answer = run("--offline", "--", "true", caller=[*caller, *inner])
        assert answer.returncode == 0, answer


if __name__ == "__main__":
    support.in_own_network()
    have_addresses()
    support.main(globals())
