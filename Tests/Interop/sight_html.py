#!/usr/bin/env python3
"""The pages that `lab` and `watch` draw, opened in headless Chromium as a reader would open them.

The screenshots are kept in the directory that the environment variable ARTIFACTS names, and nowhere when it names none.
"""

import contextlib
import pathlib
import tempfile

import support
from browser import Browser
from support import sockeye

FITS = "document.documentElement.scrollWidth <= innerWidth"
SELECTED = "document.querySelector('[aria-selected=true]')?.id"
HEADING = "document.querySelector('h1').textContent"


def drawn(folder, name, *arguments):
    """A page drawn by the program: its URL."""
    file = pathlib.Path(folder) / f"{name}.html"
    result = sockeye(*arguments, "--html", str(file), deadline=120)
    assert result.returncode == 0 and file.stat().st_size > 10_000, result
    return file.as_uri()


@contextlib.contextmanager
def opened(width=1600, height=900):
    """A browser with a tab, and a folder for pages."""
    support.need("chromium")
    with tempfile.TemporaryDirectory(prefix="sockeye-") as folder, Browser(folder) as browser:
        browser.open_tab(width, height)
        yield browser, folder


def press(browser, key):
    """A key, as a keyboard sends it."""
    text = {"text": key} if len(key) == 1 else {}
    browser.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)


