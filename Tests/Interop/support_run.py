"""What the tests of `sockeye run` share: the same call as root and as a user without privileges, and what it leaves behind.

Where the device of TUN is closed to users, they get a node of their own in a mount namespace; the machine's stays as it is.
"""

import os
import pathlib
import signal
import subprocess

import support
from support import SOCKEYE, wait_until

USER = 65534
"""Nobody: a user without rights."""

OPEN_TUN = (
    'folder=$(mktemp -d) && mount -t tmpfs none "$folder" && mknod -m 666 "$folder/tun" c 10 200 && '
    'mount --bind "$folder/tun" /dev/net/tun && umount -l "$folder" && rmdir "$folder" && exec "$@"'
)


def as_user():
    """What a command begins with that is to run as a user without privileges; a skip where that can't be."""
    if os.getuid() != 0:
        return []
    drop = [support.need("setpriv"), f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    if subprocess.run([*drop, "test", "-x", SOCKEYE]).returncode != 0:
        raise support.Skip("the program is out of a user's reach")
    if not os.path.exists("/dev/net/tun"):
        return drop
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", OPEN_TUN, "sh", *drop]


def callers():
    """Who calls, by name: what their commands begin with."""
    if os.getuid() == 0:
        yield "root", []
    yield "a user", as_user()


def run(*arguments, caller=(), stdin=b"", **options):
    """Runs `sockeye run` to its end; answers a CompletedProcess."""
    return subprocess.run(
        [*caller, SOCKEYE, "run", *map(str, arguments)],
        input=stdin, capture_output=True, timeout=support.DEADLINE, **options,
    )


class Running(support.Program):
    """A `sockeye run` that goes on; what its command prints is read line by line."""

    def __init__(self, *arguments, caller=(), **options):
        super().__init__(*caller, SOCKEYE, "run", *arguments, **options)

    def line(self):
        """The next line that the command prints."""
        return self.process.stdout.readline().decode().strip()

    @property
    def init(self):
        """The process id of the first process inside, seen from outside."""
        return wait_until(lambda: children(self.process.pid), "child")[0]


def children(parent):
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


def in_network(inode):
    """The processes in a network namespace, named as readlink(1) prints it."""
    found = []
    for link in pathlib.Path("/proc").glob("[0-9]*/ns/net"):
        try:
            if os.readlink(link) == inode:
                found.append(int(link.parts[2]))
        except OSError:
            continue
    return found


def kill(process, number=signal.SIGKILL):
    os.kill(process, number)
