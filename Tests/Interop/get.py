"""`sockeye get` as its users know it, against well-behaved servers, busy ones, and the tutorials' own."""

import hashlib
import json
import os
import random
import socket
import ssl
import struct
import subprocess
import threading
import time

import support
from support import SOCKEYE
from support_origin import (
    QUICK, Origin, behaviour, content, cut_after, expect, finished, get, ranged, read, repr_digest, response, serving,
    tls, write,
)


# ---- The plain case


@behaviour
def a_file_gets_its_name_and_nothing_is_left_beside_it(folder):
    body = content(3_000_000)
    with Origin(ranged(body)) as origin:
        result = get(folder, "--json", f"{origin.url}/a/file.bin?version=2")
    expect(os.listdir(folder) == ["file.bin"], os.listdir(folder))
    expect(read(folder, "file.bin") == body)
    report, = finished(result)
    expect(report["v"] == 1 and report["size"] == len(body) and report["received"] == len(body), report)
    expect(report["sha256"] == hashlib.sha256(body).hexdigest() and report["assurance"] == "length", report)


@behaviour
def an_empty_file_is_a_file(folder):
    with Origin(ranged(b"")) as origin:
        get(folder, f"{origin.url}/empty")
    expect(read(folder, "empty") == b"" and os.listdir(folder) == ["empty"])


@behaviour
def a_connection_serves_one_file_after_the_other(folder):
    with Origin(ranged(b"x" * 1000)) as origin:
        get(folder, *[f"{origin.url}/{name}" for name in "abcd"])
        expect(origin.connections == 1 and len(origin.requests) == 4, origin.connections)
    expect(sorted(os.listdir(folder)) == ["a", "b", "c", "d"])


@behaviour
def a_connection_that_was_closed_between_two_files_is_replaced(folder):
    def answer(request, connection):
        connection.sendall(response(b"y" * 100))
    with Origin(answer) as origin:
        get(folder, "--retry", 0, *[f"{origin.url}/{name}" for name in "abc"])
        expect(origin.connections == 3, origin.connections)


@behaviour
def chunks_are_put_together(folder):
    body = content(300_000)
    def answer(request, connection):
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                          for part in (body[i:i + 7919] for i in range(0, len(body), 7919)))
        return response(chunks + b"0\r\n\r\n", length=False, Transfer_Encoding="chunked")
    with Origin(answer) as origin:
        get(folder, f"{origin.url}/chunked")
    expect(read(folder, "chunked") == body)


@behaviour
def output_goes_where_it_is_sent(folder):
    body = content(200_000)
    with Origin(ranged(body)) as origin:
        expect(get(folder, "-o", "-", f"{origin.url}/x").stdout == body)
        get(folder, "-o", "other", f"{origin.url}/x")
        os.mkdir(os.path.join(folder, "sub"))
        get(folder, "-d", "sub", f"{origin.url}/x")
        get(folder, "-o", "sub/y", f"{origin.url}/x")
        get(folder, "-o", "/dev/null", f"{origin.url}/x")
        get(folder, "-o", "sub", f"{origin.url}/x", code=2)
        get(folder, "-d", "new/folder", f"{origin.url}/x")
        get(folder, "-d", "other/folder", f"{origin.url}/x", code=3)
    for path in ("other", "sub/x", "sub/y", "new/folder/x"):
        expect(read(folder, path) == body, path)
    expect(not os.path.isfile("/dev/null"), "/dev/null was replaced")


@behaviour
def an_output_that_stops_reading_is_a_local_failure(folder):
    with Origin(ranged(content(4_000_000))) as origin:
        process = subprocess.Popen([SOCKEYE, "get", "-o", "-", f"{origin.url}/x"], cwd=folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        expect(process.wait(30) == 3, process.returncode)
        process.stderr.close()


@behaviour
def events_that_nobody_can_read_are_a_local_failure(folder):
    with Origin(ranged(content(1000))) as origin, open("/dev/full", "wb") as full:
        result = subprocess.run([SOCKEYE, "get", "--json", "-q", f"{origin.url}/x"], cwd=folder, stdout=full,
                                stderr=subprocess.PIPE, timeout=60)
    expect(result.returncode == 3 and result.stderr.count(b"\n") == 1, result)
    expect(os.listdir(folder) == ["x"])


# ---- Redirects and credentials


@behaviour
def a_certificate_has_to_be_trusted(folder):
    context, ca = tls(folder)
    body = content(2_000_000)
    with Origin(ranged(body), context) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=5)
        get(folder, *QUICK, "--ca", ca, f"https://localhost:{origin.port}/name")
        get(folder, *QUICK, "--ca", ca, f"{origin.url}/address")
        get(folder, *QUICK, "--insecure", f"{origin.url}/any")
        get(folder, *QUICK, "--ca", "/nonexistent", f"{origin.url}/x", code=3)
    for name in ["name", "address", "any"]:
        expect(read(folder, name) == body)
    def plain(connection):
        # All of the hello: what is left unread would make a reset of the close, which overtakes the answer.
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with serving(plain) as port:
        get(folder, *QUICK, "--insecure", f"https://127.0.0.1:{port}/x", code=5)


