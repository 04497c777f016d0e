"""What hostile servers do to `sockeye get`: each line of the list of attacks has a test here."""

import base64
import hashlib
import json
import os
import socket
import struct
import subprocess
import threading

import support
from support import SOCKEYE, wait_until
from support_origin import (
    QUICK, Origin, content, cut_after, expect, finished, get, hostile, partial, ranged, read, repr_digest, response,
    tls, try_get, write,
)


# ---- Names from the server


@hostile("../../.bashrc, ..%2f, C:\\, a leading dot or dash, empty, 300 bytes, control characters, right-to-left overrides")
def names_from_urls_are_made_safe(folder):
    with Origin(ranged(b"x")) as origin:
        for path, name in [("/.bashrc", "_bashrc"), ("/-rf", "_rf"), ("/C:%5cx", "C__x"), ("/a%0d%0ab%1b[2J", "a__b_[2J"),
                           ("/%e2%80%aegpj.exe", "_gpj.exe"), ("/" + "n" * 300 + ".tar", None), ("/%B9%FB", "%B9%FB"),
                           ("/caf%c3%a9", "café"), ("/a%20b", "a b"), ("/a/../b/./c", "c")]:
            before = set(os.listdir(folder))
            get(folder, f"{origin.url}{path}")
            new, = set(os.listdir(folder)) - before
            if name is None:
                expect(new.endswith(".tar") and len(new) == 255, new)
            else:
                expect(new == name, path, new)
        before = sorted(os.listdir(folder))
        for path in ["/", "/folder/", "/..%2f..%2fetc%2fpasswd", "/x%00y", "/%2e%2e", "/..%5c..%5cx", "/%2f"]:
            get(folder, f"{origin.url}{path}", code=11)
        expect(sorted(os.listdir(folder)) == before)


@hostile("names from the server")
def a_server_that_is_trusted_chooses_the_name_safely(folder):
    fields = {}
    def answer(request, connection):
        if request.target == "/start":
            return response(status="301 Moved", Location="/real.txt")
        body = b"" if request.method == "HEAD" else b"moved"
        return response(body, length=5, **fields)
    with Origin(answer) as origin:
        get(folder, "--trust-server-names", f"{origin.url}/start")
        fields["Content_Disposition"] = "attachment; filename=\"plain\"; filename*=UTF-8''%e4%bd%a0.txt"
        get(folder, "--trust-server-names", f"{origin.url}/start")
        fields["Content_Disposition"] = 'attachment; filename="../../.ssh/authorized_keys"'
        get(folder, "--trust-server-names", f"{origin.url}/start", code=11)
        fields["Content_Disposition"] = 'attachment; filename=".profile"'
        get(folder, "--trust-server-names", f"{origin.url}/start")
    expect(sorted(os.listdir(folder)) == ["_profile", "real.txt", "你.txt"], os.listdir(folder))


def listing(path, entries):
    return json.dumps({"v": 1, "path": path, "entries": entries}).encode()


@hostile("names from the server, in a listing")
def a_folder_is_downloaded_and_its_names_are_not_trusted(folder):
    files = {"/top/a": b"A", "/top/sub/b%20c": b"BC", "/top/.hidden": b"H"}
    top = [{"name": "a", "type": "file", "size": 1}, {"name": "sub", "type": "directory"},
           {"name": "../../evil", "type": "file"}, {"name": "..", "type": "directory"}, {"name": "", "type": "file"},
           {"name": ".hidden", "type": "file"}, {"name": "gone", "type": "file"}]
    def answer(request, connection):
        if request.target == "/top/?json":
            return response(listing("/top/", top))
        if request.target == "/top/sub/?json":
            return response(listing("/top/sub/", [{"name": "b c", "type": "file", "size": 2, "modified": "x"}]))
        body = files.get(request.target)
        return response(body) if body is not None else response(status="404 Not Found")
    with Origin(answer) as origin:
        result = get(folder, *QUICK, "--recursive", f"{origin.url}/top/", code=11)
        expect(b"4 of its files failed" in result.stderr, result.stderr)
        found = sorted(os.path.relpath(os.path.join(base, name), folder)
                       for base, _, names in os.walk(folder) for name in names)
        expect(found == ["top/_hidden", "top/a", "top/sub/b c"], found)
        top[2:] = []
        result = get(folder, "--recursive", "--on-exists", "skip", "--json", f"{origin.url}/top")
        expect(json.loads(result.stdout.splitlines()[-1])["skipped"] == 2, result.stdout)


