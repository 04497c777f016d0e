#!/usr/bin/env python3
"""`sockeye host` and what the Linux kernel's own sockets and programs do to it.

SOCKEYE_CONNECTIONS sets how many connections there are at once, 10,000 unless said.
"""

import ctypes
import fcntl
import json
import os
import pathlib
import random
import re
import resource
import socket
import struct
import subprocess
import threading

import support
from support import wait_until
from support_host import BLOCK, FAMILIES, Host, bulk, receive_bulk, run, send_bulk, transfer_both_ways

CONNECTIONS = int(os.environ.get("SOCKEYE_CONNECTIONS", "10000"))
TCP_WINDOW_CLAMP = 10
SIOCETHTOOL, ETHTOOL_STXCSUM, ETHTOOL_STSO = 0x8946, 0x17, 0x1F


def is_answered(host, family=socket.AF_INET):
    """Whether the echo at port 7 answers a new connection."""
    with host.connect(7, family) as echo:
        echo.sendall(b"still there")
        return echo.recv(100) == b"still there"


def test_half_close():
    """A client that has no more to say still hears everything, and one that hears no more can still speak."""
    size = 1 << 20
    with Host("--echo", 7, *bulk(size)) as host:
        for count, family in enumerate(FAMILIES):
            with host.connect(7, family) as echo:
                received = bytearray()
                reader = threading.Thread(target=lambda: received.extend(support.read_all(echo)))
                reader.start()
                echo.sendall(BLOCK)
                echo.shutdown(socket.SHUT_WR)
                reader.join()
                assert received == BLOCK
            with host.connect(9, family) as sink:
                sink.shutdown(socket.SHUT_RD)
                digest = send_bulk(sink, size)
                assert host.digests(count + 1, "sink")[count] == (size, digest), host.errors


def test_lingering():
    """close() with SO_LINGER returns once everything is acknowledged, or resets at once with no time."""
    with Host("--echo", 7, *bulk(1 << 20)) as host:
        for count, family in enumerate(FAMILIES):
            sink = host.connect(9, family)
            sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, int(support.DEADLINE)))
            sink.sendall(BLOCK)
            sink.close()
            size, _ = host.digests(count + 1, "sink")[count]
            assert size == len(BLOCK), size
        for family in FAMILIES:
            source = host.connect(19, family)
            source.recv(1000)
            source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            source.close()
            assert is_answered(host, family)


def test_unread():
    """A client that closes with bytes unread resets, and the host forgets the connection."""
    with Host("--echo", 7, "--source", 19) as host:
        for _ in range(50):
            source = host.connect(19)
            assert source.recv(10)
            source.close()
        assert is_answered(host)
        host.signal()
        assert host.finish()[0] == 143, host.errors


def test_windows():
    """Clients whose windows shrink, are clamped, or open by a byte get every byte."""
    size = 1 << 20
    with Host(*bulk(size)) as host:
        for family in FAMILIES:
            clamped = host.connect(19, family)
            clamped.setsockopt(socket.IPPROTO_TCP, TCP_WINDOW_CLAMP, 2000)
            assert receive_bulk(clamped)[0] == size

            shrinking = host.connect(19, family, SO_RCVBUF=200_000)

            def shrink(count):
                if count % 10 == 0:
                    shrinking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, max(2304, 200_000 - count // 5))

            assert receive_bulk(shrinking, shrink)[0] == size

            small = host.connect(19, family, SO_RCVBUF=2304)
            count = 0
            while piece := small.recv(random.Random(count).randrange(1, 3000)):
                count += len(piece)
            assert count == size, count


def test_small_writes():
    """Bytes that are written one by one, with Nagle's algorithm and without, come back in order."""
    data = BLOCK[:3000]
    with Host("--echo", 7) as host:
        for delays in (0, 1):
            with host.connect(7) as echo:
                echo.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, delays)
                received = b""
                for byte in data:
                    echo.sendall(bytes([byte]))
                echo.shutdown(socket.SHUT_WR)
                received = support.read_all(echo)
                assert received == data


def test_urgent():
    """Urgent data (MSG_OOB) is part of the stream."""
    with Host("--echo", 7) as host:
        with host.connect(7) as echo:
            echo.send(b"abc")
            echo.send(b"!", socket.MSG_OOB)
            echo.send(b"def")
            echo.shutdown(socket.SHUT_WR)
            assert support.read_all(echo) == b"abc!def"


