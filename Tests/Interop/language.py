"""Help and messages in the language that the locale or --language asks for."""

import contextlib
import http.server
import json
import os
import re
import socket
import tempfile
import threading

import support
from support import loopback_listener, sockeye

VERBS = [
    [], ["bench"], ["checksum"], ["completions"], ["connect"], ["get"], ["host"], ["impair"], ["lab"], ["lab", "list"],
    ["lab", "scenario"], ["lab", "transfer"], ["lab", "verdicts"], ["listen"], ["manual"], ["run"], ["serve"], ["watch"],
]

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){3,}")
"""Four words in a row: commands and names of protocols have fewer."""


def environment(**locale):
    """The environment with no locale but the one that is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name != "LANG"}
    return {**kept, **locale}


def is_example(line):
    """Whether a line of help shows a command."""
    return re.match(r"  (sockeye|printf|source|ip|ping) ", line) is not None


def english(text):
    """The lines that say something in English; commands, which stand between brackets, aside."""
    text = re.sub(r"（ip .*?）", "", text, flags=re.DOTALL)
    return [line for line in text.splitlines() if not is_example(line) and ENGLISH.search(line)]


def printed(*arguments, **locale):
    """What a call that does well prints."""
    answer = sockeye(*arguments, env=environment(**locale))
    assert answer.returncode == 0, answer
    return answer.stdout.decode()


def test_help_by_flag_and_locale():
    """Every verb's help is Chinese by --language and by the locale, the same both times, and without an English sentence."""
    for verb in VERBS:
        text = printed(*verb, "--help", "--language", "zh")
        assert text == printed(*verb, "--help", LC_ALL="zh_CN.UTF-8"), verb
        assert "用法：" in text and "选项：" in text, (verb, text)
        assert not english(text), (verb, english(text))
        for entry in re.findall(r"^  (-\S.*|<.*)$", text, re.MULTILINE):
            assert CHINESE.search(entry) or len(entry) > 22 or "…" in entry or "HOST" in entry or "PORT" in entry, (verb, entry)


def test_english_by_default():
    """Help is English without a locale, in the locale C, in others, and where --language says so."""
    expected = printed("connect", "--help")
    assert "OVERVIEW: Hold a conversation" in expected
    for locale in ({"LC_ALL": "C"}, {"LANG": "de_DE.UTF-8"}, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}):
        assert printed("connect", "--help", **locale) == expected, locale
    assert printed("connect", "--help", "--language", "en", LC_ALL="zh_CN.UTF-8") == expected


def test_manual():
    """The manual page is Chinese too, with the same flags as the English one."""
    pages = printed("manual"), printed("manual", "--language", "zh")
    assert ".Sh 描述" in pages[1]
    flags = [re.findall(r"^\.It .*$", page, re.MULTILINE) for page in pages]
    assert flags[0] == flags[1] and len(flags[0]) > 100


def said(*arguments, code=0, stdin=b"", locale="zh_CN.UTF-8"):
    """What a call says on standard error in a locale; it is Chinese, and nothing of it English."""
    answer = sockeye(*arguments, stdin=stdin, env=environment(LC_ALL=locale))
    assert answer.returncode == code, (arguments, answer)
    text = answer.stderr.decode()
    if locale.startswith("zh"):
        assert CHINESE.search(text), (arguments, text)
        assert not english(text), (arguments, english(text))
    return text


def closed_port():
    """A port of this machine that nobody listens on."""
    listener, port = loopback_listener()
    listener.close()
    return port


