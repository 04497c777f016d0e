#!/usr/bin/env python3
"""What a console keeps in a file: sessions, rules and the page's state, from one start to the next."""

import json
import os
import pathlib
import socket
import stat
import tempfile

import console_page
import support
from support import DEADLINE
from support_console import Console, port_of

RULES = [{"name": "echo", "echo": True}]


def test_sessions_outlive_the_program():
    """Sessions come back under their ids with names and rules, closed; what was removed doesn't; the file is its user's alone"""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "state.json"
        with Console("--state", file) as console:
            gone = console.open(protocol="udp", local="127.0.0.1:0")
            server = console.open(protocol="tcp-server", local="127.0.0.1:0", name="first")
            console.do("rename", session=server["id"], name="数据")
            console.do("rules", session=server["id"], rules=RULES, perSecond=7)
            console.do("remove", session=gone["id"])
            console.do("save-state", state={"theme": "dark", "__proto__": {"x": 1}})
            console.program.process.stdin.close()
            assert console.program.process.wait(DEADLINE) == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and os.listdir(folder) == ["state.json"], os.listdir(folder)
        with Console("--state", file) as console:
            hello = console.do("hello")
            assert hello["state"] == {"theme": "dark", "__proto__": {"x": 1}}, hello["state"]
            [found] = hello["sessions"]
            assert (found["id"], found["name"], found["state"]) == ("s2", "数据", "closed"), found
            assert found["settings"]["rules"] == RULES and found["settings"]["perSecond"] == 7, found
            opened = console.do("open", session="s2")["session"]
            with socket.create_connection(("127.0.0.1", port_of(opened)), DEADLINE) as peer:
                peer.sendall(b"echo")
                assert peer.recv(10) == b"echo", "the rules are gone"
            assert console.open(protocol="udp", local="127.0.0.1:0")["id"] == "s3"
        # What one console kept, another opens without a page.
        with Console("--session", file) as console:
            assert console.event("state", state="listening")["name"] == "数据"


def test_a_killed_program_leaves_a_whole_file():
    """The file is written without being asked for, and a kill leaves what was written last"""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "state.json"
        with Console("--state", file) as console:
            console.open(protocol="tcp-server", local="127.0.0.1:0", name="kept")
            support.wait_until(file.exists, "file")
            console.program.process.kill()
            console.program.process.wait(DEADLINE)
        assert json.loads(file.read_text())["sessions"][0]["settings"]["name"] == "kept"


def test_a_signal_keeps_what_was_said_last():
    """A program that is told to end writes what has changed before it does"""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "state.json"
        with Console("--state", file) as console:
            console.open(protocol="tcp-server", local="127.0.0.1:0", name="last")
            console.program.signal()
            assert console.program.process.wait(DEADLINE) == 143
        assert json.loads(file.read_text())["sessions"][0]["settings"]["name"] == "last"


def test_other_files_are_refused():
    """What is no such file ends the program with a sentence, in time, and is left as it is"""
    udp = {"protocol": "udp", "local": "127.0.0.1:0"}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "state.json"
        for text in [
            "", "{", "[]", "null", '{"sessions":{}}', '{"__proto__":{}}', '{"sessions":[{"id":"s1"}]}', "[" * 100_000,
            json.dumps({"sessions": [{"id": "s1", "settings": udp}, {"id": "s1", "settings": udp}]}),
            json.dumps({"sessions": [{"id": "../x", "settings": udp}]}), json.dumps({"sessions": [{"id": "s01", "settings": udp}]}),
            json.dumps({"sessions": [{"id": "s99999999999999999999", "settings": udp}]}),
            json.dumps({"sessions": [{"id": "s1", "settings": {**udp, "__proto__": {}}}]}),
            json.dumps({"sessions": [udp] * 257}), '{"sessions":[],"sessions":[]}', '{"state":1e999}', " " * (5 << 20),
        ]:
            file.write_text(text)
            answer = support.sockeye("console", "--stdio", "--state", str(file))
            assert answer.returncode == 3 and answer.stderr.count(b"\n") == 1, (text[:80], answer)
            assert file.read_text() == text
        file.unlink()
        os.mkfifo(file)
        assert support.sockeye("console", "--stdio", "--state", str(file)).returncode == 3
        assert support.sockeye("console", "--stdio", "--state", folder).returncode == 3
        # One that can't be written is told of, and the program goes on.
        with Console("--state", f"{folder}/missing/state.json") as console:
            console.open(**udp)
            assert "missing" in console.event("notice")["text"]
            assert console.do("hello")["sessions"]


