"""What the tests of `sockeye serve` share: a directory with a service for it, and small clients."""

import contextlib
import http.client
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

import support

BIG = random.Random(1).randbytes(20 << 20)


class Served:
    """A directory with a few files, and a service for it."""

    def __init__(self, *arguments, files={}, **options):
        self._arguments, self._files, self._options = arguments, files, options

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._folder.name) / "served"
        self.path.mkdir()
        (self.path / "a.txt").write_bytes(b"hello\n")
        (self.path / "big.bin").write_bytes(BIG)
        (self.path / "sub").mkdir()
        (self.path / "sub" / "接收.txt").write_bytes("内容\n".encode())
        for name, contents in self._files.items():
            (self.path / name).write_bytes(contents)
        arguments = list(self._arguments)
        if "--listen" not in arguments:
            arguments += ["--listen", "127.0.0.1:0"]
        self.server = support.Server("serve", self.path, *arguments, **self._options)
        self.port = self.server.port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *exception):
        self.server.__exit__(*exception)
        self._folder.cleanup()

    def get(self, target, **fields):
        request = urllib.request.Request(self.url + target, headers={k.replace("_", "-"): v for k, v in fields.items()})
        try:
            with urllib.request.urlopen(request, timeout=support.DEADLINE) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def curl(self, *arguments):
        run = subprocess.run(["curl", "-sS", *arguments], capture_output=True, timeout=support.DEADLINE)
        assert run.returncode == 0, run.stderr
        return run.stdout


# The tutorials' download clients: a name with no terminator, no half-close, and one read.


def tutorial_client(port, name, limit=1024):
    with socket.create_connection(("127.0.0.1", port), timeout=support.DEADLINE) as client:
        client.send(name)
        return client.recv(limit)


@contextlib.contextmanager
def own_state():
    """An environment whose state lies in a folder of the test's own: (environment, folder)."""
    with tempfile.TemporaryDirectory() as folder:
        yield {**os.environ, "XDG_STATE_HOME": folder}, pathlib.Path(folder)


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return False
    except ConnectionRefusedError:
        return True


def raw(port, data):
    """Sends bytes and answers everything that comes back before anything more is asked for."""
    with socket.create_connection(("127.0.0.1", port), timeout=support.DEADLINE) as connection:
        connection.sendall(data)
        return support.read_all(connection)


def status(reply):
    return int(reply.split()[1]) if reply else 0


def raw_location(served, path):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=support.DEADLINE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status, response.headers["Location"]
    finally:
        connection.close()
