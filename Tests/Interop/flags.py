"""Every flag of every verb, for everything that the verb can be about: it is honoured, or the call is refused as wrong."""

import concurrent.futures
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import tempfile

import support
from support import sockeye

ROOT = pathlib.Path(__file__).resolve().parents[2]

_loader = importlib.machinery.SourceFileLoader("flags_script", str(ROOT / "scripts" / "flags"))
script = importlib.util.module_from_spec(importlib.util.spec_from_loader("flags_script", _loader))
script.PROGRAM = support.SOCKEYE
_loader.exec_module(script)
script.PROGRAM = support.SOCKEYE

VALUES = {
    # What a flag is given where "1" would not do.
    "--algorithm": "xor", "--append": "crc-8", "--input": "text", "--output": "text", "--encoding": "utf-8", "--eol": "lf",
    "--frame": "line", "--max-frame": "64KiB", "--on-eof": "close", "--on-peer-eof": "exit", "--idle": "1s", "--keepalive": "30s,5s,2", "--total": "2s",
    "--within": "1s", "--every": "1ms", "--drain": "1s", "--connect-timeout": "1s", "--backoff": "1ms", "--bind": "127.0.0.1",
    "--join": "239.1.2.3", "--interface": "lo", "--max-datagram": "1KiB", "--allow": "10.0.0.0/8", "--deny": "10.0.0.0/8",
    "--on-exists": "fail", "--rate": "1MiB", "--checksum": "0" * 64, "--fingerprint": "0" * 64, "--progress": "none",
    "--listen": "192.0.2.1:0", "--missing": "one", "--quiet-time": "50ms", "--tls": "auto", "--log-format": "json",
    "--quota": "1MiB", "--fallback": "flags.txt", "--path-prefix": "/p", "--cors": "https://a.example", "--proxy-from": "10.0.0.0/8", "--request-timeout": "1s", "--idle-timeout": "1s",
    "--stall-timeout": "1s", "--tun": "lo=10.9.0.2/24", "--gateway": "10.9.0.1", "--mtu": "1500", "--congestion": "bbr",
    "--timetable": "/dev/null", "--report": "none", "--publish": "192.0.2.1:0:80", "--dns": "127.0.0.1",
    "--host": "name.example=192.0.2.1", "--impair": "loss=1%", "--control": "unix:no/where", "--stack-config": "congestion=bbr",
    "--admin": "192.0.2.1:0", "--stack": "tun:lo=10.9.0.2/24", "--bytes": "1KiB", "--mode": "echo",
    "--direction": "up", "--for": "1ms", "--size": "100", "--port": "80", "--language": "en", "--width": "80", "--color": "never",
    "--raw": "client", "--directory": ".", "--header": "X-Test: 1", "--proxy": "http://127.0.0.1:1",
    "--no-proxy": "*", "--tls-min": "1.3", "--alpn": "h2", "--starttls": "smtp", "--to": "127.0.0.1:1",
}
"""Addresses of 192.0.2.0/24 are nobody's: what would listen there ends at once, by another code than 2."""

INPUTS = {"--ca": "flags.txt", "--certificate": "flags.txt", "--key": "flags.txt", "--file": "flags.txt", "--auth-file": "users",
    "--session": "flags.txt", "--netrc-file": "users", "--bearer-file": "users", "--proxy-auth-file": "users", "--checksums": "missing.sums", "--metalink": "missing.meta4"}
OUTPUTS = {
    "--record", "--log-file", "--output-file", "--ready-file", "--access-log", "--log", "--capture", "--html", "--qlog", "--state",
}

