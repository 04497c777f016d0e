"""The console: its protocol over standard streams and over the WebSocket, and who may not speak to it."""

import base64
import json
import os
import pathlib
import queue
import socket
import tempfile
import threading

import support
from support import DEADLINE, SOCKEYE


class Console:
    """`sockeye console --stdio`: requests in, answers and events out."""

    def __init__(self, *arguments, cwd=None):
        self.program = support.Program(SOCKEYE, "console", "--stdio", *arguments, cwd=cwd)
        self.lines = queue.Queue()
        self.seen = []
        self.last = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.program.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def __enter__(self):
        self.program.__enter__()
        return self

    def __exit__(self, *details):
        return self.program.__exit__(*details)

    def next(self, what):
        """The next object that the program says."""
        try:
            said = self.lines.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError(f"no {what}; said: {str(self.seen[-5:])[:2000]}") from None
        assert said is not None, f"the program ended before {what}: {self.program.errors}"
        self.seen.append(said)
        return said

    def ask(self, op, **members):
        """Asks for something, and answers the answer."""
        self.last += 1
        self.program.send((json.dumps({"id": self.last, "op": op, **members}) + "\n").encode())
        known = [said for said in self.seen if said.get("id") == self.last]
        while not known:
            said = self.next(f"answer to {op}")
            known = [said] if said.get("id") == self.last else []
        return known[0]

    def do(self, op, **members):
        """Asks for something that has to work."""
        answer = self.ask(op, **members)
        assert answer["ok"], answer
        return answer

    def event(self, name, **members):
        """The first event of a name with some members, seen already or to come; it is not answered again."""
        def fits(said):
            return said.get("event") == name and all(said.get(key) == value for key, value in members.items())

        for said in self.seen:
            if fits(said):
                self.seen.remove(said)
                return said
        while True:
            said = self.next(f"event {name} {members}")
            if fits(said):
                self.seen.remove(said)
                return said

    def open(self, **settings):
        return self.do("open", settings=settings)["session"]


def port_of(session):
    return int(session["local"][0].rpartition(":")[2])


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


