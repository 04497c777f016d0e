"""What the tests of hostile clients share: a directory with a secret beside it, and requests that are sent raw."""

import pathlib
import re
import socket
import tempfile

import support

SECRET = b"this must never leave"


class Served:
    """A directory, something secret beside it, and a service for it."""

    def __init__(self, *arguments, **options):
        self._arguments, self._options = arguments, options

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.outside = pathlib.Path(self._folder.name)
        (self.outside / "x").write_bytes(SECRET)
        self.path = self.outside / "served"
        self.path.mkdir()
        (self.path / "a.txt").write_bytes(b"hello\n")
        (self.path / "ten").write_bytes(b"0123456789")
        (self.path / "sub").mkdir()
        (self.path / "sub" / "b.txt").write_bytes(b"below\n")
        (self.path / ".covert").write_bytes(SECRET)
        (self.path / ".git").mkdir()
        (self.path / ".git" / "config").write_bytes(SECRET)
        self.server = support.Server("serve", self.path, "--listen", "127.0.0.1:0", *self._arguments, **self._options)
        return self

    def __exit__(self, *exception):
        died = self.server.process.poll()
        self.server.__exit__(*exception)
        self._folder.cleanup()
        if exception[0] is None:
            assert died is None, f"the service ended with {died}:\n{self.server.errors}"

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=support.DEADLINE)
        return connection

    def raw(self, data, end=True):
        """Sends bytes, answers everything that comes back."""
        with self.connect() as connection:
            try:
                connection.sendall(data)
                if end:
                    connection.shutdown(socket.SHUT_WR)
                return support.read_all(connection)
            except (ConnectionResetError, BrokenPipeError):
                return b""

    def request(self, target, method=b"GET", fields=b"", version=b"HTTP/1.1"):
        """One request and its response: (status, head, body)."""
        data = method + b" " + target + b" " + version + b"\r\nHost: x\r\nConnection: close\r\n" + fields + b"\r\n"
        with self.connect() as connection:
            connection.sendall(data)
            return parse(support.read_all(connection))


def parse(response):
    head, _, body = response.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    assert match, f"no response: {response[:200]!r}"
    return int(match.group(1)), head, body


def expect(served, target, statuses, method=b"GET", fields=b""):
    status, head, body = served.request(target, method, fields)
    assert status in statuses, f"{method} {target[:80]!r}: {status}, not {statuses}"
    assert SECRET not in head + body and b"root:" not in body, f"{target!r} leaked"
    return status, head, body
