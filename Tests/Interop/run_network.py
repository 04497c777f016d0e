#!/usr/bin/env python3
"""`sockeye run`: what the network of a command does, with servers of the test's own on addresses that this machine has for
the test: streams, their ends, refusals, and what is told of them."""

import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

import support
from support import SOCKEYE, need, read_all
from support_network import (
    ADDRESSES, CONTENT, ROUTERS, curl, have_addresses, name_server, python, router, serving, web_server,
)
from support_run import Running, callers, children, run

def test_curl_gets_every_byte():
    """What curl fetches is whole, over both families, as root and as a user."""
    for name, caller in callers():
        for family in ADDRESSES:
            with web_server(family) as url:
                answer = run("--", *curl(url), caller=caller)
                assert answer.returncode == 0, (name, answer.stderr)
                assert hashlib.sha256(answer.stdout).digest() == hashlib.sha256(CONTENT).digest(), (name, family)


def test_mtus():
    """It is whole at every size of packets; small ones leave IPv6 out."""
    with web_server() as url:
        for mtu in (576, 1280, 9000, 65535):
            answer = run("--mtu", mtu, "--", *curl(url))
            assert answer.returncode == 0 and answer.stdout == CONTENT, (mtu, answer.stderr)
    answer = run("--mtu", 576, "--", "cat", "/proc/net/if_inet6")
    assert b"sockeye0" not in answer.stdout and answer.returncode == 0, answer


def test_refusal_is_passed_on():
    """Where the destination refuses or there is no way to it, the command is told so at once, as the machine was."""
    with socket.socket() as closed:
        closed.bind((ADDRESSES[socket.AF_INET], 0))
        endpoint = f"{ADDRESSES[socket.AF_INET]}:{closed.getsockname()[1]}"
        answer = run("--", *curl(f"http://{endpoint}/"))
        assert answer.returncode == 7, answer
        script = "\ntry: connect(sys.argv[1])\nexcept OSError as error: print(error.strerror)"
        for there, reason in [(endpoint, b"Connection refused\n"), ("203.0.113.9:80", b"Network is unreachable\n"),
                              ("[2001:db8:9::9]:80", b"Network is unreachable\n")]:
            answer = run("--", *python(script), there)
            assert answer.stdout == reason, (there, answer)


def test_half_close_is_passed_on():
    """A command that has said all gets the answer that comes after; and the other way round."""
    def answer(connection):
        connection.sendall(read_all(connection).upper())

    with serving(answer) as endpoint:
        said = run("--", *python("""
with connect(sys.argv[1]) as connection:
    connection.sendall(b"all that i say " * 100000)
    connection.shutdown(socket.SHUT_WR)
    data = b"".join(iter(lambda: connection.recv(65536), b""))
    print(data == b"ALL THAT I SAY " * 100000)
"""), endpoint)
        assert said.stdout == b"True\n", said

    heard = []

    def speak_first(connection):
        connection.sendall(b"mine")
        connection.shutdown(socket.SHUT_WR)
        heard.append(read_all(connection))

    with serving(speak_first) as endpoint:
        said = run("--", *python("""
with connect(sys.argv[1]) as connection:
    data = b"".join(iter(lambda: connection.recv(65536), b""))
    connection.sendall(data + b" and yours")
"""), endpoint)
        assert said.returncode == 0, said
        support.wait_until(lambda: heard, "what the command said last")
        assert heard == [b"mine and yours"], heard


def test_end_at_once_is_passed_on():
    """A destination that ends before it has been said anything has ended for the command, each time."""
    with serving(lambda connection: None) as endpoint:
        said = run("--", *python("""
for _ in range(200):
    with connect(sys.argv[1]) as connection: assert connection.recv(1) == b""
"""), endpoint)
        assert said.returncode == 0, said


