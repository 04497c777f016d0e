"""`sockeye get` of what can be had at several places: mirrors, and Metalinks as aria2 reads them."""

import contextlib
import hashlib
import os
import subprocess
import threading
import xml.sax.saxutils

import support
from support_origin import (
    QUICK, Origin, behaviour, content, cut_after, expect, get, hostile, ranged, read, repr_digest, response, write,
)


def metalink(*files):
    """A document; each file has a name, a body and places."""
    parts = []
    for name, body, places in files:
        urls = "".join(f"<url priority='{number}'>{place}</url>" for number, place in enumerate(places, 1))
        parts.append(f"<file name={xml.sax.saxutils.quoteattr(name)}><size>{len(body)}</size>"
                     f"<hash type='sha-256'>{hashlib.sha256(body).hexdigest()}</hash>{urls}</file>")
    return f"<?xml version='1.0'?><metalink xmlns='urn:ietf:params:xml:ns:metalink'>{''.join(parts)}</metalink>".encode()


@behaviour
def a_metalink_means_what_it_means_to_aria2(folder):
    one, two = content(300_000), content(2_000_000, seed=2)
    with Origin(lambda request, connection: ranged(one if request.target == "/one" else two)(request, connection)) as origin:
        write(metalink(("one", one, [f"{origin.url}/one"]), ("deep/two", two, ["http://127.0.0.1:1/", f"{origin.url}/two"])),
              folder, "list.meta4")
        get(folder, *QUICK, "--metalink", "list.meta4", "-d", "ours")
        subprocess.run([support.need("aria2c"), "-q", "--no-conf", "-M", "list.meta4", "-d", "theirs"], cwd=folder, check=True)
        get(folder, "--metalink", f"{origin.url}/one", code=2)
    for name, body in (("one", one), ("deep/two", two)):
        expect(read(folder, "ours", name) == read(folder, "theirs", name) == body)


@behaviour
def parts_come_from_several_mirrors_at_once(folder):
    body = content(8_000_000)
    digest = hashlib.sha256(body).hexdigest()
    helped = threading.Event()
    def first(request, connection):
        # The first one goes on only once the second has been asked, with a validator of its own the second time.
        reply = ranged(body, tag='"one"')(request, connection)
        connection.sendall(reply[:1_500_000])
        helped.wait(support.DEADLINE)
        return reply[1_500_000:]
    def second(request, connection):
        reply = ranged(body, tag='"two"')(request, connection)
        if len(other.requests) > 1:
            helped.set()
        return reply
    with Origin(first) as one, Origin(second) as other:
        get(folder, "--checksum", digest, f"{one.url}/x", f"{other.url}/y")
        expect(helped.is_set() and all(request.range for request in other.requests), other.requests)
        expect({request.fields.get("if-range") for request in other.requests[1:]} == {'"two"'})
        write(metalink(("z", body, [f"{one.url}/x", f"{other.url}/y"])), folder, "list")
        before = len(other.requests)
        get(folder, "--metalink", "list")
        expect(len(other.requests) > before)
    expect(read(folder, "x") == read(folder, "z") == body)


@hostile("a mirror that keeps back what it has begun")
def what_a_slow_mirror_keeps_back_is_fetched_from_the_others(folder):
    body = content(8_000_000)
    digest = hashlib.sha256(body).hexdigest()
    over = threading.Event()
    def slow(request, connection):
        connection.sendall(ranged(body)(request, connection)[:100_000])
        over.wait(support.DEADLINE)
    def silent(request, connection):
        over.wait(support.DEADLINE)
    for places in ((slow, ranged(body)), (ranged(body), slow), (slow, ranged(body), silent)):
        origins = [Origin(answer) for answer in places]
        with contextlib.ExitStack() as stack:
            urls = [f"{stack.enter_context(origin).url}/x" for origin in origins]
            get(folder, "--on-exists", "overwrite", "--idle", "10m", "--checksum", digest, *urls)
        expect(read(folder, "x") == body)
        os.remove(f"{folder}/x")
    over.set()


