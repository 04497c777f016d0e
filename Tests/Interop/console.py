"""The console's protocol over standard streams: sessions, messages, rules, records and forwarding."""

import base64
import json
import os
import pathlib
import socket
import tempfile
import threading

import support
from support import DEADLINE, SOCKEYE
from support_console import Console, port_of


def test_tcp_both_ways():
    """A server and a client of TCP speak to each other, in GBK, one and all, and are told of the end."""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", encoding="gbk")
        port = port_of(server)
        client = console.open(protocol="tcp-client", remote=f"127.0.0.1:{port}", encoding="gbk")
        opened = console.event("opened", session=server["id"])
        console.do("send", session=client["id"], message={"text": "你好", "ending": "crlf"})
        received = console.event("received", session=server["id"])
        assert base64.b64decode(received["data"]) == "你好\r\n".encode("gbk") and received["text"] == "你好\r\n", received
        answer = console.do("send", session=server["id"], to=[opened["peer"]], message={"form": "hex", "text": "0x31, 32 3"})
        assert answer["bytes"] == 3 and answer["hex"] == "31 32 03" and answer["peers"] == [1], answer
        assert console.event("received", session=client["id"])["text"] == "12\x03"
        with socket.create_connection(("127.0.0.1", port)) as other:
            console.event("opened", session=server["id"])
            told = console.do("send", session=server["id"], message={"text": "all"})
            assert told["peers"] == [1, 2], told
            assert other.recv(10) == b"all"
            console.do("kick", session=server["id"], peer=2)
            assert other.recv(10) == b""
        assert console.event("closed", session=server["id"], peer=2)["cause"] == "local"
        console.do("half-close", session=client["id"], peer=1)
        console.event("ended", session=server["id"], side="theirs")
        closed = console.event("closed", session=server["id"], peer=1)
        assert closed["cause"] == "peer-fin" and closed["received"] == 6, closed
        console.event("state", session=client["id"], state="closed")
        assert console.ask("send", session=client["id"], message={"text": "x"})["error"]["kind"] == "missing"


def test_udp():
    """An address that was added by hand is spoken to, and so is one that spoke first."""
    with Console() as console, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(DEADLINE)
        other.bind(("127.0.0.1", 0))
        session = console.open(protocol="udp", local="127.0.0.1:0", remote=f"127.0.0.1:{other.getsockname()[1]}")
        console.do("send", session=session["id"], message={"text": "one"})
        data, address = other.recvfrom(100)
        assert data == b"one" and address[1] == port_of(session)
        other.sendto(b"two", address)
        received = console.event("received", session=session["id"])
        assert received["text"] == "two" and received["peer"] == 1, received
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as third:
            third.settimeout(DEADLINE)
            third.sendto(b"three", address)
            assert console.event("received", session=session["id"])["peer"] == 2
            console.do("send", session=session["id"], to=[2], message={"text": "four"})
            assert third.recv(100) == b"four"


def test_unix_sockets():
    """A Unix socket's file goes with its session, and one that somebody else listens at stays."""
    with tempfile.TemporaryDirectory() as folder, Console() as console:
        path = os.path.join(folder, "a b")
        server = console.open(protocol="unix-server", local=path)
        client = console.open(protocol="unix-client", remote=path)
        console.do("send", session=client["id"], message={"text": "hello"})
        assert console.event("received", session=server["id"])["text"] == "hello"
        refused = console.ask("open", settings={"protocol": "unix-server", "local": path})
        assert refused["error"]["kind"] == "network", refused
        failed = console.event("state", state="failed")
        console.do("remove", session=failed["session"])
        assert os.path.exists(path)
        console.do("close", session=server["id"])
        console.event("closed", session=client["id"])
        assert not os.path.exists(path)


