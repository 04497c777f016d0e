#!/usr/bin/env python3
"""A person with a browser who uploads into `sockeye serve`: files and folders, cuts, cancellations, names that are taken."""

import contextlib
import pathlib
import random
import socket
import tempfile
import threading

import support
from browser import Browser
from support import wait_until
from support_serve import Served

ROWS = "[...document.querySelectorAll('#uploads li')].map(l => [l.querySelector('bdi').textContent, l.className, " \
    "l.querySelector('span').textContent])"  # fmt: skip
NAMES = "[...document.querySelectorAll('tbody tr:not(.up) bdi')].map(b => b.textContent)"


class Relay:
    """A way to a server that can be cut: once so many bytes have gone there over a connection, nothing more goes there."""

    def __init__(self, port):
        self.server, self.cut_after, self.is_down, self.seen = port, None, False, bytearray()

    def __enter__(self):
        self._listener, self.port = support.loopback_listener()
        self._listener.settimeout(None)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_down:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.server))
            threading.Thread(target=self._copy, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._copy, args=(server, client, False), daemon=True).start()

    def _copy(self, source, target, is_up):
        count = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_up:
                    self.seen += data[:4096]
                    count += len(data)
                    if self.cut_after is not None and count > self.cut_after:
                        self.is_down = True
                        break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def page(*arguments, width=1400, language=None):
    """A service that takes uploads, and its page in a browser: (browser, served, folder, relay)."""
    support.need("chromium")
    with Served("--upload", *arguments) as served, tempfile.TemporaryDirectory(prefix="sockeye-") as home:
        with Relay(served.port) as relay, Browser(home) as browser:
            browser.open_tab(width, 900)
            if language:
                browser.call("Network.enable")
                browser.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
            browser.open(f"http://127.0.0.1:{relay.port}/")
            yield browser, served, pathlib.Path(home), relay


def choose(browser, selector, *paths):
    """Gives files to an input, as the dialog behind its button would."""
    document = browser.call("DOM.getDocument")["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])


def outcomes(browser, expected):
    """Waits until the uploads have come to these ends."""
    def reached():
        return {name: kind for name, kind, _ in browser.evaluate(ROWS)} == expected
    try:
        wait_until(reached, f"uploads {expected}")
    except AssertionError:
        raise AssertionError(browser.evaluate(ROWS)) from None


def complaints(browser):
    """What went wrong on the page, but for files that are looked for and are not there yet."""
    return [text for text in browser.complaints if "404" not in str(text)]


def test_files_and_folders():
    """Files and a folder are chosen, arrive bit for bit, and appear in the list without a reload"""
    with page() as (browser, served, home, _):
        files = {f"file {n}.bin": random.Random(n).randbytes(100_000 * n) for n in range(5)}
        folder = home / "album"
        (folder / "深").mkdir(parents=True)
        (folder / "深" / "one").write_bytes(b"1")
        (folder / ".hidden").write_bytes(b"no")
        for name, body in files.items():
            (home / name).write_bytes(body)
        choose(browser, "#picked-files", *[home / name for name in files])
        outcomes(browser, {name: "stored" for name in files})
        for name, body in files.items():
            assert (served.path / name).read_bytes() == body, name
        wait_until(lambda: set(files) <= set(browser.evaluate(NAMES)), "uploads in the list")
        choose(browser, "#picked-folder", folder)
        outcomes(browser, {name: "stored" for name in files} | {"album/深/one": "stored"})
        assert (served.path / "album" / "深" / "one").read_bytes() == b"1" and not (served.path / "album" / ".hidden").exists()
        wait_until(lambda: "album" in browser.evaluate(NAMES), "folder in the list")
        browser.screenshot("uploads-wide.png")
        assert complaints(browser) == [], browser.complaints


def test_cut_and_continued():
    """An upload whose connection is cut says so, and goes on from there when asked, also after a reload"""
    body = random.Random(9).randbytes(3_000_000)
    with page() as (browser, served, home, relay):
        (home / "movie.bin").write_bytes(body)
        for is_reloaded in (False, True):
            relay.is_down, relay.cut_after = False, 1_000_000
            if is_reloaded:
                browser.open(f"http://127.0.0.1:{relay.port}/")
            choose(browser, "#picked-files", home / "movie.bin")
            outcomes(browser, {"movie.bin": "failed"})
            assert "the connection was lost" in browser.evaluate(ROWS)[0][2], browser.evaluate(ROWS)
        browser.screenshot("uploads-failed.png", dark=True)
        before, relay.is_down, relay.cut_after = len(relay.seen), False, None
        browser.click("#uploads button")
        outcomes(browser, {"movie.bin": "stored"})
        assert (served.path / "movie.bin").read_bytes() == body
        assert b"content-range: bytes " in bytes(relay.seen[before:]).lower(), "it began anew"


def test_cancelled():
    """An upload is cancelled by its button, from the keyboard too, and the others go on"""
    with page() as (browser, served, home, _):
        browser.call("Network.enable")
        browser.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
                     uploadThroughput=2_000_000)
        (home / "big").write_bytes(random.Random(1).randbytes(60_000_000))
        (home / "small").write_bytes(b"small")
        choose(browser, "#picked-files", home / "big", home / "small")
        wait_until(lambda: dict((name, kind) for name, kind, _ in browser.evaluate(ROWS)).get("small") == "stored", "the small one")
        browser.evaluate("document.querySelector('#uploads li.sending button').focus()")
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
        outcomes(browser, {"big": "failed", "small": "stored"})
        assert browser.evaluate(ROWS)[0][2] == "cancelled" and not (served.path / "big").exists()


def test_taken_names():
    """A name that is taken is told, and replaced where the service says so"""
    with page() as (browser, served, home, _):
        (home / "a.txt").write_bytes(b"other")
        choose(browser, "#picked-files", home / "a.txt")
        outcomes(browser, {"a.txt": "failed"})
        assert browser.evaluate(ROWS)[0][2] == "there is something of that name"
        assert (served.path / "a.txt").read_bytes() == b"hello\n"
    with page("--on-exists", "overwrite") as (browser, served, home, _):
        (home / "a.txt").write_bytes(b"other")
        choose(browser, "#picked-files", home / "a.txt")
        outcomes(browser, {"a.txt": "stored"})
        assert (served.path / "a.txt").read_bytes() == b"other"


def test_narrow_and_chinese():
    """On a phone and in Chinese the page has its buttons, and nothing is wider than the screen"""
    with page(width=360, language="zh-CN") as (browser, served, home, _):
        name = "一个相当长的文件名，就像相机和人们给视频起的那种名字 (final, 2).mp4"
        (home / name).write_bytes(b"v" * 50_000)
        (home / "a.txt").write_bytes(b"other")
        choose(browser, "#picked-files", home / name, home / "a.txt")
        outcomes(browser, {name: "stored", "a.txt": "failed"})
        assert browser.evaluate("document.getElementById('choose-files').checkVisibility()")
        assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        assert {text for *_, text in browser.evaluate(ROWS)} == {"已存好", "已有同名的项目"}, browser.evaluate(ROWS)
        browser.screenshot("uploads-narrow.png")
        assert complaints(browser) == [], browser.complaints


if __name__ == "__main__":
    support.main(globals())
