"""The console's page and its WebSocket, and who may not speak to them."""

import base64
import json
import pathlib
import socket
import tempfile

import support
from support import DEADLINE, SOCKEYE
from support_console import port_of


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


def test_sockets_of_hostile_clients():
    """Frames without end, fragments without number or weight, and opcodes that nobody knows end a WebSocket; memory stays bounded"""
    with Page() as page:
        own = [("Origin", f"http://{page.host}"), ("Cookie", page.cookie())]
        before = page.program.memory

        def closes(data, codes):
            connection, _ = page.upgrade(*own)
            with connection:
                try:
                    connection.sendall(data)
                    opcode, reason = read_frame(connection)
                except (BrokenPipeError, ConnectionResetError):
                    # What it doesn't read any more resets the connection, and may overtake the reason.
                    return
                assert opcode == 8 and int.from_bytes(reason[:2], "big") in codes, (opcode, reason)

        fragment = b"\x01\x80\0\0\0\0"
        following = b"\x00\x80\0\0\0\0"
        closes(b"\x83\x80\0\0\0\0", [1002])
        closes(b"\x8b\x80\0\0\0\0", [1002])
        closes(following, [1002])
        closes(fragment + fragment, [1002])
        closes(fragment + following * 2000, [1002, 1009])
        closes(b"\x09\x80\0\0\0\0", [1002])
        closes(b"\x89\xfe\x01\x00\0\0\0\0" + b"x" * 256, [1002, 1009])
        piece = (1 << 20).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * (1 << 20)
        closes(b"\x01\xff" + piece + (b"\x00\xff" + piece) * 4, [1009])
        closes(b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0", [1002, 1009])
        # Frames that never end cost what has come of them, and end with their connections.
        open_ones = [page.upgrade(*own)[0] for _ in range(50)]
        for connection in open_ones:
            connection.sendall(b"\x81\xff" + (4 << 20).to_bytes(8, "big") + b"\0\0\0\0" + b"{" * 1000)
        connection, _ = page.upgrade(*own)
        with connection:
            connection.sendall(frame(b'{"id":1,"op":"hello","__proto__":1}') + frame(b'{"id":2,"op":"hello"}'))
            first, second = (json.loads(read_frame(connection)[1]) for _ in range(2))
            assert not first["ok"] and "__proto__" in first["error"]["text"] and second["ok"], (first, second)
        for connection in open_ones:
            connection.close()
        assert page.program.peak_memory - before < 48 << 20, page.program.peak_memory - before


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


if __name__ == "__main__":
    support.main(globals())