def test_records():
    """What is recorded is whole; names lead nowhere else, and nothing is replaced."""
    with tempfile.TemporaryDirectory() as folder, Console("--directory", folder) as console:
        session = console.open(protocol="tcp-server", local="127.0.0.1:0")
        for name in ["../x", "/tmp/x", ".x", "", "a/b", "a\\b", "a\x1bb", "x" * 300]:
            refused = console.ask("record", session=session["id"], file=name)
            assert refused["error"]["kind"] == "usage", (name, refused)
        (pathlib.Path(folder) / "there").write_text("mine")
        assert console.ask("record", session=session["id"], file="there")["error"]["kind"] == "local-file"
        os.symlink("/tmp/elsewhere", pathlib.Path(folder) / "link")
        assert console.ask("record", session=session["id"], file="link")["error"]["kind"] == "local-file"
        console.do("record", session=session["id"], file="all.raw", format="raw")
        sent = os.urandom(3_000_000)
        with socket.create_connection(("127.0.0.1", port_of(session))) as other:
            other.sendall(sent)
        console.event("closed", session=session["id"])
        console.do("record-end", session=session["id"])
        file = pathlib.Path(folder) / "all.raw"
        support.wait_until(lambda: file.stat().st_size == len(sent), "whole record")
        assert file.read_bytes() == sent
        assert (pathlib.Path(folder) / "there").read_text() == "mine"
        console.do("record", session=session["id"], file="all.pcapng", format="pcapng")
        with socket.create_connection(("127.0.0.1", port_of(session))) as other:
            other.sendall(b"packets")
        console.event("closed", session=session["id"])
        console.do("record-end", session=session["id"])
        file = pathlib.Path(folder) / "all.pcapng"
        support.wait_until(lambda: b"packets" in file.read_bytes(), "packet")
        assert file.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"


def test_status():
    """What TCP is doing is told for each connection, until it is no longer wanted."""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port_of(server))):
            console.event("opened")
            console.do("status", session=server["id"], every="100ms")
            for _ in range(2):
                status = console.event("status")
                assert status["state"] == "ESTABLISHED" and status["congestionWindow"] > 0 and status["rtt"] >= 0, status
            console.do("status", session=server["id"], every=None)


def test_cycles():
    """Messages are said in turn, so often, with counters in them; a heartbeat begins with the connection."""
    with Console() as console:
        heartbeat = {"messages": [{"text": "beat"}], "interval": "10ms", "count": 2}
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", framing="line", heartbeat=heartbeat)
        client = console.open(protocol="tcp-client", remote=f"127.0.0.1:{port_of(server)}", framing="line")
        for _ in range(2):
            assert console.event("received", session=client["id"])["text"] == "beat\n"
        cycle = console.do(
            "cycle", session=client["id"], interval="1ms", count=5,
            messages=[{"text": "a${counter:3}", "variables": True}, {"form": "hex", "text": "62 ${counter:2}", "variables": True}],
        )["cycle"]
        said = [base64.b64decode(console.event("received", session=server["id"])["data"]) for _ in range(5)]
        assert said == [b"a000\n", b"b\0\x01\n", b"a002\n", b"b\0\x03\n", b"a004\n"], said
        console.event("cycle-ended", cycle=cycle)
        assert console.ask("stop", cycle=cycle)["error"]["kind"] == "missing"


RULES = [
    {"name": "sum", "when": {"all": [{"prefix": {"hex": "01"}}, {"checksum": {"algorithm": "crc-16/modbus", "order": "little"}}]},
     "answer": {"form": "hex", "text": "${received:0-0} 83", "variables": True,
                "check": {"algorithm": "crc-16/modbus", "order": "little"}}},
    {"name": "name", "when": {"pattern": "^name (\\w+)"}, "answer": {"text": "hello ${match:1}", "variables": True}},
    {"name": "else", "when": {"not": {"length": {"max": 3}}}, "echo": True},
]


def test_rules():
    """The first rule that holds answers; a dry run names what failed of those before it; answers are limited."""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", rules=RULES, perSecond=100)
        with socket.create_connection(("127.0.0.1", port_of(server)), DEADLINE) as peer:
            for said, answer in [
                (bytes.fromhex("01030000000ac5cd"), bytes.fromhex("0183")), (b"name Anna!", b"hello Anna"), (b"echo", b"echo"),
            ]:
                peer.sendall(said)
                got = peer.recv(100)
                assert got.startswith(answer), (said, got)
            peer.sendall(b"no")
        assert console.event("sent", session=server["id"])["by"] == "rule"
        dry = console.do("dry-run", rules=RULES, message={"text": "name Bob"})
        assert dry["rule"] == 1 and dry["answer"]["text"] == "hello Bob", dry
        assert dry["failed"] == [{"rule": 0, "condition": "it doesn't begin with 01"}], dry
        assert console.do("dry-run", rules=RULES, message={"text": "no"})["rule"] is None


def test_repliers():
    """Two sessions that answer each other are held to their rate, and told so."""
    with Console() as console:
        echo = [{"echo": True}]
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", rules=echo, perSecond=5)
        client = console.open(protocol="tcp-client", remote=f"127.0.0.1:{port_of(server)}", rules=echo, perSecond=5)
        console.do("send", session=client["id"], message={"text": "ping"})
        notice = console.event("notice")
        assert "withheld" in notice["text"], notice


