"""Lines that are typed at a terminal: edited, found again, never torn by what arrives; and the terminal as it was found."""

import fcntl
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import threading

import support
from support import DEADLINE, SOCKEYE, loopback_listener, wait_until

COLUMNS = 40


class Screen:
    """What a terminal shows: characters (wide ones take two columns), returns, line feeds, and two of ECMA-48's sequences."""

    WIDE = re.compile("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]")

    def __init__(self):
        self.rows = [[]]
        self.column = 0

    def write(self, text):
        for part in re.findall("\x1b\\[\\d*[A-Za-z]|.", text, re.DOTALL):
            row = self.rows[-1]
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.rows.append([])
            elif part == "\a":
                pass
            elif part.startswith("\x1b"):
                assert part[-1] in "CK", f"{part!r} is no sequence that is used here"
                if part[-1] == "C":
                    self.column += int(part[2:-1] or 1)
                else:
                    del row[self.column:]
            else:
                row.extend(" " * (self.column - len(row)))
                cells = [part, ""] if self.WIDE.match(part) else [part]
                row[self.column:self.column + len(cells)] = cells
                self.column += len(cells)
                assert len(row) <= COLUMNS, f"{''.join(row)!r} is too long for the terminal"

    @property
    def lines(self):
        return ["".join(row).rstrip() for row in self.rows]


class Terminal:
    """A program with a terminal of its own in front of it."""

    def __init__(self, *arguments, **options):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
        # Line feeds as they are: the terminal's own returns before them would say nothing here.
        self.found = termios.tcgetattr(self.slave)
        streams = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave, **options}
        own = lambda: (os.setsid(), fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0))
        self.process = subprocess.Popen(
            [SOCKEYE, *arguments], preexec_fn=own, env={**os.environ, "TERM": "xterm"}, **streams
        )
        self.said = bytearray()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while data := os.read(self.master, 4096):
                self.said += data
        except OSError:
            pass

    @property
    def screen(self):
        screen = Screen()
        screen.write(bytes(self.said).decode(errors="ignore"))
        return screen

    def type(self, text):
        os.write(self.master, text.encode())

    def shows(self, *lines):
        """Waits until the last rows, those without anything left out, are these."""
        try:
            wait_until(lambda: [line for line in self.screen.lines if line][-len(lines):] == list(lines), "picture")
        except AssertionError:
            raise AssertionError(f"the terminal shows {self.screen.lines}, not {lines}")

    @property
    def is_by_key(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def begins(self):
        wait_until(lambda: self.is_by_key, "editing")

    @property
    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.slave)
        # Nobody has the terminal any more, which ends the reader; its number must not be another's before that.
        self.reader.join(DEADLINE)
        os.close(self.master)


def conversation(*flags, **options):
    """A conversation at a terminal with a connection of the test's own; answers (terminal, connection)."""
    listener, port = loopback_listener()
    with listener:
        terminal = Terminal("connect", "-q", *flags, f"127.0.0.1:{port}", **options)
        connection, _ = listener.accept()
    connection.settimeout(DEADLINE)
    return terminal, connection


def heard(connection, data):
    got = b""
    while len(got) < len(data):
        part = connection.recv(len(data) - len(got))
        assert part, got
        got += part
    assert got == data, got


def test_editing():
    """a line is edited before it is sent: cursor keys, words, wide characters"""
    terminal, connection = conversation()
    with terminal, connection:
        terminal.begins()
        terminal.type("helo\x1b[D")
        terminal.shows("helo")
        terminal.type("l")
        terminal.shows("hello")
        terminal.type("\r")
        heard(connection, b"hello\n")
        terminal.type("你好吗\x1b[D\x7f")
        terminal.shows("hello", "你吗")
        terminal.type("们\x01一 二\x17三 \x05!\n")
        heard(connection, "一 三 你们吗!\n".encode())
        terminal.shows("hello", "一 三 你们吗!")


def test_history():
    """lines that were sent are found again"""
    terminal, connection = conversation()
    with terminal, connection:
        terminal.begins()
        terminal.type("one\ntwo\nthr\x1b[A\x1b[A")
        heard(connection, b"one\ntwo\n")
        terminal.shows("one", "two", "one")
        terminal.type("\x1b[B\x1b[Bee\n\x1b[A\x1b[A\x1b[A!\n")
        heard(connection, b"three\none!\n")