@behaviour
def one_certificate_may_be_named(folder):
    context, path = tls(folder)
    with open(path) as file:
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
    colons = ":".join(digest[index:index + 2] for index in range(0, 64, 2)).upper()
    with Origin(ranged(b"pinned"), context) as origin:
        get(folder, "--fingerprint", colons, f"{origin.url}/a")
        get(folder, "--fingerprint", f"sha256:{digest}", f"https://localhost:{origin.port}/b")
        get(folder, *QUICK, "--fingerprint", digest[::-1], f"{origin.url}/c", code=5)
        get(folder, "--fingerprint", "12:34", f"{origin.url}/d", code=2)
        get(folder, "--fingerprint", digest, "--insecure", f"{origin.url}/d", code=2)
    expect(read(folder, "a") == b"pinned" and read(folder, "b") == b"pinned" and "c" not in os.listdir(folder))


# ---- Digests


def hashing(body, digest, tag='"v1"'):
    """A server that tells a digest to those who ask for it by HEAD."""
    def answer(request, connection):
        if request.method == "HEAD":
            expect("sha-256" in request.fields["want-repr-digest"])
            return response(length=len(body), ETag=tag, Repr_Digest=digest)
        return ranged(body)(request, connection)
    return answer


@behaviour
def the_digest_of_a_large_file_is_asked_for_while_it_comes(folder):
    body = content(35_000_000)
    with Origin(hashing(body, repr_digest(body))) as origin:
        report, = finished(get(folder, "--json", f"{origin.url}/x"))
        expect(report["assurance"] == "server-digest", report)
    with Origin(hashing(body, repr_digest(b"other"))) as origin:
        get(folder, f"{origin.url}/y", code=9)
    with Origin(hashing(body, repr_digest(b"other"), tag='"v2"')) as origin:
        report, = finished(get(folder, "--json", f"{origin.url}/z"))
        expect(report["assurance"] == "length", report)
    expect(read(folder, "x") == body and read(folder, "z") == body and "y" not in os.listdir(folder))


@behaviour
def files_of_the_file_service_come_with_their_digests(folder):
    served = os.path.join(folder, "served")
    os.mkdir(served)
    files = {b"large": content(35_000_000), b"small": b"small", b"odd\xffname": b"odd", "图.txt".encode(): b"utf-8"}
    for name, body in files.items():
        write(body, os.fsencode(served), name)
    with support.Server("serve", served, "--listen", "127.0.0.1:0") as server:
        output = get(folder, "--recursive", "--json", "-d", folder, f"http://{server.endpoint}/").stdout
        events = [json.loads(line) for line in output.splitlines()]
        assurances = [event["assurance"] for event in events if event["event"] == "finished"]
        expect(assurances == ["server-digest"] * 4, assurances)
        get(folder, "-o", "tutorial", f"tcp://{server.endpoint}/large")
    expect(read(folder, "large") == read(folder, "tutorial") == files[b"large"])
    expect(read(folder, "odd%FFname") == b"odd" and read(folder, "图.txt") == b"utf-8")


@behaviour
def statuses_have_their_exit_codes(folder):
    for status, code in [("404 Not Found", 8), ("403 Forbidden", 8), ("401 Unauthorized", 6), ("500 Oops", 8),
                         ("204 No Content", 8), ("304 Not Modified", 8), ("300 Choices", 8)]:
        with Origin(lambda request, connection: response(status=status)) as origin:
            get(folder, *QUICK, f"{origin.url}/x", code=code)
    expect(os.listdir(folder) == [])


# ---- Reports


