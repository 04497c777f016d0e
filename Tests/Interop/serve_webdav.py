"""WebDAV: `sockeye serve --webdav` beside the programs that mount it, and what hostile clients send."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import tempfile

import support
from support_serve import BIG, Served, raw, status

RULES = "read /sub=all"


@contextlib.contextmanager
def mountable(rules="all", *arguments):
    """A directory that ann may change by the rules: (service, folder of the test's own)."""
    with tempfile.TemporaryDirectory() as folder:
        users = pathlib.Path(folder) / "users"
        added = support.sockeye("serve", "--add-user", "ann", "--auth-file", users, stdin=b"secret\n")
        assert added.returncode == 0, added
        users.write_text(f"{users.read_text().strip()}:{rules}\n")
        flags = ["--webdav", "--upload", "--on-exists", "overwrite", "--auth-file", users, *arguments]
        with Served(*flags) as served:
            yield served, pathlib.Path(folder)


def ask(served, method, target, *fields, body=b"", user="ann:secret"):
    """Asks by curl, and answers (status, body)."""
    given = [item for field in fields for item in ("-H", field)]
    data = ["--data-binary", body] if body else []
    run = served.curl("-u", user, "-X", method, "--path-as-is", *given, *data, "-w", "\n%{http_code}", served.url + target)
    text, _, code = run.rpartition(b"\n")
    return int(code), text


def test_cadaver():
    """cadaver lists, puts, gets, copies, moves, locks and removes"""
    support.need("cadaver")
    with mountable() as (served, folder):
        (folder / ".netrc").write_text("machine 127.0.0.1 login ann password secret\n")
        (folder / ".netrc").chmod(0o600)
        (folder / "local").write_bytes(b"from here\n")
        script = f"""lcd {folder}
put local sub/new
mkcol made
copy sub/new made/copied
move sub/new made/moved
lock made/moved
discover made/moved
put local made/moved
unlock made/moved
ls made
get made/copied back
delete made/copied
rmcol made
ls
"""
        run = subprocess.run(
            ["cadaver", served.url + "/"], input=script.encode(), capture_output=True, timeout=support.DEADLINE,
            env={**os.environ, "HOME": str(folder)},
        )
        said = (run.stdout + run.stderr).decode(errors="replace")
        assert (folder / "back").read_bytes() == b"from here\n", said
        assert "copied" in said and "moved" in said and "failed" not in said, said
        assert not (served.path / "made").exists() and not (served.path / "sub" / "new").exists(), said


def test_rclone():
    """rclone copies a tree there and back, moves, and purges"""
    support.need("rclone")
    with mountable() as (served, folder):
        obscured = subprocess.run(["rclone", "obscure", "secret"], capture_output=True, check=True).stdout.decode().strip()
        config = folder / "rclone.conf"
        config.write_text(f"[dav]\ntype = webdav\nurl = {served.url}\nvendor = other\nuser = ann\npass = {obscured}\n")

        def rclone(*arguments):
            run = subprocess.run(
                ["rclone", "--config", config, "--retries", "1", *arguments], capture_output=True, timeout=support.DEADLINE
            )
            assert run.returncode == 0, run.stderr.decode()
            return run.stdout.decode()

        tree = folder / "tree"
        (tree / "deep" / "文件夹").mkdir(parents=True)
        (tree / "deep" / "文件夹" / "a & b.txt").write_bytes(b"text")
        (tree / "big").write_bytes(BIG[:3_000_000])
        rclone("copy", tree, "dav:there")
        assert (served.path / "there" / "big").read_bytes() == BIG[:3_000_000]
        rclone("check", tree, "dav:there", "--download")
        rclone("moveto", "dav:there/deep", "dav:there/moved")
        assert (served.path / "there" / "moved" / "文件夹" / "a & b.txt").read_bytes() == b"text"
        rclone("copyto", "dav:there/moved", "dav:sub/copied")
        assert "文件夹/a & b.txt" in rclone("lsf", "-R", "--files-only", "dav:sub/copied")
        rclone("purge", "dav:there")
        assert not (served.path / "there").exists()


def test_litmus():
    """litmus, the protocol's own tests, finds nothing wrong but that no property of the client's is kept"""
    support.need("litmus")
    with mountable() as (served, folder):
        run = subprocess.run(
            ["litmus", "-k", served.url + "/", "ann", "secret"], capture_output=True, cwd=folder, timeout=support.DEADLINE * 2,
            env={**os.environ, "TESTS": "basic copymove locks http"},
        )
        said = run.stdout.decode(errors="replace")
        failed = [line for line in said.splitlines() if "FAIL" in line]
        assert said.count("<- summary") == 4 and all("PROPPATCH on locked" in line for line in failed), said


def test_listing():
    """A folder is told of entry by entry, whatever its size, with names that are markup, and without what isn't shown"""
    with Served("--webdav", "--path-prefix", "/p") as served:
        (served.path / "many").mkdir()
        for number in range(3000):
            (served.path / "many" / f"n{number}").touch()
        for name in ("<b>&", "\x01", "接收"):
            (served.path / name).touch()
        (served.path / ".hidden").touch()
        os.symlink("/etc/passwd", served.path / "out")
        code, body = ask(served, "PROPFIND", "/p/many", "Depth: 1")
        references = re.findall(rb"<D:href>([^<]*)</D:href>", body)
        assert code == 207 and len(references) == len(set(references)) == 3001 and references[0] == b"/p/many/", code
        code, body = ask(served, "PROPFIND", "/p/", "Depth: 1")
        names = re.findall(rb"<D:displayname>([^<]*)</D:displayname>", body)
        assert set(names) == {b"a.txt", b"big.bin", b"sub", b"many", b"&lt;b&gt;&amp;", "\ufffd".encode(), "接收".encode()}, names
        assert b"/p/%3Cb%3E%26" in body and b"<D:getcontentlength>20971520</D:getcontentlength>" in body
        assert b"lockdiscovery" not in body
        assert ask(served, "PROPFIND", "/", "Depth: 1")[0] == 404
        code, body = ask(served, "PROPFIND", "/p/", "Depth: infinity")
        assert code == 403 and b"<D:propfind-finite-depth/>" in body, body
        assert ask(served, "PUT", "/p/x", body=b"x")[0] == ask(served, "LOCK", "/p/a.txt")[0] == 405


def test_hostile():
    """Entities, bodies without end, paths that lead out, moves into themselves and locks without end come to nothing"""
    with mountable(RULES) as (served, _):
        before = sorted(os.listdir(served.path))
        laughs = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
            f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi")
        ) + "]><propfind xmlns='DAV:'><prop><x>&i;</x></prop></propfind>"
        outside = "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><propfind xmlns='DAV:'><allprop/></propfind>"
        nested = "<propfind xmlns='DAV:'>" + "<a>" * 10_000
        for body in (laughs, outside, nested):
            assert ask(served, "PROPFIND", "/", "Depth: 1", body=body.encode())[0] == 400
        head = b"PROPFIND / HTTP/1.1\r\nHost: x\r\nDepth: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert status(raw(served.port, head + b"%x\r\n" % 100_000 + b"x" * 100_000)) == 413
        for destination in (
            "/../x", "/%2e%2e/x", "/sub/../../x", "http://other/sub/x", "http://127.0.0.1:1/sub/x", "/.x", "/x", "/sub", "/sub/接收.txt/x",
            "file:///etc/x", "/sub/%00", "/sub/a/../../../x", "//etc/x", "/sub/" + "n" * 256,
        ):
            for method in ("COPY", "MOVE"):
                code, text = ask(served, method, "/sub/%E6%8E%A5%E6%94%B6.txt", f"Destination: {destination}")
                assert 400 <= code < 600 and code != 500, (method, destination, code, text)
        os.symlink("sub", served.path / "loop")
        (served.path / "sub" / "inner").mkdir()
        assert ask(served, "COPY", "/sub/inner", "Destination: /loop/inner/x")[0] == 403
        assert ask(served, "MOVE", "/sub/inner", "Destination: /sub/inner")[0] == 403
        assert ask(served, "MOVE", "/sub/inner", "Destination: /sub/inner/x")[0] == 403
        os.unlink(served.path / "loop")
        os.rmdir(served.path / "sub" / "inner")
        assert sorted(os.listdir(served.path)) == before and os.listdir(served.path / "sub") == ["接收.txt"]
        lock = b"<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>"
        request = (
            b"LOCK /sub/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YW5uOnNlY3JldA==\r\nTimeout: Infinite\r\n"
            b"Content-Length: %d\r\n\r\n" % len(lock) + lock
        )
        with socket.create_connection(("127.0.0.1", served.port), timeout=support.DEADLINE) as connection:
            replies = []
            for _ in range(600):
                connection.sendall(request)
                reply = connection.recv(65536)
                while not re.search(rb"</D:prop>\n$|\r\n\r\n.*:.*\n$", reply, re.DOTALL):
                    reply += connection.recv(65536)
                replies.append(status(reply))
        assert replies == [200] * 512 + [503] * 88, replies
        assert ask(served, "PUT", "/sub/x", body=b"x")[0] == 423 and ask(served, "DELETE", "/sub/")[0] == 423
        assert ask(served, "PROPFIND", "/sub/", "Depth: 0")[0] == 207


