"""How `sockeye put` reaches servers: through proxies, as whom, and over which connections."""

import hashlib
import os
import pathlib
import threading

import support
from get_identity import apache, private
from get_proxies import Relay, environment, free_port, running
from put import Taker, put, storing
from support import need
from support_origin import behaviour, content, expect, finished, hostile, read, serving, write
from support_serve import Served


# ---- Proxies


@behaviour
def proxies_carry_uploads_and_pass_them_on(folder):
    body = content(700_000)
    write(body, folder, "file")
    source = os.path.join(folder, "file")
    right, wrong = private("alice:sesame", folder, "right"), private("alice:no", folder, "wrong")
    socks, http = free_port(), free_port()
    write(f"Port {http}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth alice sesame\n".encode(), folder, "conf")
    with running(socks, need("microsocks"), "-i", "127.0.0.1", "-p", str(socks), "-u", "alice", "-P", "sesame"), \
            running(http, need("tinyproxy"), "-d", "-c", f"{folder}/conf"), \
            Served("--upload", "--tls", "auto") as served:
        for kind, port in (("socks5", socks), ("http", http)):
            proxy = ["--proxy", f"{kind}://127.0.0.1:{port}"]
            for scheme in ("http", "https"):
                target = f"{scheme}://localhost:{served.port}/{kind}-{scheme}"
                trust = ["--insecure"] if scheme == "https" else []
                report, = finished(put("--json", *trust, *proxy, "--proxy-auth-file", right, source, target))
                expect(report["assurance"] == "server-digest", report)
                put(*trust, *proxy, "--proxy-auth-file", right, "-", f"{target}-piped", stdin=body)
                expect(read(served.path, f"{kind}-{scheme}") == read(served.path, f"{kind}-{scheme}-piped") == body)
                put(*trust, *proxy, "--proxy-auth-file", wrong, source, f"{target}-none", code=6)
                put(*trust, *proxy, source, f"{target}-none", code=6)
                expect(not os.path.exists(os.path.join(served.path, f"{kind}-{scheme}-none")))


@behaviour
def the_proxy_looks_names_up_and_the_environment_names_it(folder):
    write(b"found", folder, "file")
    files = {}
    with Relay() as relay, Taker(storing(files)) as taker:
        there = taker.url.replace("127.0.0.1", "nobody.invalid")
        put("--proxy", f"socks5://127.0.0.1:{relay.port}", os.path.join(folder, "file"), f"{there}/a")
        with environment(all_proxy=f"socks5://127.0.0.1:{relay.port}"):
            put(os.path.join(folder, "file"), f"{there}/b")
            put("--no-proxy", "127.0.0.1", os.path.join(folder, "file"), f"{taker.url}/c")
        expect(files == {"/a": b"found", "/b": b"found", "/c": b"found"}, files)
        expect(set(relay.targets) == {("name", "nobody.invalid")}, relay.targets)


# ---- As whom


@behaviour
def fields_tokens_and_netrc_are_told_with_each_request(folder):
    write(b"x", folder, "file")
    netrc = private('machine 127.0.0.1 login alice password "pass word"', folder, "netrc")
    for flags, name, value in [
        (["--bearer-file", private("t0k.en\n", folder, "token")], "authorization", "Bearer t0k.en"),
        (["--netrc-file", netrc], "authorization", "Basic YWxpY2U6cGFzcyB3b3Jk"),
        (["-H", "X-A: 1"], "x-a", "1"), (["-H", "Content-Type: text/plain"], "content-type", "text/plain"),
    ]:
        with Taker(storing({})) as taker:
            put(*flags, os.path.join(folder, "file"), f"{taker.url}/x")
            told = [fields.get(name) for _, _, fields, _ in taker.requests]
            expect(told == [value] * 3, flags, told)
    for line in ("Content-Range: bytes 0-1/2", "Content-Length: 3", "Repr-Digest: x", "If-None-Match: x", "Authorization: x"):
        put("-H", line, os.path.join(folder, "file"), "http://127.0.0.1:1/x", code=2)


@behaviour
def digest_opens_what_apache_takes(folder):
    right, wrong = private("alice:open sesame", folder, "right"), private("alice:close sesame", folder, "wrong")
    write(content(300_000), folder, "file")
    source = os.path.join(folder, "file")
    with apache(folder, modules=("dav", "dav_fs"), more=f"DavLockDB {folder}/locks\n<Location /digest>\nDav On\n</Location>") as url:
        # Apache keeps its locks there, as somebody else than root.
        os.chmod(folder, 0o777)
        os.chmod(f"{folder}/site/digest", 0o777)
        report, = finished(put("--json", "--digest", "--auth-file", right, source, f"{url}/digest/a"))
        expect(report["size"] == 300_000 and report["assurance"] == "length", report)
        put("--auth-file", right, source, f"{url}/digest/b")
        put("--digest", "--auth-file", right, "-", f"{url}/digest/c", stdin=b"piped")
        put("--digest", "--auth-file", wrong, source, f"{url}/digest/d", code=6)
        put("--netrc-file", private("default login alice password other", folder, "netrc"), source, f"{url}/digest/d", code=6)
    there = f"{folder}/site/digest"
    expect(read(there, "a") == read(there, "b") == read(source) and read(there, "c") == b"piped")
    expect(sorted(os.listdir(there)) == ["a", "b", "c", "x"], os.listdir(there))


