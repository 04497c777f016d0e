"""`sockeye get` with the digests that files must have: those of coreutils, in its lists and in BSD's form."""

import hashlib
import os
import subprocess

import support
from support_origin import Origin, behaviour, content, expect, finished, get, hostile, ranged, read, response, write

ALGORITHMS = ["md5", "sha1", "sha256", "sha384", "sha512"]


def files(bodies):
    """A server of several files."""
    def answer(request, connection):
        body = bodies.get(request.target)
        return response(status="404 Not Found") if body is None else ranged(body)(request, connection)
    return answer


@behaviour
def what_coreutils_sum_is_what_is_checked(folder):
    bodies = {f"/{name}": content(100_000, seed) for seed, name in enumerate(["a", "b c", "d.txt"])}
    os.mkdir(f"{folder}/there")
    for name, body in bodies.items():
        write(body, folder, "there", name[1:])
    served = {name.replace(" ", "%20"): body for name, body in bodies.items()}
    with Origin(files(served)) as origin:
        for algorithm in ALGORITHMS:
            for form in ([], ["--tag"], ["--binary"]):
                sums = subprocess.run([support.need(f"{algorithm}sum"), *form, *(name[1:] for name in bodies)], check=True,
                                      cwd=f"{folder}/there", capture_output=True).stdout
                write(sums, folder, "SUMS")
                served["/SUMS"] = sums
                for place in ("SUMS", f"{origin.url}/SUMS"):
                    result = get(folder, "--json", "--on-exists", "overwrite", "-d", "here", "--checksums", place,
                                 *(f"{origin.url}{name}" for name in served if name != "/SUMS"))
                    told = [event["checksum"] for event in finished(result)]
                    wanted = [f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}" for body in bodies.values()]
                    expect(told == wanted, told, wanted)
    for name, body in bodies.items():
        expect(read(folder, "here", name[1:]) == body)


@hostile("a sums file with other names, one that contradicts itself, a page in place of one")
def a_list_that_does_not_vouch_for_the_file_stops_it(folder):
    body = content(1000)
    right, wrong = hashlib.sha256(body).hexdigest(), "0" * 64
    with Origin(ranged(body)) as origin:
        for sums, code in [
            (f"{right}  y\n", 9), (f"{right}  ../x\n", 9), (f"{right}  /x\n", 9), (f"{wrong}  x\n", 9),
            (f"{right}  x\n{wrong}  x\n", 9), ("<html>log in</html>\n", 2), ("", 2),
        ]:
            write(sums.encode(), folder, "SUMS")
            get(folder, "--checksums", "SUMS", "-o", "x", f"{origin.url}/x", code=code)
            expect("x" not in os.listdir(folder), sums)
        get(folder, "--checksums", "missing", f"{origin.url}/x", code=3)
        get(folder, "--checksum", f"md5:{hashlib.md5(body).hexdigest()}", "-o", "-", f"{origin.url}/x", code=2)
        for name in ("x.part", "x.part.journal"):
            os.remove(f"{folder}/{name}")
        get(folder, "--checksum", f"md5:{hashlib.md5(body).hexdigest()}", f"{origin.url}/x")
    expect(read(folder, "x") == body)


if __name__ == "__main__":
    support.main(globals())