def test_rights():
    """What the password file doesn't let a user do isn't done by another method either, and quota is one for all"""
    with mountable(RULES, "--quota", "30MiB") as (served, _):
        (served.path / "sub" / "mine").write_bytes(b"mine")
        for method, target, destination, expected in [
            ("MOVE", "/a.txt", "/sub/a", 403), ("COPY", "/a.txt", "/sub/a", 201), ("COPY", "/sub/mine", "/x", 403),
            ("MOVE", "/sub/mine", "/sub/moved", 201), ("COPY", "/sub/moved", "/sub/a", 204), ("COPY", "/big.bin", "/sub/big", 201),
            ("COPY", "/big.bin", "/sub/big2", 507), ("COPY", "/sub/none", "/sub/x", 404), ("COPY", "/sub/a", "/sub/no/x", 409),
        ]:
            assert ask(served, method, target, f"Destination: {destination}")[0] == expected, (method, target)
        assert ask(served, "COPY", "/a.txt", "Destination: /sub/a", "Overwrite: F")[0] == 412
        assert (served.path / "sub" / "a").read_bytes() == b"mine" and (served.path / "sub" / "big").read_bytes() == BIG
        assert sorted(os.listdir(served.path / "sub")) == ["a", "big", "moved", "接收.txt"]
        (served.path / "sub" / "folder").mkdir()
        (served.path / "sub" / "folder" / ".kept").touch()
        assert ask(served, "DELETE", "/sub/folder/")[0] == 409 and ask(served, "PROPFIND", "/", "Depth: 0", user="ann:x")[0] == 401
        os.unlink(served.path / "sub" / "folder" / ".kept")
        (served.path / "sub" / "folder" / "shown").touch()
        assert ask(served, "DELETE", "/sub/folder/")[0] == 204 and not (served.path / "sub" / "folder").exists()


if __name__ == "__main__":
    support.main(globals())