def test_a_file_has_one_keeper():
    """A file that a console keeps is refused to a second one, which doesn't touch it, until the first has ended, or was killed"""
    udp = {"protocol": "udp", "local": "127.0.0.1:0"}

    def end(console):
        console.program.process.stdin.close()
        assert console.program.process.wait(DEADLINE) == 0

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "state.json"
        # Both start where there is no file: the first to write keeps it, and the other says so and leaves it.
        with Console("--state", file) as first, Console("--state", file) as second:
            first.open(name="first", **udp)
            support.wait_until(file.exists, "file")
            second.open(name="second", **udp)
            assert str(file) in second.event("notice")["text"]
            end(second)
            assert [each["settings"]["name"] for each in json.loads(file.read_text())["sessions"]] == ["first"]
            before = file.read_bytes()
            refused = support.sockeye("console", "--stdio", "--state", str(file))
            assert refused.returncode == 3 and str(file).encode() in refused.stderr and refused.stdout == b"", refused
            assert file.read_bytes() == before
            # It is locked however often it is written.
            first.do("rename", session="s1", name="again")
            support.wait_until(lambda: b"again" in file.read_bytes(), "name in the file")
            assert support.sockeye("console", "--stdio", "--state", str(file)).returncode == 3
            first.program.process.kill()
            first.program.process.wait(DEADLINE)
        with Console("--state", file) as console:
            assert console.do("hello")["sessions"][0]["name"] == "again"
            assert support.sockeye("console", "--stdio", "--state", str(file)).returncode == 3
            # What somebody puts into its place isn't written over.
            other = pathlib.Path(folder) / "other"
            other.write_text("mine")
            os.replace(other, file)
            console.open(**udp)
            assert str(file) in console.event("notice")["text"]
            end(console)
        assert file.read_text() == "mine" and os.listdir(folder) == ["state.json"], os.listdir(folder)


def test_what_runs_is_told():
    """A session tells a page that is loaded anew of its record and its cycles"""
    with tempfile.TemporaryDirectory() as folder, Console("--directory", folder) as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port_of(server)), DEADLINE):
            console.event("opened")
            console.do("record", session=server["id"], file="a.txt", format="text")
            cycle = console.do("cycle", session=server["id"], messages=[{"text": "x"}], interval="10s")["cycle"]
            [found] = console.do("hello")["sessions"]
            assert found["record"] == "a.txt" and found["cycles"] == [cycle], found
            console.do("stop", cycle=cycle)
            console.do("record-end", session=server["id"])
            [found] = console.do("hello")["sessions"]
            assert found["record"] is None and found["cycles"] == [], found


def test_an_export_of_the_page():
    """What the page exports, another page imports, and a program opens; what is no export is refused with a sentence"""
    heartbeat = {"messages": [{"text": "beat", "escapes": True}], "interval": "10s"}
    hostile = {"sessions": [None, 1, [], {"settings": 7}, {"settings": {"protocol": "x"}}, {"protocol": "udp", "local": {}, "__proto__": 1},
        {"settings": {"protocol": "udp", "local": "127.0.0.1:0", "name": "<b>", "heartbeat": 5, "rules": 7}}], "state": 5}
    with console_page.console() as (page, browser), tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        page.evaluate("document.getElementById('more').open = true")
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_heartbeat="beat", option_framing="line")
        assert port
        browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), eventsEnabled=True)
        page.click("#settings")
        page.click("#dialog [data-word=exportAll]")
        page.evaluate("document.getElementById('dialog').close()")
        end = browser.wait_for("Browser.downloadProgress", lambda progress: progress["state"] != "inProgress")
        assert end["state"] == "completed", end
        [file] = folder.iterdir()
        [session] = json.loads(file.read_text())["sessions"]
        assert session["settings"]["heartbeat"] == heartbeat and session["settings"]["framing"] == "line", session
        with Console("--session", file) as console:
            assert "--frame line" in console.event("state", state="listening")["command"]
        tabs = "document.querySelectorAll('#tabs [role=tab]').length"
        for name, text, count in [("none.json", "{", 1), ("other.json", '{"a":1}', 1), ("list.json", "[1]", 1), ("odd.json", json.dumps(hostile), 3)]:
            (folder / name).write_text(text)
            page.click("#settings")
            page.choose_file("#dialog [data-word=importAll]", folder / name)
            if count == 1:
                page.wait(f"document.getElementById('said').textContent.includes({json.dumps(name)})", f"sentence about {name}")
                assert page.evaluate(tabs) == 1
            else:
                page.wait(f"{tabs} === {count}", "sessions of the file")
        page.click("#settings")
        page.choose_file("#dialog [data-word=importAll]", file)
        page.wait(f"{tabs} === 4", "session of the export")
        assert page.evaluate("document.getElementById('option-heartbeat').value") == "beat"
        assert page.evaluate("({}).polluted === undefined && document.querySelectorAll('#tabs b').length === 0") and browser.complaints == []


if __name__ == "__main__":
    support.main(globals())
