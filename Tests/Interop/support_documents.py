"""Documents whose boxes are commands: reading them, and doing what they say.

A box ```` ```sh server ```` is a program that keeps running until its section ends, ```` ```sh ```` are commands that have to succeed,
```` ```text ```` is what the box before it has to print, and ```` ```swift PATH ```` is a file. A section with files takes place in an empty
folder.
"""

import contextlib
import pathlib
import re
import subprocess

import support

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOX = re.compile(r"^```(sh server|sh|text|swift [^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONG = 1500.0
"""Seconds that a box may take that builds everything."""


def sections(name):
    """Title, text and boxes, each a pair of kind and text, of every section of a document."""
    text = (ROOT / name).read_text()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        yield section.splitlines()[0], section, BOX.findall(section)


def commands(name):
    """All that a document has its readers type; what it prints is in the document's language."""
    boxes = [(kind, text) for _, _, section in sections(name) for kind, text in section if kind != "text"]
    return boxes + re.findall(r"`(sockeye [^`]+)`(?= \|)", (ROOT / name).read_text())


def is_bound(port):
    """Whether anything in this network listens on a port, by TCP or UDP."""
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in pathlib.Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[3] == state:
                return True
    return False


def is_there(server, section):
    """Whether what a server listens at, a port or a device, exists."""
    device = re.search(r"--tun (\w+)=", server) or (re.search(r"dev (\w+)$", section, re.MULTILINE))
    if device:
        return subprocess.run(["ip", "link", "show", device[1]], capture_output=True).returncode == 0
    port = re.search(r"127\.0\.0\.1:(\d+)", server)
    return is_bound(int(port[1]) if port else 8888)


@contextlib.contextmanager
def serving(server, section, folder, environment, deadline=support.DEADLINE):
    """Runs a server for as long as the `with` block takes."""
    *before, last = server.rsplit("&& ", 1)
    script = "".join(f"{part}&& " for part in before) + f"exec {last}"
    with support.Program("sh", "-c", script, stdin=subprocess.DEVNULL, cwd=folder, env=environment) as program:
        support.wait_until(
            lambda: is_there(server, section) or program.process.poll() is not None, f"listener of {server}", deadline
        )
        assert program.process.poll() is None, f"{server} ended: {program.errors}"
        yield program
    support.wait_until(lambda: not is_there(server, section), f"end of the listener of {server}")


def follow(section, boxes, folder, environment, deadline=support.DEADLINE):
    """Does what the boxes of a section say, and compares what they print; `export` holds for the boxes behind it."""
    with contextlib.ExitStack() as stack:
        printed = None
        for kind, text in boxes:
            if kind == "sh server":
                stack.enter_context(serving(text, section, folder, environment, deadline))
            elif kind == "text":
                assert printed.rstrip("\n") == text.rstrip("\n"), f"printed {printed!r}, not {text!r}"
            elif kind == "sh":
                printed = command(text, folder, environment, deadline)
            else:
                place = folder / kind.split()[1]
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)


def command(text, folder, environment, deadline=support.DEADLINE):
    """Runs commands as a shell does, keeps the PATH that they leave, and answers what they print."""
    mark = "\n-- PATH "
    answer = subprocess.run(
        ["sh", "-e", "-c", f"{text}\nprintf '{mark}%s' \"$PATH\""],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        env=environment,
        timeout=deadline,
    )
    assert answer.returncode == 0, f"{text}: {answer.returncode}, {answer.stdout.decode()[-500:]}\n{answer.stderr.decode()[-2000:]}"
    printed, _, environment["PATH"] = answer.stdout.decode().rpartition(mark)
    assert "warning: " not in printed, f"{text}: {printed}"
    return printed