@hostile("a mirror whose bytes are wrong, of another length, with another digest, a page")
def one_that_lies_is_found_and_left_out(folder):
    body, other = content(4_000_000), content(4_000_000, seed=2)
    digest = hashlib.sha256(body).hexdigest()
    lies = [ranged(other), ranged(other[:-1]), ranged(other, Repr_Digest=repr_digest(other)), ranged(body, tag="W/none"),
            lambda *_: response(b"<html>page</html>", Content_Type="text/html"), lambda *_: response(status="404 Gone")]
    for number, lie in enumerate(lies):
        for honest_first in (True, False):
            asked = threading.Event()
            def honest(request, connection):
                reply = ranged(body)(request, connection)
                if honest_first and len(right.requests) == 1:
                    connection.sendall(reply[:1_100_000])
                    asked.wait(support.DEADLINE)
                    return reply[1_100_000:]
                return reply
            def liar(request, connection):
                connection.sendall(lie(request, connection))
                asked.set()
                return b""
            with Origin(honest) as right, Origin(liar) as wrong:
                urls = [f"{right.url}/x", f"{wrong.url}/x"]
                get(folder, *QUICK, "--connections", 2, "--checksum", digest, *(urls if honest_first else reversed(urls)))
                expect(wrong.requests and read(folder, "x") == body, number)
            os.remove(f"{folder}/x")
        with Origin(lie) as one, Origin(ranged(other)) as two:
            get(folder, *QUICK, "--checksum", f"sha256:{'0' * 64}", f"{one.url}/x", f"{two.url}/x", code=9)
            expect("x" not in os.listdir(folder))


@hostile("a mirror that breaks off, lies, has another file, wants to know who asks")
def the_next_mirror_is_asked_when_one_fails(folder):
    body, other = content(2_000_000), content(2_000_000, seed=2)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    def cut(request, connection):
        connection.sendall(cut_after(500_000, ranged(other)(request, connection)))
    mirrors = [cut, ranged(other), lambda *_: response(b"<html>page</html>"), lambda *_: response(status="401 Who"),
               lambda *_: response(status="404 Gone"), lambda *_: None]
    for number, mirror in enumerate(mirrors):
        with Origin(mirror) as first, Origin(ranged(body)) as second:
            get(folder, "--retry", 0, "--mirrors", "--checksum", digest, f"{first.url}/file{number}", f"{second.url}/x")
            # Nothing that the first sent is kept: the whole comes from the second.
            expect(any(request.range is None for request in second.requests), second.requests)
        expect(read(folder, f"file{number}") == body)
    expect(len(os.listdir(folder)) == len(mirrors), os.listdir(folder))
    with Origin(ranged(other)) as first, Origin(ranged(other)) as second:
        get(folder, "--mirrors", "--checksum", digest, f"{first.url}/none", f"{second.url}/none", code=9)
    expect("none" not in os.listdir(folder))


@hostile("Metalinks with paths, entities, other digests, places that want to know who asks")
def a_metalink_is_not_believed(folder):
    os.mkdir(f"{folder}/in")
    body = content(1000)
    password = f"{folder}/password"
    write(b"a:b", password)
    os.chmod(password, 0o600)
    with Origin(ranged(body)) as origin:
        place = [f"{origin.url}/x"]
        for name in ["../up", f"{folder}/absolute", "a/../../up", "..", ".profile", "-rf", "a\\..\\up", "a\nb", ""]:
            write(metalink((name, body, place)), folder, "list")
            get(f"{folder}/in", "--metalink", "../list", code=11)
        bomb = b"<!DOCTYPE m [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>"
        write(metalink(("x", body, place)).replace(b"?>", b"?>" + bomb, 1), folder, "list")
        get(f"{folder}/in", "--metalink", "../list", code=2)
        write(b"<a>" * 1_000_000, folder, "list")
        get(f"{folder}/in", "--metalink", "../list", code=2)
        expect(origin.requests == [])
        write(metalink(("x", content(1000, seed=2), place)), folder, "list")
        get(f"{folder}/in", "--metalink", "../list", "--auth-file", password, "-H", "X-Key: k", code=9)
        expect(origin.requests and all(not {"authorization", "x-key"} & set(request.fields) for request in origin.requests))
    expect("x" not in os.listdir(f"{folder}/in") and sorted(os.listdir(folder)) == ["in", "list", "password"])


if __name__ == "__main__":
    support.main(globals())
