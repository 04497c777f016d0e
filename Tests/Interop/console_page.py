#!/usr/bin/env python3
"""A person with the console's page open in headless Chromium, and Python programs that they talk to.

The screenshots are kept in the directory that the environment variable ARTIFACTS names, and nowhere when it names none.
"""

import contextlib
import json
import os
import pathlib
import socket
import tempfile

import support
from browser import Browser

FITS = "document.documentElement.scrollWidth <= innerWidth"
MESSAGES = "[...document.querySelectorAll('.message:not(.notice)')].map(m => m.querySelector('.body:last-of-type').textContent)"


class Page:
    """The page, with the hands that it needs."""

    def __init__(self, browser, url):
        self.browser = browser
        self.evaluate = browser.evaluate
        self.click = browser.click
        browser.open(url)
        self.wait("document.getElementById('link').dataset.state === 'open'", "channel to the program")

    def wait(self, condition, what):
        return support.wait_until(lambda: self.evaluate(condition), what)

    def text(self, identifier):
        return self.evaluate(f"document.getElementById('{identifier}').textContent")

    def set(self, identifier, value):
        """Has a control say something, as somebody who types or chooses would."""
        self.fill(f"#{identifier}", value)

    def fill(self, selector, value):
        self.evaluate(
            f"(c => {{ c.value = {json.dumps(value)}; for (const kind of ['input', 'change'])"
            f" c.dispatchEvent(new Event(kind, {{ bubbles: true }})); }})(document.querySelector({json.dumps(selector)}))"
        )

    def key(self, key, modifiers=0, code=""):
        """A key as a keyboard sends it; of the modifiers, Alt is 1 and Control is 2."""
        for kind in ("rawKeyDown", "keyUp"):
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, modifiers=modifiers)

    def type(self, text):
        """Puts a text into the box that sends, in the place of what is there."""
        self.set("message", text)
        self.evaluate("document.getElementById('message').focus()")

    def choose_file(self, selector, file):
        """Presses a button that asks for a file, and gives it one."""
        self.browser.call("Page.setInterceptFileChooserDialog", enabled=True)
        self.click(selector)
        node = self.browser.wait_for("Page.fileChooserOpened")["backendNodeId"]
        self.browser.call("DOM.setFileInputFiles", files=[str(file)], backendNodeId=node)

    def open(self, **fields):
        """Fills the panel in and presses the large button; answers the port that is listened on or spoken from."""
        for identifier, value in fields.items():
            self.set(identifier.replace("_", "-"), value)
        self.click("#power")
        self.wait("['open', 'listening'].includes(document.getElementById('condition').dataset.state)", "open session")
        return int(self.wait("/:(\\d+)$/.exec(document.getElementById('condition').textContent)?.[1]", "local port"))

    def close(self):
        self.click("#power")
        self.wait("document.getElementById('condition').dataset.state === 'closed'", "closed session")

    def wait_for_message(self, text):
        self.wait(f"{MESSAGES}.includes({json.dumps(text)})", f"message {text!r}")


@contextlib.contextmanager
def console(width=1600, height=900):
    """A console with its page open: (page, browser)."""
    support.need("chromium")
    with tempfile.TemporaryDirectory(prefix="sockeye-") as folder:
        with support.Server("console", cwd=folder) as server, Browser(folder) as browser:
            browser.open_tab(width, height)
            yield Page(browser, server.addresses[0]), browser


def peer_of(port):
    return socket.create_connection(("127.0.0.1", port), timeout=support.DEADLINE)