@hostile("names from the server, in a listing")
def a_folder_without_end_is_given_up(folder):
    def answer(request, connection):
        return response(listing("/", [{"name": "d", "type": "directory"}]))
    with Origin(answer) as origin:
        get(folder, "--recursive", f"{origin.url}/", code=7)
        expect(len(origin.requests) < 100)
    with Origin(lambda request, connection: response(b"<html>")) as origin:
        get(folder, "--recursive", f"{origin.url}/", code=7)
    os.symlink("/tmp", os.path.join(folder, "out"))
    with Origin(lambda request, connection: response(listing("/", [{"name": "f", "type": "file"}]))) as origin:
        get(folder, "--recursive", f"{origin.url}/out/", code=11)


@hostile("a redirect does not choose the name unless asked")
def a_redirect_is_followed_but_does_not_choose_the_name(folder):
    def answer(request, connection):
        if request.target == "/start":
            return response(status="302 Found", Location="../other/../other/.bashrc")
        return response(b"moved", Content_Disposition='attachment; filename="evil"')
    with Origin(answer) as origin:
        get(folder, f"{origin.url}/start")
        expect([request.target for request in origin.requests] == ["/start", "/other/.bashrc"])
        expect(origin.connections == 1)
    expect(os.listdir(folder) == ["start"])


@hostile("redirects in circles, and to nowhere")
def redirects_end(folder):
    with Origin(lambda request, connection: response(status="302 Found", Location="/again")) as origin:
        get(folder, f"{origin.url}/x", code=7)
        expect(len(origin.requests) == 11)
        get(folder, "--max-redirects", 0, f"{origin.url}/x", code=7)
    for location in ["", "ftp://example.org/x", "http://[::1/x", "http://h:99999/", "tcp://127.0.0.1:1/x"]:
        with Origin(lambda request, connection: response(status="302 Found", Location=location)) as origin:
            result = try_get(folder, f"{origin.url}/x")
            expect(result.returncode in (7, 11), location, result)
    with Origin(lambda request, connection: response(status="302 Found")) as origin:
        get(folder, f"{origin.url}/x", code=7)
    expect(os.listdir(folder) == [])


@hostile("https never falls to http")
def https_never_falls_to_http(folder):
    context, ca = tls(folder)
    with Origin(ranged(b"plain")) as plain:
        answer = lambda request, connection: response(status="302 Found", Location=f"{plain.url}/x")
        with Origin(answer, context) as secure:
            get(folder, "--ca", ca, f"{secure.url}/x", code=11)
        expect(plain.requests == [])


@hostile("credentials don't follow to another host")
def credentials_are_shown_to_the_first_host_alone(folder):
    secret = os.path.join(folder, "secret")
    write(b"alice:open sesame\n", secret)
    with Origin(ranged(b"there")) as other:
        def answer(request, connection):
            if "authorization" not in request.fields:
                return response(status="401 Unauthorized", WWW_Authenticate="Basic")
            return response(status="302 Found", Location=f"{other.url}/x")
        with Origin(answer) as origin:
            os.chmod(secret, 0o644)
            get(folder, "--auth-file", secret, f"{origin.url}/x", code=11)
            os.chmod(secret, 0o600)
            get(folder, f"{origin.url}/x", code=6)
            get(folder, "--auth-file", secret, f"{origin.url}/x")
            expect(origin.requests[-1].fields["authorization"] ==
                   "Basic " + base64.b64encode(b"alice:open sesame").decode())
            expect("authorization" not in other.requests[-1].fields)
            get(folder, f"http://alice:open@127.0.0.1:{origin.port}/x", code=2)
            write(f"machine example.org login a password b\nmachine 127.0.0.1\nlogin carol password d\n".encode(), secret)
            get(folder, "--auth-file", secret, "-o", "y", f"{origin.url}/x")
            expect(origin.requests[-1].fields["authorization"] == "Basic " + base64.b64encode(b"carol:d").decode())


# ---- Bodies


