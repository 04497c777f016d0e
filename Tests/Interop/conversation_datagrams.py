"""What ICMP says of datagrams, and where their answers come from."""

import json
import os
import pathlib
import pty
import re
import socket
import subprocess
import tempfile

import support
from support import Program, Server, need, sockeye, DEADLINE, SOCKEYE


def bound(address="127.0.0.1", port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    result = socket.socket(family, socket.SOCK_DGRAM)
    result.settimeout(DEADLINE)
    result.bind((address, port))
    return result


def closed_port():
    with bound() as once:
        return once.getsockname()[1]


# Words


MAKES_NO_CONNECTION = re.compile("UDP makes no connection|UDP 不建立连接")
CONNECTION = re.compile(r"connect|连接", re.IGNORECASE)


def speaks_of_connections(text):
    """Whether anything but the one sentence that denies it says that datagrams make a connection."""
    return CONNECTION.search(MAKES_NO_CONNECTION.sub("", text)) is not None


def test_udp_is_never_connected():
    """in no language, event, log or error does UDP connect, is it connected, or is there a connection"""
    for language in ("en", "zh"):
        environment = {**os.environ, "LC_ALL": "zh_CN.UTF-8" if language == "zh" else "C"}
        with tempfile.TemporaryDirectory() as folder, bound() as silent, bound() as taken:
            logs = [f"{folder}/{number}" for number in range(3)]
            with (
                Server("listen", "--udp", "--echo", "--log-file", logs[0], "127.0.0.1:0", env=environment) as server,
                Server("listen", "--udp", "--json", "--log-file", logs[1], "--reply", "x", "127.0.0.1:0", env=environment) as told,
                Server("bench", "--serve", "127.0.0.1:0", env=environment) as measured,
                Server("impair", "udp://127.0.0.1:0", f"udp://{server.endpoint}", "delay=1ms", env=environment) as impaired,
            ):
                refusing = f"127.0.0.1:{closed_port()}"
                somewhere = "127.0.0.1:%d" % silent.getsockname()[1]
                said = ["--send", "x"]
                calls = [
                    ([*said, server.endpoint], 0), (["--json", *said, server.endpoint], 0), ([*said, told.endpoint], 0),
                    ([*said, "--log-file", logs[2], server.endpoint], 0), ([*said, impaired.endpoint], 0),
                    (["-z", server.endpoint], 0), (["-z", refusing], 4), (["-z", somewhere], 0), ([*said, somewhere], 0),
                    ([*said, refusing], 4), ([*said, "--retry", "1", "--backoff", "1ms", refusing], 4),
                    ([*said, "--bind", "192.0.2.77", somewhere], 4), ([*said, "127.0.0.1:0"], 2),
                    ([*said, "--bind", "127.0.0.1:%d" % taken.getsockname()[1], somewhere], 4),
                    ([*said, "255.255.255.255:9"], 2), (["--send", "x" * 70_000, somewhere], 2),
                    ([*said, "--expect", "y", "--within", "10ms", somewhere], 12), ([*said, "nowhere.invalid:9"], 4),
                ]
                for flags, code in calls:
                    result = sockeye("connect", "-u", *flags, env=environment)
                    assert result.returncode == code, (flags, result)
                    text = (result.stdout + result.stderr).decode()
                    assert not speaks_of_connections(text), (flags, text)
                result = sockeye("bench", "--mode", "datagrams", "--for", "10ms", measured.endpoint, env=environment)
                text = (result.stdout + result.stderr).decode()
                assert result.returncode == 0 and not speaks_of_connections(text), text
                for program in (server, told, impaired):
                    program.signal()
                    _, output = program.finish()
                    assert not speaks_of_connections(program.errors + output.decode()), (program.errors, output)
            for log in logs:
                text = pathlib.Path(log).read_text()
                assert text and not speaks_of_connections(text), text


# Refusals


def test_refused():
    """what nobody receives is exit code 4, whatever said it and over either family"""
    port = closed_port()
    for host in ("127.0.0.1", "[::1]", "localhost"):
        for flags, stdin in (
            (["--send", "x"], b""),
            (["--send", "x", "--on-eof", "hold"], b""),
            (["--send", "x", "--every", "10ms"], b""),
            (["--send", "x", "--idle", "1m"], b""),
            (["--expect", "y", "--send", "x"], b""),
            ([], b"from a pipe"),
            (["-z"], b""),
        ):
            result = sockeye("connect", "-u", *flags, f"{host}:{port}", stdin=stdin)
            assert result.returncode == 4 and b"refused the datagram" in result.stderr, (host, flags, result)
            assert result.stdout == b"", result


def test_refused_on_a_terminal():
    """a person who types to nobody is told, and the program ends with exit code 4"""
    primary, secondary = pty.openpty()
    streams = {"stdin": secondary, "stdout": secondary, "stderr": secondary}
    with subprocess.Popen([SOCKEYE, "connect", "-u", f"127.0.0.1:{closed_port()}"], start_new_session=True, **streams) as process:
        os.close(secondary)
        os.write(primary, b"anybody?\n")
        assert process.wait(DEADLINE) == 4
        assert b"refused the datagram" in os.read(primary, 1 << 16)
    os.close(primary)


def where_a_name_has_two_addresses(folder):
    """What a command begins with that finds `both` at ::1 and at 127.0.0.1."""
    hosts = pathlib.Path(folder, "hosts")
    hosts.write_text("::1 both\n127.0.0.1 both\n")
    beginning = ["unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh"]
    found = subprocess.run([*beginning, "getent", "ahosts", "both"], capture_output=True).stdout.decode()
    if "::1" not in found or "127.0.0.1" not in found:
        raise support.Skip("this machine allows no names of its own")
    return beginning


def test_other_address():
    """a name whose first address refuses is spoken to at its other one, from the beginning"""
    with tempfile.TemporaryDirectory() as folder:
        beginning = where_a_name_has_two_addresses(folder)
        for address in ("127.0.0.1", "::1"):
            for flags, stdin in (
                (["--send", "anybody?"], b""), ([], b"anybody?"), (["--send", "anybody?", "--expect", "here"], b""), (["-z"], b""),
            ):
                with bound(address) as server:
                    place = f"both:{server.getsockname()[1]}"
                    with Program(*beginning, SOCKEYE, "connect", "-u", *flags, place) as client:
                        client.send(stdin)
                        client.process.stdin.close()
                        message, source = server.recvfrom(64)
                        assert message == (b"" if flags == ["-z"] else b"anybody?"), (address, flags, message)
                        server.sendto(b"here", source)
                        assert client.process.stdout.read() == b"here", (address, flags)
                        assert client.process.wait(DEADLINE) == 0, (address, flags, client.errors)
            result = subprocess.run(
                [*beginning, SOCKEYE, "connect", "-u", "--send", "x", f"both:{closed_port()}"], capture_output=True, timeout=DEADLINE
            )
            assert result.returncode == 4 and result.stderr.count(b"closed: ") == 2, result


def test_gone_after_an_answer():
    """one who answered and then refuses isn't given up at once; that the last was refused is exit code 4 all the same"""
    with bound() as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        with Program(SOCKEYE, "connect", "-u", place) as client:
            client.send(b"one")
            _, source = server.recvfrom(64)
            server.sendto(b"once", source)
            assert client.process.stdout.read(4) == b"once"
            server.close()
            client.send(b"two")
            client.wait_for("refused the datagram")
            assert client.finish()[0] == 4, client.errors


def test_retries():
    """--retry speaks again to one who refused, backing off, until somebody is there; what was said by a pipe isn't lost"""
    for flags, stdin in ((["--send", "hello"], b""), ([], b"hello"), (["-z"], b"")):
        port = closed_port()
        with Program(SOCKEYE, "connect", "-u", "--retry", "100", "--backoff", "20ms..50ms", *flags, f"127.0.0.1:{port}") as client:
            client.send(stdin)
            client.process.stdin.close()
            client.wait_for("(2 of 100)")
            with bound(port=port) as server:
                message, source = server.recvfrom(64)
                server.sendto(b"here", source)
                assert message == (b"" if flags == ["-z"] else b"hello"), (flags, message)
                assert client.process.stdout.read() == b"here", flags
                assert client.process.wait(DEADLINE) == 0, client.errors
    result = sockeye("connect", "-u", "--retry", "2", "--backoff", "1ms", "--send", "x", f"127.0.0.1:{closed_port()}")
    assert result.returncode == 4 and b"(2 of 2)" in result.stderr, result


def test_interrupted_between_retries():
    """an interrupt between two tries ends at once"""
    with Program(SOCKEYE, "connect", "-u", "--retry", "9", "--backoff", "10m", "--send", "x", f"127.0.0.1:{closed_port()}") as client:
        client.wait_for("(1 of 9)")
        client.signal(2)
        assert client.process.wait(DEADLINE) == 130, client.errors


def test_refusals_in_json():
    """--json tells of each address that is given up, and of the one that is spoken to"""
    with tempfile.TemporaryDirectory() as folder:
        beginning = where_a_name_has_two_addresses(folder)
        with Server("listen", "--udp", "--reply", "here", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            command = [*beginning, SOCKEYE, "connect", "-u", "--json", "--send", "x", f"both:{server.port}"]
            result = subprocess.run(command, capture_output=True, timeout=DEADLINE)
    assert result.returncode == 0, result
    events = [json.loads(line) for line in result.stdout.splitlines()]
    opened = [event["address"] for event in events if event["event"] == "opened"]
    closed = [event["cause"] for event in events if event["event"] == "closed"]
    assert opened[-1] == server.endpoint and closed == ["failed"] * (len(opened) - 1) + ["local"], events


# Who is asked answers


def asked(client, address, port):
    """What an address answers, and where the answer comes from."""
    client.sendto(b"hello", (address, port))
    answer, source = client.recvfrom(64)
    return answer, source[:2]


def test_answers_come_from_where_was_asked():
    """a server on every address answers from the one that it was asked at, whatever gives the answer"""
    for flags, expected in (
        (["--echo"], b"hello"), (["--reply", "yes"], b"yes"), (["--greet", "welcome"], b"welcome"), (["--exec", "cat"], b"hello"),
    ):
        for place in ("0.0.0.0:0", "0"):
            # Watched and unwatched: an echo that nobody sees goes a way of its own.
            for watching in ([], ["--quiet", "--output-file", "/dev/null"]):
                with Server("listen", "--udp", *flags, *watching, place, stdout=subprocess.DEVNULL) as server, bound() as client:
                    for address in ("127.0.0.2", "127.0.0.3", "127.0.0.1"):
                        answer, source = asked(client, address, server.port)
                        assert source == (address, server.port), (flags, place, address, source)
                        assert answer == expected, (flags, answer)


def test_answers_come_from_where_was_asked_over_ipv6():
    """over IPv6 too, and for each address of the machine"""
    need("ip")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        raise support.Skip("this machine allows no network of its own")
    script = "ip link set lo up; ip address add fd00::2/128 dev lo; ip address add fd00::3/128 dev lo; echo here; cat"
    with Program("unshare", "--net", "sh", "-c", script) as holder:
        assert holder.process.stdout.readline() == b"here\n", holder.errors
        inside = ["nsenter", "--net", "--target", str(holder.process.pid)]
        with Program(*inside, SOCKEYE, "listen", "--udp", "--reply", "yes", "[::]:7", stdout=subprocess.DEVNULL) as server:
            server.wait_for("listening on")
            for address in ("fd00::2", "fd00::3", "::1"):
                result = subprocess.run(
                    [*inside, SOCKEYE, "connect", "-u", "--json", "--send", "?", f"[{address}]:7"], capture_output=True, timeout=DEADLINE
                )
                received = [event for event in map(json.loads, result.stdout.splitlines()) if event["event"] == "received"]
                assert [event["text"] for event in received] == ["yes"], result
                assert "unexpected" not in received[0], received


def test_asked_address_is_recorded():
    """--record has the address that was asked as the server's end"""
    need("tshark")
    with tempfile.TemporaryDirectory() as folder:
        record = f"{folder}/record.pcapng"
        with Server("listen", "--udp", "--echo", "--record", record, "0.0.0.0:0", stdout=subprocess.DEVNULL) as server:
            with bound() as client:
                assert asked(client, "127.0.0.7", server.port)[0] == b"hello"
            server.signal()
            server.process.wait(DEADLINE)
        fields = ["-T", "fields", "-e", "ip.src", "-e", "ip.dst"]
        shown = subprocess.run(["tshark", "-r", record, *fields], capture_output=True, check=True).stdout.decode().splitlines()
        assert [line.split("\t") for line in shown] == [["127.0.0.1", "127.0.0.7"], ["127.0.0.7", "127.0.0.1"]], shown


def test_many_answers_from_where_was_asked():
    """what comes at once is answered whole, each from the address that was asked"""
    with Server("listen", "--udp", "--echo", "--no-loop-guard", "0.0.0.0:0", stdout=subprocess.DEVNULL) as server, bound() as client:
        for turn in range(20):
            for address in ("127.0.0.2", "127.0.0.3"):
                for number in range(10):
                    client.sendto(b"%d/%d" % (turn, number), (address, server.port))
            came = [client.recvfrom(64) for _ in range(20)]
            for address in ("127.0.0.2", "127.0.0.3"):
                own = [data for data, source in came if source[0] == address]
                assert own == [b"%d/%d" % (turn, number) for number in range(10)], came


if __name__ == "__main__":
    support.main(globals())