def test_keyboard():
    """A page is walked through by keys alone, and played; each step says what it is"""
    with opened() as (browser, folder):
        browser.open(drawn(folder, "close", "lab", "close", "--language", "en"))
        assert browser.evaluate(HEADING) == "Four segments close a connection"
        assert browser.evaluate(SELECTED) == "row-0"
        for key, row in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)]:
            press(browser, key)
            assert browser.evaluate(SELECTED) == f"row-{row}", key
        said = browser.evaluate("document.querySelector('[role=status]').textContent")
        assert "server sends SYN,ACK" in said and "client ESTABLISHED" in said, said
        browser.evaluate("document.querySelector('[role=listbox]').focus()")
        press(browser, "End")
        last = browser.evaluate("document.querySelector('input[type=range]').max")
        assert browser.evaluate(SELECTED) == f"row-{last}"
        said = browser.evaluate("[...document.querySelectorAll('.path')].map(p => p.textContent).join('; ')")
        for state in ("SYN-SENT", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSE-WAIT", "LAST-ACK"):
            assert state in said, said
        press(browser, "Home")
        assert browser.evaluate(SELECTED) == "row-0"
        press(browser, " ")
        support.wait_until(lambda: browser.evaluate(SELECTED) == "row-1", "a step of what is played")
        press(browser, " ")
        assert browser.evaluate("document.querySelector('.player button:nth-child(3)').getAttribute('aria-label')") == "Play"
        unnamed = "[...document.querySelectorAll('button, select, input, [role=listbox], svg[role=img]')]" \
            ".filter(e => !e.getAttribute('aria-label') && !e.textContent.trim()).length"  # fmt: skip
        assert browser.evaluate(unnamed) == 0
        assert browser.complaints == [], browser.complaints


def test_header():
    """The header of the segment at the cursor is drawn by its bits, with the offsets and numbers of RFC 9293"""
    with opened() as (browser, folder):
        browser.open(drawn(folder, "handshake", "lab", "handshake", "--language", "en"))
        facts = "Object.fromEntries([...document.querySelectorAll('section table')][0].querySelectorAll('tr td:first-child')" \
            ".values().map(c => [c.textContent, [c.nextSibling.textContent, c.parentNode.lastChild.textContent]]))"  # fmt: skip
        fields = browser.evaluate(facts)
        offsets = {name: offset for name, (offset, _) in fields.items()}
        assert (offsets["Source port"], offsets["Sequence number"], offsets["Window"]) == ("0", "4", "14"), fields
        assert fields["Flags"] == ["13", "SYN"] and fields["MSS"] == ["20", "mss=1460"], fields
        bits = browser.evaluate("document.querySelectorAll('.bits .one, .bits .zero').length")
        assert bits % 32 == 0 and bits > 20 * 8, bits
        relative = browser.evaluate("document.querySelector('.overlay text').textContent")
        browser.evaluate("[...document.querySelectorAll('.switches button')].find(b => b.ariaPressed !== null).click()")
        absolute = browser.evaluate("document.querySelector('.overlay text').textContent")
        assert "seq=0 " in relative and "seq=0 " not in absolute, (relative, absolute)
        assert browser.complaints == [], browser.complaints


def test_appearance():
    """Pages fit narrow and wide screens, in both themes and both languages"""
    with opened() as (browser, folder):
        pages = [
            ("lost", ["lab", "fast-retransmit", "--language", "en"]),
            ("lost-zh", ["lab", "fast-retransmit", "--language", "zh"]),
            ("transfer", ["lab", "transfer", "--size", "1MiB", "--impair", "loss=1%", "--language", "en"]),
        ]  # fmt: skip
        for name, arguments in pages:
            url = drawn(folder, name, *arguments)
            for width in (360, 1600):
                browser.resize(width, 900)
                browser.open(url)
                for dark in (False, True):
                    browser.screenshot(f"sight-{name}-{width}-{'dark' if dark else 'light'}.png", dark=dark)
                assert browser.evaluate(FITS), f"{name} is wider than {width} pixels"
                ground = "getComputedStyle(document.body).backgroundColor"
                before = browser.evaluate(ground)
                browser.evaluate("document.querySelector('.switches button').click()")
                assert browser.evaluate(ground) != before, "the switch of themes does nothing"
                browser.evaluate("document.querySelectorAll('.switches button')[1].click()")
                assert browser.evaluate(FITS), f"{name} in the other language is wider than {width} pixels"
                assert browser.complaints == [], browser.complaints


def test_hostile_names():
    """A name with markup in it is text on the page, in a capture's page too"""
    with opened() as (browser, folder):
        name = "<img src=x onerror=document.title='owned'>&amp;<!--<script>.pcapng"
        capture = str(pathlib.Path(folder) / name)
        assert sockeye("lab", "close", "--capture", capture).returncode == 0
        browser.open(drawn(folder, "hostile", "watch", capture))
        assert browser.evaluate("document.querySelectorAll('img').length") == 0
        assert browser.evaluate("document.querySelectorAll('script').length") == 2
        assert name in browser.evaluate("document.querySelector('header p').textContent")
        assert "owned" not in browser.evaluate("document.title")
        browser.evaluate("location.hash = '#<img src=x onerror=alert(1)>'")
        assert browser.complaints == [], browser.complaints


def test_long_transfer():
    """A transfer of 100,000 segments opens, can be scrolled to its end, and stepped through"""
    with opened() as (browser, folder):
        arguments = ["lab", "transfer", "--size", "140MiB", "--impair", "loss=0.1%", "--language", "en"]
        url = drawn(folder, "long", *arguments)
        browser.open(url)
        seconds = browser.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
        rows = int(browser.evaluate("document.querySelector('input[type=range]').max"))
        print(f"{rows} rows opened in {seconds:.2f} s")
        assert rows > 200_000 and seconds < 30, (rows, seconds)
        assert browser.evaluate("document.querySelectorAll('*').length") < 3_000, "what isn't seen is there"
        browser.evaluate("document.querySelector('[role=listbox]').focus()")
        press(browser, "End")
        assert browser.evaluate(SELECTED) == f"row-{rows}"
        press(browser, "ArrowUp")
        assert browser.evaluate(SELECTED) == f"row-{rows - 1}"
        browser.screenshot("sight-long.png")
        assert browser.complaints == [], browser.complaints


if __name__ == "__main__":
    support.main(globals())
