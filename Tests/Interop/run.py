#!/usr/bin/env python3
"""`sockeye run`: a command in a network of its own, as root and as a user without privileges: how it starts, is spoken to,
stopped and ended, and that nothing is left of it."""

import os
import pathlib
import pty
import re
import selectors
import signal
import subprocess

import support
from support import SOCKEYE, need, wait_until
from support_run import Running, callers, children, in_network, kill, run


def test_exit_codes_are_the_commands():
    """The exit code is the command's, 128 and the signal's number, 127 where it isn't found, 126 where it can't be run."""
    for name, caller in callers():
        for script, code in [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", 143),
                             ("kill -KILL $$", 137), ("kill -SEGV $$", 139)]:
            answer = run("--offline", "--", "sh", "-c", script, caller=caller)
            assert answer.returncode == code, (name, script, answer)
        answer = run("--offline", "--", "no-such-command", caller=caller)
        assert answer.returncode == 127 and b"no-such-command" in answer.stderr, (name, answer)
        answer = run("--offline", "--", "/etc/passwd", caller=caller)
        assert answer.returncode == 126 and b"/etc/passwd" in answer.stderr, (name, answer)


def test_streams_are_the_commands():
    """Standard streams pass byte for byte, and nothing is added to them."""
    data = bytes(range(256)) * 4096
    for name, caller in callers():
        answer = run("--offline", "--", "sh", "-c", "cat; echo said >&2", caller=caller, stdin=data)
        assert answer.stdout == data and answer.stderr == b"said\n" and answer.returncode == 0, (name, answer.stderr)


def test_closed_output_is_seen():
    """Whoever reads the command's output sees its end when the command has closed it, and not only when it ends."""
    for _, caller in callers():
        with Running("--offline", "--", "sh", "-c", "exec >&-; read line", caller=caller) as running:
            assert running.process.stdout.read() == b""
            assert running.finish(b"\n")[0] == 0


def test_signals_go_to_the_command():
    """A signal that sockeye gets is the command's, which does with it what it likes; by default it ends."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
               signal.SIGWINCH]
    script = "".join(f"trap 'exit {20 + n}' {n}; " for n in numbers) + "echo ready; while :; do sleep 0.01; done"
    for name, caller in callers():
        for number in numbers:
            with Running("--offline", "--", "sh", "-c", script, caller=caller) as running:
                assert running.line() == "ready"
                running.signal(number)
                assert running.finish()[0] == 20 + number, (name, number)
    with Running("--offline", "--", "sh", "-c", "echo ready; exec sleep 1000") as running:
        assert running.line() == "ready"
        running.signal(signal.SIGTERM)
        assert running.finish()[0] == 143


def test_signals_are_as_the_caller_has_them():
    """A command starts with no signal blocked, and ignores what its caller ignored, as after nohup, and nothing else."""
    show = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
    for prefix in [[], ["nohup"]]:
        plain = subprocess.run([*prefix, *show], capture_output=True, stdin=subprocess.DEVNULL)
        answer = subprocess.run(
            [*prefix, SOCKEYE, "run", "--offline", "--", *show], capture_output=True, stdin=subprocess.DEVNULL
        )
        assert answer.stdout == plain.stdout, (prefix, answer, plain)


def test_nothing_is_inherited():
    """The command has the standard descriptors, and no other of the caller's or ours."""
    reading, writing = os.pipe()
    for name, caller in callers():
        answer = run("--offline", "--", "sh", "-c", "ls /proc/$$/fd", caller=caller, pass_fds=(reading, writing))
        assert answer.stdout.split() == [b"0", b"1", b"2"], (name, answer)
    os.close(reading)
    os.close(writing)


def test_identity():
    """The command is its caller without rights, or root with --root, and more than its caller for nobody outside."""
    script = "id -u; id -g; grep CapEff /proc/self/status; echo $$"
    for name, caller in callers():
        own = subprocess.run([*caller, "sh", "-c", "id -u; id -g"], capture_output=True).stdout.decode().split()
        lines = run("--offline", "--", "sh", "-c", script, caller=caller).stdout.decode().split()
        assert lines[:2] == own and lines[-1] == "2", (name, lines)
        assert own[0] == "0" or int(lines[3], 16) == 0, (name, lines)
        script_of_root = script + "; ip link set lo down && echo changed; hostname elsewhere 2>/dev/null || echo kept"
        lines = run("--offline", "--root", "--", "sh", "-c", script_of_root, caller=caller).stdout.decode().split()
        assert lines[:2] == ["0", "0"] and lines[-2:] == ["changed", "kept"], (name, lines)


