"""`sockeye get` of many files: lists of URLs, and what is newer than what is there, with times as curl and wget keep them."""

import email.utils
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
