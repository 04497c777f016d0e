#!/usr/bin/env python3
"""What floods cost: frames and bytes of what a page is told, and memory, counted where it is kept."""

import json
import socket
import struct
import time

import console_page
import support
from console_web import Page, frame, read_frame
from support_console import Console, port_of

HEAD = struct.Struct("<BBBBIIIIddd")
"""A record's head: kind, marks, origin, length of the source, session, peer, length of data and of text, time, n, bytes."""
OWN_TEXT = 0xFFFFFFFF


def records(block):
    """What a block tells, in its order: events as they are, messages with their data and text."""
    place = 0
    while place < len(block):
        if block[place] == 0:
            (size,) = struct.unpack_from("<I", block, place + 4)
            yield json.loads(block[place + 8:place + 8 + size])
            place += 8 + size
            continue
        kind, marks, origin, source, session, peer, size, text_size, when, number, whole = HEAD.unpack_from(block, place)
        place += HEAD.size
        parts = []
        for length in (size, 0 if text_size == OWN_TEXT else text_size, source):
            parts.append(block[place:place + length])
            place += length
        yield {
            "event": {1: "received", 2: "sent"}[kind], "session": f"s{session}", "peer": peer, "n": int(number), "bytes": int(whole),
            "time": when, "data": parts[0], "text": parts[0] if text_size == OWN_TEXT else parts[1], "is_own": text_size == OWN_TEXT,
            "source": parts[2].decode(), "origin": origin, "marks": marks,
        }  # fmt: skip


class Socket:
    """A page's WebSocket that has asked for blocks."""

    def __init__(self, page, blocks=True):
        self.connection, line = page.upgrade(("Origin", f"http://{page.host}"), ("Cookie", page.cookie()))
        assert "101" in line, line
        self.told, self.blocks, self.last = [], [], 0
        self.do("hello", blocks=blocks)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def request(self, op, **members):
        self.last += 1
        self.connection.sendall(frame(json.dumps({"id": self.last, "op": op, **members}).encode()))

    def do(self, op, **members):
        self.request(op, **members)
        while (answer := self.read()) is None or answer.get("id") != self.last:
            pass
        assert answer["ok"], answer
        return answer

    def read(self):
        """Reads a frame; answers it where it is no block."""
        opcode, data = read_frame(self.connection)
        if opcode == 1:
            said = json.loads(data)
            self.told += said.get("events", [])
            return said
        assert opcode == 2, (opcode, data)
        self.blocks.append(len(data))
        self.told += records(data)
        return None

    def read_until(self, condition):
        while not condition():
            self.read()

    def open(self, **settings):
        return self.do("open", settings={"protocol": "tcp-server", "local": "127.0.0.1:0", **settings})["session"]


def test_a_flood_is_few_frames():
    """A page is told of 20,000 lines in a frame each 50 ms at most, at 44 bytes beside each; what isn't told is counted"""
    count, line = 20_000, b"%09d something to read\n"
    with Page() as page, Socket(page) as tab:
        port = port_of(tab.open(framing="line"))
        tab.blocks.clear()
        start = time.monotonic()

        def told():
            received = [said for said in tab.told if said["event"] == "received"]
            return len(received) + sum(said["messages"] for said in tab.told if said["event"] == "skipped"), received

        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(b"".join(line % number for number in range(count)))
            tab.read_until(lambda: told()[0] >= count)
        # A timer is never early: however slow the machine is, there are no more frames than there were gatherings.
        assert len(tab.blocks) <= (time.monotonic() - start) / 0.05 + 2, len(tab.blocks)
        total, received = told()
        assert total == count, total
        assert all(said["data"] == said["text"] == line % (said["n"] - 1) for said in received)
        others = sum(len(json.dumps(said)) + 8 for said in tab.told if "data" not in said)
        assert sum(tab.blocks) <= len(received) * (HEAD.size + 28) + others, (sum(tab.blocks), len(received), others)


