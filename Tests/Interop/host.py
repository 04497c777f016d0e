#!/usr/bin/env python3
"""`sockeye host` with the Linux kernel as its neighbour, in a network namespace that the test makes for itself."""

import os
import pathlib
import re
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import time

import support
from support import wait_until
from support_host import BLOCK, BULK, FAMILIES, OBSTACLE, Host, bulk, receive_bulk, run, transfer_both_ways


def test_ping():
    """It answers ping of every size, over IPv4 and IPv6, in fragments where they are needed."""
    ping = support.need("ping")
    with Host() as host:
        for family in FAMILIES:
            for size in (0, 56, 1400, 4000, 20000):
                # One at a time: ping waits for the first answer as long as it is told, but not for those that follow.
                answer = subprocess.run(
                    [ping, "-n", "-c", "1", "-W", "10", "-s", str(size), host.address(family)],
                    capture_output=True, text=True,
                )
                assert " 0% packet loss" in answer.stdout, answer.stdout + answer.stderr


def test_small_services():
    """Echo, discard, chargen and daytime answer over TCP and UDP, IPv4 and IPv6."""
    with Host("--echo", 7, "--discard", 9, "--daytime", 13, "--chargen", 19) as host:
        for family in FAMILIES:
            with host.connect(7, family) as echo:
                echo.sendall(b"hello")
                assert echo.recv(100) == b"hello"
                echo.shutdown(socket.SHUT_WR)
                assert echo.recv(100) == b""
            with host.connect(9, family) as discard:
                discard.sendall(b"x" * 100_000)
                discard.shutdown(socket.SHUT_WR)
                assert discard.recv(100) == b""
            with host.connect(13, family) as daytime:
                text = support.read_all(daytime)
                assert re.fullmatch(rb"\w+, \w+ \d+, \d{4} \d\d:\d\d:\d\d-\S+\r\n", text), text
            with host.connect(19, family) as chargen:
                data = b""
                while len(data) < 7400:
                    data += chargen.recv(7400 - len(data))
                lines = data.split(b"\r\n")
                assert lines[0] == bytes(range(32, 104)) and lines[1] == bytes(range(33, 105)) and lines[95] == lines[0]
            with host.datagrams(13, family) as daytime:
                daytime.send(b"")
                assert daytime.recv(100).endswith(b"\r\n")
            with host.datagrams(19, family) as chargen:
                chargen.send(b"")
                assert chargen.recv(100) == bytes(range(32, 104)) + b"\r\n"


def test_datagrams():
    """Datagrams of every size come back, in fragments where they are needed."""
    with Host("--echo", 7) as host:
        for family in FAMILIES:
            with host.datagrams(7, family) as echo:
                for size in (0, 1, 1400, 1472, 1473, 9000, 65_507 if family == socket.AF_INET else 65_527):
                    echo.send(BLOCK[:size])
                    assert echo.recv(70_000) == BLOCK[:size], size


def test_closed_ports():
    """A closed port refuses TCP and UDP, and ends a traceroute."""
    with Host() as host:
        for family in FAMILIES:
            try:
                host.connect(81, family)
                raise AssertionError("somebody listens")
            except ConnectionRefusedError:
                pass
            with host.datagrams(81, family) as connection:
                connection.send(b"x")
                try:
                    connection.recv(10)
                    raise AssertionError("somebody answers")
                except ConnectionRefusedError:
                    pass
        traceroute = support.need("traceroute")
        for address in (host.v4, host.v6):
            answer = subprocess.run(
                [traceroute, "-n", "-q", "1", "-m", "2", "-w", "10", address], capture_output=True, text=True
            )
            assert re.search(rf"^ 1  {address} ", answer.stdout, re.M), answer.stdout + answer.stderr


def test_bulk():
    """Bulk transfers arrive whole in both directions, over IPv4 and IPv6, with offload and without."""
    for arguments in ([], ["--no-offload"]):
        with Host(*bulk(BULK), *arguments) as host:
            transfer_both_ways(host, BULK)