def receive(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        assert piece, data
        data += piece
    return data


def test_server():
    """A TCP server is opened, spoken to in UTF-8 and GBK, answers one peer or all in text and hex with a checksum, and kicks"""
    with console() as (page, browser):
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        with peer_of(port) as first, peer_of(port) as second:
            page.wait("document.querySelectorAll('#peers [role=option]').length === 3", "two peers in the list")
            first.sendall("你好, server".encode())
            page.wait_for_message("你好, server")
            page.type("to all of you")
            page.key("Enter", modifiers=2)
            assert receive(first, 13) == receive(second, 13) == b"to all of you"
            # One peer, by its address.
            name = "%s:%d" % second.getsockname()
            page.click(f"#peers [title='{name}']")
            page.evaluate("document.querySelector('#form button:last-child').click()")
            page.wait("document.getElementById('message').value.replaceAll(' ', '').toLowerCase() === '746f20616c6c206f6620796f75'", "hex")
            page.type("01 03 00 00 00 0A")
            page.set("check", "CRC-16/MODBUS")
            page.set("check-order", "little")
            page.wait("document.getElementById('preview').textContent.includes('C5CD')", "preview of the checksum")
            page.click("#send")
            assert receive(second, 8) == bytes.fromhex("01030000000AC5CD")
            page.click("#kick")
            assert second.recv(1) == b"", "the second peer is still connected"
            page.wait("document.querySelectorAll('#peers [role=option]').length === 2", "one peer less")
            page.set("show", "hex")
            page.wait_for_message("01 03 00 00 00 0A C5 CD")
            page.set("show", "text")
        page.close()
        port = page.open(local_port="0", option_encoding="gbk")
        with peer_of(port) as peer:
            whole = "中文".encode("gbk")
            peer.sendall(whole[:3])
            page.wait_for_message("中")
            peer.sendall(whole[3:])
            page.wait_for_message("文")
            page.evaluate("document.querySelector('#form button').click()")
            page.wait("document.querySelector('#form button').ariaChecked === 'true'", "text form")
            page.set("check", "")
            page.type("网络")
            page.click("#send")
            assert receive(peer, 4) == "网络".encode("gbk")
        assert browser.complaints == [], browser.complaints


def test_forms():
    """A message is turned from hex into text and back without loss, whatever its bytes are"""
    with console() as (page, browser):
        switch = "document.querySelector('#form button:nth-child(%d)').click()"
        for hex, text in [
            ("48 69 21", "Hi!"), ("E7 BD 91 E7 BB 9C 0A", "网络\n"), ("41 0D 0A 5C", "A\\r\\n\\\\"), ("FF 00 41 E7", "\\xFF\\x00A\\xE7"),
        ]:  # fmt: skip
            page.evaluate(switch % 2)
            page.wait("document.querySelector('#form button:nth-child(2)').ariaChecked === 'true'", "hex form")
            page.set("message", hex)
            page.evaluate("document.getElementById('escapes').checked && document.getElementById('escapes').click()")
            page.evaluate(switch % 1)
            page.wait("document.querySelector('#form button').ariaChecked === 'true'", "text form")
            assert page.evaluate("document.getElementById('message').value") == text, hex
            page.evaluate(switch % 2)
            page.wait("document.querySelector('#form button:nth-child(2)').ariaChecked === 'true'", "hex form again")
            assert page.evaluate("document.getElementById('message').value") == hex, text
        assert browser.complaints == [], browser.complaints


def test_client_by_keyboard():
    """A client is opened, sends, and brings back what it sent, with keys alone; what was received can be searched and filtered"""
    with console() as (page, browser):
        listener, port = support.loopback_listener()
        with listener:
            page.open(protocol="tcp-client", remote_host="127.0.0.1", remote_port=str(port))
            connection, _ = listener.accept()
        with connection:
            connection.settimeout(support.DEADLINE)
            page.type("one")
            page.key("Enter", modifiers=2)
            page.type("two")
            page.key("Enter", modifiers=2)
            assert receive(connection, 6) == b"onetwo"
            page.type("")
            for expected in ("two", "one"):
                page.key("ArrowUp")
                assert page.evaluate("document.getElementById('message').value") == expected
            connection.sendall(b"needle")
            page.wait_for_message("needle")
            page.set("filter", "needle")
            page.wait(f"JSON.stringify({MESSAGES}) === '[\"needle\"]'", "list with the filter")
            page.set("filter", "")
            page.wait(f"{MESSAGES}.length === 3", "list without the filter")
            page.key("f", modifiers=2)
            page.set("search", "/n.edle/")
            page.key("Enter")
            page.wait("document.querySelector('.message.cursor mark')?.textContent === 'needle'", "found message")
            page.key("o", modifiers=1, code="KeyO")
            page.wait("document.getElementById('condition').dataset.state === 'closed'", "end by a key")
            assert connection.recv(1) == b""
        assert browser.complaints == [], browser.complaints


def test_record_and_cycle():
    """What peers say is recorded and downloaded byte for byte; a message with a counter goes out as often as it was told to"""
    with console() as (page, browser), tempfile.TemporaryDirectory(prefix="sockeye-") as folder:
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        said = bytes(range(256)) * 40
        with peer_of(port) as peer:
            page.wait("document.querySelectorAll('#peers [role=option]').length === 2", "peer in the list")
            page.click("#record")
            page.fill("#dialog select", "raw")
            page.click("#dialog .power")
            page.wait("document.getElementById('record').ariaPressed === 'true'", "record under way")
            peer.sendall(said)
            page.wait(f"document.getElementById('count-in').textContent.startsWith('RX {len(said):,} B')", "count of what was said")
            page.click("#record")
            page.wait("document.querySelector('#dialog a') !== null", "link to the record")
            browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder, eventsEnabled=True)
            page.click("#dialog a")
            end = browser.wait_for("Browser.downloadProgress", lambda progress: progress["state"] != "inProgress")
            assert end["state"] == "completed", end
            assert [file.read_bytes() for file in pathlib.Path(folder).iterdir()] == [said]
            page.evaluate("document.getElementById('dialog').close()")
            page.type("tick ${counter:2};")
            page.evaluate("document.getElementById('variables').click()")
            page.set("interval", "1")
            page.set("times", "3")
            page.click("#cycle")
            assert receive(peer, 24) == b"tick 00;tick 01;tick 02;"
            page.wait("document.getElementById('cycle').ariaPressed === 'false'", "end of the cycle")
            page.set("interval", "60000")
            page.set("times", "")
            page.click("#cycle")
            assert receive(peer, 8) == b"tick 03;"
            page.wait("document.getElementById('cycle').ariaPressed === 'true'", "cycle under way")
            page.click("#cycle")
            page.wait("document.getElementById('cycle').ariaPressed === 'false'", "end of the cycle by hand")
        assert browser.complaints == [], browser.complaints


