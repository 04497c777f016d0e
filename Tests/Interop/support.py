"""What the interoperability tests share: starting programs, waiting for events with a deadline, reporting.

A test is a function whose name begins with `test_` and whose docstring says the behaviour. A file ends with

    if __name__ == "__main__":
        support.main(globals())

and prints `N passed, N failed, N skipped` as its last line. The program under test is named by the environment
variable SOCKEYE.
"""

import contextlib
import ctypes
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SOCKEYE = os.environ.get("SOCKEYE", "sockeye")

# What the tests talk to is on this machine, whatever proxies its user has.
for _name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.upper(), None)

# The tests read what people are told in English, whoever runs them.
for _name in ("LC_ALL", "LC_MESSAGES", "LANG"):
    if os.environ.get(_name, "").startswith("zh"):
        os.environ[_name] = "C.UTF-8"

DEADLINE = 30.0
"""Seconds after which an event that has not come counts as missing. Generous: CI shares its cores."""


class Skip(Exception):
    """The test can't run here; the reason is printed."""


def need(program):
    """The path of a program of somebody else's, or a skip."""
    path = shutil.which(program)
    if path is None:
        raise Skip(f"{program} is not installed")
    return path


def wait_until(condition, what, deadline=DEADLINE):
    """Waits for something that can only be asked for; the first true answer is returned."""
    end = time.monotonic() + deadline
    idle = selectors.DefaultSelector()
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {deadline} s")
        idle.select(0.01)


class Program:
    """A program that runs beside the test, with what it says collected; ended, with all that it has started, when the
    `with` block is left."""

    def __init__(self, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options):
        self.arguments = [str(argument) for argument in arguments]
        options.setdefault("start_new_session", True)
        self.process = subprocess.Popen(
            self.arguments, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, **options
        )
        self.said = bytearray()
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self):
        for line in self.process.stderr:
            with self._changed:
                self.said += line
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def errors(self):
        """What the program has said on standard error so far; all of it once it has ended."""
        if self.process.poll() is not None:
            self._listener.join(DEADLINE)
        with self._changed:
            return self.said.decode(errors="replace")

    def wait_for(self, text, deadline=DEADLINE):
        """Waits until the program has said something on standard error."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: text.encode() in self.said or not self._listener.is_alive(), deadline
            )
            if not found or text.encode() not in self.said:
                raise AssertionError(f"{self.arguments} did not say {text!r}, but:\n{self.said.decode(errors='replace')}")

    def send(self, data):
        """Writes to the program's standard input."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def finish(self, data=None, deadline=DEADLINE):
        """Ends its input, waits for its end; answers (exit code, standard output)."""
        if data is not None and self.process.stdin:
            self.send(data)
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        output = bytearray()
        reader = None
        if self.process.stdout:
            reader = threading.Thread(target=lambda: output.extend(self.process.stdout.read()), daemon=True)
            reader.start()
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.arguments} did not end; it said:\n{self.errors}")
        if reader:
            reader.join(deadline)
        self._listener.join(deadline)
        return code, bytes(output)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    @property
    def peak_memory(self):
        """The most memory that the program has had resident, in bytes."""
        return self._status("VmHWM:")

    @property
    def memory(self):
        """The memory that the program has resident, in bytes."""
        return self._status("VmRSS:")

    def _status(self, field):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The group lasts as long as one of its members does, such as the worker of a master that has ended.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        self._listener.join(DEADLINE)


class Server(Program):
    """A `sockeye` that listens; its address is known once it is ready."""

    def __init__(self, verb, *arguments, **options):
        self._folder = tempfile.TemporaryDirectory()
        ready = pathlib.Path(self._folder.name) / "ready"
        super().__init__(SOCKEYE, verb, "--ready-file", ready, *arguments, **options)
        try:
            wait_until(lambda: ready.exists() or self.process.poll() is not None, "ready file")
            assert ready.exists(), f"{self.arguments} ended with {self.process.returncode}:\n{self.errors}"
            self.addresses = ready.read_text().split()
        except BaseException:
            self.__exit__()
            raise

    @property
    def endpoint(self):
        """The first address, as HOST:PORT."""
        return self.addresses[0]

    @property
    def port(self):
        return int(self.endpoint.rpartition(":")[2])

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self._folder.cleanup()