def test_congestion_controls():
    """Each congestion control carries a transfer."""
    for name in ("newreno", "cubic", "bbr"):
        with Host(*bulk(BULK // 8), "--congestion", name) as host:
            transfer_both_ways(host, BULK // 8, FAMILIES[:1])


def test_mtu():
    """Transfers arrive whole whatever the MTU, with offload and without."""
    for mtu in (576, 1280, 9000, 65_535):
        for arguments in ([], ["--no-offload"]):
            size = BULK // 64 if mtu < 1500 else BULK // 8
            with Host(*bulk(size), "--mtu", mtu, *arguments, ipv6=mtu >= 1280) as host:
                transfer_both_ways(host, size, FAMILIES if mtu >= 1280 else FAMILIES[:1])


def test_ncat():
    """ncat sends a file to the echo, half-closes, and gets all of it back."""
    ncat = support.need("ncat")
    data = BLOCK * 4
    with Host("--echo", 7) as host:
        for address in (host.v4, host.v6):
            answer = subprocess.run([ncat, address, "7"], input=data, capture_output=True, timeout=60)
            assert answer.stdout == data, (len(answer.stdout), answer.stderr)


def test_many_at_once():
    """A thousand connections at once are all answered."""
    with Host("--echo", 7) as host:
        connections = [host.connect(7) for _ in range(1000)]
        for number, connection in enumerate(connections):
            connection.sendall(b"%d" % number)
        for number, connection in enumerate(connections):
            assert connection.recv(100) == b"%d" % number
        for connection in connections:
            connection.close()


def test_opened_in_turn():
    """Connections that open and close in turn leave nothing behind."""
    with Host("--daytime", 13) as host:
        for _ in range(2000):
            with host.connect(13) as connection:
                assert support.read_all(connection)
        before = host.memory
        for _ in range(2000):
            with host.connect(13) as connection:
                assert support.read_all(connection)
        assert host.memory - before < 2 << 20, (before, host.memory)


def test_reset():
    """Clients that reset in the middle of anything are forgotten, and others are served on."""
    with Host("--echo", 7, "--source", 19, "--sink", 9) as host:
        for port in (7, 9, 19):
            for _ in range(20):
                connection = host.connect(port)
                connection.sendall(b"x" * 1000)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
        with host.connect(7) as echo:
            echo.sendall(b"still there")
            assert echo.recv(100) == b"still there"


def test_slow_reader():
    """A reader that is slow, and whose buffer is small and shrinks, gets every byte."""
    size = 2 << 20
    with Host(*bulk(size)) as host:
        connection = host.connect(19, SO_RCVBUF=20_000)

        def pause(count):
            if count > size // 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            if count < 100_000:
                time.sleep(0.002)

        received = receive_bulk(connection, pause)
        assert host.digests(1, "source") == [received] and received[0] == size, host.errors


def test_stopped_reader():
    """A reader that stops for a while closes its window, and gets everything when it goes on."""
    size = 16 << 20
    with Host(*bulk(size)) as host:
        connection = host.connect(19)
        connection.recv(1000)
        time.sleep(1)
        count = 1000
        while piece := connection.recv(1 << 18):
            count += len(piece)
        assert count == size, count


def test_datagram_flood():
    """A flood of datagrams, wanted and not, stops nothing."""
    with Host("--echo", 7, "--discard", 9) as host:
        with host.connect(7) as echo, host.datagrams(9) as wanted, host.datagrams(10) as unwanted:
            for number in range(50_000):
                wanted.send(BLOCK[:64])
                if number % 100 == 0:
                    try:
                        unwanted.send(BLOCK[:64])
                    except ConnectionRefusedError:
                        pass
                if number % 5000 == 0:
                    echo.sendall(b"%d" % number)
                    assert echo.recv(100) == b"%d" % number


def test_status():
    """--status prints connections as `ss -ti` does."""
    with Host("--echo", 7, "--status", "--every", "100ms", stdout=subprocess.PIPE) as host:
        with host.connect(7) as echo:
            echo.sendall(b"hello")
            assert echo.recv(100) == b"hello"
            name = f"{host.v4[:-1]}1:{echo.getsockname()[1]}"
            # A table may have been printed at any moment before: the one that counts comes when all is said and acknowledged.
            wanted = ("cubic", "sack", "rtt:", "cwnd:", "bytes_received:5", "bytes_acked:5")
            seen = []
            while not seen or not all(word in seen[-1] for word in wanted):
                row = host.process.stdout.readline().decode().split()
                if row[3:] == [f"{host.v4}:7", name]:
                    assert len(seen) < 100, seen
                    seen.append(host.process.stdout.readline().decode())
            assert row == ["ESTAB", "0", "0", f"{host.v4}:7", name], row


def test_states():
    """--status says every state that a connection enters, in order, whichever side closes first."""
    passive = ["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]
    active = ["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    arguments = ["--echo", 7, "--daytime", 13, "--status", "--every", "1h"]
    with Host(*arguments, stdout=subprocess.PIPE) as host:
        for port, expected in ((7, passive), (13, active)):
            with host.connect(port) as connection:
                name = f"{host.v4[:-1]}1:{connection.getsockname()[1]}"
                if port == 13:
                    support.read_all(connection)
            states = []
            while states != expected:
                words = host.process.stdout.readline().decode().split()
                if name in words:
                    states.append(words[-1])
                    assert states == expected[: len(states)], states


def test_who_closed():
    """a line for each connection that opens, and one that closes, which says who ended it"""
    with Host("--echo", 7, "--daytime", 13, "--sink", 9) as host:
        echo = host.connect(7)
        name = f"{host.v4[:-1]}1:{echo.getsockname()[1]}"
        host.wait_for(f"echo: {name} connected")
        echo.close()
        host.wait_for(f"echo: {name} closed: the peer's FIN came first (passive close)")
        with host.connect(13) as daytime:
            support.read_all(daytime)
            host.wait_for(f"daytime: {host.v4[:-1]}1:{daytime.getsockname()[1]} closed: our FIN goes first (active close)")
        sink = host.connect(9)
        name = f"{host.v4[:-1]}1:{sink.getsockname()[1]}"
        host.wait_for(f"sink: {name} connected")
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sink.close()
        host.wait_for(f"sink: {name} closed: reset by the peer")


def test_capture():
    """--capture writes what passes, so that tshark reads it."""
    tshark = support.need("tshark")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "a.pcapng"
        with Host("--echo", 7, "--capture", file) as host:
            with host.connect(7) as echo:
                echo.sendall(b"captured")
                assert echo.recv(100) == b"captured"
            host.signal()
            assert host.finish()[0] == 143, host.errors
        answer = subprocess.run(
            [tshark, "-r", file, "-Y", "tcp.port == 7 && tcp.len == 8", "-T", "fields", "-e", "tcp.payload"],
            capture_output=True, text=True,
        )
        assert answer.stdout.split() == [b"captured".hex()] * 2, answer.stdout + answer.stderr


def test_ending():
    """The first TERM takes no more connections and waits for those there are; then it ends with 143."""
    with Host("--echo", 7, "--source", 19) as host:
        with host.connect(7) as echo, host.connect(19) as source:
            echo.sendall(b"before")
            assert echo.recv(100) == b"before"
            host.signal()

            def refuses():
                try:
                    host.connect(7).close()
                    return False
                except ConnectionResetError:
                    # Opened in the moment before, and reset with what nobody had accepted yet.
                    return False
                except ConnectionRefusedError:
                    return True

            wait_until(refuses, "refusal")
            echo.sendall(b"after")
            assert echo.recv(100) == b"after"
            support.read_all(source)
            echo.shutdown(socket.SHUT_WR)
            assert echo.recv(100) == b""
        assert host.finish()[0] == 143, host.errors


def test_ending_idle():
    """TERM ends a host at once that serves nobody, and one whose client is idle when its time to drain is over, by a reset."""
    with Host("--echo", 7) as host:
        host.signal()
        assert host.finish()[0] == 143, host.errors
    with Host("--echo", 7, "--drain", "200ms") as host:
        with host.connect(7) as idle:
            idle.sendall(b"here")
            assert idle.recv(100) == b"here"
            host.signal()
            assert host.finish()[0] == 143, host.errors
            try:
                assert idle.recv(100) == b"", "bytes from a host that has ended"
                raise AssertionError("an idle client saw an end in order")
            except ConnectionResetError:
                pass


def test_own_device():
    """Whose device it is needs no capability to use it."""
    if OBSTACLE:
        raise support.Skip(OBSTACLE)
    with tempfile.TemporaryDirectory() as folder:
        # A way to the device that is open to everyone, as it is on most machines, and a program that everyone can run.
        os.chmod(folder, 0o755)
        try:
            os.mknod(f"{folder}/tun", stat.S_IFCHR | 0o666, os.stat("/dev/net/tun").st_rdev)
        except PermissionError:
            raise support.Skip("no device can be made")
        os.chmod(f"{folder}/tun", 0o666)
        shutil.copy(support.SOCKEYE, f"{folder}/sockeye")
        run("ip", "tuntap", "add", "own0", "mode", "tun", "user", 65534, "vnet_hdr")
        run("ip", "address", "add", "10.99.0.1/24", "dev", "own0")
        run("ip", "link", "set", "own0", "up")
        script = f"mount --bind {folder}/tun /dev/net/tun && exec setpriv --reuid=65534 --regid=65534 --clear-groups "
        script += f"{folder}/sockeye host --tun own0=10.99.0.2/24 --echo 7"
        with support.Program("unshare", "--mount", "sh", "-c", script) as host:
            host.wait_for("On own0 as 10.99.0.2/24: echo 7.")
            with socket.create_connection(("10.99.0.2", 7), timeout=support.DEADLINE) as echo:
                echo.sendall(b"hello")
                assert echo.recv(100) == b"hello"


def test_help():
    """The example of --help works as it is printed."""
    if OBSTACLE:
        raise support.Skip(OBSTACLE)
    text = support.sockeye("host", "--help").stdout.decode()
    lines = re.findall(r"^  ((?:sockeye host|ip|ping) .*)$", text, re.M)
    assert [line.split()[0] for line in lines] == ["sockeye", "ip", "ping"], text
    path = f"{os.path.dirname(os.path.abspath(support.SOCKEYE))}:{os.environ['PATH']}"
    device = re.search(r"--tun (\w+)=", lines[0])[1]
    with support.Program("sh", "-c", f"exec {lines[0].rstrip(' &')}", env={**os.environ, "PATH": path}) as host:
        host.wait_for(f"On {device} as")
        run(*lines[1].split())
        run(*lines[2].split(), "-c", "1", "-W", "10")


def test_errors():
    """What can't be done is one line that says what to do."""
    if OBSTACLE:
        raise support.Skip(OBSTACLE)
    for arguments, code, words in [
        (["--tun", "x"], 2, "--tun"),
        (["--tun", "t=10.0.0.1/24", "--mtu", "1"], 2, "68"),
        (["--tun", "t=fd00::1/64", "--mtu", "600"], 2, "1280"),
        (["--tun", "t=10.0.0.1/24", "--echo", "7", "--sink", "7"], 2, "twice"),
        (["--tun", "t=10.0.0.1/24", "--gateway", "somewhere"], 2, "somewhere"),
        (["--tun", "t=224.0.0.1/24"], 2, "224.0.0.1"),
        (["--tun", "t=10.0.0.1/24", "--bytes", "5"], 2, "--source"),
        (["--tun", "t=10.0.0.1/24", "--status", "--every", "0s"], 2, "--every"),
        (["--tun", "t=10.0.0.1/24", "--capture", "/nowhere/a.pcapng"], 3, "/nowhere/a.pcapng"),
        (["--tun", "t=10.0.0.1/24", "--ready-file", "/nowhere/ready"], 3, "/nowhere/ready"),
        (["--tun", "lo=10.0.0.1/24"], 1, "TUN device lo"),
    ]:
        answer = support.sockeye("host", *arguments)
        assert answer.returncode == code and answer.stderr.count(b"\n") == 1, (arguments, answer)
        assert words in answer.stderr.decode(), (arguments, answer)


if __name__ == "__main__":
    support.main(globals())