@hostile("challenges without end, a challenge in the middle of it, one that wants to be told the password")
def a_server_that_is_never_content_is_given_up(folder):
    write(content(50_000), folder, "file")
    source, password = os.path.join(folder, "file"), private("a:b", folder, "password")
    challenge = 'Digest realm="r", nonce="n", qop="auth", stale=true'
    refusal = "401 Who", {"WWW-Authenticate": challenge}, b""
    with Taker(lambda *_: refusal) as taker:
        put("--digest", "--auth-file", password, source, f"{taker.url}/x", code=6)
        expect(len(taker.requests) == 3, len(taker.requests))
    with Taker(lambda *_: ("401 Who", {"WWW-Authenticate": "Basic"}, b"")) as taker:
        said = put("--digest", "--auth-file", password, source, f"{taker.url}/x", code=6).stderr
        expect(b"Digest" in said and all("authorization" not in fields for _, _, fields, _ in taker.requests), said)
    # Who protects writing alone asks in the middle of it, and is answered; for ever he isn't.
    for times, code in ((1, 0), (100, 6)):
        files, left = {}, [times]
        def answer(method, target, fields, body):
            if method == "PUT" and left[0] > 0:
                left[0] -= 1
                return refusal
            return storing(files)(method, target, fields, body)
        with Taker(answer) as taker:
            put("--digest", "--auth-file", password, source, f"{taker.url}/x", code=code)
            expect(files.get("/x") == (read(source) if code == 0 else None))
            expect(len(taker.requests) < 8, len(taker.requests))


# ---- Over which connections


def folder_of(folder, count):
    """A folder with so many small files."""
    top = pathlib.Path(folder) / "many"
    (top / "deep").mkdir(parents=True)
    for number in range(count):
        (top / ("deep" if number % 2 else "") / f"{number}").write_bytes(b"%d" % number * number)
    return top


def arrived(top, files):
    there = {f"/many/{path.relative_to(top)}": path.read_bytes() for path in top.rglob("*") if path.is_file()}
    return files == there


@behaviour
def the_requests_of_one_file_go_over_one_connection(folder):
    write(content(300_000), folder, "file")
    with Taker(storing({})) as taker:
        put(os.path.join(folder, "file"), f"{taker.url}/x")
        expect([method for method, *_ in taker.requests] == ["HEAD", "PUT", "HEAD"] and taker.connections == 1, taker.connections)


@behaviour
def small_files_go_side_by_side_over_a_few_connections(folder):
    top = folder_of(folder, 48)
    files, together = {}, threading.Barrier(4)
    def answer(method, target, fields, body):
        if method == "MKCOL":
            return "201 Created", {}, b""
        if method == "PUT":
            together.wait(support.DEADLINE)
        return storing(files)(method, target, fields, body)
    with Taker(answer) as taker:
        put("--recursive", top, f"{taker.url}/")
        expect(arrived(top, files) and 4 <= taker.connections <= 9, taker.connections, sorted(files))


@hostile("a server that closes each connection without saying so, after an answer or in place of it")
def a_connection_that_is_gone_costs_no_attempt(folder):
    top = folder_of(folder, 12)
    for answers in (True, False):
        files, lost = {}, set()
        def answer(method, target, fields, body):
            if method == "MKCOL":
                return "201 Created", {}, b""
            reply = storing(files)(method, target, fields, body)
            if not answers and method == "PUT" and not lost:
                lost.add(target)
                raise ConnectionResetError
            return reply
        with Taker(answer, closes=answers) as taker:
            put("--recursive", "--retry", 0, top, f"{taker.url}/")
            expect(arrived(top, files), sorted(files))
            sent = [target for method, target, *_ in taker.requests if method == "PUT"]
            expect(answers or len(sent) == len(set(sent)), sent)


@hostile("an answer to HEAD with a body")
def what_a_server_says_too_much_is_nobodys_answer(folder):
    write(b"right", folder, "file")
    files = {}
    def serve(connection):
        stream = connection.makefile("rb")
        while line := stream.readline():
            method = line.split()[0]
            length = 0
            while (field := stream.readline().strip().lower()) != b"":
                if field.startswith(b"content-length:"):
                    length = int(field.partition(b":")[2])
            if method == b"PUT":
                files["x"] = stream.read(length)
                connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            else:
                found = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
                status = b"200 OK" if files else b"404 Not Found"
                body = files.get("x", found)
                connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
    with serving(serve) as port:
        put("--retry", 0, os.path.join(folder, "file"), f"http://127.0.0.1:{port}/x")
    expect(files == {"x": b"right"}, files)


if __name__ == "__main__":
    support.main(globals())