def test_forwarder():
    """A forwarder shows both directions, holds, edits, drops and replays messages, and ends as its two sides do."""
    listener, port = support.loopback_listener()
    with listener, Console() as console:
        listener.settimeout(DEADLINE)
        session = console.open(protocol="forwarder", local="127.0.0.1:0", remote=f"127.0.0.1:{port}")
        with socket.create_connection(("127.0.0.1", port_of(session)), DEADLINE) as client:
            client.sendall(b"one")
            server, _ = listener.accept()
            with server:
                server.settimeout(DEADLINE)
                assert server.recv(10) == b"one"
                shown = console.event("received", direction="up")
                assert shown["text"] == "one", shown
                server.sendall(b"two")
                assert client.recv(10) == b"two"
                assert console.event("received", direction="down")["text"] == "two"
                console.do("hold", session=session["id"])
                for said, members, arrives in [(b"edit", {"data": {"text": "EDIT"}}, b"EDIT"), (b"drop", {"drop": True}, b""), (b"pass", {}, b"pass")]:
                    client.sendall(said)
                    held = console.event("held", direction="up")
                    console.do("release", session=session["id"], message=held["n"], **members)
                    if arrives:
                        assert server.recv(10) == arrives
                assert console.ask("release", session=session["id"], message=held["n"])["error"]["kind"] == "missing"
                client.sendall(b"last")
                console.event("held")
                console.do("hold", session=session["id"], hold=False)
                assert server.recv(10) == b"last"
                console.do("replay", session=session["id"], message=shown["n"])
                assert server.recv(10) == b"one"
                client.shutdown(socket.SHUT_WR)
                assert server.recv(10) == b""
                server.sendall(b"bye")
            assert client.recv(10) == b"bye"
            assert client.recv(10) == b""
        console.event("closed", session=session["id"])


def test_forwarder_of_much():
    """What is forwarded arrives whole, both ways, though neither side reads at once; a server that isn't there ends its client."""
    listener, port = support.loopback_listener()
    with listener, Console() as console:
        listener.settimeout(DEADLINE)
        session = console.open(protocol="forwarder", local="127.0.0.1:0", remote=f"127.0.0.1:{port}")
        data = b"0123456789abcdef" * (1 << 17)
        with socket.create_connection(("127.0.0.1", port_of(session)), DEADLINE) as client:
            server, _ = listener.accept()
            with server:
                server.settimeout(DEADLINE)

                def send(connection):
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)

                senders = [threading.Thread(target=send, args=(connection,)) for connection in (client, server)]
                for sender in senders:
                    sender.start()
                for connection in (server, client):
                    got = bytearray()
                    while part := connection.recv(65_536):
                        got += part
                    assert got == data, len(got)
                for sender in senders:
                    sender.join(DEADLINE)
        nobody = console.open(protocol="forwarder", local="127.0.0.1:0", remote="127.0.0.1:1")
        with socket.create_connection(("127.0.0.1", port_of(nobody)), DEADLINE) as client:
            assert client.recv(10) == b""
        assert console.event("notice", session=nobody["id"])["text"]


def test_framing_of_json():
    """Texts of JSON are told apart wherever they are cut, and escapes stand for bytes, octal ones too"""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", framing="json")
        with socket.create_connection(("127.0.0.1", port_of(server)), DEADLINE) as peer:
            console.event("opened")
            for part in [b'{"a":"}', b'"}[1,\n', b"2] 7", b" \"x\\\"\" "]:
                peer.sendall(part)
            said = [console.event("received")["text"].strip() for _ in range(4)]
            assert said == ['{"a":"}"}', "[1,\n2]", "7", '"x\\""'], said
            console.do("send", session=server["id"], message={"text": "\\101\\0\\x42", "escapes": True})
            assert peer.recv(10) == b"A\0B\n"