def test_rules():
    """A rule answers what meets its conditions with a part of it; a dry run says which condition failed"""
    with console() as (page, browser):
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_framing="line")
        page.click("#tool-rules button")
        page.fill(".rules .condition input", "ping")
        page.fill(".rules > li > .bar:nth-last-child(2) input", "pong ${received:5-8}")
        page.type("nothing of the kind")
        page.click("#tool-rules button:nth-of-type(2)")
        page.wait("document.getElementById('rules-said').textContent.includes('70 69 6E 67')", "condition that failed")
        page.type("ping 1234")
        page.click("#tool-rules button:nth-of-type(2)")
        page.wait("document.getElementById('rules-said').textContent.includes('pong 1234')", "answer of the dry run")
        page.wait("document.querySelector('#rules-said').dataset.applied === 'true'", "rules in force")
        with peer_of(port) as peer:
            peer.sendall(b"something else\nping 5678\n")
            assert receive(peer, 10) == b"pong 5678\n"
            page.wait_for_message("pong 5678")
        assert browser.complaints == [], browser.complaints


def test_forwarder():
    """A forwarder shows both directions; a message is held, edited and let go, another is dropped"""
    with console() as (page, browser):
        listener, upstream = support.loopback_listener()
        with listener:
            page.set("protocol", "forwarder")
            port = page.open(local_host="127.0.0.1", local_port="0", remote_host="127.0.0.1", remote_port=str(upstream))
            with peer_of(port) as client, listener.accept()[0] as server:
                server.settimeout(support.DEADLINE)
                client.sendall(b"question")
                assert receive(server, 8) == b"question"
                server.sendall(b"answer")
                assert receive(client, 6) == b"answer"
                page.wait_for_message("question")
                page.wait_for_message("answer")
                page.click("#hold")
                page.wait("document.getElementById('hold').ariaPressed === 'true'", "holding")
                client.sendall(b"secret")
                page.wait("document.querySelector('#held input')?.value === 'secret'", "held message")
                page.fill("#held input", "public")
                page.click("#held button")
                assert receive(server, 6) == b"public"
                client.sendall(b"never")
                page.wait("document.querySelector('#held input')?.value === 'never'", "held message")
                page.click("#held .grave")
                page.wait("document.querySelector('#held input') === null", "end of holding it")
                page.click("#hold")
                page.wait("document.getElementById('hold').ariaPressed === 'false'", "end of holding")
                client.sendall(b"last")
                assert receive(server, 4) == b"last"
        assert browser.complaints == [], browser.complaints