PLACES = {
    "connect": {
        "tcp": ["127.0.0.1:1"], "tls": ["tls://127.0.0.1:1"], "udp": ["udp://127.0.0.1:1"], "unix": ["unix:nobody"],
        "tls over unix": ["--tls", "unix:nobody"], "unix datagrams": ["unixgram:nobody"],
        "several ports": ["-z", "127.0.0.1:1,2"],
    },
    "listen": {
        "tcp": ["192.0.2.1:0"], "tls": ["tls://192.0.2.1:0"], "udp": ["udp://192.0.2.1:0"], "unix": ["unix:no/where"],
        "tls over unix": ["--tls", "unix:no/where"], "unix datagrams": ["unixgram:no/where"],
        "proxy server": ["--proxy-server", "192.0.2.1:0"],
    },
    "get": {"http": ["http://127.0.0.1:1/x"], "https": ["https://127.0.0.1:1/x"], "bare name": ["tcp://127.0.0.1:1/x"]},
    "put": {"http": ["flags.txt", "http://127.0.0.1:1/x"], "https": ["flags.txt", "https://127.0.0.1:1/x"]},
    "serve": {"tcp": ["--listen", "192.0.2.1:0", "."], "unix": ["--listen", "unix:no/where", "."]},
    "checksum": {"text": ["words"], "file": ["--file", "flags.txt"], "standard input": []},
    "host": {"": ["--tun", "lo=10.9.0.2/24"]},
    "bench": {"": ["127.0.0.1:1"]},
    "console": {"": ["--listen", "192.0.2.1:0"]},
    "impair": {"": ["192.0.2.1:0", "127.0.0.1:1", "loss=1%"]},
    "run": {"": ["--", "true"]},
    "completions": {"": ["bash"]},
    "watch": {"": ["/dev/null"]},
    "manual": {"": []},
}
"""What stands for each thing that a verb can be about; each call ends by itself."""


MAKES = {
    "--proxy-server": ["tcp"], "--udp": ["tcp"], "--tls": ["tcp", "unix"], "--starttls": ["tcp", "unix"],
    "--file": ["standard input"],
}
"""Flags that say themselves what a call is about, where nothing else does."""

EXCUSED = {
    ("serve", "--public"), ("serve", "--add-user"), ("bench", "--serve"), ("bench", "--ready-file"), ("impair", "--tun"),
    ("watch", "--interface"), ("watch", "--pid"),
}
"""Flags that leave no place for what these calls end by; `serve.py`, `bench.py`, `impair.py` and `sight.py` have them."""


class Table:
    """The table in the program, and calls that follow from it."""

    def __init__(self):
        self.rules = list(script.rules())
        self.takes_value = {}
        for command in Table.definitions():
            for argument in command.get("arguments", []):
                for name in argument.get("names", []):
                    flag = Table.flag(name)
                    self.takes_value[command["commandName"], flag] = argument["kind"] == "option"

    @staticmethod
    def definitions():
        """The verbs as the argument parser knows them."""
        dumped = json.loads(sockeye("--experimental-dump-help").stdout)
        return [command for command in dumped["command"]["subcommands"] if command.get("shouldDisplay", True)]

    @staticmethod
    def flag(name):
        """A name as a user writes it."""
        return f"--{name['name']}" if name["kind"] == "long" else f"-{name['name']}"

    def words(self, verb, flag, folder):
        """A flag with a value that it takes; `--name=value` has its own."""
        if "=" in flag:
            return [flag]
        if not self.takes_value[verb, flag]:
            return [flag]
        name = next(names[0] for owner, _, names, _ in self.rules if owner == verb and flag in names)
        if name in INPUTS:
            return [flag, str(folder / INPUTS[name])]
        return [flag, str(folder / "output") if name in OUTPUTS else VALUES.get(name, "1")]

    def conditions(self, verb, flag):
        for name, _, names, conditions in self.rules:
            if name == verb and flag.partition("=")[0] in names:
                return conditions
        raise AssertionError(f"{verb} {flag} has no rule")

    def companions(self, verb, flag, seen=()):
        """What a flag can't be honoured without, and what those can't, in turn."""
        found = []
        for kind, flags in self.conditions(verb, flag):
            if kind == "with" and flags[0] not in seen:
                found += [flags[0], *self.companions(verb, flags[0], (*seen, flag))]
        return [other for other in dict.fromkeys(found) if other != flag]

    def call(self, verb, subject, flags, folder):
        """Runs a verb about something with flags; answers the exit code and the last line on standard error."""
        place = PLACES[verb][subject]
        words = [word for flag in flags for word in self.words(verb, flag, folder) if flag not in place]
        if verb in ("get", "put") and not {"--retry", "--backoff"} & set(flags):
            words = ["--retry", "0", *words]
        if verb in ("get", "put") and "--backoff" in flags:
            words += ["--retry", "1"] if "--retry" not in flags else []
        if verb == "connect" and "--every" in flags and "--count" not in flags:
            words += ["--count", "1"]
        if verb == "connect" and "--reconnect" in flags and "--total" not in flags:
            words += ["--total", "200ms"]
        if verb == "listen" and "tls" in subject and not {"--certificate", "--key"} & set(flags):
            words += ["--certificate", str(folder / "flags.txt")]
        answer = subprocess.run(
            [support.SOCKEYE, verb, *words, *place], stdin=subprocess.DEVNULL, capture_output=True, cwd=folder,
            timeout=support.DEADLINE, env={**os.environ, "XDG_STATE_HOME": str(folder)},
        )
        return answer.returncode, (answer.stderr.decode().strip().splitlines() or [""])[-1], words


