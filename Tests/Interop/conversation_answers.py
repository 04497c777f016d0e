"""How conversations answer what goes wrong, or not as planned: codes, warnings, and what a person sees in which order."""

import json
import os
import pathlib
import pty
import re
import resource
import socket
import struct
import subprocess
import tempfile
import threading

import support
from support import Program, Server, connect, loopback_listener, read_all, serving, sockeye, wait_until, DEADLINE, SOCKEYE


def datagrams():
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(DEADLINE)
    client.bind(("127.0.0.1", 0))
    return client


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# Codes


def test_datagram_too_large():
    """a datagram too large is an error, not two datagrams"""
    with datagrams() as server:
        endpoint = "127.0.0.1:%d" % server.getsockname()[1]
        result = sockeye("connect", "--udp", "--send", "x" * 65_508, endpoint)
        assert result.returncode == 2 and b"too large" in result.stderr and b"sent 0 bytes" in result.stderr, result
        server.setblocking(False)
        try:
            raise AssertionError(server.recv(1 << 16))
        except BlockingIOError:
            pass


def test_long_input_is_cut_into_datagrams():
    """what comes by a pipe has no ends of messages: it is cut where a datagram can't hold more"""
    with datagrams() as server, tempfile.TemporaryFile() as file:
        file.write(b"x" * 70_000)
        file.seek(0)
        endpoint = "127.0.0.1:%d" % server.getsockname()[1]
        with Program(SOCKEYE, "connect", "--udp", endpoint, stdin=file) as program:
            assert [len(server.recv(1 << 16)) for _ in range(2)] == [65_507, 70_000 - 65_507]
            assert program.finish()[0] == 0, program.errors


def test_idle_waits_for_more_datagrams():
    """--idle is the pause after which no more answers are waited for, not the first answer's"""

    def serve(listener):
        _, source = listener.recvfrom(16)
        listener.sendto(b"one ", source)
        # Later than a client waits of its own accord; the time is the thing tested.
        listener.settimeout(0.5)
        try:
            listener.recvfrom(16)
        except TimeoutError:
            listener.sendto(b"two", source)

    endpoint = serving(serve, socket.SOCK_DGRAM)
    result = sockeye("connect", "--udp", "--idle", "2s", "--send", "?", endpoint)
    assert (result.returncode, result.stdout) == (0, b"one two"), result


def test_expectation_of_datagrams():
    """--expect counts only what the peer itself says, and --expect of a server whose client leaves early is 12"""

    def serve(listener):
        _, source = listener.recvfrom(16)
        with datagrams() as other:
            other.sendto(b"yes", source)
        listener.sendto(b"no", source)

    result = sockeye("connect", "--udp", "--send", "?", "--expect", "yes", "--within", "500ms", serving(serve, socket.SOCK_DGRAM))
    assert result.returncode == 12, result
    with Server("listen", "--once", "--expect", "password", "127.0.0.1:0") as server:
        connect(server).close()
        assert server.finish()[0] == 12, server.errors


def test_line_ends_inside():
    """--eol applies to the lines inside of --send as to input"""
    heard = []
    for flags, stdin in ((["--send", "a\nb"], b""), ([], b"a\nb\n")):
        endpoint = serving(lambda connection: heard.append(read_all(connection)))
        assert sockeye("connect", "--eol", "crlf", *flags, endpoint, stdin=stdin).returncode == 0
    assert wait_until(lambda: len(heard) == 2 and heard, "both")[:2] == [b"a\r\nb\r\n"] * 2, heard


def test_out_of_descriptors():
    """out of descriptors a server warns once, doesn't spin, and serves on when there are some"""
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    with Server("listen", "--echo", "127.0.0.1:0", preexec_fn=limit, stdout=subprocess.DEVNULL) as server:
        clients = [connect(server) for _ in range(40)]
        server.wait_for("too many open files")
        before = processor_time(server)
        # Asked of some that are served, which takes turns of the loop that doesn't spin.
        for _ in range(100):
            clients[0].sendall(b"still there")
            assert clients[0].recv(64) == b"still there"
        assert processor_time(server) - before < 100, processor_time(server) - before
        assert server.errors.count("too many open files") == 1, server.errors
        for client in clients[:-1]:
            client.close()
        clients[-1].sendall(b"at last")
        assert clients[-1].recv(64) == b"at last"
        clients[-1].close()