def test_reset_is_passed_on():
    """A destination's reset resets the command's connection, and a command's the destination's."""
    linger = b"\1\0\0\0\0\0\0\0"

    def reset(connection):
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    with serving(reset) as endpoint:
        answer = run("--", *python("""
with connect(sys.argv[1]) as connection:
    connection.sendall(b"x")
    try: print(connection.recv(1))
    except ConnectionResetError: print("reset")
"""), endpoint)
        assert answer.stdout == b"reset\n", answer

    seen = []

    def read(connection):
        try:
            seen.append(connection.recv(100))
            connection.sendall(b"y")
            seen.append(connection.recv(100))
        except ConnectionResetError:
            seen.append("reset")

    with serving(read) as endpoint:
        run("--", *python("""
with connect(sys.argv[1]) as connection:
    connection.sendall(b"x")
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""), endpoint)
        support.wait_until(lambda: len(seen) == 2, "the reset")
        assert seen == [b"x", "reset"], seen


def test_many_connections_at_a_time():
    """Fifty at a time all get everything."""
    with web_server() as url:
        answer = run("--report", "json", "--", "sh", "-c", f"""
for number in $(seq 50); do {' '.join(map(repr, curl(url)))} | sha256sum & done; wait""")
    digests = set(answer.stdout.decode().split("\n")[:-1])
    assert digests == {f"{hashlib.sha256(CONTENT).hexdigest()}  -"}, (digests, answer.stderr)
    lines = [json.loads(line) for line in answer.stderr.splitlines()]
    assert len(lines) == 50 and all(line["received"] > len(CONTENT) for line in lines), lines
    assert {line["cause"] for line in lines} == {"finished"}, lines


def test_last_words_arrive():
    """What a command has said last arrives, though it ended before."""
    size, lengths = 3 << 20, []
    with serving(lambda connection: lengths.append(len(read_all(connection)))) as endpoint:
        answer = run("--", *python(f"connect(sys.argv[1]).sendall(bytes({size}))"), endpoint)
        assert answer.returncode == 0, answer
        support.wait_until(lambda: lengths, "all that was said")
        assert lengths == [size]


def test_report():
    """What is told in the end names each connection with its bytes, its end, and why there was none; in both languages."""
    with serving(lambda connection: connection.sendall(read_all(connection) * 2)) as endpoint:
        script = """
with connect(sys.argv[1]) as connection:
    connection.sendall(b"x" * 1000)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536): pass
try: connect("203.0.113.9:80")
except OSError: pass
"""
        answer = run("--report", "json", "--", *python(script), endpoint)
        first, second = [json.loads(line) for line in answer.stderr.splitlines()]
        assert (first["event"], first["to"], first["cause"]) == ("closed", endpoint, "finished"), first
        assert (first["sent"], first["received"], first["retransmissions"]) == (1000, 2000, 0), first
        assert (second["event"], second["to"], second["cause"]) == ("failed", "203.0.113.9:80", "network-unreachable"), second
        for language, words in [("en", ["destination", "finished", "no way there"]), ("zh", ["目的地", "正常结束", "网络不可达"])]:
            answer = run("--report", "table", "--language", language, "--", *python(script), endpoint)
            table = answer.stderr.decode()
            assert all(word in table for word in [endpoint, "1000 B", *words]) and table.count("\n") == 3, table
        answer = run("--", *python(script), endpoint)
        assert answer.stderr == b"", answer


def test_processes_are_told():
    """The log and the table name the process that has a connection, or that sends datagrams, as the machine sees it."""
    script = """
import os, time
stream = connect(sys.argv[1])
stream.sendall(b"x")
stream.recv(1)
datagrams = socket.socket(socket.AF_INET6 if sys.argv[2] == "mapped" else socket.AF_INET, socket.SOCK_DGRAM)
host, _, port = sys.argv[1].rpartition(":")
datagrams.connect((("::ffff:" if sys.argv[2] == "mapped" else "") + host, int(port)))
datagrams.send(b"x")
print("sent", flush=True)
sys.stdin.read()
"""
    with serving(lambda connection: connection.sendall(connection.recv(1))) as endpoint, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        for name, caller in callers():
            for kind in ("plain", "mapped"):
                log = pathlib.Path(folder) / f"{name}-{kind}"
                words = ["--log", log, "--report", "table", "--", *python(script), endpoint, kind]
                with Running(*words, caller=caller) as running:
                    assert running.line() == "sent"
                    command, = children(running.init)
                    support.wait_until(lambda: log.read_text().count("\n") > 0, "the log")
                    code, _ = running.finish(b"")
                assert code == 0 and f"python3 {command}" in running.errors, running.errors
                lines = [json.loads(line) for line in log.read_text().splitlines()]
                known = {(line["event"], line["protocol"]) for line in lines if line.get("pid") == command}
                assert known >= {("opened", "tcp"), ("closed", "tcp")}, (name, lines)
                assert {line["command"] for line in lines if "pid" in line} == {"python3"}, lines
                assert any(line["protocol"] == "udp" and line.get("pid") == command for line in lines), (name, kind, lines)


def test_stack_settings():
    """What --stack-config sets is what the connections of the command have; what it can't set is refused."""
    with web_server() as url, tempfile.TemporaryDirectory() as folder:
        capture = f"{folder}/run.pcapng"
        for settings, wanted in [("offload=no,congestion=bbr", 1460), ("timestamps=no,sack=no", 65_535)]:
            answer = run("--stack-config", settings, "--capture", capture, "--", *curl(url))
            assert answer.returncode == 0 and answer.stdout == CONTENT, (settings, answer.stderr)
            lines = [json.loads(line) for line in support.sockeye("watch", "--json", "--stream", 1, capture).stdout.splitlines()]
            longest = max(line.get("length", 0) for line in lines)
            assert longest <= wanted and (wanted < 2_000 or longest > 1_500), (settings, longest, lines[:3])
        answer = run("--stack-config", "congestion=vegas", "--", "true")
        assert answer.returncode == 2 and answer.stderr, answer


def test_network_is_ready():
    """A command's first packets find the network ready: the kernel has its IPv6 address's route before the command starts."""
    for _ in range(10):
        answer = run("--", need("ip"), "-6", "route", "show", "table", "local")
        assert b"local fd73:6f63:6b65::15 " in answer.stdout, answer


def test_loopback_is_not_the_machines():
    """The command's loopback addresses are its own, however they are written."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "127.7.7.7", "localhost"):
            answer = run("--", *python("connect(sys.argv[1])"), f"{address}:{port}")
            assert answer.returncode == 1 and b"ConnectionRefusedError" in answer.stderr, (address, answer)


def test_names():
    """Names are those that --host gives and, for the others, those that the name server knows."""
    address = ADDRESSES[socket.AF_INET]
    with web_server() as url, name_server({"served.example": address}) as (server, asked):
        port = url.rpartition(":")[2]
        flags = ["--host", f"given.example={address}", "--dns", server]
        for name, caller in callers():
            for host, code in [("given.example", 0), ("served.example", 0), ("nobody.example", 6)]:
                answer = run(*flags, "--", *curl("-o", "/dev/null", f"http://{host}:{port}"), caller=caller)
                assert answer.returncode == code, (name, host, answer)
        assert "given.example" not in asked and "served.example" in asked, asked


def test_rules():
    """With --allow all else is refused, by names and addresses; --deny closes what is open; the log tells it all."""
    address = ADDRESSES[socket.AF_INET]
    with web_server() as url, serving(lambda connection: None) as other, tempfile.TemporaryDirectory() as folder:
        port = url.rpartition(":")[2].partition("/")[0]
        log = pathlib.Path(folder) / "log"
        named = ["--host", f"given.example={address}"]
        for flags, there, code in [
            (["--allow", f"given.example:{port}"], f"http://given.example:{port}/file", 0),
            (["--allow", f"given.example:{port}"], f"http://given.example:{other.rpartition(':')[2]}/", 7),
            (["--allow", "elsewhere.example"], f"http://{address}:{port}/file", 7),
            (["--allow", f"{address}:{port}"], url, 0),
            (["--deny", f"{address}:{port}"], url, 7),
            (["--deny", "192.0.2.0/24"], url, 0),
        ]:
            answer = run(*named, *flags, "--log", log, "--", *curl("-o", "/dev/null", there))
            assert answer.returncode == code, (flags, there, answer)
            lines = [json.loads(line) for line in log.read_text().splitlines()]
            ends = {line["event"] for line in lines} & {"closed", "refused"}
            assert ends == ({"closed"} if code == 0 else {"refused"}), (flags, lines)
        answer = run("--log", f"{folder}/no/where", "--", "true")
        assert answer.returncode == 3 and answer.stderr.count(b"\n") == 1, answer


def test_datagrams_and_echoes():
    """Datagrams and pings have their answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((ADDRESSES[socket.AF_INET], 0))
        script = """
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(b"words")
print(client.recv(100))
"""

        def answer():
            data, client = server.recvfrom(100)
            server.sendto(data.upper(), client)

        threading.Thread(target=answer, daemon=True).start()
        said = run("--", *python(script), *map(str, server.getsockname()))
        assert said.stdout == b"b'WORDS'\n", said
    pathlib.Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
    for name, caller in callers():
        for address in ADDRESSES.values():
            said = run("--", need("ping"), "-c1", "-W5", address, caller=caller)
            assert said.returncode == 0, (name, address, said)


def test_hop_limits():
    """What may cross so many routers comes so far, the gateway being the first of them, and is told about by that one:
    datagrams and pings, over both families; what arrives is answered or refused."""
    script = """
import select
is_echo, family, there = sys.argv[1] == "echo", int(sys.argv[2]), sys.argv[3]
is_v4 = family == socket.AF_INET
level, hops, errors = (0, 2, 11) if is_v4 else (41, 16, 25)
for limit in range(1, 4):
    number = (1 if is_v4 else 58) if is_echo else 0
    with socket.socket(family, socket.SOCK_DGRAM, number) as speaker:
        speaker.setsockopt(level, errors, 1)
        speaker.setsockopt(level, hops, limit)
        words = bytes([8 if is_v4 else 128]) + bytes(9) if is_echo else b"words"
        speaker.sendto(words, (there, 33434))
        poll = select.poll()
        poll.register(speaker, select.POLLIN)
        (_, events), = poll.poll()
        if events & select.POLLERR:
            _, (control,), _, _ = speaker.recvmsg(100, 200, socket.MSG_ERRQUEUE)
            reason = control[2]
            address = reason[20:24] if is_v4 else reason[24:40]
            print(reason[5], reason[6], socket.inet_ntop(family, address), flush=True)
        else:
            print("answered", speaker.recvfrom(100)[1][0], flush=True)
"""
    pathlib.Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
    gateways = {socket.AF_INET: "10.0.2.2", socket.AF_INET6: "fd73:6f63:6b65::2"}
    with router():
        for name, caller in callers():
            for family, (_, first, _, end) in ROUTERS.items():
                exceeded, refused = ("11 0", "3 3") if family == socket.AF_INET else ("3 0", "1 4")
                for kind, last in [("datagrams", f"{refused} {end}"), ("echo", f"answered {end}")]:
                    said = run("--", *python(script), kind, int(family), end, caller=caller)
                    lines = said.stdout.decode().splitlines()
                    assert lines == [f"{exceeded} {gateways[family]}", f"{exceeded} {first}", last], (name, kind, said)


def test_burst_of_datagrams():
    """Thousands of datagrams that a command sends while the gateway has no processor all arrive."""
    count = 3_000
    script = f"""
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(b"first")
print(client.recv(100), flush=True)
sys.stdin.readline()
for number in range({count}):
    client.send(number.to_bytes(4, "big") * 350)
print("sent", flush=True)
sys.stdin.readline()
"""
    force_receive_buffer = 33
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, force_receive_buffer, 64 << 20)
        server.bind((ADDRESSES[socket.AF_INET], 0))
        with Running("--", *python(script), *map(str, server.getsockname())) as running:
            words, client = server.recvfrom(100)
            server.sendto(words, client)
            assert running.line() == "b'first'"
            running.process.send_signal(signal.SIGSTOP)
            running.process.stdin.write(b"go\n")
            running.process.stdin.flush()
            assert running.line() == "sent"
            running.process.send_signal(signal.SIGCONT)
            server.settimeout(support.DEADLINE)
            assert [int.from_bytes(server.recv(2000)[:4], "big") for _ in range(count)] == list(range(count))
            running.process.stdin.write(b"go\n")
            running.process.stdin.flush()
            assert running.process.wait(support.DEADLINE) == 0


