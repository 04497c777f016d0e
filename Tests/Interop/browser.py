#!/usr/bin/env python3
"""A person with a browser: headless Chromium opens a listing of `sockeye serve`, sorts it, searches it, downloads from it.

The screenshots are kept in the directory that the environment variable ARTIFACTS names, and nowhere when it names none.
"""

import base64
import collections
import contextlib
import fcntl
import json
import os
import pathlib
import random
import selectors
import signal
import subprocess
import tempfile
import time
import zipfile

import support


class Browser:
    """Chromium without a window, told what to do over a pipe by the DevTools protocol: messages of JSON that end in NUL."""

    ARGUMENTS = [
        "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
        "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking", "--disable-sync",
        "--disable-component-update", "--disable-default-apps", "--mute-audio", "--hide-scrollbars", "--lang=en-US",
    ]

    def __init__(self, home):
        # Chromium reads commands from descriptor 3 and answers on 4; our ends lie above, so that dup2 hits neither.
        pipes = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10) for descriptor in os.pipe() + os.pipe()]
        theirs, self._commands, self._answers, theirs_out = pipes

        def arrange():
            os.dup2(theirs, 3)
            os.dup2(theirs_out, 4)

        # Chromium's sandbox refuses to be root, as which containers like to run.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            [support.need("chromium"), *self.ARGUMENTS, *sandbox, f"--user-data-dir={home}/profile", "about:blank"],
            preexec_fn=arrange, pass_fds=(3, 4), start_new_session=True, env={**os.environ, "HOME": str(home), "TMPDIR": str(home)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(theirs_out)
        self._number = 0
        self._buffer = bytearray()
        self._events = collections.deque()
        self._session = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Chromium is many processes, all of its own session.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # The profile is theirs until the last of them has ended.
        support.wait_until(self._is_over, "end of the browser's processes")
        os.close(self._commands)
        os.close(self._answers)

    def _is_over(self):
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        support.children()  # Those who have ended wait to be seen off.
        return False

    def _receive(self, end):
        while b"\0" not in self._buffer:
            with selectors.DefaultSelector() as selector:
                selector.register(self._answers, selectors.EVENT_READ)
                if not selector.select(max(0, end - time.monotonic())):
                    raise AssertionError("the browser is silent")
            data = os.read(self._answers, 1 << 20)
            if not data:
                raise AssertionError(f"the browser ended with {self.process.wait()}")
            self._buffer += data
        message, _, rest = self._buffer.partition(b"\0")
        self._buffer = rest
        return json.loads(message)

    def call(self, method, **parameters):
        """A command and its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None and not method.startswith(("Browser.", "Target.")):
            message["sessionId"] = self._session
        with open(self._commands, "wb", closefd=False) as pipe:
            pipe.write(json.dumps(message).encode() + b"\0")
        end = time.monotonic() + support.DEADLINE
        while True:
            answer = self._receive(end)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:
                self._events.append(answer)

    def wait_for(self, method, condition=lambda parameters: True):
        """Waits for an event; answers its parameters."""
        end = time.monotonic() + support.DEADLINE
        kept = []
        while True:
            event = self._events.popleft() if self._events else self._receive(end)
            if event.get("method") == method and condition(event["params"]):
                self._events.extendleft(reversed(kept))
                return event["params"]
            kept.append(event)

    @property
    def complaints(self):
        """What went wrong on the pages so far: scripts that failed, things that the Content-Security-Policy forbade."""
        entries = [event["params"]["entry"] for event in self._events if event["method"] == "Log.entryAdded"]
        thrown = [event["params"] for event in self._events if event["method"] == "Runtime.exceptionThrown"]
        return [entry["text"] for entry in entries if entry["level"] == "error"] + thrown

    def open_tab(self, width=1000, height=720):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url):
        self._events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector):
        """Presses the mouse in the middle of an element, as a hand would."""
        quoted = json.dumps(selector)
        self.evaluate(f"document.querySelector({quoted}).scrollIntoView({{block: 'center'}})")
        x, y = self.evaluate(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector({quoted}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, name, dark=False):
        """Has the page drawn; the picture is kept where somebody has asked for it."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)
        picture = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        assert picture.startswith(b"\x89PNG"), name
        if kept := os.environ.get("ARTIFACTS"):
            folder = pathlib.Path(kept)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(picture)


BIG = random.Random(7).randbytes(3_000_000)
DAY = 86_400
FILES = {
    # Names, contents, and when they were written.
    "report-2.pdf": (b"p" * 48_213, 1_750_000_000),
    "report-10.pdf": (b"p" * 1_304_877, 1_750_000_000 - 3 * DAY),
    "archive.tar.zst": (BIG, 1_750_000_000 + 90 * DAY),
    "图片 <b>&amp;.jpg": (b"j" * 302_113, 1_750_000_000 - 700 * DAY),
    "notes.txt": (b"n" * 96, 1_750_000_000 + 5 * DAY),
    "empty": (b"", 1_750_000_000 - 30 * DAY),
    "a rather long name of a video, as cameras and people give them (final, 2).mp4": (b"v" * 940_000, 1_750_000_000 - DAY),
}  # fmt: skip
FOLDERS = ["photos", "Music"]

NAMES = "[...document.querySelectorAll('tbody tr:not(.up)')].filter(r => r.checkVisibility())" \
    ".map(r => r.querySelector('bdi').textContent)"  # fmt: skip


@contextlib.contextmanager
def listing():
    """A served folder, and a browser that has it open: (browser, folder, URL)."""
    support.need("chromium")
    with tempfile.TemporaryDirectory(prefix="sockeye-") as base:
        folder = pathlib.Path(base) / "served"
        folder.mkdir()
        for name in FOLDERS:
            (folder / name).mkdir()
            os.utime(folder / name, (1_740_000_000, 1_740_000_000))
        (folder / "photos" / "one.txt").write_text("1")
        for name, (content, modified) in FILES.items():
            (folder / name).write_bytes(content)
            os.utime(folder / name, (modified, modified))
        with support.Server("serve", folder, "--listen", "127.0.0.1:0") as server, Browser(base) as browser:
            url = f"http://{server.endpoint}/"
            browser.open_tab()
            browser.open(url)
            yield browser, folder, url


def test_listing_is_used():
    """A listing is opened, sorted by size and by date, and searched"""
    with listing() as (browser, _, _):
        shown = browser.evaluate(NAMES)
        assert set(shown[:2]) == set(FOLDERS) and set(shown[2:]) == set(FILES), shown
        assert browser.evaluate("document.getElementById('summary').textContent").startswith("2 folders, 7 files, 5.")
        by_size = sorted(FILES, key=lambda name: len(FILES[name][0]))
        by_time = sorted(FILES, key=lambda name: FILES[name][1])
        for heading, expected in [("size", by_size), ("time", by_time)]:
            browser.click(f"th.{heading} button")
            assert browser.evaluate(NAMES)[2:] == expected, browser.evaluate(NAMES)
            browser.click(f"th.{heading} button")
            assert browser.evaluate(NAMES)[2:] == expected[::-1], browser.evaluate(NAMES)
        browser.click("th.name button")
        shown = browser.evaluate(NAMES)
        assert shown[:2] == ["Music", "photos"] and shown.index("report-2.pdf") < shown.index("report-10.pdf"), shown

        browser.click("#search")
        browser.type("REPORT pdf")
        assert browser.evaluate(NAMES) == ["report-2.pdf", "report-10.pdf"], browser.evaluate(NAMES)
        browser.type(" none of these")
        assert browser.evaluate(NAMES) == [] and browser.evaluate("document.getElementById('none').checkVisibility()")
        assert browser.complaints == [], browser.complaints


def test_file_is_downloaded():
    """A file is downloaded bit for bit, and a folder is opened and left"""
    with listing() as (browser, folder, url):
        target = folder.parent / "downloads"
        target.mkdir()
        browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(target), eventsEnabled=True)
        browser.click("a[href='archive.tar.zst']")
        end = browser.wait_for("Browser.downloadProgress", lambda progress: progress["state"] != "inProgress")
        assert end["state"] == "completed", end
        assert (target / "archive.tar.zst").read_bytes() == BIG

        browser.click("button[name=zip]")
        end = browser.wait_for("Browser.downloadProgress", lambda progress: progress["state"] != "inProgress")
        assert end["state"] == "completed", end
        with zipfile.ZipFile(target / "files.zip") as archive:
            assert archive.read("files/archive.tar.zst") == BIG

        browser.click("a[href='photos/']")
        browser.wait_for("Page.loadEventFired")
        assert browser.evaluate("location.href") == url + "photos/" and browser.evaluate(NAMES) == ["one.txt"]
        for selector in ("tr.up a", "nav a"):
            browser.click(selector)
            browser.wait_for("Page.loadEventFired")
            assert browser.evaluate("location.href") == url
            browser.open(url + "photos/")
        assert browser.complaints == [], browser.complaints


def test_search_below():
    """Enter looks for the words in all folders below, and what is found is opened from there"""
    with listing() as (browser, folder, url):
        (folder / "Music" / "deep").mkdir()
        (folder / "Music" / "deep" / "One song.txt").write_text("la")
        browser.click("#search")
        browser.type("one")
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
        browser.wait_for("Page.loadEventFired")
        assert sorted(browser.evaluate(NAMES)) == ["Music/deep/One song.txt", "photos/one.txt"], browser.evaluate(NAMES)
        assert browser.evaluate("document.getElementById('search').value") == "one"
        browser.click("a[href='Music/deep/One%20song.txt']")
        browser.wait_for("Page.loadEventFired")
        assert browser.evaluate("document.body.textContent") == "la"


def test_screenshots():
    """The listing is drawn in light, in dark, and on a narrow screen"""
    with listing() as (browser, _, _):
        browser.screenshot("listing-light.png")
        browser.screenshot("listing-dark.png", dark=True)
        browser.resize(390, 720)
        assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        browser.screenshot("listing-narrow.png")
        assert browser.complaints == [], browser.complaints


if __name__ == "__main__":
    support.main(globals())