@behaviour
def failures_are_events_too(folder):
    with Origin(lambda request, connection: response(status="404 Not Found")) as origin:
        result = get(folder, "--json", f"{origin.url}/x", code=8)
        event, = [json.loads(line) for line in result.stdout.splitlines()]
        expect(event["v"] == 1 and event["event"] == "failed" and "404" in event["reason"], event)
        expect(result.stderr.count(b"\n") == 1 and result.stderr.startswith(b"sockeye: "), result.stderr)


@behaviour
def progress_is_said_as_asked(folder):
    body = content(3_000_000)
    said = os.path.join(folder, "said")
    for progress, mark in [("bar", b"left"), ("json", b"}"), ("none", None)]:
        def answer(request, connection):
            # As slowly as it takes to be shown, and then all the rest.
            whole = response(body)
            sent = len(whole) - len(body)
            connection.sendall(whole[:sent])
            while mark is not None and mark not in read(said) and sent + 10_000 < len(whole):
                connection.sendall(whole[sent:sent + 10_000])
                sent += 10_000
                time.sleep(0.05)
            return whole[sent:]
        with open(said, "wb") as errors, Origin(answer) as origin:
            command = [SOCKEYE, "get", "--progress", progress, "-o", progress, f"{origin.url}/x"]
            expect(subprocess.run(command, cwd=folder, stderr=errors, timeout=60).returncode == 0)
        lines = read(said).decode()
        if progress == "bar":
            expect("% " in lines and " of 2.9 MiB" in lines and "/s" in lines, lines)
        elif progress == "json":
            event = json.loads(lines.splitlines()[0])
            expect(event["v"] == 1 and event["event"] == "progress", lines)
            expect(0 < event["done"] < event["total"] == len(body) and event["bytesPerSecond"] > 0, lines)
        else:
            expect(lines.count("\n") == 1, lines)
        expect(read(folder, progress) == body)
    with Origin(ranged(body)) as origin:
        quiet = get(folder, "-q", "-o", "quiet", f"{origin.url}/x")
        expect(quiet.stderr == b"" and quiet.stdout == b"", quiet)


# ---- Trying again


@behaviour
def a_busy_server_is_asked_again(folder):
    replies = iter(["503 Busy", "429 Slow down", "502 Bad gateway"])
    def answer(request, connection):
        status = next(replies, None)
        return response(b"busy", status, Retry_After="0") if status else response(b"there")
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
        expect(len(origin.requests) == 4)
    with Origin(lambda request, connection: response(status="503 Busy")) as origin:
        get(folder, "--retry", 2, "--backoff", "1ms", f"{origin.url}/y", code=8)
        expect(len(origin.requests) == 3)


@behaviour
def silence_ends(folder):
    release = threading.Event()
    def silent(request, connection):
        release.wait(30)
    def stalls(request, connection):
        connection.sendall(response(b"x" * 10, length=1000))
        release.wait(30)
    for answer in [silent, stalls]:
        with Origin(answer) as origin:
            get(folder, "--retry", 0, "--idle", "200ms", f"{origin.url}/x", code=10)
    release.set()


@behaviour
def nobody_there_is_a_network_failure(folder):
    with serving(lambda connection: None) as port:
        pass
    get(folder, "--retry", 1, "--backoff", "1ms", f"http://127.0.0.1:{port}/x", code=4)
    get(folder, "--retry", 0, "http://name.invalid/x", code=4)


@behaviour
def resets_are_survived(folder):
    body = content(3_000_000)
    chance = random.Random(7)
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if chance.random() < 0.7:
            connection.sendall(cut_after(chance.randrange(400_000), whole))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, "--backoff", "1ms", "--retry", 30, f"{origin.url}/x")
    expect(read(folder, "x") == body)


# ---- Parts at once, rates


@behaviour
def connections_share_a_file(folder):
    body = content(24_000_000)
    whole = ranged(body, Repr_Digest=repr_digest(body))
    begun, lock, together = [], threading.Lock(), threading.Barrier(4, timeout=30)
    def answer(request, connection):
        with lock:
            is_met = connection in begun or len(begun) == 4
            begun.extend([] if is_met else [connection])
        reply = whole(request, connection)
        if is_met:
            return reply
        # The first has begun its body by the time that the others come; none gets more before all are there.
        sent = 0 if request.range else 1_000_000
        connection.sendall(reply[:sent])
        together.wait()
        return reply[sent:]
    with Origin(answer) as origin:
        get(folder, "--connections", 4, f"{origin.url}/x")
        expect(len(begun) == 4 and not together.broken, origin.connections, len(origin.requests))
    expect(read(folder, "x") == body)