def test_published_ports():
    """A client of a published port reaches the command's server, which sees the client's address."""
    script = """
with socket.create_server(("", 80)) as server:
    print("ready", flush=True)
    connection, client = server.accept()
    connection.sendall(client[0].encode() + b" said " + connection.recv(100))
    connection.close()
"""
    with socket.socket() as probe:
        probe.bind((ADDRESSES[socket.AF_INET], 0))
        place = probe.getsockname()
    for name, caller in callers():
        with Running("--publish", f"{place[0]}:{place[1]}:80", "--", *python(script), caller=caller) as running:
            assert running.line() == "ready"
            with socket.create_connection(place, timeout=support.DEADLINE) as client:
                client.sendall(b"hello")
                assert read_all(client) == f"{client.getsockname()[0]} said hello".encode(), name
            assert running.finish()[0] == 0, running.errors


def test_bad_network():
    """On a bad network all arrives, later; --rate holds; a capture has it all."""
    with web_server() as url, tempfile.TemporaryDirectory() as folder:
        capture = f"{folder}/run.pcapng"
        answer = run("--impair", "delay=2ms,loss=2%", "--seed", 7, "--capture", capture, "--report", "json", "--", *curl(url))
        assert answer.returncode == 0 and answer.stdout == CONTENT, answer.stderr
        line = json.loads(answer.stderr)
        assert line["retransmissions"] > 0 and line["rtt_us"] >= 4000, line
        watched = support.sockeye("watch", capture)
        assert watched.returncode == 0 and b":" + url.rpartition(":")[2].partition("/")[0].encode() in watched.stdout, watched
        answer = run("--rate", "2MiB", "--report", "json", "--", *curl(url))
        assert answer.stdout == CONTENT, answer.stderr
        line = json.loads([line for line in answer.stderr.splitlines() if line.startswith(b"{")][0])
        assert line["seconds"] > len(CONTENT) / (2 << 20) * 0.8, line
        for spec in ("reset=64KiB", "loss=200%"):
            answer = run("--impair", spec, "--", "true")
            assert answer.returncode == 2 and answer.stderr.count(b"\n") == 1, answer