def test_files_of_other_programs():
    """Messages of SSCOM, Packet Sender and tables are read and written; what is hostile in them counts for nothing"""
    def do(console, text, **members):
        data = text if isinstance(text, bytes) else text.encode()
        return console.do("import", data=base64.b64encode(data).decode(), **members)

    with Console() as console:
        sscom = "[x]\r\nN1=2,名字, a,500\r\nN101=A,AT+你好\r\nN2=-5,b,1e999\r\nN102=H,01 02\r\nN99999999999999999999=A,x\r\nN100=1,2\r\n"
        for text in (sscom, sscom.encode("gbk")):
            answer = do(console, text)
            assert answer["kind"] == "sscom" and len(answer["messages"]) == 2, answer
            first, second = answer["messages"]
            assert (first["text"], first["name"], first["order"], first["delay"], first["form"]) == ("AT+你好", "名字, a", 2, 500, "text"), first
            assert (second["text"], second["order"], second["delay"], second["form"]) == ("01 02", 0, 1000, "hex"), second
        packets = '[%E6]\nname="a\\x4f60\\"b"\nhexString=48 65\nport=1\n[two]\nhexString=\n'
        [found] = do(console, packets)["messages"]
        assert (found["name"], found["text"], found["form"]) == ('a你"b', "48 65", "hex"), found
        table = 'Name;Text;hex;Ending;__proto__\r\n"a;""b";"two\nlines";0;crlf;x\r\nc;01;1;no;\r\n;;;;\r\n'
        one, two = do(console, "\ufeff" + table)["messages"]
        assert (one["name"], one["text"], one["ending"]) == ('a;"b', "two\nlines", "crlf"), one
        assert two["form"] == "hex" and "ending" not in two and set(one) <= {"form", "text", "name", "order", "delay", "key", "group", "ending"}, two
        for text in ["", "\n" * 1000, "[" * 100_000, ',"' * 100_000, "text\n" + "x" * 3_000_000, "\0\xff"]:
            do(console, text)
            do(console, text, kind="packet-sender")
        assert len(do(console, "text\n" + "x\n" * 10_000)["messages"]) == 2000
        for members in [{"data": "*"}, {"data": "", "kind": "x"}, {}]:
            assert console.ask("import", **members)["error"]["kind"] == "usage"
        rows = [{"text": "你好\n", "name": 'q"\n[x]', "order": 1, "delay": 5, "ending": "cr"}, {"form": "hex", "text": "0102", "key": "Alt+1"}]
        for kind in ("sscom", "packet-sender", "csv"):
            answer = console.do("export", kind=kind, messages=rows)
            data = base64.b64decode(answer["data"])
            again = do(console, data)
            assert again["kind"] == kind and len(again["messages"]) == 2, (data, again)
            if kind == "sscom":
                assert "你好".encode("gbk") in data and again["messages"][0]["order"] == 1, data
            if kind == "packet-sender":
                assert b"hexString=E4 BD A0 E5 A5 BD 0D 0D" in data and b"\n[x]" not in data, data
            if kind == "csv":
                assert again["messages"][0]["name"] == 'q"[x]' or again["messages"][0]["text"] == "你好\n", again
        assert "'x'" in console.ask("export", kind="csv", messages=[{"text": "", "x": 1}])["error"]["text"]


def test_requests_are_read_strictly():
    """What can't be read is refused, names what is wrong, and harms nothing."""
    with Console() as console:
        for line, words in [
            ("{", "JSON"), ("[1]", "object"), ('{"id":{},"op":"hello"}', "id"), ('{"op":"nothing"}', "nothing"),
            ('{"op":"hello","x":1}', "'x'"), ('{"op":"hello","op":"hello"}', "JSON"), ("[" * 100_000, "JSON"),
            ('{"op":"hello","n":1e999}', "JSON"), ('{"op":"open","settings":{"protocol":"tcp-server","lokal":"1"}}', "lokal"),
            ('{"op":"open","settings":{"protocol":"x"}}', "tcp-client"), ('{"op":"close","session":"\\u001b[2J"}', "session"),
            ('{"op":"preview","message":{"form":"hex","text":"xy"}}', "hexadecimal"),
            ('{"op":"preview","message":{"text":"${nothing}","variables":true}}', "nothing"),
            ('{"op":"dry-run","rules":[{"when":{"pattern":"(a*"}}],"message":{"text":""}}', "pattern"),
            ('{"op":"dry-run","rules":[{"when":{"pattern":"((a{1000}){1000}){1000}"}}],"message":{"text":""}}', "large"),
        ]:
            console.program.send(line.encode() + b"\n")
            answer = console.next("answer")
            assert answer["ok"] is False and words in answer["error"]["text"] and "\x1b" not in answer["error"]["text"], (line, answer)
        console.program.send(b'{"op":"convert","text":"' + b"x" * (5 << 20) + b'"}\n')
        assert console.next("answer")["ok"] is False
        state = {"__proto__": {"polluted": True}, "constructor": {"prototype": {}}}
        console.do("save-state", state=state)
        assert console.do("state")["state"] == state
        hang = {"when": {"pattern": "(a|a)*(a|a)*(a|a)*b"}}
        assert console.do("dry-run", rules=[hang], message={"text": "a" * 20_000})["rule"] is None


