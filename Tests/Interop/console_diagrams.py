#!/usr/bin/env python3
"""Sequence diagrams of the console's connections: over Sockeye's own stack, and of a port of the kernel's that is watched."""

import http.client
import json
import socket

import support
from console_page import console, peer_of
from stack import Device
from support import DEADLINE
from support_console import Console, port_of


def need_packets():
    """Skips where packets can't be seen."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM).close()
    except OSError as error:
        raise support.Skip(f"cannot see packets: {error}") from None


def drawn(console, session, peer, words):
    """The diagram of a connection, once all words are in it: what was seen arrives on another way than what is told."""
    def attempt():
        answer = console.ask("diagram", session=session["id"], peer=peer)
        text = "\n".join(answer.get("lines", []))
        return text if all(word in text for word in words) else None

    return support.wait_until(attempt, f"diagram with {words}")


def talk(console, server, address):
    """Has somebody say something to a server, and close: the number that it got."""
    with socket.create_connection((address, port_of(server)), DEADLINE) as peer:
        number = console.event("opened", session=server["id"])["peer"]
        peer.sendall(b"draw me")
        console.event("received", session=server["id"])
    console.event("closed", session=server["id"], peer=number)
    return number


def test_a_watched_port():
    """Each connection of the kernel's is drawn from its SYN to its FINs, also when it is over, and others aren't in it"""
    need_packets()
    with Console() as console:
        assert console.do("hello")["diagrams"] is True
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", diagrams=True)
        first, second = talk(console, server, "127.0.0.1"), talk(console, server, "127.0.0.1")
        for number in (first, second):
            text = drawn(console, server, number, ["SYN", "FIN", "ESTABLISHED"])
            assert text.count("SYN,ACK") + text.count("SYN, ACK") <= 1, text
        client = console.open(protocol="tcp-client", remote=f"127.0.0.1:{port_of(server)}", diagrams=True)
        drawn(console, client, 1, ["SYN"])
        plain = console.open(protocol="tcp-server", local="127.0.0.1:0")
        number = talk(console, plain, "127.0.0.1")
        assert console.ask("diagram", session=plain["id"], peer=number)["error"]["kind"] == "missing"
        for members in [{}, {"peer": 0}, {"peer": "1"}, {"peer": 1, "x": 1}]:
            assert console.ask("diagram", session=server["id"], **members)["error"]["kind"] == "usage"
        refused = console.ask("open", settings={"protocol": "udp", "local": "127.0.0.1:0", "diagrams": True})
        assert refused["error"]["kind"] == "usage", refused
        # Opened again, a session begins without them.
        console.do("open", session=server["id"])
        assert console.ask("diagram", session=server["id"], peer=second)["error"]["kind"] == "missing"


def test_the_own_stack():
    """A connection over Sockeye's own TCP is drawn"""
    need_packets()
    with Device() as device, Console(*device.stack) as console:
        server = console.open(protocol="tcp-server", local=f"{device.own}:0", diagrams=True)
        drawn(console, server, talk(console, server, device.own), ["SYN", "FIN", "ESTABLISHED"])


def fetch(page, target):
    """What the console's page gets: status, content security policy and opener policy."""
    fields = "'Content-Security-Policy', 'Cross-Origin-Opener-Policy'"
    page.evaluate(
        f"window.fetched = null; fetch({json.dumps(target)})"
        f".then((answer) => {{ window.fetched = [answer.status, ...[{fields}].map((name) => answer.headers.get(name))]; }}); null"
    )
    return page.wait("window.fetched", f"answer to {target}")


def test_the_page_of_a_connection():
    """The page of a connection opens from the console's, runs under its own policy, and is nobody else's to fetch"""
    need_packets()
    with console() as (page, browser):
        page.evaluate("document.getElementById('more').open = true")
        page.evaluate("document.getElementById('option-diagrams').click()")
        assert page.evaluate("[...document.querySelectorAll('#panel *')].every((each) => each.scrollWidth <= document.getElementById('panel').clientWidth)"), \
            "an option is wider than the panel"
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        assert page.evaluate("document.getElementById('option-diagrams').checked"), "the choice is lost"
        with peer_of(port) as peer:
            peer.sendall(b"<script>draw me</script>")
            path = page.wait("document.getElementById('diagram').hidden === false && document.getElementById('diagram').getAttribute('href')", "link")
        page.wait("document.querySelectorAll('.message.notice').length >= 2", "end of the connection")
        origin = page.evaluate("location.origin")
        connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=DEADLINE)
        for target, status in [(path, 401), ("/diagram/s1/9", 401)]:
            connection.request("GET", target)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status, (target, answer.status)
            connection.close()
        status, policy, opener = fetch(page, path)
        assert status == 200
        assert "sandbox allow-scripts" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy and opener is None, policy
        for target in ["/diagram/s1/99", "/diagram/s9/1", "/diagram/", "/diagram/s1", "/diagram/s1/-1", "/diagram/s1/1/1"]:
            assert fetch(page, target)[0] == 404, target
        browser.open(origin + path)
        page.wait("document.querySelectorAll('main svg, main canvas').length > 0", "drawing")
        assert page.evaluate("origin") == "null", "the diagram has the console's origin"
        assert page.evaluate("document.title") and browser.complaints == [], browser.complaints


if __name__ == "__main__":
    support.main(globals())
