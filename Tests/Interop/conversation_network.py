"""Where conversations go: addresses, families, broadcast and multicast, TLS with other people's tools, limits."""

import json
import os
import pathlib
import resource
import socket
import ssl
import subprocess
import tempfile

import support
from support import (
    Program, Server, connect, loopback_listener, need, read_all, serving, sockeye, wait_until, DEADLINE, SOCKEYE
)


IP_RECVTTL = 12
"""From Linux's <netinet/in.h>; Python knows it by name from 3.14 on."""


def datagram_socket(server=None, address="127.0.0.1"):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(DEADLINE)
    client.bind((address, 0))
    if server:
        client.connect(("127.0.0.1", server.port))
    return client


def certificate(folder):
    """A certificate of our own for localhost; answers the files of the certificate and of its key."""
    need("openssl")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )
    return f"{folder}/certificate.pem", f"{folder}/key.pem"


# Addresses


def test_endpoints():
    """HOST:PORT, HOST PORT, tcp:// and udp:// all say where; a port alone is for listening"""
    for flags, waits in (([], ["--on-peer-eof", "hold"]), (["--udp"], [])):
        with Server("listen", *flags, "--reply", "yes", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            scheme = "udp" if flags else "tcp"
            for endpoint in (["127.0.0.1", server.port], [f"{scheme}://localhost:{server.port}"], [f"localhost:{server.port}"]):
                result = sockeye("connect", *flags, "-4", *waits, "--send", "?", "--expect", "yes", *endpoint)
                assert (result.returncode, result.stdout) == (0, b"yes"), (endpoint, result)
    with Server("listen", "--once", "--reply", "yes", "0") as server:
        assert sockeye("connect", "--send", "?", f"127.0.0.1:{server.port}").stdout == b"yes"


def test_families():
    """-4 and -6 choose the family, -n refuses to look names up"""
    with Server("listen", "--reply", "six", "[::1]:0", stdout=subprocess.DEVNULL) as server:
        assert sockeye("connect", "-4", f"localhost:{server.port}").returncode == 4
        result = sockeye("connect", "-6", "--send", "?", "--expect", "six", f"[::1]:{server.port}")
        assert result.returncode == 0, result
    result = sockeye("connect", "-n", "localhost:1")
    assert result.returncode in (2, 4) and b"localhost" in result.stderr, result


def test_bind():
    """--bind chooses the address, and the port, that connect speaks from"""
    heard = []

    def serve(connection):
        heard.append(connection.getpeername())
        read_all(connection)

    assert sockeye("connect", "--bind", "127.0.0.2", "--send", "x", serving(serve)).returncode == 0
    listener, port = loopback_listener()
    listener.close()
    assert sockeye("connect", "--bind", f"127.0.0.3:{port}", "--send", "x", serving(serve)).returncode == 0
    assert heard[0][0] == "127.0.0.2" and heard[1] == ("127.0.0.3", port), heard
    result = sockeye("connect", "--bind", "192.0.2.77", "--send", "x", serving(serve))
    assert result.returncode == 4 and b"not an address of this machine" in result.stderr, result
    with Server("listen", "--udp", "--once", "--reply", "ok", "127.0.0.1:0") as server:
        assert sockeye("connect", "--udp", "--bind", "127.0.0.4", "--send", "x", server.endpoint).stdout == b"ok"
        server.finish()
        assert "127.0.0.4:" in server.errors, server.errors


def test_bind_to_what_is_not_to_be_had():
    """a local end that is in use, another machine's, or out of reach is told as what it is, over TCP and UDP alike"""
    for kind, flags in ((socket.SOCK_STREAM, []), (socket.SOCK_DGRAM, ["--udp"])):
        with socket.socket(socket.AF_INET, kind) as taken, socket.socket(socket.AF_INET, kind) as server:
            for one in (taken, server):
                one.bind(("127.0.0.1", 0))
                if kind == socket.SOCK_STREAM:
                    one.listen()
            place = "127.0.0.1:%d" % server.getsockname()[1]
            port = taken.getsockname()[1]
            for local, parts in (
                (f"127.0.0.1:{port}", ["in use", f"pid {os.getpid()}", "--bind another"]),
                ("192.0.2.77", ["192.0.2.77", "not an address of this machine"]),
                (f"192.0.2.77:{port}", ["192.0.2.77", "not an address of this machine"]),
            ):
                result = sockeye("connect", *flags, "--send", "x", "--bind", local, place)
                assert result.returncode == 4, result
                said = result.stderr.decode()
                assert all(part in said for part in parts), (local, said)
                assert not any(part in said for part in ("reuse-port", "listen on", "TIME-WAIT")), (local, said)
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as first:
            local = "127.0.0.1:%d" % first.getsockname()[1]
            result = sockeye("connect", "--bind", local, "127.0.0.1:%d" % server.getsockname()[1])
            assert result.returncode == 4 and b"--bind another" in result.stderr, result


def test_probe():
    """-z says by its exit code whether somebody answers, and says nothing to them"""
    heard = []
    assert sockeye("connect", "-z", serving(lambda connection: heard.append(read_all(connection)))).returncode == 0
    assert wait_until(lambda: heard, "end of the probe") == [b""]
    listener, port = loopback_listener()
    listener.close()
    assert sockeye("connect", "-z", f"127.0.0.1:{port}").returncode == 4


def test_probe_of_datagrams():
    """-u -z is exit code 4 for a refusal, 0 for an answer, and says of silence that it says nothing"""
    with datagram_socket() as closed:
        port = closed.getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        result = sockeye("connect", "-u", "-z", f"{host}:{port}")
        assert result.returncode == 4 and b"refused" in result.stderr, result
    with datagram_socket() as silent:
        result = sockeye("connect", "-u", "-z", "127.0.0.1:%d" % silent.getsockname()[1])
        assert result.returncode == 0 and b"can't be known" in result.stderr, result
        assert silent.recv(16) == b""
    with Server("listen", "--udp", "--reply", "here", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        # The name's IPv6 address, where it has one, refuses; then it is the other family's turn.
        result = sockeye("connect", "-u", "-z", f"localhost:{server.port}")
        assert (result.returncode, result.stdout) == (0, b"here"), result
        result = sockeye("connect", "-u", "-z", "--bind", "127.0.0.5", server.endpoint)
        assert (result.returncode, result.stdout) == (0, b"here"), result
        server.wait_for("127.0.0.5:")


def network():
    """A process in a network of its own, which ends with it; answers it, and what a command there begins with."""
    holder = Program("unshare", "--net", "sh", "-c", "echo here; cat")
    assert holder.process.stdout.readline() == b"here\n", holder.errors
    inside = ["nsenter", "--net", "--target", str(holder.process.pid)]
    return holder, inside


def test_datagrams_that_a_router_prohibits():
    """what a router on the way says of a datagram is exit code 4 too, and costs nobody the program"""
    need("ip")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        raise support.Skip("this machine allows no network of its own")
    own, in_own = network()
    router, in_router = network()
    with own, router:
        setting_up = (
            [*in_own, "ip", "link", "add", "inner", "type", "veth", "peer", "name", "outer", "netns", router.process.pid],
            [*in_own, "ip", "address", "add", "10.0.0.1/24", "dev", "inner"],
            [*in_own, "ip", "link", "set", "inner", "up"],
            [*in_router, "ip", "address", "add", "10.0.0.2/24", "dev", "outer"],
            [*in_router, "ip", "link", "set", "outer", "up"],
            [*in_router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
            # Two limits of the kernel draw on one supply for each peer: with both, a steady sender would never be told.
            [*in_router, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"],
            [*in_router, "ip", "route", "add", "prohibit", "10.9.9.9"],
            [*in_own, "ip", "route", "add", "default", "via", "10.0.0.2"],
        )
        for command in setting_up:
            subprocess.run(list(map(str, command)), check=True, capture_output=True)
        for flags in (["-z"], ["--send", "x"], ["--send", "x", "--every", "10ms"]):
            command = [*in_own, SOCKEYE, "connect", "-u", *flags, "10.9.9.9:9"]
            result = subprocess.run(command, capture_output=True, timeout=DEADLINE)
            assert result.returncode == 4 and b"unreachable" in result.stderr, (flags, result)


# Ends


def test_what_ends_do():
    """--on-eof and --on-peer-eof say what the end of either stream does"""

    def talkative(connection):
        assert read_all(connection) == b"x"
        connection.sendall(b"more")

    result = sockeye("connect", "--on-eof", "close", "--send", "x", serving(talkative))
    assert result.returncode == 0 and b"local (end of input)" in result.stderr, result

    heard = []

    def early(connection):
        connection.sendall(b"all I have to say")
        connection.shutdown(socket.SHUT_WR)
        heard.append(read_all(connection))

    with Program(SOCKEYE, "connect", "--on-peer-eof", "hold", serving(early)) as program:
        program.wait_for("has nothing more to say")
        program.send(b"but I ")
        program.send(b"go on")
        assert program.finish() == (0, b"all I have to say")
    assert wait_until(lambda: heard, "end") == [b"but I go on"], heard


# Datagrams


def test_tellers_for_datagrams():
    """--max-clients holds for datagrams: the others are held until an address falls silent"""
    flags = ["--udp", "--max-clients", "1", "--idle", "700ms", "--reply", "served"]
    with Server("listen", *flags, "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        with datagram_socket(server) as first, datagram_socket(server) as second:
            first.send(b"me")
            assert first.recv(64) == b"served"
            second.send(b"me too")
            server.wait_for("[2] 127.0.0.1:%d waits for its turn, 0 before it" % second.getsockname()[1])
            assert second.recv(64) == b"served"
            server.wait_for("[2] 127.0.0.1:%d has its turn" % second.getsockname()[1])
            server.wait_for("[1] 127.0.0.1:%d closed: idle" % first.getsockname()[1])


def test_broadcast():
    """--broadcast lets datagrams go to a broadcast address, and nothing else does"""
    with Server("listen", "--udp", "--json", "0.0.0.0:0") as server:
        endpoint = f"127.255.255.255:{server.port}"
        result = sockeye("connect", "--udp", "--send", "all", endpoint)
        assert b"ermission denied" in result.stderr or b"--broadcast" in result.stderr, result
        sockeye("connect", "--udp", "--broadcast", "--send", "everybody", endpoint)
        for line in server.process.stdout:
            event = json.loads(line)
            if event["event"] == "received":
                assert event["text"] == "everybody", event
                break


def test_answers_to_broadcast():
    """whoever answers a broadcast does so under its own address, and is not marked"""
    with Server("listen", "--udp", "--reply", "here", "0.0.0.0:0", stdout=subprocess.DEVNULL) as server:
        endpoint = f"127.255.255.255:{server.port}"
        result = sockeye("connect", "--udp", "--broadcast", "--json", "--send", "who is there?", endpoint)
        events = [json.loads(line) for line in result.stdout.splitlines()]
        received = [event for event in events if event["event"] == "received"]
        assert [event["text"] for event in received] == ["here"] and "unexpected" not in received[0], events


def multicast_interface():
    """An interface that is up, takes multicasts and has an IPv4 address; the loopback interface never does."""
    for line in subprocess.run(["ip", "-br", "-4", "address"], capture_output=True, text=True).stdout.splitlines():
        name = line.split()[0].split("@")[0]
        flags = int(pathlib.Path(f"/sys/class/net/{name}/flags").read_text(), 16)
        if flags & 0x1001 == 0x1001:
            return name
    raise support.Skip("no interface takes multicasts")


def test_multicast():
    """a group is heard with the interface, the time to live and the loopback asked for"""
    group, interface = "239.255.77.78", multicast_interface()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
        member.settimeout(DEADLINE)
        member.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        member.bind(("0.0.0.0", 0))
        index = socket.if_nametoindex(interface)
        request = socket.inet_aton(group) + b"\0" * 4 + index.to_bytes(4, "little")
        member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        endpoint = "%s:%d" % (group, member.getsockname()[1])
        base = ["connect", "--udp", "--interface", interface]
        sockeye(*base, "--no-multicast-loopback", "--ttl", "3", "--send", "not for us", endpoint)
        sockeye(*base, "--multicast-loopback", "--ttl", "7", "--send", "for us", endpoint)
        data, ancillary, _, source = member.recvmsg(1024, 1024)
        assert data == b"for us", data
        assert [int.from_bytes(value, "little") for _, kind, value in ancillary if kind == socket.IP_TTL] == [7]


def test_multicast_group():
    """a group that was joined is heard, on the interface and with the loopback asked for"""
    group = "239.255.77.77"
    interface = multicast_interface()
    with Server("listen", "--udp", "--join", group, "--interface", interface, "--json", "0.0.0.0:0") as server:
        sockeye("connect", "--udp", "--ttl", "1", "--interface", interface, "--multicast-loopback", "--send", "to all",
                f"{group}:{server.port}")
        line = b""
        while b'"event":"received"' not in line:
            line = server.process.stdout.readline()
            assert line
        assert json.loads(line)["text"] == "to all"


# TLS


def test_their_tls():
    """TLS is spoken with ncat, socat and openssl, in both roles"""
    ncat, socat = need("ncat"), need("socat")
    with tempfile.TemporaryDirectory() as folder:
        public, private = certificate(folder)
        data = os.urandom(300_000)
        with Server("listen", "--tls", "--certificate", public, "--key", private, "--echo", "127.0.0.1:0",
                    stdout=subprocess.DEVNULL) as server:
            for command in (
                [socat, "-t", "20", "-", f"OPENSSL:localhost:{server.port},cafile={public},pf=ip4"],
                [ncat, "--ssl-verify", "--ssl-trustfile", public, "localhost", str(server.port)],
            ):
                result = subprocess.run(command, input=data, capture_output=True, timeout=DEADLINE)
                assert result.stdout == data, (command[0], len(result.stdout), result.stderr)
        listener, port = loopback_listener()
        listener.close()
        with Program(socat, f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,cert={public},key={private},verify=0", "PIPE"):
            entry = ":%04X 00000000:0000 0A" % port
            wait_until(lambda: entry in open("/proc/net/tcp").read(), "socat")
            result = sockeye("connect", "--ca", public, f"tls://localhost:{port}", stdin=data)
            assert (result.returncode, result.stdout) == (0, data), (len(result.stdout), result.stderr)


def test_tls_names():
    """a certificate for another name is exit code 5, and a client's own is asked for with --ca"""
    with tempfile.TemporaryDirectory() as folder:
        public, private = certificate(folder)
        flags = ["--tls", "--certificate", public, "--key", private, "--reply", "welcome"]
        with Server("listen", *flags, "127.0.0.2:0", stdout=subprocess.DEVNULL) as server:
            result = sockeye("connect", "--ca", public, "--send", "x", f"tls://127.0.0.2:{server.port}")
            assert result.returncode == 5, result
        with Server("listen", *flags, "--ca", public, "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            endpoint = f"tls://localhost:{server.port}"
            result = sockeye("connect", "--ca", public, "--send", "x", "--expect", "welcome", endpoint)
            assert result.returncode != 0 and result.stdout == b"", result
            own = ["--certificate", public, "--key", private]
            result = sockeye("connect", "--ca", public, *own, "--send", "x", "--expect", "welcome", endpoint)
            assert (result.returncode, result.stdout) == (0, b"welcome"), result


# Limits


def test_exit_1_no_pipe():
    """when a command can't have its pipes, the client is sent away and the exit code is 1"""
    for limit in range(40, 8, -1):
        command = [SOCKEYE, "listen", "--once", "--exec", "cat", "127.0.0.1:0"]
        limits = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        with Program(*command, preexec_fn=limits) as program:
            program.wait_for("listening on 127.0.0.1:")

            class Place:
                port = int(program.errors.split("listening on 127.0.0.1:")[1].split()[0])

            with connect(Place) as client:
                client.shutdown(socket.SHUT_WR)
                read_all(client)
            code, _ = program.finish()
        if code:
            assert code == 1 and "sockeye: no pipe for a command" in program.errors, (limit, code, program.errors)
            return
    raise AssertionError("the pipes were always there")


def test_full_disk():
    """a log, a record or an output that can't be written is exit code 3, never silence"""
    for flags in (["--log-file", "/dev/full"], ["-o", "/dev/full"], ["--record", "/dev/full"]):
        endpoint = serving(lambda connection: connection.sendall(b"x" * 1000))
        result = sockeye("connect", *flags, endpoint)
        assert result.returncode == 3 and b"No space left on device" in result.stderr, (flags, result)


if __name__ == "__main__":
    support.main(globals())