@contextlib.contextmanager
def answering(act):
    """A server that does something with its one client; its port."""
    listener, port = loopback_listener()

    def serve():
        client, _ = listener.accept()
        with client:
            client.settimeout(support.DEADLINE)
            act(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield port
        thread.join(support.DEADLINE)


def test_completions():
    """Completion scripts describe verbs and flags in Chinese, and are the same scripts otherwise."""
    places = {
        "fish": re.compile(r" -d '((?:\\.|[^'\\])*)'"),
        "zsh": re.compile(r"(?m)^ +'[^\[\n]*\[((?!@)(?:\\.|[^\]\\])*)\]|^ +'[a-z]+:(.*)'$"),
        "bash": re.compile("(?!)"),
    }
    for shell, place in places.items():
        english, chinese = (sockeye("completions", "--language", language, shell).stdout.decode() for language in ("en", "zh"))
        texts = [match[1] or match[2] if place.groups > 1 else match[1] for match in place.finditer(chinese)]
        assert len(texts) == len(place.findall(english)) and (shell == "bash" or len(texts) > 100), (shell, len(texts))
        assert all(map(CHINESE.search, texts)), [text for text in texts if not CHINESE.search(text)]
        bare = [place.sub(lambda match: match[0].replace(match[match.lastindex], ""), text) for text in (english, chinese)]
        assert bare[0] == bare[1], shell


def test_conversation():
    """A conversation's events and its end are told in Chinese: connected, closed by the peer, refused."""
    with answering(lambda client: client.sendall(b"bye")) as port:
        text = said("connect", f"127.0.0.1:{port}", "--on-eof", "hold", "--on-peer-eof", "exit")
        assert "已连接" in text and "已关闭：对方的 FIN（被动关闭" in text, text
    with answering(lambda client: client.recv(1024) and client.recv(1024)) as port:
        text = said("connect", "--send", "hello", f"127.0.0.1:{port}")
        assert "主动关闭：我方的 FIN 在先" in text, text
    text = said("connect", f"127.0.0.1:{closed_port()}", code=4)
    assert "无法连接" in text and "被拒绝；服务器在运行吗" in text, text


def test_reset():
    """A connection that the peer resets is told so, in Chinese."""
    def reset(client):
        client.recv(1024)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with answering(reset) as port:
        text = said("connect", "--send", "hello", "--on-eof", "hold", f"127.0.0.1:{port}", code=4)
        assert "由对方复位" in text, text


def test_usage():
    """What is wrong with a call is told in Chinese, whoever found it: the parser, a verb, the table of flags, or a library."""
    for arguments, part in (
        (["conect"], "没有动词“conect”；是不是“connect”？"),
        (["connect"], "缺少参数“<endpoint> ...”"),
        (["connect", "--ttl", "x", "127.0.0.1:1"], "“--ttl <0-255>”的值“x”无效"),
        (["connect", "--verbos", "127.0.0.1:1"], "没有选项“--verbos”；是不是“--verbose”？"),
        (["connect", "--ttl", "999", "udp://127.0.0.1:1"], "--ttl 是 0 到 255 的数字"),
        (["connect", "--tls", "udp://127.0.0.1:1"], "--tls 用于"),
        (["connect", "127.0.0.1"], "没有端口"),
        (["listen", "--encoding", "nonsense", "127.0.0.1:0"], "没有编码“nonsense”"),
        (["get", "ftp://127.0.0.1/x"], "只能从 http://、https:// 或 tcp:// 下载"),
        (["serve", "--rate", "1", "."], "--rate 每秒至少 1KiB"),
        (["lab", "nonsense"], "没有场景“nonsense”"),
        (["lab", "transfer", "--impair", "nonsense"], "不是 KEY=VALUE"),
        (["lab", "transfer", "--html", "x", "--congestion", "bbr,cubic"], "--html 只保存一次传输"),
        (["watch"], "请给出要看的抓包文件"),
        (["impair", "8080"], "请写 LISTEN TARGET SPEC"),
        (["impair", "127.0.0.1:0", "127.0.0.1:1", "nonsense"], "不是 KEY=VALUE"),
        (["impair", "127.0.0.1:0", "127.0.0.1:1", "profile=nonsense"], "没有网络“nonsense”"),
        (["impair", "127.0.0.1:0", "127.0.0.1:1", "mtu=1"], "mtu 是 576 到 65535 的数字"),
        (["impair", "127.0.0.1:0", "udp://127.0.0.1:1", "loss=1%"], "数据报只能去往数据报"),
        (["impair", "--max-streams", "0", "127.0.0.1:0", "127.0.0.1:1", "loss=1%"], "--max-streams 是大于 0"),
        (["bench", "--connections", "0", "127.0.0.1:1"], "--connections 是 1 到 100000"),
        (["host", "--tun", "lo=127.0.0.1/8"], "不是主机在网络上可以拥有的地址"),
        (["checksum", "--algorithm", "nonsense", "x"], "没有校验和算法“nonsense”"),
    ):
        text = said(*arguments, code=2)
        assert part in text, (arguments, text)
    for arguments, code, part in (
        (["watch", "no such file"], 3, "没有这个文件或目录"),
        (["impair", "--timetable", "none", "127.0.0.1:0", "127.0.0.1:1", "loss=1%"], 3, "没有这个文件或目录"),
        (["serve", "no such folder"], 3, "无法提供 no such folder"),
        (["checksum", "--file", "no such file"], 3, "无法读取 no such file"),
    ):
        assert part in said(*arguments, code=code), arguments


@contextlib.contextmanager
def file_server():
    """A server of one file of two megabytes; its URL."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            found = self.path == "/file"
            body = bytes(2 << 20) if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_download():
    """The summary of a download and its failures are told in Chinese, and programs read the same in every language."""
    with file_server() as url, tempfile.TemporaryDirectory() as folder:
        text = said("get", f"{url}/file", "-d", folder)
        assert "file：2.0 MiB" in text and "长度与服务器所说的一致" in text, text
        assert "已存在；用 --on-exists" in said("get", f"{url}/file", "-d", folder, code=11)
        assert "404" in said("get", f"{url}/missing", "-d", folder, code=8)
        events = []
        for locale in ("zh_CN.UTF-8", "C"):
            answer = sockeye("get", "--json", f"{url}/missing", "-d", folder, env=environment(LC_ALL=locale))
            events.append([json.loads(line) for line in answer.stdout.splitlines()])
        assert events[0] == events[1] != [], events


def test_machines_read_the_same():
    """JSON has the same words in every language."""
    details = []
    for locale in ("zh_CN.UTF-8", "C"):
        with answering(lambda client: client.sendall(b"bye")) as port:
            flags = ["--json", "--on-eof", "hold", "--on-peer-eof", "exit"]
            answer = sockeye("connect", *flags, f"127.0.0.1:{port}", env=environment(LC_ALL=locale))
        events = [json.loads(line) for line in answer.stdout.splitlines()]
        details.append([(event["event"], event.get("detail"), event.get("close")) for event in events])
    assert details[0] == details[1], details


def test_bench():
    """What a bench is about to measure, and what it has measured, is told in Chinese."""
    with support.Server("bench", "--serve", "127.0.0.1:0") as server:
        for mode in ("bulk", "echo", "connections", "datagrams"):
            call = ["bench", server.endpoint, "--mode", mode, "--for", "50ms"]
            answer = sockeye(*call, env=environment(LC_ALL="zh_CN.UTF-8"))
            assert answer.returncode == 0, answer
            opening, figures = answer.stderr.decode(), answer.stdout.decode()
            assert "持续 50ms；中断可以提前结束" in opening and "这里的处理器：" in figures, answer
            assert not english(opening + figures), answer


if __name__ == "__main__":
    support.main(globals())