@hostile("shorter than said")
def a_short_body_is_never_the_file_and_is_gone_on_with(folder):
    body = content(5_000_000)
    cut = True
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if cut:
            connection.sendall(cut_after(2_000_000, whole) if not request.range else cut_after(10, whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
        expect(sorted(os.listdir(folder)) == ["x.part", "x.part.journal"], os.listdir(folder))
        ranges = [request.range[0] for request in origin.requests if request.range]
        expect(ranges == sorted(ranges) and ranges[0] >= 2_000_000 and len(ranges) >= 3, ranges)
        cut = False
        result = get(folder, "--json", f"{origin.url}/x")
        expect(origin.requests[-1].fields["if-range"] == '"v1"')
    report, = finished(result)
    expect(report["received"] <= 3_000_000, report)
    expect(read(folder, "x") == body and os.listdir(folder) == ["x"])


@hostile("chunked and cut")
def chunks_that_are_cut_are_not_the_file(folder):
    def answer(request, connection):
        connection.sendall(response(b"5\r\nhello\r\n", length=False, Transfer_Encoding="chunked"))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
    expect("x" not in os.listdir(folder))


@hostile("chunked, a byte at a time")
def a_body_of_tiny_chunks_takes_no_memory(folder):
    count = 400_000
    def answer(request, connection):
        return response(b"1\r\nx\r\n" * count + b"0\r\n\r\n", length=False, Transfer_Encoding="chunked")
    with Origin(answer) as origin:
        process = subprocess.Popen([SOCKEYE, "get", "-q", f"{origin.url}/x"], cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    expect(process.returncode == 0 and read(folder, "x") == b"x" * count, process.returncode)
    expect(usage.ru_maxrss < 96 << 10, usage.ru_maxrss, "KiB")


@hostile("longer than said")
def a_body_longer_than_said_ends_where_it_was_said_to(folder):
    def answer(request, connection):
        connection.sendall(response(b"0123456789", length=4))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/a", f"{origin.url}/b")
        expect(origin.connections == 2)
    expect(read(folder, "a") == b"0123" and read(folder, "b") == b"0123")


@hostile("longer than said")
def a_part_longer_than_said_is_refused(folder):
    body = content(1000)
    def answer(request, connection):
        if request.range:
            chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (900, body[:900])
            return response(chunks, "206 Partial Content", length=False, ETag='"v1"', Transfer_Encoding="chunked",
                            Content_Range=f"bytes {request.range[0]}-999/1000")
        connection.sendall(cut_after(400, ranged(body)(request, connection)))
    with Origin(answer) as origin:
        # A part of unknown length is not begun; the whole is asked for, and cut each time.
        get(folder, *QUICK, f"{origin.url}/x", code=9)
    expect("x" not in os.listdir(folder))


@hostile("no length")
def a_body_without_length_is_taken_and_said_to_be_uncertain(folder):
    body = content(700_000)
    def answer(request, connection):
        connection.sendall(response(body, length=False))
    with Origin(answer) as origin:
        report, = finished(get(folder, "--json", f"{origin.url}/x"))
        expect(report["assurance"] == "none", report)
        get(folder, "--checksum", "sha256:" + "0" * 64, "-o", "y", f"{origin.url}/x", code=9)
        get(folder, "--checksum", "sha256:" + hashlib.sha256(body).hexdigest(), "-o", "z", f"{origin.url}/x")
    expect(read(folder, "x") == body and read(folder, "z") == body and "y" not in os.listdir(folder))


@hostile("no length")
def a_body_without_length_that_is_reset_is_not_the_file(folder):
    def answer(request, connection):
        connection.sendall(response(b"x" * 1000, length=False))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with Origin(answer) as origin:
        result = try_get(folder, *QUICK, f"{origin.url}/x")
        expect(result.returncode in (4, 9), result)
    expect("x" not in os.listdir(folder))


@hostile("no length")
def a_body_without_length_has_to_end_in_order_over_tls(folder):
    context, ca = tls(folder)
    orderly = True
    def answer(request, connection):
        connection.sendall(response(b"x" * 100_000, length=False))
        if orderly:
            connection.unwrap()
    with Origin(answer, context) as origin:
        get(folder, *QUICK, "--ca", ca, f"{origin.url}/whole")
        orderly = False
        get(folder, *QUICK, "--ca", ca, f"{origin.url}/cut", code=9)
    expect(read(folder, "whole") == b"x" * 100_000 and "cut" not in os.listdir(folder))


def half_then(answer_to_range, body, tag='"v1"', first_fields=None):
    """Sends half of a file, breaks off, and answers the request for the rest as told."""
    state = {"cut": True}
    def answer(request, connection):
        if request.range:
            return answer_to_range(request)
        whole = response(body, ETag=tag, Accept_Ranges="bytes", **(first_fields or {}))
        if state["cut"]:
            state["cut"] = False
            connection.sendall(cut_after(len(body) // 2, whole))
            return None
        return whole
    return answer


@hostile("a 206 of another version on resume")
def a_part_of_another_version_starts_again(folder):
    body = content(100_000)
    other = content(100_000, seed=2)
    answer = half_then(lambda request: partial(other, *request.range, tag='"v2"'), body)
    with Origin(answer) as origin:
        result = get(folder, *QUICK, f"{origin.url}/x")
        expect(b"starting again" in result.stderr, result.stderr)
    expect(read(folder, "x") == body)


@hostile("a 200 to a range request: start again, don't append")
def the_whole_in_place_of_a_part_is_not_appended(folder):
    body = content(100_000)
    other = content(150_000, seed=2)
    with Origin(half_then(lambda request: response(other, ETag='"v2"'), body)) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == other)


@hostile("a wrong Content-Range")
def another_part_than_the_one_asked_for_is_refused(folder):
    body = content(100_000)
    for name, field in enumerate(["bytes 0-99999/100000", "bytes 50001-99999/100000", "bytes 50000-200000/100000",
                                  "bytes 50000-99999/99999", "bytes 50000-49999/100000", "bytes -1-99999/100000",
                                  "bytes 50000-99999999999999999999/*", "rows 1-2/3", "bytes", ""]):
        reply = lambda request: response(body[50_000:], "206 Partial Content", ETag='"v1"', Content_Range=field)
        with Origin(half_then(reply, body)) as origin:
            get(folder, *QUICK, "-o", str(name), f"{origin.url}/x", code=7)
        expect(str(name) not in os.listdir(folder), field)


@hostile("a 416 on resume")
def a_range_that_is_gone_starts_again(folder):
    body = content(100_000)
    reply = lambda request: response(status="416 Range Not Satisfiable", Content_Range="bytes */10")
    with Origin(half_then(reply, body)) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == body)


@hostile("another version each time")
def a_file_that_never_stops_changing_is_given_up(folder):
    body = content(100_000)
    count = iter(range(1000))
    def answer(request, connection):
        connection.sendall(cut_after(50_000, response(body, ETag=f'"{next(count)}"', Accept_Ranges="bytes")))
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
        expect(len(origin.requests) < 30, len(origin.requests))


@hostile("a server that gives no validator")
def without_any_sign_of_sameness_it_starts_again(folder):
    body = content(100_000)
    state = {"count": 0}
    def answer(request, connection):
        expect(request.range is None)
        state["count"] += 1
        whole = response(body, Accept_Ranges="bytes")
        if state["count"] < 3:
            connection.sendall(cut_after(50_000, whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == body and state["count"] == 3)


@hostile("a wrong digest: exit 9, and the final name never appears")
def a_wrong_digest_is_never_the_file(folder):
    body = content(100_000)
    digest = hashlib.sha256(body).hexdigest()
    with Origin(ranged(body, Repr_Digest=repr_digest(b"other"))) as origin:
        get(folder, f"{origin.url}/x", code=9)
        expect("x" not in os.listdir(folder))
        get(folder, f"{origin.url}/x", code=9)
    with Origin(ranged(body, Repr_Digest=f"md5=:AAAA:, {repr_digest(body)}")) as origin:
        report, = finished(get(folder, "--json", "-o", "y", f"{origin.url}/x"))
        expect(report["assurance"] == "server-digest", report)
    with Origin(ranged(body)) as origin:
        get(folder, "--checksum", f"sha256:{'0' * 64}", "-o", "z", f"{origin.url}/x", code=9)
        expect("z" not in os.listdir(folder))
        # The mistake was in the digest: nothing has to be downloaded again.
        before = len(origin.requests)
        report, = finished(get(folder, "--json", "--checksum", f"SHA256:{digest.upper()}", "-o", "z", f"{origin.url}/x"))
        expect(report["assurance"] == "checksum" and report["received"] == 0 and len(origin.requests) == before, report)
        get(folder, "--checksum", "sha256:12", f"{origin.url}/x", code=2)


@hostile("what is no HTTP")
def what_is_not_http_is_said_to_be_so(folder):
    replies = [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b"\0" * 100,
               b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
               b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
               b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
               b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
               b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx"]
    for reply in replies:
        def answer(request, connection):
            connection.sendall(reply)
        with Origin(answer) as origin:
            result = try_get(folder, *QUICK, f"{origin.url}/x")
            expect(result.returncode == 7, result.returncode, reply[:60], result.stderr)
            expect(result.stderr.count(b"\n") < 10 and b"\0" not in result.stderr)
        expect("x" not in os.listdir(folder))


# ---- The final name appears only when whole


@hostile("no clobber unless asked")
def a_name_that_is_taken_is_left_alone_unless_told(folder):
    with Origin(ranged(b"new")) as origin:
        url = f"{origin.url}/x"
        write(b"old", folder, "x")
        get(folder, url, code=11)
        expect(read(folder, "x") == b"old" and origin.requests == [])
        get(folder, "--on-exists", "skip", url)
        expect(read(folder, "x") == b"old" and [request.method for request in origin.requests] == ["HEAD"])
        get(folder, "--on-exists", "rename", url)
        get(folder, "--on-exists", "rename", url)
        expect(read(folder, "x") == b"old" and read(folder, "x.1") == b"new" and read(folder, "x.2") == b"new")
        get(folder, "--on-exists", "overwrite", url)
        expect(read(folder, "x") == b"new")
    expect(sorted(os.listdir(folder)) == ["x", "x.1", "x.2"])


@hostile("no clobber unless asked")
def a_name_that_is_taken_meanwhile_is_left_alone(folder):
    body = content(10_000)
    def answer(request, connection):
        write(b"mine", folder, "x")
        return response(body)
    with Origin(answer) as origin:
        get(folder, f"{origin.url}/x", code=11)
    expect(read(folder, "x") == b"mine")


@hostile("no following of a link that stands there")
def links_that_stand_there_are_not_followed(folder):
    victim = os.path.join(folder, "victim")
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    write(b"precious", victim)
    with Origin(ranged(b"new")) as origin:
        for name in ["x", "x.part", "x.part.journal"]:
            os.symlink(victim, os.path.join(inner, name))
            get(inner, f"{origin.url}/x", code=11)
            expect(os.path.islink(os.path.join(inner, name)) and read(victim) == b"precious", name)
            os.unlink(os.path.join(inner, name))
        os.symlink(victim, os.path.join(inner, "x"))
        get(inner, "--on-exists", "overwrite", f"{origin.url}/x")
        expect(not os.path.islink(os.path.join(inner, "x")) and read(victim) == b"precious")
        os.mkfifo(os.path.join(inner, "y.part.journal"))
        get(inner, f"{origin.url}/y", code=11)


@hostile("a .part file with a journal")
def what_is_not_ours_is_not_touched(folder):
    with Origin(ranged(b"new")) as origin:
        write(b"somebody's", folder, "x.part")
        get(folder, f"{origin.url}/x", code=11)
        expect(read(folder, "x.part") == b"somebody's")
        os.unlink(os.path.join(folder, "x.part"))
        write(b"somebody's", folder, "x.part.journal")
        get(folder, f"{origin.url}/x", code=11)
        expect(read(folder, "x.part.journal") == b"somebody's")


@hostile("a .part file with a journal")
def two_downloads_of_one_name_keep_apart(folder):
    proceed = threading.Event()
    def answer(request, connection):
        connection.sendall(response(b"x" * 10, length=20))
        proceed.wait(30)
        return b"y" * 10
    with Origin(answer) as origin:
        first = subprocess.Popen([SOCKEYE, "get", f"{origin.url}/x"], cwd=folder, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(os.path.join(folder, "x.part")), "the first download")
        get(folder, f"{origin.url}/x", code=11)
        proceed.set()
        expect(first.wait(30) == 0)
    expect(read(folder, "x") == b"x" * 10 + b"y" * 10)


if __name__ == "__main__":
    support.main(globals())