def test_nothing_is_seen_outside():
    """What is mounted and configured for the command stays with it."""
    def state():
        return [pathlib.Path(f"/proc/self/{name}").read_text() for name in ("mountinfo", "net/dev")] + [
            pathlib.Path("/etc/resolv.conf").read_bytes(), pathlib.Path("/etc/hosts").read_bytes()]

    def shape(state):
        # Counters of packets change by themselves.
        return [state[0], re.findall(r"^ *(\S+):", state[1], re.MULTILINE), *state[2:]]

    before = shape(state())
    for name, caller in callers():
        answer = run(
            "--offline", "--", "sh", "-c", "cat /etc/resolv.conf; cat /etc/hosts; ls /sys/class/net; cd /proc; ls -d [0-9]*",
            caller=caller,
        )
        lines = answer.stdout.decode().splitlines()
        assert lines[0].startswith("127.0.0.1 localhost") and "lo" in lines, (name, answer)
        processes = [int(line) for line in lines if line.isdigit()]
        assert 1 in processes and max(processes) < 10, (name, processes)
    assert shape(state()) == before


def test_loopback_is_the_commands_own():
    """The command's loopback interface is up, serves on any port, answers ping, and isn't the machine's."""
    listener, port = support.loopback_listener()
    with listener:
        for name, caller in callers():
            answer = run("--offline", "--", need("ping"), "-c1", "-W5", "127.0.0.1", caller=caller)
            assert answer.returncode == 0, (name, answer)
            script = f"""
import socket
server = socket.create_server(("127.0.0.1", 80))
client = socket.create_connection(("127.0.0.1", 80))
try:
    socket.create_connection(("127.0.0.1", {port}))
    print("reached the machine")
except ConnectionRefusedError:
    print("refused")
try:
    socket.create_connection(("192.0.2.1", 80))
except OSError as error:
    print(error.strerror)
"""
            answer = run("--offline", "--", "python3", "-c", script, caller=caller)
            assert answer.stdout.decode().splitlines() == ["refused", "Network is unreachable"], (name, answer)


# MARK: Ends


BROOD = "readlink /proc/self/ns/net; setsid sleep 1000 & (sleep 1000 &) ; sleep 1000"
"""Prints its network's name, and has descendants in its own session, in one of their own, and orphaned."""


def brood(caller):
    """A running command with descendants, and its network's name."""
    running = Running("--offline", "--", "sh", "-c", BROOD, caller=caller)
    network = running.line()
    wait_until(lambda: len(in_network(network)) >= 5, "brood")
    return running, network


def test_whoever_is_killed_nothing_is_left():
    """After kill -9 of sockeye, of the first process inside, or of the command, no process and no namespace is left."""
    for name, caller in callers():
        for victim in ("sockeye", "init", "command"):
            running, network = brood(caller)
            with running:
                sockeye = running.process.pid
                init = running.init
                kill({"sockeye": sockeye, "init": init, "command": children(init)[0]}[victim])
                assert running.finish()[0] == (-9 if victim == "sockeye" else 137), (name, victim, running.errors)
                wait_until(lambda: not in_network(network), f"end of {in_network(network)} after {victim} of {name}")


def test_end_of_the_command_is_the_end():
    """What the command has started and left behind ends with it."""
    for _, caller in callers():
        running, network = brood(caller)
        with running:
            running.signal(signal.SIGTERM)
            assert running.finish()[0] == 143
            wait_until(lambda: not in_network(network), "end of all")


def test_killed_while_it_begins():
    """Nothing is left either when sockeye is killed before the command has started."""
    for delay in range(0, 60, 5):
        with Running("--offline", "--", "sleep", "1000") as running:
            selectors.DefaultSelector().select(delay / 1000)
            inside = children(running.process.pid)
            kill(running.process.pid)
            running.finish()
            for process in inside:
                wait_until(lambda: not os.path.exists(f"/proc/{process}/fd") or not os.listdir(f"/proc/{process}/fd"),
                           "end of the first process")


# MARK: A terminal


