"""What the flags of `connect` and `listen` promise."""

import json
import os
import pathlib
import pty
import socket
import struct
import subprocess
import tempfile
import threading

import support
from support import (
    Program, Server, connect, loopback_listener, need, read_all, serving, sockeye, wait_until, DEADLINE, SOCKEYE
)


# Streams


def test_half_close_both_ways():
    """after our end the peer's data is still read; after the peer's end what is at hand is still sent"""

    def late(connection):
        assert read_all(connection) == b"question"
        connection.sendall(b"a" * 500_000)

    result = sockeye("connect", serving(late), stdin=b"question")
    assert (result.returncode, len(result.stdout)) == (0, 500_000)

    heard = []

    def early(connection):
        connection.shutdown(socket.SHUT_WR)
        heard.append(len(read_all(connection)))

    with tempfile.NamedTemporaryFile() as file:
        file.write(b"z" * 20_000_000)
        file.flush()
        with open(file.name, "rb") as source:
            result = subprocess.run([SOCKEYE, "connect", serving(early)], stdin=source, capture_output=True)
    assert result.returncode == 0, result
    wait_until(lambda: heard, "end of the peer")
    assert heard == [20_000_000], heard


def test_ends_when_the_peer_does():
    """connect ends at once when the peer closes first, though its input is still open"""
    with Program(SOCKEYE, "connect", serving(lambda connection: connection.sendall(b"bye"))) as program:
        assert program.process.stdout.read() == b"bye"
        assert program.process.wait(DEADLINE) == 0


def test_reader_gone():
    """when the reader of the output goes away, connect ends as SIGPIPE would end it"""
    endpoint = serving(lambda connection: [connection.sendall(b"x" * 65_536) for _ in range(1000)])
    with Program(SOCKEYE, "connect", endpoint) as program:
        program.process.stdout.read(10)
        program.process.stdout.close()
        assert program.process.wait(DEADLINE) == 141, program.process.returncode


