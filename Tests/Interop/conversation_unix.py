"""Unix domain sockets without a file, and those for datagrams, against socat and sockets of the test's own."""

import os
import socket
import tempfile

import support
from support import DEADLINE, SOCKEYE, Program, Server, need, read_all, sockeye, wait_until


def name():
    return f"sockeye-test-{os.getpid()}"


def test_abstract_listener():
    """listen unix:@NAME is found under exactly that name, and says so"""
    with Server("listen", "--echo", f"unix:@{name()}") as server:
        assert server.endpoint == f"unix:@{name()}", server.endpoint
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(f"\0{name()}")
            client.sendall(b"hello")
            assert client.recv(10) == b"hello"
        done = sockeye("connect", "--send", "again", f"unix:@{name()}")
        assert (done.returncode, done.stdout) == (0, b"again"), done
    done = sockeye("connect", "--send", "x", f"unix:@{name()}")
    assert done.returncode == 4 and f"unix:@{name()}".encode() in done.stderr, done


def test_abstract_of_socat():
    """connect unix:@NAME reaches socat's ABSTRACT-LISTEN, and socat reaches ours"""
    need("socat")
    with Program("socat", "-d", "-d", f"ABSTRACT-LISTEN:{name()}", "SYSTEM:tr a-z A-Z") as program:
        program.wait_for("listening on")
        done = sockeye("connect", "--send", "hello", f"unix:@{name()}")
        assert (done.returncode, done.stdout) == (0, b"HELLO"), done
    with Server("listen", "--echo", f"unix:@{name()}"):
        with Program("socat", "-", f"ABSTRACT-CONNECT:{name()}") as client:
            assert client.finish(b"hello") == (0, b"hello"), client.errors


def test_abstract_name_in_use():
    """a name without a file that somebody has is in use; a file of that name is another thing"""
    with tempfile.TemporaryDirectory() as folder, Server("listen", f"unix:@{name()}"):
        done = sockeye("listen", f"unix:@{name()}")
        assert done.returncode == 4 and b"in use" in done.stderr, done
        with Server("listen", f"unix:./@{name()}", cwd=folder):
            assert os.path.exists(f"{folder}/@{name()}")


def test_datagram_listener():
    """listen unixgram: answers each sender that has a name, tells of one that has none, and removes its file"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/server"
        with Server("listen", "--reply", "thanks", f"unixgram:{path}") as server:
            for own in (f"{folder}/a", f"\0{name()}-a", f"\0{name()}-b"):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
                    client.settimeout(DEADLINE)
                    client.bind(own)
                    client.sendto(b"hello", path)
                    assert client.recvfrom(100) == (b"thanks", path)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
                client.sendto(b"who am I", path)
            server.wait_for("cannot be answered")
            for own in ("a", "b"):
                assert f"unix:@{name()}-{own}" in server.errors, server.errors
            server.signal()
            wait_until(lambda: server.process.poll() is not None, "end")
        assert not os.path.exists(path)


def test_datagram_client():
    """connect unixgram: sends datagrams and hears the answers, from a file, a name and socat"""
    with tempfile.TemporaryDirectory() as folder:
        for place in (f"{folder}/server", f"\0{name()}"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
                server.settimeout(DEADLINE)
                server.bind(place)
                endpoint = f"unixgram:{place.replace(chr(0), '@')}"
                with Program(SOCKEYE, "connect", "--send", "ni hao", "--expect", "answer", endpoint) as client:
                    data, sender = server.recvfrom(100)
                    assert data == b"ni hao" and sender, (data, sender)
                    server.sendto(b"an answer", sender)
                    assert client.finish() == (0, b"an answer"), client.errors
        done = sockeye("connect", "--send", "x", f"unixgram:{folder}/server")
        assert done.returncode == 4, done
        done = sockeye("connect", "--send", "x", f"unixgram:{folder}/nowhere")
        assert done.returncode == 4, done


def test_datagrams_wait_for_a_slow_reader():
    """what a peer has no room for waits, with no processor time spent on waiting, and arrives in order"""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.settimeout(DEADLINE)
        server.bind(f"{folder}/server")
        call = ["connect", "--send", "x" * 1000, "--count", "2000", "--every", "0ms", f"unixgram:{folder}/server"]
        with Program(SOCKEYE, *call) as client:
            ticks = lambda: sum(map(int, open(f"/proc/{client.process.pid}/stat").read().rpartition(")")[2].split()[11:13]))
            wait_until(lambda: "S" == open(f"/proc/{client.process.pid}/stat").read().rpartition(")")[2].split()[0] and ticks() > 0, "sleep")
            for _ in range(2000):
                assert server.recv(2000) == b"x" * 1000
            assert client.finish()[0] == 0, client.errors


def test_datagram_peer_that_never_reads():
    """one who doesn't read holds up nobody else"""
    with tempfile.TemporaryDirectory() as folder, Server(
        "listen", "--echo", "--no-loop-guard", "-o", "/dev/null", f"unixgram:{folder}/server"
    ):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            for client in (deaf, other):
                client.settimeout(DEADLINE)
                client.bind(f"{folder}/{client.fileno()}")
            for _ in range(2000):
                deaf.sendto(b"x" * 1000, f"{folder}/server")
            other.sendto(b"hello", f"{folder}/server")
            assert other.recv(100) == b"hello"


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
