#!/usr/bin/env python3
"""`sockeye serve` confines itself where the kernel can: what it doesn't serve is out of its reach, whatever it is told."""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import tempfile

import support
from support import wait_until
from support_serve import Served


def landlock():
    """Skips where the kernel has no Landlock."""
    if ctypes.CDLL(None).syscall(444, None, 0, 1) < 1:
        raise support.Skip("the kernel has no Landlock")


@contextlib.contextmanager
def users():
    """A folder with a password file, and another with one. Not where temporary files are: those the service has to reach."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="sockeye-") as folder:
        here, elsewhere = pathlib.Path(folder) / "here" / "users", pathlib.Path(folder) / "elsewhere" / "users"
        for file, name in ((here, "ann"), (elsewhere, "bob")):
            file.parent.mkdir()
            added = support.sockeye("serve", "--add-user", name, "--auth-file", file, stdin=b"secret\n")
            assert added.returncode == 0, added
        yield here, elsewhere


def test_elsewhere():
    """A password file is read again where it was, and not where a link in its place leads; without the sandbox it is"""
    landlock()
    for arguments, expected in (((), "not reloaded"), (("--no-sandbox",), "passwords again")):
        with users() as (here, elsewhere), Served("-v", "--auth-file", here, *arguments) as served:
            if not arguments:
                served.server.wait_for("confined to what is served")
            said = lambda: served.server.errors.count("not reloaded") + served.server.errors.count("passwords again")
            for _ in range(2):
                count = said()
                served.server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: said() > count, "word of the reload")
                last = served.server.errors.strip().splitlines()[-1]
                if here.is_symlink():
                    assert expected in last, served.server.errors
                else:
                    assert "not reloaded" not in last, served.server.errors
                    here.unlink()
                    here.symlink_to(elsewhere)


def test_threads():
    """All threads are confined, and what serving takes works: TLS, uploads, archives that need a temporary file, logs"""
    landlock()
    support.need("curl")
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="sockeye-") as folder:
        place = pathlib.Path(folder)
        many = place / "served" / "many"
        many.mkdir(parents=True)
        for n in range(4_200):
            os.symlink("../big", many / f"{n:0250}")
        (place / "served" / "big").write_bytes(b"x")
        with support.Server("serve", place / "served", "--listen", "127.0.0.1:0", "--upload", "--tls", "auto", "-v",
                            "--access-log", place / "logs.txt", env={**os.environ, "XDG_STATE_HOME": folder}) as server:
            server.wait_for("confined to what is served")
            for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
                assert "NoNewPrivs:\t1" in (task / "status").read_text(), task
            curl = lambda *words: subprocess.run(["curl", "-sSk", *words], capture_output=True, timeout=support.DEADLINE)
            url = f"https://{server.endpoint}"
            put = curl("-T", place / "served" / "big", "-w", "%{http_code}", f"{url}/up")
            assert put.stdout == b"201" and (place / "served" / "up").read_bytes() == b"x", put
            assert curl(f"{url}/up").stdout == b"x"
            archive = curl(f"{url}/many/?zip")
            assert archive.returncode == 0 and archive.stdout.count(b"PK\x01\x02") == 4_201, (archive.returncode, len(archive.stdout))
            assert b"GET /up" in (place / "logs.txt").read_bytes() and (place / "sockeye" / "serve.pem").exists()


if __name__ == "__main__":
    support.main(globals())
