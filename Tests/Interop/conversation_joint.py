"""`connect A --to B`: two endpoints joined, with their ends of stream, their pace and their failures."""

import json
import os
import pathlib
import socket
import tempfile
import threading

import support
from support import DEADLINE, SOCKEYE, Program, Server, loopback_listener, need, read_all, serving, sockeye, wait_until

SO_RCVBUFFORCE = 33
"""As the kernel's headers have it; Python doesn't."""


def accepting():
    """A listener of the test's own and what to call it."""
    listener, port = loopback_listener()
    return listener, f"127.0.0.1:{port}"


def joined(program_arguments=(), **options):
    """A joint of two connections; answers (program, one end's connection, the other's)."""
    (first, one), (second, other) = accepting(), accepting()
    program = Program(SOCKEYE, "connect", *program_arguments, one, "--to", other, **options)
    with first, second:
        ends = [listener.accept()[0] for listener in (first, second)]
    for end in ends:
        end.settimeout(DEADLINE)
    return program, *ends


def test_bytes_and_half_closes():
    """bytes go both ways; an end of stream is passed on behind them, and the other direction goes on"""
    program, one, other = joined()
    with program, one, other:
        one.sendall(b"ping")
        assert other.recv(100) == b"ping"
        one.sendall(b"last")
        one.shutdown(socket.SHUT_WR)
        assert read_all(other) == b"last"
        other.sendall(b"still here")
        assert one.recv(100) == b"still here"
        other.shutdown(socket.SHUT_WR)
        assert read_all(one) == b""
        assert program.finish() == (0, b""), program.errors


def test_much_in_both_directions():
    """megabytes arrive whole, both ways at once"""
    program, one, other = joined(["-q"])
    data = {one: os.urandom(8 << 20), other: os.urandom(8 << 20)}
    heard = {}

    def talk(end):
        reader = threading.Thread(target=lambda: heard.__setitem__(end, read_all(end)))
        reader.start()
        end.sendall(data[end])
        end.shutdown(socket.SHUT_WR)
        reader.join()

    with program, one, other:
        threads = [threading.Thread(target=talk, args=(end,)) for end in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert heard[one] == data[other] and heard[other] == data[one]
        assert program.finish()[0] == 0, program.errors


def test_pace():
    """what one end doesn't read is not read from the other, and memory stays bounded"""
    program, one, other = joined(["-q"])
    with program, one, other:
        one.settimeout(3)
        sent = 0
        try:
            while sent < 256 << 20:
                sent += one.send(b"x" * 65_536)
        except TimeoutError:
            pass
        assert sent < 64 << 20, f"{sent} bytes were taken that nobody reads"
        assert program.peak_memory < 200 << 20, program.peak_memory
        one.shutdown(socket.SHUT_WR)
        heard = 0
        while part := other.recv(1 << 20):
            heard += len(part)
        assert heard == sent


def test_reset_is_passed_on():
    """a reset of one end ends the other, and is the program's failure"""
    program, one, other = joined()
    with program, other:
        one.sendall(b"x")
        assert other.recv(10) == b"x"
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
        assert read_all(other) == b""
        code, _ = program.finish()
        assert code == 4 and "reset" in program.errors, program.errors


def test_second_end_that_is_not_there():
    """when the second end can't be reached, the first is left, and nothing is lost track of"""
    listener, one = accepting()
    closed, port = loopback_listener()
    closed.close()
    with listener, Program(SOCKEYE, "connect", one, "--to", f"127.0.0.1:{port}") as program:
        end, _ = listener.accept()
        with end:
            assert read_all(end) == b""
        assert program.finish()[0] == 4, program.errors


def test_shown_and_recorded():
    """--output hex shows what goes through, --json tells of it by the end's number, and --record keeps both ends"""
    with tempfile.TemporaryDirectory() as folder:
        record = pathlib.Path(folder) / "joint.pcapng"
        with Server("listen", "--echo", "127.0.0.1:0") as echo:
            call = ["connect", "--to", echo.endpoint]

            def greet(connection):
                connection.sendall(b"hi")
                assert connection.recv(10) == b"hi"

            shown = sockeye(*call, "-q", "--output", "hex", "--record", record, serving(greet))
            assert shown.stdout.count(b"68 69") == 2 and b"[1]" in shown.stdout and b"[2]" in shown.stdout, shown
            assert record.read_bytes().count(b"hi") == 4, "said and heard, at each end"
            told = sockeye(*call, "--json", serving(greet))
        events = [json.loads(line) for line in told.stdout.splitlines()]
        assert [(event["peer"], event["text"]) for event in events if event["event"] == "received"] == [(1, "hi"), (2, "hi")]


def test_streams_and_datagrams():
    """a stream is joined to datagrams, and a Unix domain socket to TLS"""
    heard = []

    def answer(bound):
        data, sender = bound.recvfrom(100)
        heard.append(data)
        bound.sendto(b"pong", sender)

    def ask(connection):
        connection.sendall(b"ping")
        assert connection.recv(100) == b"pong"

    udp = serving(answer, socket.SOCK_DGRAM)
    done = sockeye("connect", serving(ask), "--to", f"udp://{udp}")
    assert done.returncode == 0 and heard == [b"ping"], (done, heard)


def test_long_pieces_and_strangers():
    """a long piece of a stream becomes datagrams that fit; what a stranger sends to the joint's port goes nowhere"""
    listener, one = accepting()
    datagrams = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener, datagrams() as bound, datagrams() as stranger:
        bound.settimeout(DEADLINE)
        bound.bind(("127.0.0.1", 0))
        # What comes while this test isn't looking needs room: datagrams that find none are gone.
        try:
            bound.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        except PermissionError as error:
            raise support.Skip("room for many datagrams takes root") from error
        with Program(SOCKEYE, "connect", one, "--to", f"udp://127.0.0.1:{bound.getsockname()[1]}") as program:
            end, _ = listener.accept()
            end.settimeout(DEADLINE)
            with end:
                end.sendall(b"x" * 200_000)
                count = 0
                while count < 200_000:
                    data, place = bound.recvfrom(70_000)
                    count += len(data)
                stranger.sendto(b"stranger", place)
                bound.sendto(b"friend", place)
                assert end.recv(100) == b"friend"
                end.shutdown(socket.SHUT_WR)
                assert read_all(end) == b""
            assert program.finish()[0] == 0, program.errors


def test_with_socat():
    """socat at both ends"""
    need("socat")
    with tempfile.TemporaryDirectory() as folder:
        with Program("socat", f"UNIX-LISTEN:{folder}/one", "SYSTEM:echo question; cat > answer", cwd=folder), \
             Program("socat", f"UNIX-LISTEN:{folder}/other", "SYSTEM:read line; echo got $line"):
            wait_until(lambda: os.path.exists(f"{folder}/one") and os.path.exists(f"{folder}/other"), "sockets")
            done = sockeye("connect", f"unix:{folder}/one", "--to", f"unix:{folder}/other")
            assert done.returncode == 0, done
            answer = pathlib.Path(folder) / "answer"
            wait_until(lambda: answer.exists() and answer.read_text() == "got question\n", "answer")


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
