"""What is typed and what is shown: notations, encodings, line endings, framings, terminals."""

import json
import os
import pty
import re
import struct
import subprocess
import tempfile
import threading

import support
from support import Program, Server, connect, read_all, serving, sockeye, wait_until, DEADLINE, SOCKEYE


def heard_from(*flags, stdin=b""):
    """What a server hears from `connect` with these flags."""
    heard = []
    endpoint = serving(lambda connection: heard.append(read_all(connection)))
    result = sockeye("connect", *flags, endpoint, stdin=stdin)
    assert result.returncode == 0, result
    return wait_until(lambda: heard, "end of the conversation")[0]


def shown_of(data, *flags):
    """What `connect` with these flags shows of what a server says."""
    result = sockeye("connect", *flags, serving(lambda connection: connection.sendall(data)))
    assert result.returncode == 0, result
    return result.stdout


def frames_of(data, *flags):
    """The lengths of the messages that `connect` with these flags hears in what a server says, byte by byte."""
    def serve(connection):
        for index in range(len(data)):
            connection.sendall(data[index : index + 1])

    result = sockeye("connect", "--json", *flags, serving(serve))
    assert result.returncode == 0, result
    events = [json.loads(line) for line in result.stdout.splitlines()]
    return [event["bytes"] for event in events if event["event"] == "received"]


# Notations


def test_notations():
    """--input says how what is typed stands for bytes"""
    assert heard_from("--send", r"a\n") == rb"a\n"
    assert heard_from("--input", "escape", "--send", r"a\n\x1b\0\u{4f60}\\") == b"a\n\x1b\0" + "你".encode() + b"\\"
    assert heard_from("--input", "hex", "--send", "48 65 6C6c 6f") == b"Hello"
    assert heard_from("--input", "hex", stdin=b"00 01\nfe ff\n") == b"\x00\x01\xfe\xff"
    assert heard_from("--input", "escape", "--encoding", "gbk", "--send", r"\u{4f60}\xff") == "你".encode("gbk") + b"\xff"


def test_line_endings():
    """--eol says what ends each line that is sent"""
    for name, ending in (("none", b""), ("lf", b"\n"), ("cr", b"\r"), ("crlf", b"\r\n")):
        assert heard_from("--eol", name, stdin=b"one\ntwo\r\n") == b"one" + ending + b"two" + ending, name
        assert heard_from("--eol", name, "--send", "x") == b"x" + ending, name


def test_encodings():
    """text goes out in the encoding that was chosen and is shown in UTF-8, in both roles"""
    samples = {
        "utf-8": "你好, é, ☃", "gbk": "多字节，哈哈", "gb18030": "你好𠀀", "big5": "繁體字", "shift_jis": "こんにちは",
        "latin1": "café", "utf-16le": "snow ☃ 𝄞", "euc-kr": "안녕",
    }
    for name, text in samples.items():
        wire = text.encode(name)
        assert heard_from("--encoding", name, "--send", text) == wire, name
        assert shown_of(wire, "--encoding", name, "--output", "text").decode() == text, name
        with Server("listen", "--once", "--encoding", name, "--greet", text, "--reply", text, "127.0.0.1:0") as server:
            with connect(server) as client:
                client.sendall(wire)
                assert read_all(client) == wire * 2, name
            code, output = server.finish()
            assert (code, output.decode()) == (0, text), name


def test_closing_word_in_gbk():
    """the closing word and the good-bye are in the conversation's encoding"""
    flags = ["--encoding", "gbk", "--reply", "哈哈", "--close-on", "再见", "--goodbye", "慢走"]
    with Server("listen", *flags, "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        with connect(server) as client:
            client.sendall("你好".encode("gbk"))
            assert client.recv(1024).decode("gbk") == "哈哈"
            client.sendall("再见".encode("gbk"))
            assert read_all(client).decode("gbk") == "慢走"
        server.wait_for("local (closing word)")


def test_not_in_the_encoding():
    """a character that the encoding lacks is refused, not replaced"""
    result = sockeye("connect", "--encoding", "latin1", "--send", "你好", "127.0.0.1:1")
    assert result.returncode == 2 and b"use another --encoding" in result.stderr, result


# What is shown


def test_forms():
    """--output says how what comes is shown"""
    assert shown_of(b"\x00ABC\n", "--output", "hex") == b"00000000  00 41 42 43 0a\n"
    assert b"|.ABC.|" in shown_of(b"\x00ABC\n", "--output", "both")
    assert shown_of(b"\x00\xff\n", "--output", "raw") == b"\x00\xff\n"
    assert shown_of("é".encode("latin1"), "--output", "text", "--encoding", "latin1").decode() == "é"
    events = [json.loads(line) for line in shown_of(b"\xff", "--output", "json").splitlines()]
    assert [event["base64"] for event in events if event["event"] == "received"] == ["/w=="]


def test_timestamps():
    """--timestamps puts the time before each message, and listen the client's number"""
    shown = shown_of(b"hello", "--timestamps").decode()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} hello\n", shown), shown
    with Server("listen", "--once", "--reply", "ok", "--timestamps", "127.0.0.1:0") as server:
        sockeye("connect", "--send", "hi", server.endpoint)
        _, output = server.finish()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} \[1\] hi\n", output.decode()), output


