"""The README's commands, exactly as they are printed, in a network of their own: the README names ports."""

import os
import pathlib
import re
import shutil
import subprocess

import support

ROOT = pathlib.Path(__file__).resolve().parents[2]


def commands():
    """The lines of the README that are commands, in its order."""
    text = (ROOT / "README.md").read_text()
    return re.findall(r"^    (swift run -c release sockeye .*)$", text, re.MULTILINE)


def test_first_commands():
    """The first command puts a directory on the network, the second fetches a file from it."""
    serve, get = commands()[:2]
    assert serve.startswith("swift run -c release sockeye serve ")
    assert get.startswith("swift run -c release sockeye get ")
    target = pathlib.Path(re.search(r"-d (\S+)", get).group(1))
    shutil.rmtree(target, ignore_errors=True)
    with support.Program(*serve.split(), cwd=ROOT) as server:
        server.wait_for("http://127.0.0.1:8888/", deadline=300)
        answer = subprocess.run(get, shell=True, cwd=ROOT, capture_output=True, timeout=300)
        assert answer.returncode == 0, answer
        assert (target / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
        assert sorted(path.name for path in target.iterdir()) == ["README.md"]
    shutil.rmtree(target)


def test_conversation_commands():
    """The README's conversation is had as it is told."""
    text = (ROOT / "README.md").read_text()
    listen = re.search(r"^    (sockeye listen .*)$", text, re.MULTILINE).group(1)
    connect = re.search(r"^    (.*sockeye connect .*)$", text, re.MULTILINE).group(1)
    path = f"{os.path.dirname(support.SOCKEYE)}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    with support.Program("sh", "-c", f"exec {listen}", env=environment) as server:
        server.wait_for(":9000")
        answer = subprocess.run(
            connect, shell=True, env=environment, capture_output=True, timeout=support.DEADLINE
        )
        assert answer.returncode == 0, answer
        assert answer.stdout == b"hello", answer


def test_host_commands():
    """The README's host is there as it is told."""
    text = (ROOT / "README.md").read_text()
    start, address, ping = re.findall(r"^    ((?:sockeye host|ip address|ping) .*)$", text, re.MULTILINE)
    path = f"{os.path.dirname(os.path.abspath(support.SOCKEYE))}:{os.environ['PATH']}"
    device = re.search(r"--tun (\w+)=", start)[1]
    with support.Program("sh", "-c", f"exec {start.rstrip(' &')}", env={**os.environ, "PATH": path}) as host:
        host.wait_for(f"On {device} as")
        for command in (address, ping):
            answer = subprocess.run(command, shell=True, capture_output=True, timeout=support.DEADLINE)
            assert answer.returncode == 0, answer


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