def test_hostile_messages():
    """Markup, scripts, direction marks and control characters are text, in the list and in a message's own view"""
    with console() as (page, browser):
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
        with peer_of(port) as peer:
            peer.sendall(hostile.encode())
            page.wait_for_message(hostile)
            peer.sendall("a\u202eb\x00c\x1b[31mred".encode())
            page.wait_for_message("a\ufffdb\u2400cred")
            page.evaluate("document.getElementById('scroller').focus()")
            page.key("ArrowUp")
            page.key("ArrowUp")
            page.key("Enter")
            page.wait("document.getElementById('dialog').open", "message's own view")
            assert page.evaluate("document.querySelector('#dialog pre').textContent") == hostile
            assert page.evaluate("document.querySelectorAll('main img, main script, dialog img, dialog script').length") == 0
        assert browser.complaints == [], browser.complaints


def test_many_messages():
    """Of 10,000 messages those alone are elements that can be seen; all are counted; scrolling up stops the list"""
    count = 10_000
    with console() as (page, browser):
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_framing="line")
        with peer_of(port) as peer:
            peer.sendall(b"".join(b"message %d\n" % number for number in range(count)))
            page.wait(f"document.getElementById('count-in').textContent.endsWith(' {count:,}')", "count of all messages")
            page.wait_for_message(f"message {count - 1}")
            assert page.evaluate("document.querySelectorAll('.message').length") < 200
            page.evaluate("document.getElementById('scroller').scrollTop /= 2")
            page.wait("document.getElementById('follow').ariaPressed === 'false'", "list that stays")
            peer.sendall(b"the last\n")
            page.wait(f"document.getElementById('count-in').textContent.endsWith(' {count + 1:,}')", "count of the last one")
            assert "the last" not in page.evaluate(MESSAGES)
            page.click("#follow")
            page.wait_for_message("the last")
        assert browser.complaints == [], browser.complaints


def test_quick_messages():
    """A table of SSCOM's is imported in GBK and run in order; it is there again after the page is loaded anew"""
    table = "N101=A,第一条\r\nN1=2,问候,1\r\nN102=H,0D 0A\r\nN2=1,空行,1\r\n".encode("gbk")
    with console() as (page, browser), tempfile.TemporaryDirectory(prefix="sockeye-") as folder:
        file = pathlib.Path(folder) / "sscom51.ini"
        file.write_bytes(table)
        page.click("#quick-menu summary")
        page.choose_file("#quick-menu .items button", file)
        page.wait("document.querySelectorAll('.quick > li').length === 2", "two rows")
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_encoding="gbk")
        with peer_of(port) as peer:
            page.wait("document.querySelectorAll('#peers [role=option]').length === 2", "peer in the list")
            browser.click("#tool-quick > .bar > button:nth-of-type(2)")
            assert receive(peer, 8) == b"\r\n" + "第一条".encode("gbk")
        address = page.evaluate("location.href")
        page.wait("document.getElementById('said').textContent !== ''", "word of it")
        support.wait_until(lambda: saved(page), "saved state")
        again = Page(browser, address)
        again.wait("document.querySelectorAll('.quick > li').length === 2", "two rows again")
        assert browser.complaints == [], browser.complaints


def test_hostile_import():
    """Of imported settings what is of the right kind counts, and nothing else: no odd keys, kinds, numbers or depths"""
    nested = "[" * 5000 + "]" * 5000
    hostile = f"""{{
      "__proto__": {{"polluted": 1}}, "constructor": {{"prototype": {{"polluted": 1}}}}, "theme": {{"toString": 1}}, "keep": 1e308,
      "fontSize": -1, "history": [null, 5, {{"text": "said"}}], "remotes": {nested}, "show": "<b>", "drafts": [{{"protocol": "__proto__"}}],
      "rules": {{"__proto__": [{{"when": {nested}}}]}},
      "quick": [null, 7, {{"text": 9}}, {{"__proto__": {{"polluted": 1}}, "text": "<img src=x>", "order": 1e308, "name": ["a"]}}]
    }}"""
    with console() as (page, browser), tempfile.TemporaryDirectory(prefix="sockeye-") as folder:
        file = pathlib.Path(folder) / "settings.json"
        file.write_text(hostile)
        page.click("#settings")
        page.choose_file("#dialog [data-word=importAll]", file)
        page.wait("document.querySelectorAll('.quick > li').length === 1", "the row that is one")
        assert page.evaluate("document.querySelector('.quick .mono').value") == "<img src=x>"
        assert page.evaluate("({}).polluted === undefined && document.querySelectorAll('main img').length === 0")
        assert page.evaluate("document.getElementById('show').value") == "text"
        page.type("still alive")
        page.wait("document.getElementById('preview').textContent.startsWith('11 B')", "preview")
        assert browser.complaints == [], browser.complaints


