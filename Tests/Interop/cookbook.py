"""The cookbook's recipes, exactly as they are printed, each in a folder and a network of its own."""

import os
import pathlib
import re
import subprocess
import tempfile

import support

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOX = re.compile(r"^```(sh server|sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipes():
    """Title and boxes, each a pair of kind and text, of every recipe."""
    text = (ROOT / "Documentation" / "Cookbook.md").read_text()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        yield section.splitlines()[0], BOX.findall(section)


def is_bound(port):
    """Whether anything in this network listens on a port, by TCP or UDP."""
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in pathlib.Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[3] == state:
                return True
    return False


def is_there(server):
    """Whether what a server listens at, a port or a device, exists."""
    device = re.search(r"--tun (\w+)=", server)
    if device:
        return subprocess.run(["ip", "link", "show", device[1]], capture_output=True).returncode == 0
    return is_bound(int(re.search(r"127\.0\.0\.1:(\d+)", server)[1]))


def run(boxes, folder):
    """Starts the server, runs the commands, and compares what they print."""
    path = f"{os.path.dirname(os.path.abspath(support.SOCKEYE))}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    kind, server = boxes[0]
    assert kind == "sh server"
    commands = server.rsplit("&& ", 1)
    script = " && ".join([*commands[:-1], f"exec {commands[-1]}"])
    with support.Program("sh", "-c", script, stdin=subprocess.DEVNULL, cwd=folder, env=environment):
        support.wait_until(lambda: is_there(server), f"listener of {server}")
        printed = None
        for kind, text in boxes[1:]:
            if kind == "text":
                assert printed.rstrip("\n") == text.rstrip("\n"), f"printed {printed!r}, not {text!r}"
                continue
            answer = subprocess.run(
                ["sh", "-e", "-c", text],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=folder,
                env=environment,
                timeout=support.DEADLINE,
            )
            assert answer.returncode == 0, answer
            printed = answer.stdout.decode()
    support.wait_until(lambda: not is_there(server), f"end of the listener of {server}")


def test_recipes():
    """Every recipe of the cookbook does what it says."""
    for tool in ("curl", "nc", "tshark", "xxd"):
        support.need(tool)
    failures = []
    for title, boxes in recipes():
        with tempfile.TemporaryDirectory() as folder:
            try:
                run(boxes, folder)
            except (AssertionError, subprocess.TimeoutExpired) as failure:
                failures.append(f"{title}: {failure}")
    assert not failures, "\n".join(failures)


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
