"""What the measurements share: building the peers, running a server, and a table of what came of it."""

import os
import pathlib
import signal
import statistics
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
SOCKEYE = os.environ.get("SOCKEYE", str(HERE.parent / ".build/release/sockeye"))


def build(name, folder, *flags):
    """Compiles a peer of ours in C; answers where it is."""
    path = f"{folder}/{name}"
    command = ["gcc", "-O2", "-D_GNU_SOURCE", "-o", path, HERE / "peers" / f"{name}.c", *flags]
    subprocess.run(command, check=True)
    return path


class Server:
    """A server that runs for the length of a `with` block.

    `wait` is called with its process, and returns when it serves: with its port. Without it, the server prints its port.
    """

    def __init__(self, command, wait=None):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            stdout=subprocess.DEVNULL if wait else subprocess.PIPE,
        )
        try:
            self.port = wait(self.process) if wait else int(self.process.stdout.readline())
        except BaseException:
            self.__exit__()
            raise

    @property
    def processor_seconds(self):
        """What the server, and the processes that it started, have used of the processors."""
        ticks = 0
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def wait_until(condition, process):
    """Waits for what a server does when it is ready."""
    deadline = time.monotonic() + 10
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, process.args
        time.sleep(0.01)


def ready_file(path):
    """Waits for a server that writes its addresses to a file."""

    def wait(process):
        wait_until(lambda: os.path.exists(path), process)
        port = int(pathlib.Path(path).read_text().split()[0].rpartition(":")[2])
        os.unlink(path)
        return port

    return wait


def listening(port):
    """Waits for a server that was told its port."""

    def wait(process):
        marks = (f":{port:04X} 00000000:0000 0A", f":{port:04X} 00000000:0000 07")
        wait_until(
            lambda: any(mark in open(f"/proc/net/{table}").read() for mark in marks for table in ("tcp", "udp")), process
        )
        return port

    return wait


def print_table(title, results, columns):
    """Prints the medians of each server's rounds, with the lowest and the highest.

    `results` has a list of figures for each server, one a round, ours first; `columns` more such lists by their titles.
    """
    names = list(results)
    base = statistics.median(results[names[0]])
    heads = ["median", "lowest", "highest", f"{names[0]} / it", *columns]
    print(f"\n| {title} | {' | '.join(heads)} |")
    print("| --- |" + " ---: |" * len(heads))
    for name, values in results.items():
        median = statistics.median(values)
        places = 0 if base >= 100 else 2
        cells = [f"{figure:,.{places}f}" for figure in (median, min(values), max(values))]
        cells.append(f"{base / median:.2f}" if median else "-")
        for column in columns.values():
            cells.append(f"{statistics.median(column[name]):.2f}" if column[name] else "-")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
