#!/usr/bin/env python3
"""What `sockeye serve` gives beside one directory: files that were picked, prefixes, fallbacks, other origins, refusals."""

import pathlib
import tempfile

import support
from browser import Browser
from support_serve import Served, raw, status


def test_picked_files():
    """Files and folders that were picked are served by their names, the one file at its own URL, and nothing beside them"""
    support.need("curl")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "photos").mkdir()
        for name in ("file2", "file10", "secret", "photos/one"):
            (place / name).write_text(name)
        picked = [place / name for name in ("file10", "file2", "photos")]
        with support.Server("serve", *picked, "--listen", "127.0.0.1:0") as server:
            reply = raw(server.port, b"GET /?plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert reply.find(b"photos/\n") < reply.find(b"file2\n") < reply.find(b"file10\n"), reply
            for name, code in [("file2", 200), ("photos/one", 200), ("secret", 404), ("photos/../secret", 404)]:
                assert status(raw(server.port, f"GET /{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())) == code
            assert raw(server.port, b"file10\n") == b"file10"
            got = support.sockeye("get", "-q", "--recursive", f"http://{server.endpoint}/", "-d", place / "copy")
            assert got.returncode == 0 and (place / "copy" / "photos" / "one").read_text() == "photos/one", got
        with support.Server("serve", place / "file2", "--listen", "127.0.0.1:0", "--path-prefix", "/p q") as server:
            server.wait_for(f"http://{server.endpoint}/p%20q/file2\n")
        refused = support.sockeye("serve", place / "file2", "--upload", "--listen", "127.0.0.1:0")
        assert refused.returncode == 2 and b"--upload" in refused.stderr, refused


def test_refusals_in_two_languages():
    """curl gets a line and a browser a page, each in its language, and hostile targets come back nowhere"""
    support.need("curl")
    with Served() as served:
        none = f"{served.url}/%3Csvg%20onload=1%3E"
        assert served.curl(none) == b"404 Not Found: there is no such file here\n"
        assert served.curl("-H", "Accept-Language: zh-CN", none) == "404 没有找到: 这里没有这个文件\n".encode()
        page = served.curl("-H", "Accept: text/html", "-H", "Accept-Language: zh", none)
        assert b"onload" not in page and "没有找到".encode() in page and b'lang="zh"' in page, page


def test_other_origins():
    """A page of a listed origin reads with a real browser, a range too, and one of another origin doesn't"""
    support.need("chromium")
    with Served() as pages, Served("--cors", f"http://127.0.0.1:{pages.port}") as served, Served() as closed:
        with Browser(pages.path.parent) as browser:
            browser.open_tab()
            browser.open(pages.url + "/")
            read = "fetch(%r,{headers:{Range:'bytes=1-3'}}).then(r=>r.text().then(t=>t+r.headers.get('Content-Range')),()=>'refused')"
            # The listing's own policy lets its scripts talk to its own server alone; a page without one is asked.
            browser.open(pages.url + "/a.txt")
            for url, expected in [(served.url, "ellbytes 1-3/6"), (closed.url, "refused")]:
                answer = browser.call(
                    "Runtime.evaluate", expression=read % f"{url}/a.txt", awaitPromise=True, returnByValue=True
                )
                assert answer["result"]["value"] == expected, answer


def test_fallback_is_opened():
    """A single-page application's routes are opened by a browser, and curl learns that they are no files"""
    support.need("chromium")
    with Served("--fallback", "app.html", "--path-prefix", "/app", files={"app.html": b"<title>one page</title>"}) as served:
        with Browser(served.path.parent) as browser:
            browser.open_tab()
            browser.open(served.url + "/app/some/route")
            assert browser.evaluate("document.title") == "one page"
            browser.open(served.url + "/elsewhere")
            assert browser.evaluate("document.querySelector('h1').textContent") == "404 Not Found"
        assert served.get("/app/some/route")[0] == 404


def test_error_page_is_drawn():
    """The page for what isn't there is drawn in light, in dark and on a narrow screen, and its links lead on"""
    support.need("chromium")
    with Served() as served, Browser(served.path.parent) as browser:
        browser.open_tab()
        browser.open(served.url + "/sub/none")
        browser.screenshot("error-light.png")
        browser.resize(360, 640)
        browser.screenshot("error-narrow.png", dark=True)
        assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.click("main a")
        browser.wait_for("Page.loadEventFired")
        assert browser.evaluate("location.pathname") == "/sub/"
        assert all("404" in complaint for complaint in browser.complaints), browser.complaints


if __name__ == "__main__":
    support.main(globals())
