"""`connect -z` over several ports, beside nc."""

import contextlib
import json
import socket
import subprocess

import support
from support import loopback_listener, need, sockeye


def closed_port():
    listener, port = loopback_listener()
    listener.close()
    return port


@contextlib.contextmanager
def silent_port():
    """A port whose queue is full: the kernel drops every further SYN, as a firewall would."""
    with socket.socket() as listener, contextlib.ExitStack() as held:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def scan(ports, *flags):
    return sockeye("connect", "-z", "--connect-timeout", "700ms", *flags, f"127.0.0.1:{','.join(map(str, ports))}")


def test_states():
    """open, closed and filtered ports are told apart, in words and in JSON, and by the exit code"""
    with contextlib.closing(loopback_listener()[0]) as listener, silent_port() as silent:
        open_, closed = listener.getsockname()[1], closed_port()
        for ports, states, code in [
            ([open_, open_], ["open"], 0), ([closed, open_], ["closed", "open"], 4), ([silent, open_], ["filtered", "open"], 10),
            ([open_, silent, closed], ["open", "filtered", "closed"], 4),
        ]:
            answer = scan(ports, "-q")
            lines = [line.split() for line in answer.stdout.decode().splitlines()]
            assert [line[1] for line in lines] == states and answer.returncode == code, answer
            assert [line[0] for line in lines] == [f"127.0.0.1:{port}" for port in dict.fromkeys(ports)], lines
            assert all((line[3:4] == ["ms"]) == (line[1] != "filtered") for line in lines), lines
            events = [json.loads(line) for line in scan(ports, "--json").stdout.splitlines()]
            assert [event.get("state") for event in events] == [*states, None], events
            assert all(("microseconds" in event) == (event["state"] != "filtered") for event in events[:-1]), events
            assert {state: events[-1][state] for state in ("open", "closed", "filtered")} == {
                state: states.count(state) for state in ("open", "closed", "filtered")}, events


def test_beside_nc():
    """a range has the open ports that nc finds in it"""
    nc = need("nc")
    with contextlib.closing(loopback_listener()[0]) as listener:
        port = listener.getsockname()[1]
        first, last = max(1, port - 40), min(65535, port + 40)
        theirs = subprocess.run([nc, "-zvn", "127.0.0.1", f"{first}-{last}"], capture_output=True, text=True, check=False).stderr
        ours = scan([f"{first}-{last}"], "-q").stdout.decode()
        assert f" {port} port" in theirs and f"127.0.0.1:{port} open" in ours, (theirs, ours)
        assert len(ours.splitlines()) == last - first + 1, ours


def test_services():
    """a port may be the name of its service; a list without -z, over UDP, or with what makes no sense is a usage error"""
    assert b"127.0.0.1:1 " in scan(["1", "http-alt"], "-q").stdout
    for words in [
        ["127.0.0.1:1,2"], ["-z", "-u", "127.0.0.1:1,2"], ["-z", "tls://127.0.0.1:1,2"], ["-z", "127.0.0.1:1,0"],
        ["-z", "127.0.0.1:1,nosuchservice"], ["-z", "--send", "x", "127.0.0.1:1,2"],
        ["-z", "--proxy", "http://127.0.0.1:1", "127.0.0.1:1,2"], ["127.0.0.1:nosuchservice"],
    ]:
        answer = sockeye("connect", *words)
        assert answer.returncode == 2 and not answer.stdout, (words, answer)


if __name__ == "__main__":
    support.main(globals())