def test_a_request_without_end():
    """A request of 64 MiB is refused for its length, and costs no more than the largest that is read; the next one is answered"""
    with Console() as console:
        before = console.program.memory
        console.program.send(b'{"id":7,"op":"preview","message":{"text":"')
        for _ in range(64):
            console.program.send(b"x" * (1 << 20))
        console.program.send(b'"}}\n')
        refused = console.next("refusal")
        assert not refused["ok"] and refused["id"] is None, refused
        assert console.do("hello")["protocol"] == 1
        assert console.program.peak_memory - before < 56 << 20, console.program.peak_memory - before


def test_a_record_is_whole_when_it_has_ended():
    """What was said before `record-end` is in the file once that is answered, and what was said at all once the program has ended"""
    with tempfile.TemporaryDirectory() as folder:
        with Console("--directory", folder) as console:
            server = console.open(protocol="tcp-server", local="127.0.0.1:0", framing="line")
            data = b"".join(b"%06d\n" % number for number in range(5_000))
            for name in ("first", "second"):
                console.do("record", session=server["id"], file=name)
                with socket.create_connection(("127.0.0.1", port_of(server))) as peer:
                    peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
                    assert peer.recv(1) == b""
                if name == "first":
                    console.do("record-end", session=server["id"])
                    assert (pathlib.Path(folder) / name).read_bytes() == data
            console.program.process.stdin.close()
            assert console.program.process.wait(DEADLINE) == 0
        assert (pathlib.Path(folder) / "second").read_bytes() == data


def test_hostile_bytes():
    """What is received stays text, and names can't hide or command."""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", name="\x1b]0;x\x07<b>‮")
        assert "\x1b" not in server["name"] and "‮" not in server["name"] and "<b>" in server["name"], server["name"]
        with socket.create_connection(("127.0.0.1", port_of(server))) as peer:
            peer.sendall(b"<script>\x1b[2J\xff\x00\xe2\x80\xae</script>")
            received = console.event("received")
        assert base64.b64decode(received["data"]) == b"<script>\x1b[2J\xff\x00\xe2\x80\xae</script>"
        assert received["text"].startswith("<script>\x1b[2J�"), received


def test_sessions_of_a_file():
    """A file's sessions are opened without a browser; one that can't be read, or opened, ends the program with its code."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "sessions.json"
        file.write_text(json.dumps({"sessions": [{"protocol": "tcp-server", "local": "127.0.0.1:0", "rules": [{"echo": True}]}]}))
        with support.Program(SOCKEYE, "console", "--session", file) as program:
            lines = iter(program.process.stdout.readline, b"")
            state = next(event for event in map(json.loads, lines) if event.get("state") == "listening")
            with socket.create_connection(("127.0.0.1", port_of(state)), DEADLINE) as peer:
                peer.sendall(b"echo")
                assert peer.recv(10) == b"echo"
            program.signal()
            assert program.process.wait(DEADLINE) == 143
        for text in ["", "{", "[]", '{"sessions":[{}]}', '{"sessions":1}', '{"sessions":[{"protocol":"tcp-server","local":"x"}]}']:
            file.write_text(text)
            answer = support.sockeye("console", "--session", str(file))
            assert answer.returncode == 3 and answer.stderr.count(b"\n") == 1, (text, answer)
        assert support.sockeye("console", "--session", str(file) + "x").returncode == 3
        file.write_text(json.dumps({"sessions": [{"protocol": "tcp-client", "remote": "127.0.0.1:1"}]}))
        assert support.sockeye("console", "--session", str(file)).returncode == 4


def test_load():
    """Two connections' bytes reach a slow program whole: nothing is kept from it, and its slowness reaches the senders."""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0")
        # All kinds of bytes, most of them no text: what is made of them must not take longer for that.
        data = os.urandom(1 << 20)
        with socket.create_connection(("127.0.0.1", port_of(server))) as peer:
            writer = threading.Thread(target=lambda: (peer.sendall(data), peer.shutdown(socket.SHUT_WR)))
            writer.start()
            got = bytearray()
            while len(got) < len(data):
                got += base64.b64decode(console.event("received")["data"])
            writer.join(DEADLINE)
        assert got == data


if __name__ == "__main__":
    support.main(globals())
