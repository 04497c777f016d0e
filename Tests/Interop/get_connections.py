"""What `sockeye get` makes of later connections that contradict the first, and of what is there already."""

import gzip
import hashlib
import json
import os
import resource
import socket
import ssl
import struct
import subprocess
import time

import support
from support import SOCKEYE
from support_origin import (
    QUICK, Origin, behaviour, content, cut_after, expect, finished, get, hostile, partial, ranged, read, response,
    serving, tls, write,
)

PAGE = b"<html>too many connections from your address</html>"


def with_others(body, other, **fields):
    """The first request is answered as it should be, slowly enough that others are tried; they get something else."""
    honest = ranged(body, **fields)
    def answer(request, connection):
        if request.range:
            return other(request)
        whole = honest(request, connection)
        connection.sendall(whole[:len(whole) // 4])
        time.sleep(0.2)
        return whole[len(whole) // 4:]
    return answer


def redirected(request):
    return response(status="302 Found", Location="/login") if request.target == "/x" else response(PAGE)


@hostile("any later answer may contradict the first")
def an_extra_connection_that_does_not_fit_is_dropped(folder):
    body = content(8 << 20)
    others = {
        "page": lambda request: response(PAGE, Content_Type="text/html"),
        "page of the same length": lambda request: response(b"p" * len(body), Content_Type="text/html"),
        "page as a part": lambda request: response(PAGE, "206 Partial Content", Content_Type="text/html"),
        "short part": lambda request: response(
            body[request.range[0]:request.range[0] + 1000], "206 Partial Content", ETag='"v1"',
            Content_Range=f"bytes {request.range[0]}-{request.range[1]}/{len(body)}"),
        "another node": lambda request: response(body, ETag='"v1-b"', Accept_Ranges="bytes"),
        "part of another node": lambda request: partial(body, *request.range, tag='"v1-b"'),
        "part of another version": lambda request: partial(content(8 << 20, seed=2), *request.range, tag='"v2"'),
        "part of nothing": lambda request: response(
            body[request.range[0]:request.range[1] + 1], "206 Partial Content",
            Content_Range=f"bytes {request.range[0]}-{request.range[1]}/{len(body)}"),
        "wrong total": lambda request: response(
            body[request.range[0]:request.range[1] + 1], "206 Partial Content", ETag='"v1"',
            Content_Range=f"bytes {request.range[0]}-{request.range[1]}/{len(body) + 1}"),
        "packed": lambda request: partial(body, *request.range, Content_Encoding="gzip"),
        "weak tag of another node": lambda request: partial(content(8 << 20, seed=2), *request.range, tag='W/"v2"'),
        "part in a coding": lambda request: partial(body, *request.range, Transfer_Encoding="gzip"),
        "part in chunks": lambda request: partial(body, *request.range).replace(b"Content-Length", b"X-Length").replace(
            b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n", 1)[:2000],
        "several parts": lambda request: partial(body, *request.range, Content_Type="multipart/byteranges; boundary=x"),
        "overloaded": lambda request: response(PAGE, "503 Service Unavailable"),
        "gone": lambda request: response(PAGE, "404 Not Found"),
        "forbidden": lambda request: response(PAGE, "403 Forbidden"),
        "login": redirected,
        "garbage": lambda request: b"\0" * 100,
        "nothing": lambda request: None,
    }
    for name, other in others.items():
        with Origin(with_others(body, other, Content_Type="application/octet-stream")) as origin:
            get(folder, "--connections", 4, "--retry", 0, "-o", name, f"{origin.url}/x")
        expect(read(folder, name) == body, name)
        os.unlink(os.path.join(folder, name))
    expect(os.listdir(folder) == [], os.listdir(folder))


@hostile("a login page in place of the rest")
def a_page_in_place_of_the_rest_is_never_the_file(folder):
    body = content(300_000)
    state = {"cut": True, "page": True}
    def answer(request, connection):
        if state["cut"]:
            state["cut"] = False
            connection.sendall(cut_after(200_000, ranged(body, Content_Type="image/png")(request, connection)))
            return None
        if state["page"]:
            return response(PAGE, Content_Type="text/html")
        return ranged(body, Content_Type="image/png")(request, connection)
    with Origin(answer) as origin:
        result = get(folder, *QUICK, f"{origin.url}/x", code=9)
        expect(b"something else than the file" in result.stderr and b"remove 'x.part'" in result.stderr, result.stderr)
        get(folder, *QUICK, f"{origin.url}/x", code=9)
        expect(sorted(os.listdir(folder)) == ["x.part", "x.part.journal"], os.listdir(folder))
        state["page"] = False
        report, = finished(get(folder, "--json", f"{origin.url}/x"))
        expect(report["received"] <= 100_000, report)
    expect(read(folder, "x") == body)


@hostile("a login page, and no sign by which to know the file")
def without_any_sign_a_page_of_another_length_is_not_the_file(folder):
    body = content(300_000)
    state = {"first": True}
    def answer(request, connection):
        if state["first"]:
            state["first"] = False
            connection.sendall(cut_after(200_000, response(body)))
            return None
        return response(PAGE)
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x", code=9)
    expect("x" not in os.listdir(folder))


@hostile("nodes of one name that know versions by weak tags alone")
def versions_with_weak_tags_are_never_mixed(folder):
    old, new = content(4 << 20), content(4 << 20, seed=2)
    fields = {"Last_Modified": "Sun, 09 Sep 2001 01:46:40 GMT", "Accept_Ranges": "bytes"}
    requests = []
    def answer(request, connection):
        requests.append(request)
        body, tag = (old, 'W/"1"') if len(requests) == 1 else (new, 'W/"2"')
        if request.range:
            return partial(body, *request.range, tag=tag, **fields)
        whole = response(body, ETag=tag, **fields)
        if len(requests) > 1:
            return whole
        connection.sendall(cut_after(1 << 20, whole))
        return None
    for connections in (1, 4):
        requests.clear()
        with Origin(answer) as origin:
            get(folder, *QUICK, "--connections", connections, "-o", str(connections), f"{origin.url}/x")
        expect(read(folder, str(connections)) == new)


@hostile("a transfer coding that was not asked for")
def a_body_in_a_transfer_coding_is_not_the_file(folder):
    packed = gzip.compress(content(1000))
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    for codings, body in [("gzip, chunked", chunks), ("gzip\r\nTransfer-Encoding: chunked", chunks), ("gzip", packed),
                          ("chunked, gzip", chunks), ("identity", packed)]:
        def answer(request, connection):
            connection.sendall(response(body, length=False, Transfer_Encoding=codings))
        with Origin(answer) as origin:
            result = get(folder, *QUICK, f"{origin.url}/x", code=7)
            expect(b"not asked for" in result.stderr or codings == "identity", result.stderr)
    expect(os.listdir(folder) == [], os.listdir(folder))


@hostile("a part whose length is not said")
def a_part_of_unknown_length_is_not_joined(folder):
    body = content(300_000)
    state = {"cut": True}
    def answer(request, connection):
        if state["cut"]:
            state["cut"] = False
            connection.sendall(cut_after(200_000, ranged(body)(request, connection)))
            return None
        if not request.range:
            return ranged(body)(request, connection)
        head, rest = partial(body, *request.range).split(b"\r\n\r\n", 1)
        head = head.replace(b"Content-Length", b"X-Length") + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest)
    with Origin(answer) as origin:
        get(folder, *QUICK, f"{origin.url}/x")
    expect(read(folder, "x") == body)


@hostile("HEAD that answers with a body, 403, 405 or a close")
def what_is_answered_to_head_does_not_matter(folder):
    body = content(1000)
    heads = [response(body), response(PAGE, "403 Forbidden"), response(PAGE, "405 Method Not Allowed"), None, b"\0\0"]
    for number, head in enumerate(heads):
        def answer(request, connection):
            if request.method == "HEAD":
                return head
            return response(body, Content_Disposition=f"attachment; filename=n{number}")
        with Origin(answer) as origin:
            get(folder, *QUICK, "--trust-server-names", f"{origin.url}/x")
        name = "x" if number == 0 else f"n{number}"
        expect(read(folder, name) == body, number, os.listdir(folder))


def listing(entries):
    return response(json.dumps({"v": 1, "path": "/", "entries": entries}).encode())


@behaviour
def a_folder_is_gone_on_with_where_it_was_interrupted(folder):
    files = {f"f{number}": content(2000, seed=number) for number in range(20)}
    files["big"] = content(2 << 20)
    broken = True
    def answer(request, connection):
        name = request.target[1:]
        if name == "?json":
            return listing([{"name": name, "type": "file", "size": len(body), "modified": "2001-09-09T01:46:40Z"}
                            for name, body in files.items()])
        if broken and name in ("f7", "big"):
            return None
        return ranged(files[name])(request, connection)
    with Origin(answer) as origin:
        get(folder, *QUICK, "--recursive", f"{origin.url}/", code=4)
        expect(len([name for name in os.listdir(folder) if name in files]) == 19, os.listdir(folder))
        broken = False
        before = len(origin.requests)
        result = get(folder, "--json", "--recursive", f"{origin.url}/")
        expect(json.loads(result.stdout.splitlines()[-1])["downloaded"] == 2, result.stdout)
        expect(len(origin.requests) <= before + 4, origin.requests[before:])
        expect(all(read(folder, name) == body for name, body in files.items()))
        # What somebody else put there is not taken for it.
        write(b"mine", folder, "f3")
        get(folder, "--recursive", f"{origin.url}/", code=11)
    expect(read(folder, "f3") == b"mine" and sorted(os.listdir(folder)) == sorted(files))


@hostile("a limit of clients, in a folder")
def a_page_in_place_of_a_listed_file_is_not_the_file(folder):
    files = {f"f{number}": content(2000, seed=number) for number in range(40)}
    state = {"busy": 0, "always": False}
    def answer(request, connection):
        name = request.target[1:]
        if name == "?json":
            return listing([{"name": name, "type": "file", "size": len(body)} for name, body in files.items()])
        state["busy"] += 1
        if state["always"] or state["busy"] % 3 == 0:
            return response(PAGE, Content_Type="text/html")
        return response(files[name])
    with Origin(answer) as origin:
        get(folder, *QUICK, "--recursive", f"{origin.url}/")
        expect(all(read(folder, name) == body for name, body in files.items()) and len(os.listdir(folder)) == 40)
        for name in files:
            os.unlink(os.path.join(folder, name))
        state["always"] = True
        get(folder, *QUICK, "--recursive", f"{origin.url}/", code=9)
    expect(not any(name in files for name in os.listdir(folder)), os.listdir(folder))


@behaviour
def skipping_compares_length_and_time(folder):
    fields = {"Last_Modified": "Sun, 09 Sep 2001 01:46:40 GMT"}
    state = {"body": b"first"}
    with Origin(lambda request, connection: ranged(state["body"], **fields)(request, connection)) as origin:
        skip = ["--on-exists", "skip", f"{origin.url}/x"]
        get(folder, *skip)
        get(folder, *skip)
        expect(sum(request.method == "GET" for request in origin.requests) == 1)
        state["body"] = b"longer than before"
        get(folder, *skip)
        expect(read(folder, "x") == b"longer than before")
        state["body"] = b"the same length!!!"
        fields["Last_Modified"] = "Fri, 01 Jan 2038 00:00:00 GMT"
        get(folder, *skip)
        expect(read(folder, "x") == b"the same length!!!")
    expect(os.listdir(folder) == ["x"])


@behaviour
def paths_are_bytes(folder):
    path = os.path.join(os.fsencode(folder), b"caf\xe9 \xff")
    with Origin(ranged(b"content")) as origin:
        result = subprocess.run([SOCKEYE, "get", "-o", path, f"{origin.url}/x"], capture_output=True, timeout=60)
        expect(result.returncode == 0 and b"\\xe9" in result.stderr, result)
        with open(path, "rb") as file:
            expect(file.read() == b"content")
        os.mkdir(path + b"d")
        result = subprocess.run([SOCKEYE, "get", "-d", path + b"d", f"{origin.url}/x"], capture_output=True, timeout=60)
        expect(result.returncode == 0 and os.listdir(path + b"d") == [b"x"], result)
    expect(sorted(os.listdir(os.fsencode(folder))) == [b"caf\xe9 \xff", b"caf\xe9 \xffd"])


@behaviour
def long_names_are_kept(folder):
    with Origin(ranged(b"content")) as origin:
        for name in ["n" * 255, "n" * 254 + "m", "接" * 85]:
            get(folder, f"{origin.url}/{name}")
            get(folder, "--on-exists", "rename", f"{origin.url}/{name}")
            expect(read(folder, name) == b"content")
    expect(len(os.listdir(folder)) == 6, os.listdir(folder))


@behaviour
def the_output_may_be_standard_output_and_a_full_disk_is_told(folder):
    with Origin(ranged(content(100_000))) as origin:
        expect(get(folder, "-q", "-o", "-", f"{origin.url}/x").stdout == content(100_000))
        for target in ["-", "/dev/full"]:
            with open("/dev/full", "wb") as full:
                result = subprocess.run([SOCKEYE, "get", "-q", "-o", target, f"{origin.url}/x"], cwd=folder, stdout=full,
                                        stderr=subprocess.PIPE, timeout=60)
            expect(result.returncode == 3 and b"no space left" in result.stderr, result)
        # Standard output by its path is no file that is in the way, wherever it goes.
        for target in ["-", "/dev/stdout", "/dev/fd/1"]:
            with open(os.path.join(folder, "out"), "wb") as out:
                result = subprocess.run([SOCKEYE, "get", "-q", "-o", target, f"{origin.url}/x"], stdout=out,
                                        stderr=subprocess.PIPE, timeout=60)
            expect(result.returncode == 0 and read(folder, "out") == content(100_000), target, result)
        os.unlink(os.path.join(folder, "out"))
    expect(os.listdir(folder) == [])


def goes_on_where_there_was_no_more_room(folder, before, after):
    """One run that finds no room, and one that finds some: each is `subprocess.run`'s options or what its command begins with."""
    body = content(12 << 20)
    with Origin(ranged(body)) as origin:
        for (beginning, options), code in ((before, 3), (after, 0)):
            origin.requests.clear()
            result = subprocess.run([*beginning, SOCKEYE, "get", "-q", "--json", "-d", folder, f"{origin.url}/x"],
                                    capture_output=True, timeout=60, **options)
            expect(result.returncode == code, result)
    report, = finished(result)
    expect(report["sha256"] == hashlib.sha256(body).hexdigest(), report)
    expect(report["received"] < 9 << 20, report["received"])
    expect(all(request.range and request.range[0] > 0 for request in origin.requests), origin.requests[0].fields)


@behaviour
def what_came_before_a_file_reached_its_limit_is_gone_on_with(folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
    # Python ignores SIGXFSZ, and so does what it starts.
    options = {"preexec_fn": limit, "restore_signals": False}
    goes_on_where_there_was_no_more_room(folder, ([], options), ([], {}))


@behaviour
def what_came_before_the_disk_was_full_is_gone_on_with(folder):
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        raise support.Skip("this machine allows no mounts of one's own")
    disk = "mount -t tmpfs -o size=6m none \"$1\" && echo here && cat"
    with support.Program("unshare", "--mount", "sh", "-c", disk, "sh", folder) as holder:
        expect(holder.process.stdout.readline() == b"here\n", holder.errors)
        inside = ["nsenter", "--mount", "--target", str(holder.process.pid)]
        larger = [*inside, "sh", "-c", 'mount -o remount,size=64m "$0" && exec "$@"', folder]
        goes_on_where_there_was_no_more_room(folder, (inside, {}), (larger, {}))


@hostile("a TLS handshake that is cut")
def a_tls_handshake_that_is_cut_is_tried_again(folder):
    context, ca = tls(folder)
    body = content(100_000)
    linger = struct.pack("ii", 1, 0)
    for cut in (lambda connection: None,
                lambda connection: connection.recv(10),
                lambda connection: connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)):
        connections = []

        def fickle(connection):
            connections.append(connection)
            if len(connections) < 3:
                return cut(connection)
            with context.wrap_socket(connection, server_side=True) as secure:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += secure.recv(65536) or b"\r\n\r\n"
                secure.sendall(response(body))
        with serving(fickle) as port:
            get(folder, *QUICK, "--on-exists", "overwrite", "--ca", ca, f"https://127.0.0.1:{port}/x")
        expect(len(connections) >= 3 and read(folder, "x") == body, len(connections))
        with serving(cut) as port:
            get(folder, "--retry", 0, "--on-exists", "overwrite", "--ca", ca, f"https://127.0.0.1:{port}/x", code=4)
            result = subprocess.run([SOCKEYE, "connect", "--tls", "--ca", ca, f"127.0.0.1:{port}"], capture_output=True,
                                    stdin=subprocess.DEVNULL, timeout=60)
            expect(result.returncode == 4, result)


@hostile("a TLS handshake without end")
def a_tls_handshake_has_a_limit(folder):
    def silent(connection):
        while connection.recv(65536):
            pass
    with serving(silent) as port:
        result = get(folder, "--connect-timeout", "200ms", "--retry", 0, f"https://127.0.0.1:{port}/x", code=10)
        expect(b"handshake" in result.stderr, result.stderr)


def expired_certificate(folder):
    """Of January 2001: `openssl ca` is what takes dates in every version."""
    certificate, key, request = [os.path.join(folder, name) for name in ["old.pem", "old.key", "old.csr"]]
    config = os.path.join(folder, "ca.conf")
    write(f"""[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}
default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:localhost,IP:127.0.0.1
""".encode(), config)
    write(b"", folder, "index")
    write(b"01", folder, "serial")
    openssl = support.need("openssl")
    subprocess.run([openssl, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                    "/CN=localhost", "-out", request, "-keyout", key], check=True, capture_output=True)
    subprocess.run([openssl, "ca", "-batch", "-selfsign", "-config", config, "-extensions", "names", "-in", request,
                    "-keyfile", key, "-startdate", "20010101000000Z", "-enddate", "20010201000000Z", "-notext", "-out",
                    certificate], check=True, capture_output=True)
    return certificate, key


@behaviour
def errors_of_tls_are_sentences(folder):
    expired = expired_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*expired)
    with Origin(ranged(b"x"), context) as origin:
        result = get(folder, "--ca", expired[0], "--retry", 0, f"{origin.url}/x", code=5)
        expect(b"expired on 2001-02-01" in result.stderr, result.stderr)
        get(folder, "--insecure", f"{origin.url}/x")
    context, ca = tls(folder)
    with Origin(ranged(b"x"), context) as origin:
        result = get(folder, "--retry", 0, "-o", "y", f"{origin.url}/x", code=5)
        expect(b"not one to trust" in result.stderr and b"expired" not in result.stderr, result.stderr)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.minimum_version = ssl.TLSVersion.TLSv1
        result = get(folder, "--ca", ca, "--retry", 0, "-o", "y", f"{origin.url}/x", code=5)
        for sign in [b"(", b"[", b"Error", b"_"]:
            expect(sign not in result.stderr.split(b"/x: ")[1].replace(b"(1.2 and 1.3)", b""), result.stderr)


if __name__ == "__main__":
    support.main(globals())