class Terminal:
    """A shell with job control on a terminal of its own."""

    def __init__(self, *command):
        self.said = b""
        os.environ["PS1"] = "$ "
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            # Who starts the tests in the background has them ignore these, and a shell leaves that as it is.
            for number in (signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        os.set_blocking(self.terminal, False)

    def _read(self):
        try:
            self.said += os.read(self.terminal, 65536)
        except BlockingIOError:
            pass
        except OSError:
            return None
        return self.said

    def wait_for(self, pattern):
        """Waits until the terminal shows something, and forgets what it showed before that."""
        def found():
            self._read()
            return re.search(pattern.encode(), self.said)
        try:
            match = wait_until(found, pattern)
        except AssertionError:
            raise AssertionError(f"no {pattern!r} in {self.said.decode(errors='replace')}")
        self.said = self.said[match.end():]
        return match

    def type(self, text):
        os.write(self.terminal, text.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


def shell():
    terminal = Terminal(need("bash"), "--norc", "--noprofile", "--noediting", "-i")
    terminal.type("stty -echo; echo begin\n")
    terminal.wait_for("begin\r\n")
    return terminal


# Not a shell's `echo up; sleep 1000`: dash loses an interrupt that comes between the two.
INTERRUPTIBLE = (
    "python3 -c 'import signal; signal.signal(2, signal.SIG_DFL); print(signal.SIGINT.name, flush=True); signal.pause()'"
)


def test_keys_reach_the_command():
    """Ctrl-C ends the command, also in a pipeline and in a script, which ends with it; the exit code is 130."""
    up = f"{SOCKEYE} run --offline -- {INTERRUPTIBLE}"
    for line, code in [(up, "$?"), (f"{up} | cat", "${PIPESTATUS[0]}"), (f'sh -c "{up}; echo went on"', "$?")]:
        with shell() as terminal:
            terminal.type(f"{line}\n")
            terminal.wait_for("SIGINT\r\n")
            terminal.type("\x03")
            terminal.wait_for("\\$ ")
            terminal.type(f"echo code {code}\n")
            match = terminal.wait_for("code (\\d+)\r\n")
            assert match[1] == b"130" and b"went on" not in match.string, (line, match.string)


STOPPABLE = """python3 -c "
import signal
signal.signal(signal.SIGCONT, lambda *_: print('back', flush=True))
print('up', flush=True)
print('got', input())" """


def test_command_is_stopped_and_goes_on():
    """Ctrl-Z stops the command and gives the shell the terminal back; `fg` gives it to the command again."""
    with shell() as terminal:
        terminal.type(f"{SOCKEYE} run --offline -- {STOPPABLE}\n")
        terminal.wait_for("up\r\n")
        for _ in range(2):
            terminal.type("\x1a")
            terminal.wait_for("Stopped")
            terminal.type("jobs\n")
            terminal.wait_for("Stopped")
            terminal.type("fg\n")
            terminal.wait_for("back\r\n")
        terminal.type("words\n")
        terminal.wait_for("got words\r\n")
        terminal.type("echo code $?\n")
        terminal.wait_for("code 0\r\n")


def test_terminal_is_given_back():
    """A command that reads the terminal can, and whoever comes after it can as well."""
    with shell() as terminal:
        terminal.type(f"{SOCKEYE} run --offline -- bash --norc -ic 'read -p ask: line; echo got $line'\n")
        terminal.wait_for("ask:")
        terminal.type("one\n")
        terminal.wait_for("got one\r\n")
        terminal.type("read line; echo then $line\n")
        terminal.type("two\n")
        terminal.wait_for("then two\r\n")


# MARK: What can't be


def test_calls_that_cannot_be():
    """Without a command, exit 2 and a line that says how."""
    for arguments in [[], ["--offline"], ["--offline", "--"]]:
        answer = run(*arguments)
        assert answer.returncode == 2 and b"--" in answer.stderr and answer.stderr.count(b"\n") == 1, answer


def test_forbidden_namespaces_are_named():
    """Where the system forbids namespaces, one line says which setting, in both languages, and the code is 1."""
    forbid = ["unshare", "--user", "--map-root-user", "sh", "-c",
              'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
    for name, caller in callers():
        for language in ("en", "zh"):
            answer = subprocess.run(
                [*caller, *forbid, SOCKEYE, "run", "--offline", "--language", language, "--", "true"], capture_output=True
            )
            said = answer.stderr.decode()
            assert answer.returncode == 1 and said.count("\n") == 1, (name, answer)
            assert "user.max_user_namespaces" in said and ("系统" in said) == (language == "zh"), (name, said)


if __name__ == "__main__":
    support.main(globals())