def test_blocks_tell_what_objects_do():
    """Both forms of what a page is told have the same events in the same order, with text, marks, origin and source"""
    with Page() as page, Socket(page) as tab, Socket(page, blocks=False) as other:
        session = tab.open(encoding="gbk", rules=[{"when": {"contains": {"text": "?"}}, "answer": {"text": "!"}}])
        with socket.create_connection(("127.0.0.1", port_of(session))) as peer:
            def say(data):
                before = len(tab.told)
                peer.sendall(data)
                tab.read_until(lambda: any(said["event"] == "received" for said in tab.told[before:]))

            whole = "中文".encode("gbk")
            say(whole[:3])
            say(whole[3:] + b"?")
            assert peer.recv(1) == b"!"
            tab.do("send", session=session["id"], message={"text": "x" * 300_000})
            tab.read_until(lambda: any(said.get("bytes") == 300_000 for said in tab.told))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            udp = tab.open(protocol="udp")
            peer.sendto(b"\xffa", ("127.0.0.1", port_of(udp)))
            tab.read_until(lambda: any(said.get("session") == udp["id"] and said["event"] == "received" for said in tab.told))
        messages = [said for said in tab.told if said["event"] in ("received", "sent")]
        other.read_until(lambda: sum(said["event"] in ("received", "sent") for said in other.told) == len(messages))
        names = [[said["event"] for said in each if said["event"] not in ("counters", "closed", "ended", "removed")] for each in (tab.told, other.told)]
        assert names[0][:len(names[1])] == names[1][:len(names[0])], names
        origins = {"user": 3, "rule": 4}
        for block, plain in zip(messages, (said for said in other.told if said["event"] in ("received", "sent"))):
            assert all(block[name] == plain[name] for name in ("event", "session", "peer", "n", "bytes", "time")), (block, plain)
            assert block["text"].decode(errors="replace") == plain["text"] and block["origin"] == origins.get(plain.get("by"), 0), plain
            assert (block["marks"] & 8 != 0) == ("cut" in plain.get("marks", [])), plain
        assert [said["text"].decode() for said in messages[:2]] == ["中", "文?"] and not messages[0]["is_own"] and messages[-1]["is_own"]
        with Console() as program:
            refused = program.ask("hello", blocks=True)
            assert not refused["ok"] and "blocks" in refused["error"]["text"], refused


def test_a_page_that_misses_events():
    """What happens while a page doesn't read costs bounded memory, be it no message, too; the page is told that it missed some"""
    with Page() as page, Socket(page) as tab, Socket(page) as sleeper:
        tab.request("open", settings={"protocol": "tls-client", "remote": "127.0.0.1:1", "ca": "/" + "x" * 100_000})
        while (answer := tab.read()) is None or answer.get("id") != tab.last:
            pass
        before = page.program.memory
        # Each event of the state has the command line, and with it the name of that file.
        for _ in range(160):
            tab.do("rename", session="s1", name="x")
            tab.told.clear()
        assert page.program.peak_memory - before < 24 << 20, page.program.peak_memory - before
        sleeper.read_until(lambda: any(said["event"] == "missed" for said in sleeper.told))
        assert sleeper.do("hello", blocks=True)["sessions"][0]["name"] == "x"


def store_of(page):
    """The page's own class that keeps messages, with another limit, as text of a script."""
    _, _, script = page.request("GET /script.js")
    text = script.decode()
    part = text[text.index("const RECEIVED"):text.index("const RECORD_HEAD")]
    assert part.count("192 << 20") == 1
    return part.replace("192 << 20", "4 << 20")