def test_bad_way_to_some():
    """What is impaired for one destination, by name and port, is so for no other."""
    greet = lambda connection: connection.sendall(b"hello")
    with serving(greet) as near, serving(greet, socket.AF_INET6) as far:
        port = near.rpartition(":")[2]
        script = "[connect(endpoint).recv(9) for endpoint in sys.argv[1:]]"
        for rule, slow in [(f"far.example:{port}", near), ("2001:db8::/32", far), (f"198.51.100.0/24:{port}", near)]:
            answer = run("--impair", f"delay=40ms@{rule}", "--host", f"far.example={ADDRESSES[socket.AF_INET]}",
                         "--report", "json", "--", *python(script), near, far)
            assert answer.returncode == 0, answer
            lines = [json.loads(line) for line in answer.stderr.splitlines() if line.startswith(b"{")]
            times = {line["to"]: line["rtt_us"] for line in lines}
            assert {there for there, time in times.items() if time >= 80_000} == {slow}, (rule, times)
    for given, word in [(["loss=1%", "loss=2%"], b"@RULE"), (["mtu=600@192.0.2.1"], b"mtu"), (["loss=1%@"], b"''"),
                        (["reset=1KiB@192.0.2.1"], b"streams"), (["loss=x@192.0.2.1"], b"loss")]:
        flags = [flag for spec in given for flag in ("--impair", spec)]
        answer = run(*flags, "--", "true")
        assert answer.returncode == 2 and word in answer.stderr and answer.stderr.count(b"\n") == 1, answer


