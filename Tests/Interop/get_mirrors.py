"""`sockeye get` of what can be had at several places: mirrors, and Metalinks as aria2 reads them."""

import hashlib
import os
import subprocess
import xml.sax.saxutils

import support
from support_origin import QUICK, Origin, behaviour, content, cut_after, expect, get, hostile, ranged, read, response, write


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
            expect(second.requests and second.requests[0].range is None, second.requests)
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
