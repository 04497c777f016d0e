"""The command line itself: help, completions, manual page, errors that say what to do."""

import pathlib
import re
import subprocess
import tempfile

import support
from support import sockeye


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
    root = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as prefix:
        subprocess.run([root / "scripts" / "install", prefix], check=True, capture_output=True, timeout=600)
        program = pathlib.Path(prefix) / "bin" / "sockeye"
        assert subprocess.run([program, "--version"], capture_output=True, check=True).stdout.strip()
        page = pathlib.Path(prefix) / "share" / "man" / "man1" / "sockeye.1"
        formatted = subprocess.run([mandoc, "-T", "utf8", page], capture_output=True, check=True).stdout.decode()
        text = re.sub(".\b", "", formatted)  # Bold is overstruck, underlining is an underscore and a backspace.
        assert "completions" in text and "SYNOPSIS" in text, text[:500]


if __name__ == "__main__":
    support.main(globals())