PROOF = """
(() => {
  const sessions = new Map();
  %s
  const cost = (store) => Object.keys(columns).reduce((sum, name) => sum + store[name].byteLength, 0)
    + [...store.chunks.values()].reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const kept = () => [...sessions.values()].reduce((sum, { store }) => sum + cost(store), 0);
  const faults = [];
  const check = (what, holds) => holds || faults.length > 20 || faults.push(what);
  let most = 0;
  for (let number = 0; number < 8; number += 1) sessions.set(number, { store: new MessageStore(200_000) });
  const random = ((seed) => () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32)(7);
  const expected = new Map();
  for (let step = 0; step < 60_000; step += 1) {
    const id = random() < 0.5 ? 0 : Math.trunc(random() * 8);
    const { store } = sessions.get(id);
    const size = random() < 0.002 ? Math.trunc(random() * 300_000) : Math.trunc(random() * 40);
    const bytes = new Uint8Array(size).fill(step);
    const text = random() < 0.5 ? null : encoder.encode(`${step}\\u4e2d`);
    const source = sources[step %% sources.length] ?? (step %% 2 ? null : "truncated 10.0.0.1:9");
    store.append(step %% 2, step, id, bytes, text, undefined, source);
    expected.set(`${id} ${store.end - 1}`, [step, size, text === null ? null : `${step}\\u4e2d`, source]);
    if (step %% 97 === 0 || size > 1000) {
      most = Math.max(most, kept());
      check(`counted ${store.stored}, is ${cost(store)}`, store.stored === cost(store));
    }
    if (step === 30_000) store.clear();
    if (step === 40_000) store.setLimit(500);
  }
  let seen = 0;
  for (const [id, { store }] of sessions) {
    check(`nothing of ${id} is kept`, store.end > store.first);
    for (let number = store.first; number < store.end; number += 1) {
      const [step, size, text, source] = expected.get(`${id} ${number}`);
      seen += 1;
      const bytes = store.bytes(number);
      check(`${id} ${number}`, store.time(number) === step && bytes.length === size && (size === 0 || bytes[size - 1] === step %% 256)
        && store.source(number) === source && (text === null || store.text(number) === text) && store.peer(number) === id);
    }
  }
  const single = new MessageStore(100);
  sessions.set("single", { store: single });
  single.append(0, 1, 1, encoder.encode("\\ufeff中文字"), null, undefined, null);
  check("text that is cut", single.text(0, 2) === "\\ufeff中" && single.text(0) === "\\ufeff中文字" && single.bytes(0, 3).length === 3);
  return { most, seen, faults };
})()
"""


def test_what_a_page_keeps():
    """The page counts what messages cost to the byte, and holds all sessions to one limit; what it keeps is whole"""
    with console_page.console() as (page, browser), Page() as server:
        found = page.evaluate(PROOF % store_of(server))
        assert found["faults"] == [], found
        # A message is in before the oldest go: the largest has 300,000 bytes.
        assert 2 << 20 < found["most"] <= 4 << 20 and found["seen"] > 1000, found
        # Bytes that are no text aren't kept as text, too.
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        with console_page.peer_of(port) as peer:
            peer.sendall(bytes(range(128, 256)) * 4096)
            page.wait("document.getElementById('count-in').textContent.startsWith('RX 524,288 B')", "count of all bytes")
        page.click("#settings")
        said = page.text("kept")
        amount, unit = said.split("keep ")[1].split(",")[0].split()
        assert "192 MiB" in said and float(amount) * {"KiB": 1 << 10, "MiB": 1 << 20}[unit] < 1.5 * (1 << 20), said
        assert browser.complaints == [], browser.complaints


def test_many_clients():
    """Of 400 clients that all speak, each is listed or counted, and all are told; the page has as many rows as it shows"""
    count = 400
    with console_page.console() as (page, browser):
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        peers = [console_page.peer_of(port) for _ in range(count)]
        for peer in peers:
            peer.sendall(b"<b>hello</b>")
        page.wait(f"document.getElementById('peer-count').textContent === '{count}'", "all clients")
        page.wait(f"document.getElementById('count-in').textContent.endsWith(' {count}')", "all messages")
        assert page.evaluate("document.querySelectorAll('#peers [role=option]').length") == 301
        assert "100" in page.text("more-peers") and page.evaluate("document.querySelectorAll('.message .body b').length") == 0
        page.type("to all")
        page.key("Enter", modifiers=2)
        for peer in peers:
            assert console_page.receive(peer, 6) == b"to all"
            peer.close()
        page.wait("document.getElementById('peer-count').textContent === '0'", "end of all clients")
        assert browser.complaints == [], browser.complaints


if __name__ == "__main__":
    support.main(globals())