def test_fast_open():
    """A client that opens with data (TCP Fast Open) is served, whether or not the host takes the data at once."""
    with Host("--echo", 7) as host:
        for family in FAMILIES:
            for _ in range(3):
                with socket.socket(family, socket.SOCK_STREAM) as echo:
                    echo.sendto(b"early", socket.MSG_FASTOPEN, (host.address(family), 7))
                    echo.settimeout(support.DEADLINE)
                    echo.shutdown(socket.SHUT_WR)
                    assert support.read_all(echo) == b"early"


def test_congestion_notification():
    """A kernel that asks for ECN transfers as one that doesn't."""
    with Host(*bulk(4 << 20)) as host:
        pathlib.Path("/proc/sys/net/ipv4/tcp_ecn").write_text("1")
        try:
            transfer_both_ways(host, 4 << 20)
        finally:
            pathlib.Path("/proc/sys/net/ipv4/tcp_ecn").write_text("2")


def test_kernel_options():
    """A kernel without timestamps, SACK or window scaling transfers as one with them."""
    with Host(*bulk(1 << 20)) as host:
        for option in ("tcp_timestamps", "tcp_sack", "tcp_window_scaling"):
            setting = pathlib.Path("/proc/sys/net/ipv4") / option
            before = setting.read_text()
            setting.write_text("0")
            try:
                transfer_both_ways(host, 1 << 20)
            finally:
                setting.write_text(before)