class Page:
    """What a browser's page does, and what other pages would try."""

    def __init__(self, *arguments):
        self.program = support.Program(SOCKEYE, "console", *arguments)
        self.url = self.program.process.stdout.readline().decode().strip()
        self.host = self.url.split("/")[2]
        self.token = self.url.partition("#token=")[2]
        self.address = ("127.0.0.1", int(self.host.rpartition(":")[2]))

    def __enter__(self):
        self.program.__enter__()
        return self

    def __exit__(self, *details):
        return self.program.__exit__(*details)

    def request(self, line, fields=(), body=b"", host=None):
        """Sends a request; answers the status, the fields and the body."""
        with socket.create_connection(self.address, DEADLINE) as connection:
            fields = [("Host", host or self.host), *fields]
            head = f"{line} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
            if body:
                head += f"Content-Length: {len(body)}\r\n"
            connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
            answer = bytearray()
            while part := connection.recv(65_536):
                answer += part
        head, _, body = bytes(answer).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        return int(lines[0].split()[1]), dict(line.lower().split(": ", 1) for line in lines[1:]), body

    def cookie(self):
        status, fields, _ = self.request("POST /token", [("Origin", f"http://{self.host}")], self.token.encode())
        assert status == 204, status
        assert "httponly" in fields["set-cookie"] and "samesite=strict" in fields["set-cookie"], fields
        return fields["set-cookie"].split(";")[0]

    def upgrade(self, *fields, host=None):
        """Asks for the WebSocket; answers the connection and the first line of the answer."""
        connection = socket.create_connection(self.address, DEADLINE)
        wanted = [
            ("Host", host or self.host), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", base64.b64encode(b"0" * 16).decode()), *fields,
        ]
        connection.sendall(("GET /socket HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in wanted) + "\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(1)
            if not part:
                break
            answer += part
        return connection, answer.split(b"\r\n")[0].decode()


def frame(data, opcode=1, is_masked=True):
    """A frame as a browser sends it."""
    size = len(data)
    flag = 0x80 if is_masked else 0
    head = bytes([0x80 | opcode])
    head += bytes([flag | size]) if size < 126 else bytes([flag | 126]) + size.to_bytes(2, "big") if size < 65_536 else (
        bytes([flag | 127]) + size.to_bytes(8, "big"))
    return head + (b"\0\0\0\0" if is_masked else b"") + data


def read_frame(connection):
    """The next frame: its opcode and its data."""
    def exactly(count):
        data = b""
        while len(data) < count:
            part = connection.recv(count - len(data))
            assert part, "the connection ended"
            data += part
        return data

    first, size = exactly(2)
    if size == 126:
        size = int.from_bytes(exactly(2), "big")
    elif size == 127:
        size = int.from_bytes(exactly(8), "big")
    return first & 15, exactly(size)


def test_page():
    """The page has what keeps other pages away, nothing of it comes from elsewhere, and the token is in none of it."""
    with Page() as page:
        status, fields, body = page.request("GET /")
        assert status == 200 and b"<script>" not in body and b"style=" not in body and page.token.encode() not in body
        policy = fields["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, policy
        assert fields["x-frame-options"] == "deny" and fields["referrer-policy"] == "no-referrer", fields
        assert fields["x-content-type-options"] == "nosniff" and "access-control-allow-origin" not in fields, fields
        assert b"http://" not in body and b"https://" not in body
        assert page.request("GET /../etc/passwd")[0] == 404 and page.request("GET /x")[0] == 404
        for method in ["PUT /", "DELETE /", "OPTIONS /", "POST /", "POST /socket"]:
            status, fields, _ = page.request(method, [("Origin", "http://evil.example")])
            assert status in (403, 405) and "access-control-allow-origin" not in fields, (method, status)


def test_other_pages():
    """A foreign, missing or null origin, a name that was pointed at this machine, a wrong token: none opens anything."""
    with Page() as page:
        own = ("Origin", f"http://{page.host}")
        cookie = ("Cookie", page.cookie())
        port = page.address[1]
        for origin in [None, "null", "http://evil.example", f"http://evil.example:{port}", f"https://{page.host}", f"http://127.0.0.1:{port + 1}"]:
            fields = [cookie] + ([("Origin", origin)] if origin else [])
            connection, line = page.upgrade(*fields)
            connection.close()
            assert "403" in line, (origin, line)
            assert page.request("POST /token", fields, page.token.encode())[0] == 403, origin
        for host in [f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.evil.example:{port}", "evil.example"]:
            connection, line = page.upgrade(("Origin", f"http://{host}"), cookie, host=host)
            connection.close()
            assert "421" in line, (host, line)
            assert page.request("GET /", host=host)[0] == 421, host
            assert page.request("POST /token", [("Origin", f"http://{host}")], page.token.encode(), host=host)[0] == 421, host
        for guess in [b"", b"0" * 32, page.token.encode()[:-1], page.token.encode() + b"0", b"x" * 100_000]:
            assert page.request("POST /token", [own], guess)[0] == 401, guess
        for fields in [[own], [own, ("Cookie", "sockeye-console=1")], [own, ("Cookie", cookie[1].split("=")[0] + "=" + page.token)]]:
            connection, line = page.upgrade(*fields)
            connection.close()
            assert "401" in line, (fields, line)
        assert page.token not in page.program.errors


def test_socket():
    """The page's WebSocket has the operations; what breaks its protocol ends it, and nothing else."""
    with Page() as page:
        own = [("Origin", f"http://{page.host}"), ("Cookie", page.cookie())]
        connection, line = page.upgrade(*own)
        assert "101" in line, line
        with connection:
            connection.sendall(frame(b'{"id":1,"op":"hello"}'))
            opcode, data = read_frame(connection)
            assert opcode == 1 and json.loads(data)["protocol"] == 1, data
            settings = {"protocol": "tcp-server", "local": "127.0.0.1:0"}
            connection.sendall(frame(json.dumps({"id": 2, "op": "open", "settings": settings}).encode()))
            while (said := json.loads(read_frame(connection)[1])).get("id") != 2:
                pass
            with socket.create_connection(("127.0.0.1", port_of(said["session"]))) as peer:
                peer.sendall(b"hello page")
                found = []
                while not any(event["event"] == "received" for event in found):
                    found += json.loads(read_frame(connection)[1]).get("events", [])
            for data, code in [
                (frame(b"x" * 10)[:2] + b"\0" * 3 + b"x", None), (frame(b"x", opcode=2), 1003), (b"\xf1\x80\0\0\0\0", 1002),
                (frame(b"{}", is_masked=False), 1002), (b"\x81\xff" + (5 << 20).to_bytes(8, "big") + b"\0\0\0\0", 1009),
            ]:
                other, line = page.upgrade(*own)
                with other:
                    other.sendall(data)
                    # A frame that is cut is waited for until its connection ends.
                    if code is None:
                        continue
                    opcode, reason = read_frame(other)
                    assert opcode == 8 and int.from_bytes(reason[:2], "big") == code, (opcode, reason, code)
            connection.sendall(frame(b'{"id":3,"op":"state"}'))
            while (said := json.loads(read_frame(connection)[1])).get("id") != 3:
                pass


def test_saved_records():
    """The page fetches the records that it has made, and no other file, and nobody else does."""
    with tempfile.TemporaryDirectory() as folder, Page("--directory", folder) as page:
        (pathlib.Path(folder) / "other").write_text("mine")
        own = [("Origin", f"http://{page.host}"), ("Cookie", page.cookie())]
        connection, _ = page.upgrade(*own)
        with connection:
            def ask(**members):
                connection.sendall(frame(json.dumps({"id": members["op"], **members}).encode()))
                while (said := json.loads(read_frame(connection)[1])).get("id") != members["op"]:
                    pass
                assert said["ok"], said
                return said

            session = ask(op="open", settings={"protocol": "tcp-server", "local": "127.0.0.1:0"})["session"]
            ask(op="record", session=session["id"], file="a b.raw")
            with socket.create_connection(("127.0.0.1", port_of(session))) as peer:
                peer.sendall(b"<script>")
                peer.shutdown(socket.SHUT_WR)
                peer.recv(1)
            ask(op="record-end", session=session["id"])
        file = pathlib.Path(folder) / "a b.raw"
        support.wait_until(lambda: file.stat().st_size == 8, "record")
        status, fields, body = page.request("GET /saved/a%20b.raw", [own[1]])
        assert status == 200 and body == b"<script>" and fields["content-disposition"] == "attachment", (status, fields)
        assert fields["content-type"] == "application/octet-stream" and fields["x-content-type-options"] == "nosniff", fields
        assert page.request("GET /saved/a%20b.raw")[0] == 401
        assert page.request("GET /saved/a%20b.raw", [own[1], ("Sec-Fetch-Site", "cross-site")])[0] == 403
        for name in ["other", "..%2Fother", "%2e%2e/other", "a%20b.raw%00", "a%2", ""]:
            assert page.request(f"GET /saved/{name}", [own[1]])[0] == 404, name


def test_page_that_does_not_read():
    """A page that doesn't read makes nobody wait, costs bounded memory, and is told how much it missed."""
    with Page() as page:
        connection, _ = page.upgrade(("Origin", f"http://{page.host}"), ("Cookie", page.cookie()))
        with connection:
            settings = {"protocol": "tcp-server", "local": "127.0.0.1:0"}
            connection.sendall(frame(json.dumps({"id": 1, "op": "open", "settings": settings}).encode()))
            while (said := json.loads(read_frame(connection)[1])).get("id") != 1:
                pass
            before = page.program.memory
            with socket.create_connection(("127.0.0.1", port_of(said["session"]))) as peer:
                for _ in range(60):
                    peer.sendall(b"x" * (1 << 20))
            assert page.program.peak_memory - before < 64 << 20, page.program.peak_memory - before
            shown = skipped = 0
            while shown + skipped < 60 << 20:
                for event in json.loads(read_frame(connection)[1]).get("events", []):
                    shown += event["bytes"] if event["event"] == "received" else 0
                    skipped += event["bytes"] if event["event"] == "skipped" else 0
            assert shown + skipped == 60 << 20 and skipped > 0, (shown, skipped)


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