def each(cases):
    """Runs `case()` for each case on a few threads; a case answers nothing, or what is wrong."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = [fault for fault in pool.map(lambda case: case(), cases) if fault]
    assert not wrong, "\n".join(wrong)


def in_folder(test):
    """Runs a test with the table and a folder that has one file."""
    def run():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "flags.txt").write_text("no certificate, and nobody's key\n")
            (folder / "users").touch()
            test(Table(), folder)

    run.__doc__ = test.__doc__
    return run


def wants(table, verb, flag, subject, folder, companions, code_is_2, words):
    """A case: a call with a flag, which has to be refused, naming `words`, or to be understood."""

    def case():
        code, line, call = table.call(verb, subject, [flag, *companions], folder)
        said = f"{verb} {' '.join(call)} about {subject or 'itself'}: exit {code}, {line}"
        if code_is_2:
            return None if code == 2 and all(word in line for word in words) else f"not refused: {said}"
        return f"refused: {said}" if code == 2 else None

    return case


@in_folder
def test_completeness(table, folder):
    """Every flag of every verb stands in the table, and no other."""
    known = {(verb, flag) for verb, _, names, _ in table.rules for flag in names}
    defined = {key for key in table.takes_value if key[1] not in ("--help", "-h", "--version")}
    # A verb with verbs below it has no flag but the language.
    verbs = {command["commandName"] for command in Table.definitions() if not command.get("subcommands")} - {"help"}
    defined = {(verb, flag) for verb, flag in defined if verb in verbs}
    assert known == defined, (known ^ defined)


@in_folder
def test_subjects(table, folder):
    """A flag is honoured for what the table says, and refused by its name for everything else."""
    cases = []
    for verb, subjects, names, conditions in table.rules:
        never = any(kind == "never" for kind, _ in conditions)
        right = next((value for kind, value in conditions if kind == "on"), subjects)
        for subject in subjects or [""]:
            holds = not never and (subject in right or not subjects)
            if (holds and (verb, names[0]) in EXCUSED) or (not holds and subject in MAKES.get(names[0], [])):
                continue
            for flag in names:
                if flag in PLACES[verb][subject]:
                    continue
                companions = table.companions(verb, flag) if holds else []
                cases.append(wants(table, verb, flag, subject, folder, companions, not holds, [names[0]]))
    each(cases)


@in_folder
def test_companions(table, folder):
    """A flag that says more about another is refused without it."""
    cases = []
    for verb, subjects, names, conditions in table.rules:
        right = next((value for kind, value in conditions if kind == "on"), subjects) or [""]
        for kind, flags in conditions:
            if kind == "with" and flags[0] not in PLACES[verb][right[0]]:
                cases.append(wants(table, verb, names[0], right[0], folder, [], True, [names[0], flags[0]]))
    each(cases)


@in_folder
def test_exclusions(table, folder):
    """Flags that contradict each other are refused, in either order, and so are those beside one that stands alone."""
    cases = []
    for verb, subjects, names, conditions in table.rules:
        right = next((value for kind, value in conditions if kind == "on"), subjects) or [""]
        own = table.companions(verb, names[0])
        for kind, flags in conditions:
            for other in flags if kind == "without" else []:
                both = [names[0], *own], [other, *table.companions(verb, other)]
                for first, second in (both, both[::-1]):
                    cases.append(wants(table, verb, first[0], right[0], folder, first[1:] + second, True, ["exclude"]))
            if kind == "alone":
                others = [entry[2][0] for entry in table.rules if entry[0] == verb]
                for other in set(others) - {names[0], *flags, *PLACES[verb][right[0]]}:
                    cases.append(wants(table, verb, names[0], right[0], folder, [*own, other], True, []))
    each(cases)


def test_endpoints_of_flags():
    """A flag that names an endpoint takes none of a kind that it can't honour."""
    for arguments in (
        ["serve", "--listen", "tls://127.0.0.1:0", "."],
        ["serve", "--listen", "udp://127.0.0.1:0", "."],
        ["serve", "--admin", "udp://127.0.0.1:0", "."],
        ["connect", "--bind", "unix:here", "127.0.0.1:1"],
        ["connect", "--udp", "--bind=tls://127.0.0.1:1", "127.0.0.1:1"],
    ):
        answer = sockeye(*arguments)
        assert answer.returncode == 2, (arguments, answer)