def test_watched_command():
    """A command is watched without privileges: its segments on standard output, what it prints on standard error, and its code."""
    with web_server() as url:
        port = url.rpartition(":")[2].partition("/")[0]
        for name, caller in callers():
            for flags in ([], ["--json"], ["--follow", "--raw", "client"]):
                script = f"{' '.join(map(repr, curl('-o', '/dev/null', url)))} && echo said && exit 7"
                answer = subprocess.run(
                    [*caller, SOCKEYE, "watch", *flags, "--", "sh", "-c", script], capture_output=True, stdin=subprocess.DEVNULL,
                )
                assert answer.returncode == 7 and b"said\n" in answer.stderr, (name, flags, answer.stderr, answer.stdout[-300:])
                wanted = b"GET /file HTTP/1.1\r\n" if "--raw" in flags else b"SYN"
                assert wanted in answer.stdout and (flags[1:] or port.encode() in answer.stdout), (name, answer.stdout[:500])
                if flags == ["--json"]:
                    lengths = [json.loads(line).get("length", 0) for line in answer.stdout.splitlines()]
                    assert 1_000 < max(lengths) <= 1_460, max(lengths)
    answer = subprocess.run([SOCKEYE, "watch", "--why", "--", "true"], capture_output=True)
    assert answer.returncode == 2 and b"--capture" in answer.stderr, answer


if __name__ == "__main__":
    support.in_own_network()
    have_addresses()
    support.main(globals())