def test_verbose_and_quiet():
    """-v shows what is sent as well, -q says nothing but what went wrong"""
    endpoint = serving(lambda connection: read_all(connection))
    result = sockeye("connect", "-v", "--send", "visible", endpoint)
    assert b"|visible|" in result.stderr, result
    endpoint = serving(lambda connection: read_all(connection))
    result = sockeye("connect", "-q", "--send", "x", endpoint)
    assert result.stderr == b"", result


def test_output_file():
    """-o writes what is received to a file"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/received"
        assert shown_of(b"kept\x00", "-o", path) == b""
        assert open(path, "rb").read() == b"kept\x00"


# Framings


def test_framings():
    """--frame tells messages apart however the network cuts them"""
    assert frames_of(b"one\r\ntwo\n\nend", "--frame", "line") == [5, 4, 1, 3]
    assert frames_of(b"a;;b;;;;", "--frame", "delimiter:3b3b") == [3, 3, 2]
    assert frames_of(b"12345678", "--frame", "fixed:4") == [4, 4]
    assert frames_of(b"\x03abc\x00\x01z", "--frame", "length:u8@0") == [4, 1, 2]
    assert frames_of(b"T\x07\x00abcdeT\x02\x00", "--frame", "length:u16le@1-2") == [8, 3]


def test_framed_by_silence():
    """--frame gap takes what comes without a pause for one message"""
    turn = threading.Event()

    def serve(connection):
        for piece in (b"ab", b"cd"):
            connection.sendall(piece)
        turn.wait(DEADLINE)
        connection.sendall(b"ef")
        read_all(connection)

    with Program(SOCKEYE, "connect", "--json", "--frame", "gap:300ms", serving(serve)) as program:
        sizes = []
        for line in program.process.stdout:
            event = json.loads(line)
            if event["event"] != "received":
                continue
            sizes.append(event["bytes"])
            turn.set()
            if sum(sizes) == 6:
                break
        assert sizes == [4, 2], sizes


def test_frames_are_wrapped():
    """what is sent is framed as what is received is"""
    assert heard_from("--frame", "length:u16be@0", stdin=b"one\nthree\n") == b"\x00\x03one\x00\x05three"
    assert heard_from("--frame", "delimiter:00", stdin=b"one\ntwo\n") == b"one\0two\0"
    assert heard_from("--frame", "line", "--send", "x") == b"x\n"


def test_huge_frame():
    """a length of 0xFFFFFFFF costs listen one client and no memory"""
    with Server("listen", "--frame", "length:u32be@0", "--echo", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        before = server.memory
        for number in range(50):
            with connect(server) as client:
                client.sendall(struct.pack(">I", 0xFFFFFFFF) + b"x" * 1000)
                assert read_all(client) == b"", number
        server.wait_for("announced a frame of 4294967295 bytes")
        assert server.memory - before < 8 << 20, (before, server.memory)
        with connect(server) as client:
            client.sendall(b"\x00\x00\x00\x02ok")
            assert client.recv(16) == b"\x00\x00\x00\x02ok"


# Terminals


def on_terminal(*arguments):
    """Starts `sockeye` with a terminal of its own; answers (process, the terminal's other end)."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [SOCKEYE, *arguments], stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True
    )
    os.close(secondary)
    return process, primary


def read_until(descriptor, word):
    shown = b""
    while word not in shown:
        shown += os.read(descriptor, 4096)
    return shown


def test_person_at_the_server():
    """on a terminal the person at the server sees who is there and what they say, and types the reply"""
    process, terminal = on_terminal("listen", "127.0.0.1:0")
    try:
        shown = read_until(terminal, b"listening on 127.0.0.1:")
        while not shown.endswith(b"\n"):
            shown += os.read(terminal, 4096)
        port = int(re.search(rb"listening on 127\.0\.0\.1:(\d+)", shown)[1])

        class Place:
            pass

        Place.port = port
        with connect(Place) as first, connect(Place) as second:
            first.sendall("第一".encode())
            assert "第一".encode() in read_until(terminal, "第一".encode())
            second.sendall(b"\x1b[31mred")
            shown = read_until(terminal, b"red")
            assert b"\x1b" not in shown and b"\\x1b[31mred" in shown, shown
            os.write(terminal, b"to both\n")
            assert first.recv(64) == b"to both\n" and second.recv(64) == b"to both\n"
            os.write(terminal, b"@2 to you\n")
            assert second.recv(64) == b"to you\n"
            os.write(terminal, b"/kick 2\n")
            assert read_all(second) == b""
            second.close()
            read_until(terminal, b"local (kicked)")
            os.write(terminal, b"/quit\n")
            assert read_all(first) == b""
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def test_name_with_escapes():
    """control characters in an address do not reach standard error"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/\x1b[31mname"
        with Server("listen", "--once", "--reply", "x", f"unix:{path}") as server:
            sockeye("connect", "--send", "x", f"unix:{path}")
            server.finish()
            assert "\x1b" not in server.errors and "\\x1b[31mname" in server.errors, server.errors
        result = sockeye("connect", f"unix:{path}")
        assert result.returncode == 4 and b"\x1b" not in result.stderr, result


if __name__ == "__main__":
    support.main(globals())