@behaviour
def connections_share_a_file_that_changes(folder):
    old, new = content(24_000_000), content(24_000_000, seed=2)
    lock = threading.Lock()
    count = {"n": 0}
    def answer(request, connection):
        with lock:
            count["n"] += 1
            now = new if count["n"] > 6 else old
        return ranged(now, tag='"old"' if now is old else '"new"')(request, connection)
    with Origin(answer) as origin:
        get(folder, *QUICK, "--connections", 4, f"{origin.url}/x")
    # Whichever it is, it is one of them: a response that began with the old file may bring all of it.
    expect(read(folder, "x") in (old, new))


@behaviour
def connections_that_break_leave_their_share_to_the_others(folder):
    body = content(24_000_000)
    chance = random.Random(5)
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if request.range and chance.random() < 0.3:
            connection.sendall(cut_after(chance.randrange(1_000_000), whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, *QUICK, "--retry", 20, "--connections", 4, f"{origin.url}/x")
    expect(read(folder, "x") == body)


@behaviour
def a_rate_is_kept(folder):
    body = content(600_000)
    with Origin(ranged(body)) as origin:
        start = time.monotonic()
        get(folder, "--rate", "1MB", f"{origin.url}/x")
        expect(time.monotonic() - start > 0.4)
    expect(read(folder, "x") == body)


# ---- The bare-name protocol, with the tutorials' servers


def tutorial_server(files, missing, encoding="utf-8"):
    """Receives once, takes what came for a name, sends the file and closes."""
    def handle(connection):
        name = connection.recv(1024).decode(encoding)
        connection.sendall(files.get(name, missing))
    return handle


@behaviour
def tutorial_servers_are_fetched_from(folder):
    body = content(2_500_000)
    with serving(tutorial_server({"file.bin": body, "图片/照片.jpg": body}, b"1")) as port:
        get(folder, f"tcp://127.0.0.1:{port}/file.bin")
        get(folder, f"tcp://127.0.0.1:{port}/图片/照片.jpg")
        result = get(folder, f"tcp://127.0.0.1:{port}/none", code=8)
        expect(b"'1'" in result.stderr and b"--allow-ambiguous" in result.stderr, result.stderr)
        get(folder, "--allow-ambiguous", f"tcp://127.0.0.1:{port}/none")
    expect(read(folder, "file.bin") == body and read(folder, "照片.jpg") == body and read(folder, "none") == b"1")
    expect(sorted(os.listdir(folder)) == ["file.bin", "none", "照片.jpg"])


@behaviour
def tutorial_servers_that_answer_nothing_are_understood(folder):
    with serving(tutorial_server({"one": b"12"}, b"")) as port:
        result = get(folder, f"tcp://127.0.0.1:{port}/none", code=8)
        expect(b"nothing" in result.stderr and b"--allow-ambiguous" in result.stderr, result.stderr)
        get(folder, "--allow-ambiguous", f"tcp://127.0.0.1:{port}/none")
        get(folder, f"tcp://127.0.0.1:{port}/one")
        expect(get(folder, "-o", "-", f"tcp://127.0.0.1:{port}/one").stdout == b"12")
        expect(get(folder, "-o", "-", f"tcp://127.0.0.1:{port}/none", code=8).stdout == b"")
    expect(read(folder, "none") == b"" and read(folder, "one") == b"12")


@behaviour
def names_are_sent_in_gbk_when_asked(folder):
    with serving(tutorial_server({"接收.txt": b"received"}, b"1", "gbk")) as port:
        get(folder, "--encoding", "gbk", f"tcp://127.0.0.1:{port}/接收.txt")
        get(folder, "--encoding", "gbk", f"tcp://127.0.0.1:{port}/😀", code=2)
        get(folder, "--encoding", "no-such", f"tcp://127.0.0.1:{port}/x", code=2)
    expect(read(folder, "接收.txt") == b"received")


@behaviour
def a_tutorial_server_that_is_killed_leaves_no_file(folder):
    def handle(connection):
        connection.recv(1024)
        connection.sendall(b"x" * 1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with serving(handle) as port:
        get(folder, *QUICK, f"tcp://127.0.0.1:{port}/x", code=4)
    expect("x" not in os.listdir(folder))


if __name__ == "__main__":
    support.main(globals())