def sockeye(*arguments, stdin=b"", deadline=DEADLINE, **options):
    """Runs `sockeye` to its end; answers a CompletedProcess."""
    return subprocess.run(
        [SOCKEYE, *map(str, arguments)], input=stdin, capture_output=True, timeout=deadline, **options
    )


def loopback_listener(family=socket.AF_INET, kind=socket.SOCK_STREAM):
    """A socket of the test's own on a port that the system chose; answers (socket, port)."""
    listener = socket.socket(family, kind)
    listener.settimeout(DEADLINE)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        listener.listen(128)
    return listener, listener.getsockname()[1]


def connect(server):
    """A TCP connection of the test's own to a `Server`."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def serving(serve, kind=socket.SOCK_STREAM):
    """Runs `serve(connection)` for one connection, or `serve(socket)` for datagrams; answers the endpoint."""
    listener, port = loopback_listener(kind=kind)

    def run():
        with listener:
            if kind == socket.SOCK_DGRAM:
                return serve(listener)
            connection, _ = listener.accept()
            with connection:
                try:
                    serve(connection)
                except ConnectionError:
                    pass

    threading.Thread(target=run, daemon=True).start()
    return f"127.0.0.1:{port}"


def read_all(connection):
    """Everything until the peer's end of stream."""
    data = bytearray()
    while chunk := connection.recv(1 << 16):
        data += chunk
    return bytes(data)


def in_own_network():
    """Starts this file again in a network namespace where nobody else holds a port; skips it where there can be none."""
    if os.environ.get("SOCKEYE_NETWORK") == "own":
        return
    if shutil.which("ip") and subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0:
        os.environ["SOCKEYE_NETWORK"] = "own"
        inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv]
        os.execvp("unshare", ["unshare", "--net", *inside])
    print("skipped: this machine allows no network of its own\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)


@contextlib.contextmanager
def nothing_left():
    """Gives the tests a temporary folder, and takes in the processes that they orphan; answers what they leave in the end."""
    become_reaper = 36  # PR_SET_CHILD_SUBREAPER
    ctypes.CDLL(None).prctl(become_reaper, 1, 0, 0, 0)
    folder = tempfile.mkdtemp(prefix="t")
    # Servers that give their rights up have to get through.
    os.chmod(folder, 0o755)
    before, os.environ["TMPDIR"], tempfile.tempdir = os.environ.get("TMPDIR"), folder, folder
    left = []
    try:
        yield left
    finally:
        end = time.monotonic() + 5
        while (orphans := children()) and time.monotonic() < end:
            selectors.DefaultSelector().select(0.05)
        for process, name in orphans:
            left.append(f"the process {process} ({name})")
            os.kill(process, signal.SIGKILL)
        left += [f"{folder}/{name}" for name in os.listdir(folder)]
        shutil.rmtree(folder, ignore_errors=True)
        tempfile.tempdir = None
        del os.environ["TMPDIR"]
        if before is not None:
            os.environ["TMPDIR"] = before


def children():
    """The processes whose parent we are, with their names; those that have ended are seen off."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, fields = status.read_text().partition("(")[2].rpartition(")")
            if int(fields.split()[1]) == os.getpid():
                found.append((int(status.parent.name), name))
    return found


def main(namespace):
    """Runs the tests of a file, or those whose names are given as arguments."""
    with nothing_left() as left:
        failed = run(namespace)
    for thing in left:
        print(f"FAILED: the tests left {thing}", flush=True)
    sys.exit(1 if failed or left else 0)


def run(namespace):
    """Runs tests, prints how each went, and answers whether one failed."""
    wanted = sys.argv[1:]
    passed = failed = skipped = 0
    for name, test in list(namespace.items()):
        if not name.startswith("test_") or not callable(test) or (wanted and name not in wanted):
            continue
        behaviour = (test.__doc__ or name).strip().splitlines()[0]
        try:
            test()
        except Skip as reason:
            skipped += 1
            print(f"skipped: {behaviour} ({reason})", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED: {behaviour} [{name}]", flush=True)
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"passed: {behaviour}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return failed > 0