def test_out_of_descriptors_nothing_spins():
    """while descriptors are lacking every server that takes streams warns, once, and lets the processor be"""
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    target, port = support.loopback_listener()
    verbs = (["listen", "127.0.0.1:0"], ["bench", "--serve", "127.0.0.1:0"],
             ["impair", "--quiet", "127.0.0.1:0", f"127.0.0.1:{port}", "delay=1ms"])
    with target:
        for verb in verbs:
            with Server(*verb, preexec_fn=limit, stdout=subprocess.DEVNULL) as server:
                clients = [connect(server) for _ in range(60)]
                server.wait_for("too many open files")
                before = processor_time(server)
                threading.Event().wait(1.5)
                assert processor_time(server) - before < 50, (verb, processor_time(server) - before)
                if verb[0] != "impair":  # It lacks one for the target first, and tells each client's end.
                    assert server.errors.count("no connection can be accepted: too many open files") == 1, server.errors
                for client in clients:
                    client.close()


def processor_time(program):
    """The ticks, a hundred a second, that a program has had of a processor."""
    with open(f"/proc/{program.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_reset_before_accept():
    """a client that has reset before it was accepted has its address, or 'unknown', and costs nobody anything"""
    with Server("listen", "--echo", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        for _ in range(50):
            reset(connect(server))
        with connect(server) as client:
            client.sendall(b"and I")
            assert client.recv(16) == b"and I"
        for line in server.errors.splitlines():
            assert not line.startswith("[") or re.match(r"\[\d+\] (127\.0\.0\.1:\d+|unknown)", line), line


def test_recorded_ports():
    """--record keeps the real ports of UDP, and tells the connections of a Unix domain socket apart"""
    support.need("tshark")
    with tempfile.TemporaryDirectory() as folder:
        record = f"{folder}/record.pcapng"
        with Server("listen", "--udp", "--echo", "--record", record, "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            with datagrams() as client:
                client.sendto(b"x", ("127.0.0.1", server.port))
                client.recv(16)
                ports = {client.getsockname()[1], server.port}
            server.signal()
            server.process.wait(DEADLINE)
        assert ports <= set(map(int, fields(record, "udp.srcport", "udp.dstport"))), ports
        path = f"{folder}/socket"
        with Server("listen", "--echo", "--record", record, f"unix:{path}", stdout=subprocess.DEVNULL) as server:
            for _ in range(2):
                assert sockeye("connect", "--send", "x", f"unix:{path}").stdout == b"x"
            server.signal()
            server.process.wait(DEADLINE)
        assert {"0", "1"} <= set(fields(record, "tcp.stream"))


def test_records_say_that_headers_are_invented():
    """the first comment of each capture, and --record's help, say that headers are invented, and name what shows real ones"""
    verbs = set(sockeye("--help").stdout.decode().split())
    with tempfile.TemporaryDirectory() as folder:
        record = pathlib.Path(folder, "record.pcapng")
        with Server("listen", "--echo", "127.0.0.1:0", stdout=subprocess.DEVNULL) as stream:
            with Server("listen", "--udp", "--echo", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
                for flags in ([stream.endpoint], ["--udp", server.endpoint]):
                    assert sockeye("connect", "--send", "x", "--record", record, *flags).stdout == b"x"
                    capture = record.read_bytes()
                    # The section header block, whose length is its second word.
                    first = capture[: int.from_bytes(capture[4:8], "little")].decode("latin-1")
                    check_named(first, verbs)
    for verb in ("connect", "listen"):
        text = " ".join(sockeye(verb, "--help").stdout.decode().split())
        check_named(text[text.index("--record <") :].split(" --", 1)[0] + text[text.index("Record the conversation") :][:300], verbs)


def check_named(text, verbs):
    assert "headers are invented" in text and "'sockeye watch'" in text, text
    assert set(re.findall(r"'(?:sockeye )?(\w+)[^']*'", text)) - {"sockeye"} <= verbs, text


def fields(capture, *names):
    wanted = [word for name in names for word in ("-e", name)]
    result = subprocess.run(["tshark", "-r", capture, "-T", "fields", *wanted], capture_output=True, check=True)
    return result.stdout.decode().split()


def test_standard_output_by_name():
    """-o - and --record - mean standard output, and no file of that name is made"""
    with tempfile.TemporaryDirectory() as folder:
        endpoint = serving(lambda connection: connection.sendall(b"said"))
        result = sockeye("connect", "-o", "-", endpoint, cwd=folder)
        assert (result.returncode, result.stdout) == (0, b"said"), result
        endpoint = serving(lambda connection: connection.sendall(b"said"))
        result = sockeye("connect", "-o", "/dev/null", "--record", "-", endpoint, cwd=folder)
        # The block type of a pcapng file's section header.
        assert result.returncode == 0 and result.stdout[:4] == b"\x0a\x0d\x0d\x0a", result
        assert os.listdir(folder) == []


def test_overflow_is_shown():
    """a frame larger than --max-frame is shown as far as it came, and is exit code 7"""
    endpoint = serving(lambda connection: (connection.sendall(b"y" * 100), connection.recv(1)))
    result = sockeye("connect", "--frame", "line", "--max-frame", "64", endpoint)
    assert result.returncode == 7 and result.stdout.startswith(b"y" * 64), result


def test_full_log():
    """a log that can't be written costs no client its connection, is told, and is exit code 3 in the end"""
    if not os.path.exists("/dev/full"):
        raise support.Skip("there is no /dev/full")
    with Server("listen", "--once", "--echo", "--log-file", "/dev/full", "127.0.0.1:0") as server:
        with connect(server) as client:
            client.sendall(b"first")
            assert client.recv(64) == b"first"
            server.wait_for("log can't be written")
            client.sendall(b"second")
            assert client.recv(64) == b"second"
        assert server.finish()[0] == 3, server.errors


def test_stuck_client():
    """a client that reads nothing doesn't stall what is sent to the others, and is told of"""
    amount = 16 << 20
    with Server("listen", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        with connect(server) as stuck, connect(server) as other:
            server.wait_for("[2]")
            writer = threading.Thread(target=lambda: (server.send(b"z" * amount), server.process.stdin.close()))
            writer.start()
            assert len(read_all(other)) == amount
            server.wait_for("does not read what it is told")
            # What is kept for it is bounded.
            server.wait_for("closed: local (too slow) (reset by us)")
            writer.join()
        with connect(server) as late:
            server.wait_for("[3]")


def test_unknown_verbs():
    """an unknown verb is told which one it may have been"""
    for word, meant in (("conect", b"connect"), ("lisen", b"listen"), ("sevre", b"serve")):
        result = sockeye(word)
        assert result.returncode == 2 and meant in result.stderr, result


# Terminals


class Terminal:
    """`sockeye` with a terminal of its own."""

    def __init__(self, *arguments, **options):
        self.primary, secondary = pty.openpty()
        self.process = subprocess.Popen(
            [SOCKEYE, *map(str, arguments)], stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True,
            **options
        )
        os.close(secondary)
        self.shown = b""

    def read_until(self, word):
        while word not in self.shown:
            self.shown += os.read(self.primary, 4096)
        return self.shown

    def read_all(self):
        """All until the program's end."""
        try:
            while piece := os.read(self.primary, 4096):
                self.shown += piece
        except OSError:
            pass
        return self.shown.replace(b"\r\n", b"\n")

    def type(self, text):
        os.write(self.primary, text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.primary)


def test_order_on_a_terminal():
    """what came with a FIN is shown before it, and what is said stands on lines of its own"""
    for _ in range(20):
        with Terminal("connect", serving(lambda connection: connection.sendall(b"no newline"))) as terminal:
            lines = terminal.read_all().splitlines()
            assert b"no newline" in lines, lines
            end = next(index for index, line in enumerate(lines) if b"its FIN came" in line)
            assert lines.index(b"no newline") < end, lines


def test_first_interrupt_on_a_terminal():
    """the first ^C says that it drains"""
    with Terminal("listen", "127.0.0.1:0") as terminal:
        shown = terminal.read_until(b"listening on 127.0.0.1:")
        while not terminal.shown.endswith(b"\n"):
            terminal.shown += os.read(terminal.primary, 4096)
        port = int(re.search(rb"127\.0\.0\.1:(\d+)", terminal.shown)[1])
        with socket.create_connection(("127.0.0.1", port)):
            terminal.read_until(b"connected")
            terminal.process.send_signal(2)
            terminal.read_until(b"^C again ends at once")
        assert terminal.process.wait(DEADLINE) == 130


def test_closing_word_with_a_line_end():
    """--close-on is met by a typed line, which ends in a line feed, and by none"""
    with Server("listen", "--reply", "?", "--close-on", "exit", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        for said in (b"exit", b"exit\n", b"exit\r\n"):
            with connect(server) as client:
                client.sendall(said)
                assert read_all(client) == b"", said


def test_closing_word_that_is_typed():
    """a line typed at a terminal matches --close-on though the terminal ends it with a line feed, over TCP and UDP"""
    for flags in ([], ["--udp"]):
        with Server("listen", *flags, "--reply", "?", "--close-on", "exit", "--goodbye", "bye", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            with Terminal("connect", *flags, server.endpoint) as terminal:
                terminal.read_until(server.endpoint.encode())
                terminal.type(b"hello\n")
                terminal.read_until(b"?")
                terminal.type(b"exit\n")
                terminal.read_until(b"bye")
                server.wait_for("closing word")


def test_hint_of_the_other_encoding():
    """UTF-8 where GBK was asked for is hinted at too, once, in either role"""
    text = "你好，世界\n".encode()

    def serve(connection):
        for _ in range(3):
            connection.sendall(text)
            connection.recv(1)

    flags = ["--encoding", "gbk", "--every", "10ms", "--count", "3", "--send", "."]
    with Program(SOCKEYE, "connect", *flags, serving(serve)) as program:
        assert program.finish()[0] == 0, program.errors
        hints = [line for line in program.errors.splitlines() if "looks like UTF-8" in line]
        assert len(hints) == 1, program.errors
    with Server("listen", "--encoding", "gbk", "127.0.0.1:0", stdin=subprocess.DEVNULL) as server:
        for _ in range(2):
            with connect(server) as client:
                client.sendall(text)
                client.shutdown(socket.SHUT_WR)
                assert read_all(client) == b""
        server.signal()
        server.process.wait(DEADLINE)
        hints = [line for line in server.errors.splitlines() if "looks like UTF-8" in line]
        assert len(hints) == 1, server.errors


def test_hint_of_the_encoding():
    """text that is plainly in another encoding is hinted at, once"""
    text = "你好，世界".encode("gbk")

    def serve(connection):
        for _ in range(3):
            connection.sendall(text + b"\n")
            connection.recv(1)

    with Program(SOCKEYE, "connect", "--every", "10ms", "--count", "3", "--send", ".", serving(serve)) as program:
        assert program.finish()[0] == 0, program.errors
        hints = [line for line in program.errors.splitlines() if "--encoding" in line]
        assert len(hints) == 1 and "gb" in hints[0].lower(), program.errors


def test_pasted_line():
    """a line longer than a terminal takes is refused aloud, and the next one goes out whole"""
    heard = []
    endpoint = serving(lambda connection: heard.append(read_all(connection)))
    with Terminal("connect", endpoint) as terminal:
        terminal.read_until(b"connected")
        terminal.type(b"a" * 5000 + b"\n")
        terminal.read_until(b"not sent: a terminal cuts lines")
        terminal.type(b"short\n\x04")
        assert terminal.process.wait(DEADLINE) == 0
    assert wait_until(lambda: heard, "end")[0] == b"short\n", heard


if __name__ == "__main__":
    support.main(globals())
