"""Much data, and many clients: nothing is lost, nothing is reordered, and memory stays flat.

CONVERSATION_BULK_BYTES says how much goes through (1 GiB unless it is set).
"""

import hashlib
import os
import pathlib
import resource
import selectors
import socket
import subprocess
import tempfile
import threading
import time

import support
from support import Server, wait_until, DEADLINE, SOCKEYE

BULK = int(os.environ.get("CONVERSATION_BULK_BYTES", 1 << 30))
LIMIT = 64 << 20
CHUNK = os.urandom(1 << 20)


def write_bulk(stream, count, until=None):
    """Writes `count` bytes, each MiB of them different, and ends the stream once `until` is set; answers their SHA-256."""
    digest = hashlib.sha256()
    written = 0
    while written < count:
        chunk = (b"%016d" % written + CHUNK[16:])[: count - written]
        digest.update(chunk)
        stream.write(chunk)
        written += len(chunk)
    stream.flush()
    assert until is None or until.wait(DEADLINE)
    stream.close()
    return digest.hexdigest()


def read_bulk(stream):
    digest = hashlib.sha256()
    count = 0
    while chunk := stream.read1(1 << 20):
        digest.update(chunk)
        count += len(chunk)
    return digest.hexdigest(), count


def peak(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process is gone")


def test_bulk():
    """a file piped through connect into listen and back by --echo is bit-exact, with less than 64 MiB in each process"""
    with tempfile.TemporaryDirectory() as folder:
        kept = f"{folder}/kept"
        with open(kept, "wb") as file, Server("listen", "--echo", "127.0.0.1:0", stdout=file) as server:
            client = subprocess.Popen(
                [SOCKEYE, "connect", "-q", server.endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            sent, measured = [], threading.Event()
            writer = threading.Thread(target=lambda: sent.append(write_bulk(client.stdin, BULK, until=measured)))
            begin = time.monotonic()
            writer.start()
            peaks = []
            digest = hashlib.sha256()
            count = 0
            while chunk := client.stdout.read1(1 << 20):
                digest.update(chunk)
                count += len(chunk)
                if count >= BULK:
                    break
            peaks = [peak(client), server.peak_memory]
            measured.set()
            seconds = time.monotonic() - begin
            writer.join()
            assert client.wait(DEADLINE) == 0
            server.wait_for("closed: peer FIN")
            # Its end is what says that all is in the file.
            server.signal()
            assert server.process.wait(DEADLINE) == 143
        assert (count, digest.hexdigest()) == (BULK, sent[0]), count
        with open(kept, "rb") as file:
            assert read_bulk(file) == (sent[0], BULK)
    assert max(peaks) < LIMIT, peaks
    mebibytes = [round(value / (1 << 20), 1) for value in peaks]
    print(f"  {BULK >> 20} MiB there and back in {seconds:.1f} s; peak memory: connect {mebibytes[0]}, listen {mebibytes[1]} MiB")


def test_stopped_reader():
    """with the reader stopped for 10 s nothing is lost and memory stays flat, on either side"""
    with Server("listen", "--echo", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        client = subprocess.Popen([SOCKEYE, "connect", "-q", server.endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        amount = 256 << 20
        sent = []
        writer = threading.Thread(target=lambda: sent.append(write_bulk(client.stdin, amount)))
        writer.start()
        first = client.stdout.read(1 << 20)
        # Not synchronisation: the time is the thing tested.
        end = time.monotonic() + 10
        during = []
        while time.monotonic() < end:
            selectors.DefaultSelector().select(0.5)
            during.append((support_memory(client), server.memory))
        flat = [max(row[side] for row in during[4:]) - min(row[side] for row in during[4:]) for side in (0, 1)]
        assert max(flat) < 4 << 20, during
        digest = hashlib.sha256(first)
        count = len(first)
        while chunk := client.stdout.read1(1 << 20):
            digest.update(chunk)
            count += len(chunk)
        writer.join()
        assert client.wait(DEADLINE) == 0
        assert (count, digest.hexdigest()) == (amount, sent[0])
        assert server.peak_memory < LIMIT


def support_memory(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process is gone")


def test_stopped_output():
    """a listen whose output is not read loses nothing, and stops reading its client meanwhile"""
    amount = 64 << 20
    # With its own input open, it would wait for more to say to the client.
    with Server("listen", "--once", "127.0.0.1:0", stdin=subprocess.DEVNULL) as server:
        client = subprocess.Popen([SOCKEYE, "connect", "-q", server.endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        sent = []
        writer = threading.Thread(target=lambda: sent.append(write_bulk(client.stdin, amount)))
        writer.start()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            selectors.DefaultSelector().select(0.5)
        assert server.memory < LIMIT
        assert read_bulk(server.process.stdout) == (wait_until(lambda: sent, "end of writing")[0], amount)
        writer.join()
        assert client.wait(DEADLINE) == 0


def test_stopped_output_of_datagrams():
    """a listen whose output is not read drops datagrams rather than keep them, and says how many"""
    with Server("listen", "--udp", "127.0.0.1:0") as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", server.port))
            for _ in range(20_000):
                client.send(CHUNK[:8000])
            assert server.peak_memory < LIMIT, server.peak_memory
            threading.Thread(target=server.process.stdout.read, daemon=True).start()
            server.wait_for("datagrams dropped: the output was not read")


def test_crowd():
    """10,000 clients at once are each answered 100 times, and nothing is lost"""
    crowd, rounds, size = 10_000, 100, 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < crowd + 100:
        raise support.Skip(f"only {hard} descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with Server("listen", "--echo", "-q", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
            before = server.memory
            selector = selectors.EpollSelector()
            clients = []
            for number in range(crowd):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
                client.setblocking(False)
                clients.append(client)
                selector.register(client, selectors.EVENT_READ, number)
            messages = [(b"%08d" % number) * (size // 8) for number in range(crowd)]
            begin = time.monotonic()
            rest = [rounds] * crowd
            got = [b""] * crowd
            for number, client in enumerate(clients):
                client.send(messages[number])
            finished = 0
            while finished < crowd:
                events = selector.select(DEADLINE)
                assert events, f"stalled with {finished} of {crowd} finished"
                for key, _ in events:
                    number = key.data
                    got[number] += key.fileobj.recv(size)
                    if len(got[number]) < size:
                        continue
                    assert got[number] == messages[number], number
                    got[number] = b""
                    rest[number] -= 1
                    if rest[number]:
                        key.fileobj.send(messages[number])
                    else:
                        finished += 1
            seconds = time.monotonic() - begin
            each = (server.peak_memory - before) / crowd
            for client in clients:
                client.close()
        print(f"  {crowd * rounds} answers in {seconds:.1f} s; {each / 1024:.1f} KiB for each connection")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


if __name__ == "__main__":
    support.main(globals())