def set_offload(device, command, value):
    """Sets one of a device's offloads, as `ethtool -K` does (struct ethtool_value)."""
    setting = ctypes.create_string_buffer(struct.pack("=II", command, value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sP16x", device.encode(), ctypes.addressof(setting))
        fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def test_mixed_offload():
    """Hosts with offload and without transfer when the kernel's side has its own turned off or limited."""
    size = 4 << 20
    kernels = [
        lambda device: set_offload(device, ETHTOOL_STSO, 0),
        lambda device: set_offload(device, ETHTOOL_STXCSUM, 0),
        lambda device: run("ip", "link", "set", device, "gso_max_segs", 3),
        lambda device: run("ip", "link", "set", device, "gso_max_size", 5000),
    ]
    for limit in kernels:
        with Host(*bulk(size)) as host:
            limit(host.device)
            transfer_both_ways(host, size)
    with Host(*bulk(size), "--no-offload") as host:
        run("ip", "link", "set", host.device, "gso_max_size", 5000)
        transfer_both_ways(host, size)


def test_traceroute():
    """Traceroutes by UDP, TCP and ICMP end at the host."""
    traceroute = support.need("traceroute")
    with Host("--echo", 7) as host:
        for address in (host.v4, host.v6):
            for way in (["-U", "-p", "33434"], ["-U", "-p", "81"], ["-T", "-p", "81"], ["-T", "-p", "7"], ["-I"]):
                answer = subprocess.run(
                    [traceroute, "-n", "-q", "1", "-m", "2", "-w", "10", *way, address], capture_output=True, text=True
                )
                assert re.search(rf"^ 1  {address} ", answer.stdout, re.M), (way, answer)


def test_many_at_once():
    """Ten thousand connections of the kernel at once are all answered, and forgotten when they close."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 100
    if hard < wanted:
        raise support.Skip(f"no more than {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with Host("--echo", 7) as host:
        before = host.memory
        connections = [host.connect(7, FAMILIES[number % 2]) for number in range(CONNECTIONS)]
        for number, connection in enumerate(connections):
            connection.sendall(b"%d" % number)
        for number, connection in enumerate(connections):
            assert connection.recv(100) == b"%d" % number
        grown = host.memory - before
        for connection in connections:
            connection.close()
        assert grown < CONNECTIONS * 16_384, f"{grown // CONNECTIONS} bytes for each connection"
        assert is_answered(host)
        host.signal()
        assert host.finish()[0] == 143, host.errors


def test_syn_flood():
    """While SYNs from nowhere pour in, an open connection goes on and new clients connect."""
    flood = 100_000
    with Host("--echo", 7) as host:
        echo = host.connect(7)
        done = threading.Event()

        def pour():
            packets = [syn(host.v4, number) for number in range(5000)]
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
                for number in range(flood):
                    raw.sendto(packets[number % len(packets)], (host.v4, 0))
            done.set()

        thread = threading.Thread(target=pour)
        thread.start()
        rounds = 0
        while not done.is_set() or rounds < 10:
            echo.sendall(BLOCK[:10_000])
            received = 0
            while received < 10_000:
                received += len(echo.recv(10_000 - received))
            assert is_answered(host)
            rounds += 1
        thread.join()
        echo.close()


def syn(destination, number):
    """A SYN to port 7 from an address that nobody has, as a packet whose IP checksum the kernel fills in."""
    source, target = socket.inet_aton(f"198.18.{number >> 8 & 0xFF}.{number & 0xFF}"), socket.inet_aton(destination)
    segment = struct.pack("!HHIIBBHHH", 1024 + number, 7, number * 7919, 0, 0x50, 2, 65_535, 0, 0)
    checked = source + target + struct.pack("!HH", 6, len(segment)) + segment
    total = sum(struct.unpack(f"!{len(checked) // 2}H", checked))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    segment = segment[:16] + struct.pack("!H", ~total & 0xFFFF) + segment[18:]
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0, source, target) + segment


def test_datagram_flood():
    """While datagrams pour in, wanted and not, over both families, connections are answered."""
    with Host("--echo", 7, "--discard", 9) as host:
        done = threading.Event()

        def pour():
            sockets = [host.datagrams(port, family) for port in (9, 10) for family in FAMILIES]
            for number in range(100_000):
                try:
                    sockets[number % len(sockets)].send(BLOCK[: number % 1400])
                except ConnectionRefusedError:
                    pass
            done.set()

        threading.Thread(target=pour, daemon=True).start()
        while not done.is_set():
            for family in FAMILIES:
                assert is_answered(host, family)
        assert host.memory < 200 << 20, host.memory


def test_socat():
    """socat carries a file to the echo and back over IPv4 and IPv6."""
    socat = support.need("socat")
    with Host("--echo", 7) as host:
        for address in (f"TCP4:{host.v4}:7", f"TCP6:[{host.v6}]:7"):
            answer = subprocess.run([socat, "-t", "30", "-", address], input=BLOCK, capture_output=True, timeout=60)
            assert answer.stdout == BLOCK, (len(answer.stdout), answer.stderr)


def test_iperf3():
    """iperf3's data goes through the sink.

    iperf3 talks about a test over one connection and sends data over another, to the same address and port. Here a
    stand-in for its server has the first, in the kernel, and the host the second: the kernel is told to find the address
    behind the device for the port that the data comes from.
    """
    iperf3 = support.need("iperf3")
    size, port, data_port = 64 << 20, 5201, 6001
    with Host("--sink", port) as host:
        shared, kernel = host.v4, host.v4.rpartition(".")[0] + ".1"
        run("ip", "address", "add", f"{shared}/32", "dev", "lo")
        run("ip", "rule", "add", "pref", 100, "lookup", "local")
        run("ip", "rule", "add", "pref", 10, "to", shared, "ipproto", "tcp", "sport", data_port, "lookup", 99)
        run("ip", "rule", "del", "pref", 0)
        run("ip", "route", "add", shared, "dev", host.device, "src", kernel, "table", 99)
        for setting, value in (("accept_local", 1), ("rp_filter", 0)):
            pathlib.Path(f"/proc/sys/net/ipv4/conf/{host.device}/{setting}").write_text(str(value))
        with socket.create_server((shared, port)) as listener:
            listener.settimeout(support.DEADLINE)
            results = []
            server = threading.Thread(target=lambda: results.append(iperf3_server(listener)), daemon=True)
            server.start()
            answer = subprocess.run(
                [iperf3, "-c", shared, "-p", str(port), "--cport", str(data_port), "-n", str(size), "-J"],
                capture_output=True, text=True, timeout=60,
            )
            server.join(support.DEADLINE)
        assert answer.returncode == 0, answer
        sent = json.loads(answer.stdout)["end"]["sum_sent"]["bytes"]
        assert sent >= size, answer.stdout
        line = wait_until(lambda: re.search(r"sink: .* sent (\d+) bytes", host.errors), "the sink's line")
        # Beside the data there is the cookie that begins each connection, of 37 bytes.
        assert int(line[1]) == sent + 37, (sent, host.errors)


def iperf3_server(listener):
    """The server's side of iperf3's conversation about a test, which only agrees to everything."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(support.DEADLINE)

        def read(count):
            data = b""
            while len(data) < count:
                piece = connection.recv(count - len(data))
                assert piece, "iperf3 has gone"
                data += piece
            return data

        def read_json():
            return json.loads(read(struct.unpack("!I", read(4))[0]))

        read(37)
        connection.sendall(b"\x09")  # exchange parameters
        parameters = read_json()
        connection.sendall(b"\x0a")  # create streams
        connection.sendall(b"\x01\x02")  # start, and run
        assert read(1) == b"\x04"  # the test has ended
        connection.sendall(b"\x0d")  # exchange results
        results = read_json()
        text = json.dumps(results).encode()
        connection.sendall(struct.pack("!I", len(text)) + text)
        connection.sendall(b"\x0e")  # show results
        assert read(1) == b"\x10"  # done
        return parameters


if __name__ == "__main__":
    support.main(globals())
