"""The command line itself: help, completions, manual page, errors that say what to do."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import support
from support import SOCKEYE, sockeye


def test_help():
    """--help goes to standard output and names every verb's exit codes."""
    answer = sockeye("--help")
    assert answer.returncode == 0 and answer.stderr == b""
    text = answer.stdout.decode()
    for word in ["SUBCOMMANDS", "12 --expect was", "128+n signal n"]:
        assert word in " ".join(text.split()), word


def test_usage_errors():
    """A wrong call is one line on standard error, and exit code 2."""
    for arguments in (["bogus"], ["completions"], ["completions", "tcsh"], ["--no-such-flag"]):
        answer = sockeye(*arguments)
        assert answer.returncode == 2, (arguments, answer)
        assert answer.stdout == b"", (arguments, answer)
        line = answer.stderr.decode()
        assert line.startswith("sockeye: ") and line.count("\n") == 1 and "--help" in line, line


def test_unknown_verbs():
    """A verb that doesn't exist is answered with the one that was probably meant."""
    for word, meant in [("conect", "connect"), ("listn", "listen"), ("sreve", "serve"), ("gte", "get"), ("comp", "completions")]:
        answer = sockeye(word, "127.0.0.1:1")
        assert answer.returncode == 2 and answer.stdout == b"", answer
        assert f"did you mean '{meant}'?" in answer.stderr.decode(), answer
    answer = sockeye("xyzzy\x1b[2J")
    assert answer.returncode == 2 and b"did you mean" not in answer.stderr and b"\x1b" not in answer.stderr, answer


PRINTING = (
    ["--help"], ["--version"], ["get", "--help"], ["help", "serve"], ["completions", "bash"], ["completions", "zsh"],
    ["completions", "fish"], ["manual"], ["checksum", "words"], ["checksum", "--list"], ["checksum", "--list", "--json"],
)


def test_full_disk():
    """What can't be written to standard output is exit code 3, whatever prints it."""
    for arguments in PRINTING:
        with open("/dev/full", "wb") as full:
            answer = subprocess.run(
                [support.SOCKEYE, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=support.DEADLINE
            )
        assert answer.returncode == 3, (arguments, answer)
        assert b"No space left on device" in answer.stderr and answer.stderr.count(b"\n") == 1, (arguments, answer)


def test_paths_are_bytes():
    """A file that an argument names is the one of these bytes, whether they are text or not"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(os.fsencode(folder), b"caf\xe9 \xff")
        with open(path, "wb") as file:
            file.write(b"123456789")
        checksum = [support.SOCKEYE, "checksum", "--algorithm", "crc-32", "--file", path]
        result = subprocess.run(checksum, capture_output=True, timeout=support.DEADLINE)
        assert result.stdout == b"cbf43926\n", result
        result = subprocess.run([support.SOCKEYE, "watch", path], capture_output=True, timeout=support.DEADLINE)
        assert result.returncode == 3 and b"neither pcap nor pcapng" in result.stderr, result
        lab = [support.SOCKEYE, "lab", "handshake", "--capture", path]
        result = subprocess.run(lab, capture_output=True, timeout=support.DEADLINE)
        assert result.returncode == 0 and os.listdir(os.fsencode(folder)) == [os.path.basename(path)], result
        with open(path, "rb") as file:
            assert file.read(4) == b"\x0a\x0d\x0d\x0a"


def test_closed_descriptors():
    """A standard descriptor that is closed is nobody else's: nothing is read from it or hidden in it."""
    for arguments in PRINTING:
        for closing, code in ((">&-", 3), ("<&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 3)):
            command = f'exec "$0" "$@" {closing}'
            answer = subprocess.run(["sh", "-c", command, support.SOCKEYE, *arguments], capture_output=True, timeout=support.DEADLINE)
            assert answer.returncode == code, (arguments, closing, answer)


def test_bash_completion():
    """The bash completion is a script that bash accepts, and completes a verb's name."""
    script = sockeye("completions", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, check=True)
    assert b"_sockeye" in script


def test_other_completions():
    """zsh and fish get theirs, from the same definitions."""
    assert sockeye("completions", "zsh").stdout.startswith(b"#compdef sockeye")
    assert b"complete -c 'sockeye'" in sockeye("completions", "fish").stdout


def test_installation():
    """scripts/install puts the program, its completions and a manual page that mandoc reads under a prefix."""
    mandoc = support.need("mandoc")
    # Where the tested program was built, so that nothing is built anew.
    built = [folder for folder in pathlib.Path(SOCKEYE).resolve().parents if (folder / "scripts/install").exists()]
    root = built[0] if built else pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as prefix:
        # The package manager leaves its locks in the temporary folder.
        with tempfile.TemporaryDirectory() as temporary:
            subprocess.run(
                [root / "scripts" / "install", prefix], check=True, capture_output=True, timeout=600,
                env={**os.environ, "TMPDIR": temporary},
            )
        program = pathlib.Path(prefix) / "bin" / "sockeye"
        assert subprocess.run([program, "--version"], capture_output=True, check=True).stdout.strip()
        page = pathlib.Path(prefix) / "share" / "man" / "man1" / "sockeye.1"
        formatted = subprocess.run([mandoc, "-T", "utf8", page], capture_output=True, check=True).stdout.decode()
        text = re.sub(".\b", "", formatted)  # Bold is overstruck, underlining is an underscore and a backspace.
        assert "completions" in text and "SYNOPSIS" in text, text[:500]


def test_help_names_defaults():
    """An option that has a value where it isn't given says which."""
    program = json.loads(sockeye("--experimental-dump-help").stdout)["command"]
    silent = []
    for verb in program["subcommands"]:
        for argument in verb.get("arguments", []):
            counts = argument["kind"] == "option" and argument.get("valueName") in (
                "duration", "size", "n", "0-255", "encoding", "rate", "quota", "max-clients", "max-per-address"
            )
            if counts and "defaultValue" not in argument and "default" not in argument["abstract"]:
                silent.append((verb["commandName"], argument["preferredName"]["name"]))
    # Without --every nothing is sent again at all.
    assert silent == [("connect", "every")], silent


def test_manual_page():
    """The manual page is right mdoc, names every flag, and has each example of the help on a line of its own."""
    mandoc = support.need("mandoc")
    page = sockeye("manual").stdout
    lint = subprocess.run([mandoc, "-T", "lint", "-W", "warning"], input=page, capture_output=True)
    assert lint.returncode == 0, lint.stdout.decode()
    shown = subprocess.run([mandoc, "-T", "utf8", "-O", "width=130"], input=page, capture_output=True, check=True).stdout.decode()
    lines = [line.strip() for line in re.sub(".\b", "", shown).splitlines()]
    for verb in ("checksum", "completions", "connect", "get", "host", "listen", "serve"):
        text = sockeye(verb, "--help").stdout.decode()
        examples = re.findall(r"^  (\S.*sockeye .*|sockeye .*)$", text.split("USAGE")[0], re.MULTILINE)
        assert examples, f"help of {verb} has no example"
        for example in examples:
            assert example.strip() in lines, (verb, example)
        for flag in set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help", "--version"}:
            assert any(flag in line for line in lines), (verb, flag)


if __name__ == "__main__":
    support.main(globals())