def test_unix_socket():
    """connect and listen speak over a Unix domain socket, which is removed at the end"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        with Server("listen", "--once", "--reply", "pong", f"unix:{path}") as server:
            result = sockeye("connect", f"unix:{path}", stdin=b"ping")
            assert (result.returncode, result.stdout) == (0, b"pong"), result
            assert server.finish() == (0, b"ping")
            # Its streams end, but it has none of TCP's segments.
            for said in (result.stderr.decode(), server.errors):
                assert "nothing more to say" in said and "FIN" not in said and "RST" not in said, said
        assert not pathlib.Path(path).exists()


def test_file_to_many():
    """what comes through a pipe is kept for the first client, and ends its stream"""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"0123456789" * 100_000)
        file.flush()
        with open(file.name, "rb") as source, Server("listen", "--once", "127.0.0.1:0", stdin=source) as server:
            result = sockeye("connect", "-q", server.endpoint)
            assert result.stdout == b"0123456789" * 100_000, len(result.stdout)
            assert server.process.wait(DEADLINE) == 0


# Automation


def test_exec():
    """--exec joins each client to a command of its own, to the end of both"""
    with Server("listen", "--exec", "tr a-z A-Z", "127.0.0.1:0") as server:
        for text in (b"shout", b"x" * 3_000_000):
            result = sockeye("connect", "-q", server.endpoint, stdin=text)
            assert (result.returncode, result.stdout) == (0, text.upper()), len(result.stdout)


def test_exec_variables():
    """a command learns who it serves, whatever variables of the same names this side was started with"""
    names = "PEER PEER_NUMBER PEER_ADDRESS PEER_PORT LOCAL LOCAL_ADDRESS LOCAL_PORT PROTOCOL".split()
    command = "echo " + "/".join(f"$SOCKEYE_{name}" for name in names)
    stale = {**os.environ, "SOCKEYE_PEER": "stale", "SOCKEYE_PEER_PORT": "1", "SOCKEYE_PROTOCOL": "none"}
    with Server("listen", "--exec", command, "127.0.0.1:0", env=stale) as server:
        for number in 1, 2:
            with connect(server) as client:
                port = client.getsockname()[1]
                assert read_all(client).decode().strip() == (
                    f"127.0.0.1:{port}/{number}/127.0.0.1/{port}/127.0.0.1:{server.port}/127.0.0.1/{server.port}/tcp")
    with tempfile.TemporaryDirectory() as folder:
        with Server("listen", "--exec", command, f"unix:{folder}/s", env=stale):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(f"{folder}/s")
                assert read_all(client).decode().strip() == f"unix:(unnamed)/1///unix:{folder}/s/{folder}/s//unix"


def test_exec_status():
    """how the command ended is part of the report, and one that only closes its output holds nothing up for long"""
    for command, said, fields in [
        ("exit 3", "ended with status 3", {"exitStatus": 3}), ("true", "ended with status 0", {"exitStatus": 0}),
        ("kill -9 $$", "ended by signal 9", {"exitSignal": 9}), ("exec >&-; exit 7", "ended with status 7", {"exitStatus": 7}),
        ("cat; exit 4", "ended with status 4", {"exitStatus": 4}),
    ]:
        for flags in [], ["--json"]:
            with Server("listen", "--once", *flags, "--exec", command, "127.0.0.1:0") as server:
                with connect(server) as client:
                    client.sendall(b"x")
                    client.shutdown(socket.SHUT_WR)
                    read_all(client)
                _, output = server.finish()
            if flags:
                closed = [json.loads(line) for line in output.splitlines() if b'"closed"' in line]
                assert len(closed) == 1 and fields.items() <= closed[0].items(), (command, closed)
            else:
                assert said in server.errors, (command, server.errors)
    with Server("listen", "--once", "--exec", "exec >&-; exec sleep 1000", "127.0.0.1:0") as server:
        with connect(server) as client:
            assert read_all(client) == b""
        assert server.finish()[0] == 0 and "local (command ended)" in server.errors, server.errors


def test_relay():
    """--relay tells every client what the others say"""
    with Server("listen", "--relay", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        clients = [connect(server) for _ in range(5)]
        server.wait_for("[5]")
        for number, speaker in enumerate(clients):
            speaker.sendall(b"from %d" % number)
            for listener in clients:
                if listener is not speaker:
                    assert listener.recv(1024) == b"from %d" % number
        for client in clients:
            client.close()


def test_addressing():
    """a typed line goes to all, '@2 text' to one; /clients, /kick and /quit do what they say"""
    with Server("listen", "--interactive", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        clients = []
        for number in (1, 2, 3):
            clients.append(connect(server))
            server.wait_for(f"[{number}]")
        server.send(b"hello all\n")
        for client in clients:
            assert client.recv(1024) == b"hello all\n"
        server.send(b"@2 only you\n//slash\n")
        assert read_exactly(clients[1], 16) == b"only you\n/slash\n"[:16]
        assert clients[0].recv(1024) == b"/slash\n"
        server.send(b"/clients\n")
        server.wait_for("[3] 127.0.0.1:%d: received 0, sent" % clients[2].getsockname()[1])
        server.send(b"/kick 1\n")
        assert read_all(clients[0]) == b""
        clients[0].close()
        server.wait_for("local (kicked)")
        server.send(b"/kick 77\n")
        server.wait_for("no client 77")
        server.send(b"/quit\n")
        assert clients[1].recv(1024) == b""
        for client in clients[1:]:
            client.close()
        assert server.process.wait(DEADLINE) == 0


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        assert chunk, data
        data += chunk
    return data


def test_repeat():
    """--every and --count repeat what --send says, and then the conversation ends"""
    heard = []
    listener_done = threading.Event()

    def serve(connection):
        heard.append(read_all(connection))
        listener_done.set()

    result = sockeye("connect", "--send", "tick", "--every", "10ms", "--count", "5", "--eol", "lf", serving(serve))
    assert result.returncode == 0 and listener_done.wait(DEADLINE)
    assert heard == [b"tick\n" * 5], heard


def test_retry():
    """--retry tries again, backing off, until the server is there"""
    listener, port = loopback_listener()
    listener.close()
    with Program(SOCKEYE, "connect", "--retry", "50", "--backoff", "20ms..100ms", f"127.0.0.1:{port}") as program:
        program.wait_for("(2 of 50)")
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        listener.settimeout(DEADLINE)
        connection, _ = listener.accept()
        connection.sendall(b"at last")
        connection.close()
        listener.close()
        assert program.finish() == (0, b"at last")


def test_allow_and_deny():
    """only those whose network is allowed, and not denied, are served"""
    with Server("listen", "--deny", "127.0.0.0/8", "--greet", "hi", "127.0.0.1:0") as server:
        with connect(server) as client:
            try:
                assert client.recv(1024) == b""
            except ConnectionResetError:
                pass
        server.wait_for("local (not allowed)")
    with Server("listen", "--allow", "127.0.0.0/8", "--greet", "hi", "127.0.0.1:0") as server:
        with connect(server) as client:
            assert client.recv(1024) == b"hi"


def test_reply_rate():
    """--reply-rate makes a stream wait for its answers, and loses none"""
    with Server("listen", "--frame", "line", "--eol", "none", "--reply", "ok", "--reply-rate", "20", "127.0.0.1:0",
                stdout=subprocess.DEVNULL) as server:
        with connect(server) as client:
            client.sendall(b"x\n" * 30)
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == b"ok\n" * 30


# Bytes and text


def test_pipe_is_exact():
    """every byte value survives connect and listen through pipes"""
    data = bytes(range(256)) * 1000
    with Server("listen", "--once", "--echo", "127.0.0.1:0", stdout=subprocess.PIPE) as server:
        collected = []
        reader = threading.Thread(target=lambda: collected.append(server.process.stdout.read()))
        reader.start()
        result = sockeye("connect", server.endpoint, stdin=data)
        reader.join(DEADLINE)
    assert result.stdout == data
    assert collected == [data]


def test_terminal_is_safe():
    """what a peer sends does not control the terminal; --output raw lets it"""
    hostile = b"\x1b]0;owned\x07\x1b[2Jhi\x9b31m\xe2\x80\xae\n"
    for flags, is_safe in ([], True), (["--output", "raw"], False):
        primary, secondary = pty.openpty()
        try:
            endpoint = serving(lambda connection: connection.sendall(hostile))
            process = subprocess.Popen([SOCKEYE, "connect", "-q", *flags, endpoint],
                                       stdin=subprocess.DEVNULL, stdout=secondary, stderr=subprocess.DEVNULL)
            assert process.wait(DEADLINE) == 0
            os.set_blocking(primary, False)
            shown = os.read(primary, 4096)
        finally:
            os.close(primary)
            os.close(secondary)
        assert (b"\x1b" not in shown and b"\x9b" not in shown) == is_safe, shown
        assert b"hi" in shown
        if is_safe:
            assert b"\\x1b]0;owned" in shown and b"\\u{202e}" in shown, shown


def test_encodings_cut_anywhere():
    """a GBK character cut by a segment boundary is decoded whole"""
    text = "多字节字符跨越边界"
    with Server("listen", "--once", "--encoding", "gbk", "127.0.0.1:0") as server:
        with connect(server) as client:
            for byte in text.encode("gbk"):
                client.sendall(bytes([byte]))
                server.wait_for("connected")
        code, output = server.finish()
    assert (code, output.decode()) == (0, text)


def test_framing():
    """length prefixes frame what is sent and unframe what comes, however it is cut"""
    messages = [b"a", b"bb" * 200, b"", b"end"]
    wire = b"".join(struct.pack(">H", len(message)) + message for message in messages)

    def serve(connection):
        assert read_exactly(connection, 7) == b"\x00\x05hello"
        for index in range(0, len(wire), 3):
            connection.sendall(wire[index : index + 3])

    result = sockeye("connect", "--json", "--frame", "length:u16be@0", "--send", "hello", serving(serve))
    assert result.returncode == 0, result
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["bytes"] - 2 for event in events if event["event"] == "received"] == [1, 400, 0, 3]


def test_checksum_append():
    """--append puts the checksum of a Modbus request behind it"""
    heard = []
    done = threading.Event()

    def serve(connection):
        heard.append(read_all(connection))
        done.set()

    result = sockeye("connect", "--input", "hex", "--send", "01 03 00 00 00 0a", "--append", "crc-16/modbus:le", serving(serve))
    assert result.returncode == 0 and done.wait(DEADLINE)
    assert heard == [bytes.fromhex("01030000000ac5cd")], heard


def test_checksum_verb():
    """checksum prints the check values of its catalogue, from text, a file and a pipe alike"""
    expected = {"crc-32": "cbf43926", "crc-16/modbus": "4b37", "crc-8": "f4", "sum8": "dd", "lrc": "23",
                "sha256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"}
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"123456789")
        file.flush()
        for name, value in expected.items():
            assert sockeye("checksum", "-a", name, "123456789").stdout.decode().strip() == value
            assert sockeye("checksum", "-a", name, stdin=b"123456789").stdout.decode().strip() == value
            assert sockeye("checksum", "-a", name, "--file", file.name).stdout.decode().strip() == value


# Records


def test_json():
    """--json tells everything that happens as one object a line"""
    with Server("listen", "--once", "--json", "--reply", "pong", "127.0.0.1:0") as server:
        result = sockeye("connect", "-q", server.endpoint, stdin=b"ping")
        assert result.stdout == b"pong", result
        code, output = server.finish()
    events = [json.loads(line) for line in output.splitlines()]
    assert all(event["v"] == 1 for event in events)
    kinds = [event["event"] for event in events if event["event"] not in ("peer-finished", "finished")]
    assert kinds == ["listening", "opened", "received", "sent", "closed"], kinds
    assert events[0]["address"] == server.endpoint
    assert [event["text"] for event in events if "text" in event] == ["ping", "pong"]


def test_record():
    """--record writes a capture that tshark reads: handshake, data, close"""
    tshark = need("tshark")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/conversation.pcapng"
        with Server("listen", "--once", "--reply", "pong", "--record", path, "127.0.0.1:0") as server:
            sockeye("connect", server.endpoint, stdin=b"ping")
            assert server.process.wait(DEADLINE) == 0
            port = server.port
        fields = ["-T", "fields", "-e", "tcp.flags.str", "-e", "tcp.payload", "-e", "tcp.checksum.status", "-e", "tcp.srcport"]
        shown = subprocess.run([tshark, "-o", "tcp.check_checksum:TRUE", "-r", path, *fields], capture_output=True, text=True)
        rows = [line.split("\t") for line in shown.stdout.splitlines()]
        assert len(rows) >= 6, shown
        payloads = [(bytes.fromhex(row[1]), row[3] == str(port)) for row in rows if row[1]]
        assert payloads == [(b"ping", False), (b"pong", True)], rows
        assert all(row[2] == "1" for row in rows), rows
        assert "S" in rows[0][0] and "S" in rows[1][0] and sum("F" in row[0] for row in rows) == 2, rows


def test_log_file():
    """--log-file keeps what happens, added to what was there"""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "log"
        for _ in range(2):
            result = sockeye("connect", "--log-file", path, serving(lambda connection: connection.sendall(b"logged")))
            assert (result.returncode, result.stdout) == (0, b"logged"), result
        events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["text"] for event in events if event["event"] == "received"] == ["logged", "logged"]


# Datagrams


def test_ipv6():
    """IPv6 works for streams and datagrams"""
    for flags in ([], ["--udp"]):
        with Server("listen", *flags, "--once", "--reply", "six", "[::1]:0") as server:
            assert server.endpoint.startswith("[::1]:")
            result = sockeye("connect", *flags, "--send", "?", server.endpoint)
            assert (result.returncode, result.stdout) == (0, b"six"), result


def test_datagram_clients_are_sessions():
    """each address that sends datagrams is a client with a number, and leaves when it falls silent"""
    with Server("listen", "--udp", "--idle", "200ms", "--reply", "ok", "127.0.0.1:0") as server:
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        for client in sockets:
            client.settimeout(DEADLINE)
            client.connect(("127.0.0.1", server.port))
            client.send(b"hello")
            assert client.recv(1024) == b"ok"
        for number in (1, 2, 3):
            server.wait_for(f"[{number}] 127.0.0.1:")
        server.wait_for("closed: idle")
        for client in sockets:
            client.close()


if __name__ == "__main__":
    support.main(globals())
