"""`sockeye get` of many files: lists of URLs, and what is newer than what is there, with times as curl and wget keep them."""

import email.utils
import hashlib
import os
import subprocess

import support
from support_origin import Origin, behaviour, content, expect, get, hostile, ranged, read, response, write

OLD, NEWER = 1_000_000_000, 1_500_000_000


def dated(body, seconds):
    return ranged(body, Last_Modified=email.utils.formatdate(seconds, usegmt=True))


@behaviour
def times_are_kept_as_curl_keeps_them(folder):
    with Origin(dated(b"x" * 1000, OLD)) as origin:
        get(folder, "-R", "-o", "a", f"{origin.url}/x")
        subprocess.run([support.need("curl"), "-sS", "-q", "-R", "-o", f"{folder}/b", f"{origin.url}/x"], check=True)
        get(folder, "-o", "c", f"{origin.url}/x")
    ours, theirs, now = (os.stat(f"{folder}/{name}").st_mtime for name in "abc")
    expect(ours == theirs == OLD and now > NEWER, ours, theirs, now)


@behaviour
def what_is_newer_or_of_another_length_is_fetched_as_wget_does(folder):
    os.mkdir(f"{folder}/ours")
    os.mkdir(f"{folder}/theirs")
    for body, seconds, fetched in [
        (b"first", OLD, True), (b"first", OLD, False), (b"later", NEWER, True), (b"longer text", NEWER, True),
        (b"longer text", OLD, False), (b"longer text", NEWER, False),
    ]:
        with Origin(dated(body, seconds)) as origin:
            get(f"{folder}/ours", "-N", f"{origin.url}/x")
            ours = any(request.method == "GET" for request in origin.requests)
            # Its condition for what it has already says nothing of lengths.
            subprocess.run([support.need("wget"), "-q", "-N", "--no-if-modified-since", "--no-http-keep-alive", "-P", f"{folder}/theirs",
                            f"{origin.url}/x"], check=True)
        expect(ours == fetched, body, seconds)
        for place in ("ours", "theirs"):
            expect(os.listdir(f"{folder}/{place}") == ["x"])
        same = [(read(folder, place, "x"), os.stat(f"{folder}/{place}/x").st_mtime) for place in ("ours", "theirs")]
        expect(same[0] == same[1], same)


@behaviour
def another_version_of_the_same_size_and_time_is_fetched(folder):
    answers = {"tag": '"1"', "body": b"first"}
    def answer(request, connection):
        if request.fields.get("if-none-match") == answers["tag"]:
            return response(status="304 Not Modified", length=False, ETag=answers["tag"])
        return ranged(answers["body"], tag=answers["tag"], Last_Modified=email.utils.formatdate(OLD, usegmt=True))(request, connection)
    with Origin(answer) as origin:
        for tag, body, wanted in [('"1"', b"first", b"first"), ('"1"', b"first", b"first"), ('"2"', b"other", b"other"),
                                  ('W/"3"', b"third", b"third"), ('W/"3"', b"third", b"third")]:
            answers.update(tag=tag, body=body)
            before = len(origin.requests)
            get(folder, "-N", f"{origin.url}/x")
            expect(read(folder, "x") == wanted and os.stat(f"{folder}/x").st_mtime == OLD, tag)
            methods = [request.method for request in origin.requests[before:]]
            expect(("GET" in methods) == (tag != previous if before else True), tag, methods)
            previous = tag
        expect(os.listxattr(f"{folder}/x") == ["user.sockeye.version"] and os.listdir(folder) == ["x"])
        # What is no longer what came is held by its length and time; so is what came from elsewhere, and what has no tag that is one.
        write(b"longer text", folder, "x")
        get(folder, "-N", f"{origin.url}/x")
        expect("if-none-match" not in origin.requests[-2].fields and read(folder, "x") == b"third")
        for note in (b"5 http://other/x W/\"3\"", b"5 %b W/\"3\"\r\nEvil: 1", b"5 %b \"a\" b", b"5 %b 3", b"\xff" * 100, b""):
            os.setxattr(f"{folder}/x", "user.sockeye.version", note.replace(b"%b", hashlib.sha256(f"{origin.url}/x".encode()).hexdigest().encode()))
            get(folder, "-N", f"{origin.url}/x")
            expect(not {"if-none-match", "evil"} & set(origin.requests[-1].fields), origin.requests[-1].fields)
        # Without being asked for it, nothing is written down.
        get(folder, "-R", "-o", "plain", f"{origin.url}/x")
        expect(os.listxattr(f"{folder}/plain") == [])


@behaviour
def a_folder_is_brought_up_to_date(folder):
    os.makedirs(f"{folder}/site/deep")
    for name, body in [("a", b"one"), ("deep/b", b"two"), ("big", content(400_000))]:
        write(body, folder, "site", name)
        os.utime(f"{folder}/site/{name}", (OLD, OLD))
    with support.Server("serve", "--listen", "127.0.0.1:0", f"{folder}/site") as server:
        url = f"http://{server.endpoint}/"
        get(folder, "-N", "-d", "copy", "--recursive", url)
        for name in ("a", "deep/b", "big"):
            expect(os.stat(f"{folder}/copy/{name}").st_mtime == OLD, name)
        write(b"uno", folder, "site", "a")
        result = get(folder, "-N", "-d", "copy", "--recursive", "--json", url)
        expect(b'"downloaded":1,' in result.stdout and b'"skipped":2,' in result.stdout, result.stdout)
    expect(read(folder, "copy", "a") == b"uno")


@behaviour
def a_list_of_urls_is_fetched_from_a_file_or_from_standard_input(folder):
    with Origin(ranged(b"body")) as origin:
        text = f"# mine\n\n  {origin.url}/a \r\n{origin.url}/b\n".encode()
        write(text, folder, "list")
        get(folder, "-i", "list", f"{origin.url}/first")
        result = support.sockeye("get", "--input", "-", "-d", "in", stdin=text, cwd=folder)
        expect(result.returncode == 0, result)
        expect(origin.connections == 2, origin.connections)
        get(folder, code=2)
        get(folder, "--input", "missing", code=3)
    expect(sorted(os.listdir(folder)) == ["a", "b", "first", "in", "list"] and sorted(os.listdir(f"{folder}/in")) == ["a", "b"])


@hostile("a list whose lines aren't URLs, or have names that lead elsewhere")
def a_line_that_is_no_url_stops_everything_before_it_begins(folder):
    with Origin(ranged(b"body")) as origin:
        for line in ["ftp://h/x", "http://user:password@h/x", "http://", "http://h:99999/x", "tcp://h/x"]:
            write(f"{origin.url}/a\n{line}\n".encode(), folder, "list")
            result = get(folder, "--input", "list", code=2)
            expect(b"line 2" in result.stderr and origin.requests == [], result.stderr)
        write(f"{origin.url}/..%2f..%2fup\n{origin.url}/a\n{origin.url}/404\n".encode(), folder, "list")
        get(folder, "--input", "list", "-d", "in", code=11)
    expect(sorted(os.listdir(f"{folder}/in")) == ["404", "a"] and sorted(os.listdir(folder)) == ["in", "list"])


if __name__ == "__main__":
    support.main(globals())