def test_schemes_against_flags():
    """What a scheme says is not overruled by a flag, however both are written."""
    for arguments in (
        ["connect", "-u", "tls://127.0.0.1:1"],
        ["connect", "--udp", "tcp://127.0.0.1:1"],
        ["connect", "-un", "tcp://127.0.0.1:1"],
        ["connect", "--tls", "udp://127.0.0.1:1"],
        ["connect", "--udp", "unix:nobody"],
        ["connect", "--tls", "--udp", "127.0.0.1:1"],
        ["connect", "--ca=flags.txt", "127.0.0.1", "1"],
        ["connect", "127.0.0.1:1", "--insecure"],
        ["listen", "--certificate", "c", "--key", "k", "127.0.0.1:0"],
        ["listen", "--tls", "udp://127.0.0.1:0"],
        ["listen", "-u", "--ca", "c", "127.0.0.1:0"],
    ):
        answer = sockeye(*arguments)
        assert answer.returncode == 2 and answer.stdout == b"", (arguments, answer)
        assert answer.stderr.startswith(b"sockeye: --"), (arguments, answer)


def test_words_that_are_no_flags():
    """What stands behind -- is no flag, and neither is a flag's value."""
    listener, port = support.loopback_listener()
    with listener:
        answer = sockeye("connect", "-z", "-q", "--", f"127.0.0.1:{port}")
        assert answer.returncode == 0, answer
    assert sockeye("checksum", "--algorithm", "xor", "--", "--list").returncode == 0
    # The letters behind the sign of equality are a file's name, not --udp and --keep-open.
    with tempfile.TemporaryDirectory() as folder:
        assert sockeye("connect", "-o=uk", "tls://127.0.0.1:1", cwd=folder).returncode == 4


def test_documentation():
    """Documentation/Flags.md is what the program says."""
    assert (ROOT / "Documentation" / "Flags.md").read_text() == script.page(), "run scripts/flags"


if __name__ == "__main__":
    support.main(globals())