def test_settings_outlive_the_program():
    """What was set is there again when the program is started anew at the same address"""
    support.need("chromium")
    with tempfile.TemporaryDirectory(prefix="sockeye-") as folder, Browser(folder) as browser:
        browser.open_tab(1600, 900)
        with support.Server("console", cwd=folder) as server:
            address = server.addresses[0].split("/")[2]
            page = Page(browser, server.addresses[0])
            page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0", option_framing="line")
            page.set("ending", "crlf")
            page.wait("JSON.parse(localStorage.getItem('sockeye-console'))?.ending === 'crlf'", "memory of the browser")
        with support.Server("console", "--listen", address, cwd=folder) as server:
            # Its URL differs by the token alone, which loads nothing anew where the page is open.
            page.evaluate(f"location.href = {json.dumps(server.addresses[0])}")
            page.wait("location.hash === '' && document.getElementById('link').dataset.state === 'open'", "channel to the other program")
            page.open()
            page.close()
            browser.open("about:blank")
        with support.Server("console", "--listen", address, cwd=folder) as server:
            page = Page(browser, server.addresses[0])
            assert page.evaluate("document.getElementById('ending').value") == "crlf"
            assert page.evaluate("document.getElementById('option-framing').value") == "line"
            assert page.evaluate("document.getElementById('condition').dataset.state") == "closed"
        assert browser.complaints == [], browser.complaints


def saved(page):
    """Whether the program has been given the rows to keep; asked on a socket of the page's own origin."""
    page.evaluate(
        "window.probe ??= (s => (s.onmessage = m => { const a = JSON.parse(m.data); if (a.id === 1) window.kept = a.state; }, s))"
        "(new WebSocket(`ws://${location.host}/socket`))"
    )
    page.evaluate("probe.readyState === 1 && probe.send('{\"id\":1,\"op\":\"state\"}')")
    return page.evaluate("window.kept?.quick?.length === 2")


def test_appearance():
    """The page fits narrow and wide screens, in both themes and both languages, and every control has a name"""
    with console() as (page, browser):
        port = page.open(protocol="tcp-server", local_host="127.0.0.1", local_port="0")
        unnamed = "[...document.querySelectorAll('button, select, input, textarea, [role=listbox]')].filter(e =>" \
            " !e.getAttribute('aria-label') && !e.textContent.trim() && !e.closest('label')).length"  # fmt: skip
        with peer_of(port) as peer:
            peer.sendall(b'{"temperature":21.5,"unit":"C"}')
            page.wait_for_message('{"temperature":21.5,"unit":"C"}')
            page.set("show", "both")
            for language in ("en", "zh"):
                for width in (360, 1600):
                    browser.resize(width, 800)
                    for view in ("connection", "messages", "tools") if width == 360 else ("",):
                        if view:
                            page.click(f"#views [data-view={view}]")
                        for dark in (False, True) if os.environ.get("ARTIFACTS") else ():
                            browser.screenshot(f"console-{language}-{width}{view}-{'dark' if dark else 'light'}.png", dark=dark)
                        assert page.evaluate(FITS), f"{view} in {language} is wider than {width} pixels"
                assert page.evaluate(unnamed) == 0, page.evaluate(unnamed.replace(".length", ".map(e => e.id || e.outerHTML)"))
                page.click("#language")
            assert page.text("power") == "Stop"
            ground = "getComputedStyle(document.body).backgroundColor"
            page.click("#theme")
            light = page.evaluate(ground)
            page.click("#theme")
            assert page.evaluate(ground) != light, "the switch of themes does nothing"
        assert browser.complaints == [], browser.complaints


if __name__ == "__main__":
    support.main(globals())