def test_arrivals():
    """what arrives never tears what is being typed, which may stand behind a prompt of the peer's"""
    terminal, connection = conversation()
    with terminal, connection:
        terminal.begins()
        connection.sendall(b"login: ")
        terminal.shows("login:")
        terminal.type("al")
        terminal.shows("login: al")
        connection.sendall("\nnews 新闻\nlogin: ".encode())
        terminal.shows("login:", "news 新闻", "login: al")
        connection.sendall(b"\x1b[2J\n")
        terminal.shows("login: \\x1b[2J", "al")
        terminal.type("ice\n")
        heard(connection, b"alice\n")
        terminal.shows("login: \\x1b[2J", "alice")


def test_long_lines():
    """a line longer than the terminal scrolls, and is sent whole, past what the terminal itself could hold"""
    terminal, connection = conversation()
    line = "".join(chr(ord("a") + place % 26) for place in range(10_000))
    with terminal, connection:
        terminal.begins()
        terminal.type(line[:100])
        terminal.shows(line[100 - COLUMNS + 1:100])
        terminal.type("\x01")
        terminal.shows(line[:COLUMNS - 1])
        writer = threading.Thread(target=lambda: terminal.type("\x05" + line[100:] + "\n"))
        writer.start()
        heard(connection, line.encode() + b"\n")
        writer.join()


def test_server():
    """listen has the same, with its commands"""
    with Terminal("listen", "127.0.0.1:0") as terminal:
        terminal.begins()
        wait_until(lambda: re.search(rb"127\.0\.0\.1:(\d+)", terminal.said), "address")
        port = int(re.search(rb"127\.0\.0\.1:(\d+)", terminal.said)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
            wait_until(lambda: b"connected" in terminal.said, "connection")
            terminal.type("helo")
            connection.sendall(b"who is there?")
            terminal.shows("[1] who is there?", "helo")
            terminal.type("\x1b[Dl\n")
            heard(connection, b"hello\n")
            terminal.type("/quit\n")
            assert connection.recv(10) == b""
        assert terminal.process.wait(DEADLINE) == 0
        assert terminal.is_restored


def test_ends():
    """however the program ends, the terminal is as it was found"""
    for how, code in (
        (lambda terminal, _: terminal.type("\x04"), 0),
        (lambda terminal, _: terminal.type("half\x03"), 130),
        (lambda terminal, _: terminal.process.send_signal(signal.SIGTERM), 143),
        (lambda terminal, _: terminal.process.send_signal(signal.SIGHUP), 129),
        (lambda terminal, _: terminal.process.send_signal(signal.SIGQUIT), -signal.SIGQUIT),
        (lambda _, connection: connection.shutdown(socket.SHUT_WR), 0),
    ):
        terminal, connection = conversation("--on-eof", "close")
        with terminal, connection:
            terminal.begins()
            how(terminal, connection)
            assert terminal.process.wait(DEADLINE) == code, (code, bytes(terminal.said))
            assert terminal.is_restored, code


def test_pause():
    """Control-Z gives the terminal back as it was found; when the program goes on, the line is still there"""
    terminal, connection = conversation()
    with terminal, connection:
        terminal.begins()
        terminal.type("half")
        terminal.shows("half")
        terminal.type("\x1a")
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        assert terminal.is_restored
        terminal.process.send_signal(signal.SIGCONT)
        terminal.begins()
        terminal.type(" a line\n")
        heard(connection, b"half a line\n")


def test_left_alone():
    """with --no-edit, raw or JSON output, or without a terminal at every end, the terminal edits as ever"""
    for flags, options in (
        (["--no-edit"], {}),
        (["--output", "raw"], {}),
        (["--json"], {}),
        ([], {"stdout": subprocess.DEVNULL}),
        ([], {"stderr": subprocess.DEVNULL}),
    ):
        terminal, connection = conversation(*flags, **options)
        with terminal, connection:
            terminal.type("helo\x7fo\n")
            heard(connection, b"helo\n")
            assert not terminal.is_by_key and terminal.is_restored, flags


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
