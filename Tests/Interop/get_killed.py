"""`sockeye get` killed at any moment: what is left resumes, and is never a wrong file."""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import support
from support import SOCKEYE, wait_until
from support_origin import Origin, behaviour, content, cut_after, expect, finished, get, hostile, ranged, read, response


def trickle(body, tag, chunk=20_000, pause=0.002):
    """A server slow enough to be killed in the middle of."""
    def answer(request, connection):
        first = request.range[0] if request.range else 0
        last = request.range[1] if request.range and request.range[1] is not None else len(body) - 1
        whole = ranged(body, tag)(request, connection)
        head = whole[:whole.index(b"\r\n\r\n") + 4]
        connection.sendall(head)
        for position in range(first, last + 1, chunk):
            connection.sendall(body[position:min(position + chunk, last + 1)])
            time.sleep(pause)
        return b""
    return answer


KILLS = int(os.environ.get("KILLS", 15))


def kill_at_random(folder, arguments):
    """Kills a download at random moments, goes on, and looks at what there is each time."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"{KILLS} kills from seed {seed}", file=sys.stderr, flush=True)
    chance = random.Random(seed)
    body = content(12_000_000, seed)
    digest = hashlib.sha256(body).hexdigest()
    with Origin(trickle(body, '"v1"')) as origin:
        kills = 0
        while kills < KILLS or (kills < 4 * KILLS and not any(request.range for request in origin.requests)):
            target = os.path.join(folder, "x")
            process = subprocess.Popen([SOCKEYE, "get", "--json", "--retry", "0", *arguments, f"{origin.url}/x"], cwd=folder,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                process.wait(chance.uniform(0.0, 1.0))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            output, errors = process.communicate()
            if process.returncode == -signal.SIGKILL:
                # Killed after the file got its name: it is right, and the next run finds it finished or in its way.
                if os.path.exists(target):
                    expect(hashlib.sha256(read(target)).hexdigest() == digest, "seed", seed)
                    if not os.path.exists(target + ".part.journal"):
                        os.unlink(target)
            else:
                expect(process.returncode == 0, "seed", seed, process.returncode, errors)
                expect(hashlib.sha256(read(target)).hexdigest() == digest, "seed", seed)
                expect(os.listdir(folder) == ["x"], os.listdir(folder))
                report = json.loads(output.splitlines()[-1])
                expect(report["event"] == "finished" and report["sha256"] == digest, report)
            if process.returncode == 0:
                os.unlink(target)
        get(folder, *arguments, f"{origin.url}/x", "--on-exists", "overwrite")
        expect(hashlib.sha256(read(folder, "x")).hexdigest() == digest, "seed", seed)
        expect(os.listdir(folder) == ["x"], os.listdir(folder))
        expect(any(request.range for request in origin.requests), "nothing was ever taken up, seed", seed)


@hostile("any kill at any moment leaves a state that resumes")
def kills_never_leave_a_wrong_file(folder):
    kill_at_random(folder, [])


@hostile("any kill at any moment leaves a state that resumes")
def kills_of_four_connections_never_leave_a_wrong_file(folder):
    kill_at_random(folder, ["--connections", "4"])


@hostile("any kill at any moment leaves a state that resumes, in a folder too")
def kills_never_leave_a_wrong_file_in_a_folder(folder):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"{KILLS} kills from seed {seed}", file=sys.stderr, flush=True)
    chance = random.Random(seed)
    files = {f"f{number}": content(chance.randrange(5000), number) for number in range(400)}
    files["big"] = content(3_000_000, seed)
    entries = [{"name": name, "type": "file", "size": len(body)} for name, body in files.items()]
    listing = json.dumps({"v": 1, "path": "/", "entries": entries}).encode()
    def answer(request, connection):
        name = request.target[1:]
        return response(listing) if name == "?json" else ranged(files[name])(request, connection)
    with Origin(answer) as origin:
        for _ in range(KILLS):
            process = subprocess.Popen([SOCKEYE, "get", "-q", "--recursive", f"{origin.url}/"], cwd=folder)
            try:
                process.wait(chance.uniform(0.0, 0.4))
            except subprocess.TimeoutExpired:
                process.kill()
            expect(process.wait() in (0, -signal.SIGKILL), "seed", seed, process.returncode)
            for name in os.listdir(folder):
                expect(name in ("big.part", "big.part.journal") or read(folder, name) == files[name], "seed", seed, name)
        get(folder, "-q", "--recursive", f"{origin.url}/")
    expect(sorted(os.listdir(folder)) == sorted(files), "seed", seed)


@behaviour
def what_is_verified_is_not_hashed_again(folder):
    body = content(160_000_000)
    part, journal = os.path.join(folder, "x.part"), os.path.join(folder, "x.part.journal")
    read_again = []
    def send_and_break_off(whole, connection):
        start = whole.index(b"\r\n\r\n") + 4
        connection.sendall(whole[:start + 75_000_000])
        wait_until(lambda: os.path.exists(part) and os.path.getsize(part) == 75_000_000, "the first half")
        sent = 75_000_000
        for _ in range(2):
            # The second checkpoint from now is one of all that has been sent.
            before = os.path.getsize(journal)
            def grown():
                nonlocal sent
                connection.sendall(body[sent:sent + 1])
                sent += 1
                return os.path.getsize(journal) > before
            wait_until(grown, "a checkpoint")
        connection.sendall(body[sent:150_000_000])
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if not request.range:
            send_and_break_off(whole, connection)
            return None
        with open(f"/proc/{process.pid}/io") as counters:
            read_again.append(int(re.search(r"rchar: (\d+)", counters.read())[1]))
        return whole
    with Origin(answer) as origin:
        get(folder, "--retry", 0, f"{origin.url}/x", code=9)
        process = subprocess.Popen([SOCKEYE, "get", "-q", f"{origin.url}/x"], cwd=folder)
        expect(process.wait(60) == 0, process.returncode)
    # What came after the checkpoint before the last one is read again, and no more.
    expect(read_again and read_again[0] < 100_000_000, read_again)
    expect(read(folder, "x") == body)


@hostile("the final name appears only when whole: fsync, then rename")
def the_file_is_on_the_disk_before_it_has_its_name(folder):
    trace = os.path.join(folder, "trace")
    strace = [support.need("strace"), "-f", "-qq", "-o", trace,
              "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,unlinkat"]
    if subprocess.run([*strace, "true"], capture_output=True).returncode != 0:
        raise support.Skip("nothing may be traced here")
    with Origin(ranged(content(1_000_000))) as origin:
        subprocess.run([*strace, SOCKEYE, "get", "-q", f"{origin.url}/x"], cwd=folder, check=True, timeout=60)
    calls = re.findall(r"\b(fsync|rename|unlink)\w*\(", read(trace).decode())
    final = calls.index("rename")
    expect("fsync" in calls[:final], "the contents were not synchronized before the name", calls)
    expect("fsync" in calls[final:], "the name was not synchronized", calls)
    expect(calls.index("unlink", final) > calls.index("fsync", final), "the journal went before the name was safe", calls)
    os.unlink(trace)


@behaviour
def a_signal_writes_down_how_far_it_is(folder):
    body = content(4_000_000)
    gate = threading.Event()
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if not gate.is_set():
            connection.sendall(cut_after(3_000_000, whole))
            gate.wait(30)
            return None
        return whole
    with Origin(answer) as origin:
        process = subprocess.Popen([SOCKEYE, "get", f"{origin.url}/x"], cwd=folder, stderr=subprocess.PIPE)
        part = os.path.join(folder, "x.part")
        wait_until(lambda: os.path.exists(part) and os.path.getsize(part) == 3_000_000, "three quarters")
        process.send_signal(signal.SIGINT)
        expect(process.wait(30) == 130, process.returncode)
        process.stderr.close()
        gate.set()
        report, = finished(get(folder, "--json", f"{origin.url}/x"))
        expect(report["received"] == 1_000_000, report)
    expect(read(folder, "x") == body)


@hostile("a .part file with a journal")
def a_damaged_part_is_noticed(folder):
    body = content(4_000_000)
    state = {"cut": True}
    def answer(request, connection):
        whole = ranged(body)(request, connection)
        if state["cut"]:
            connection.sendall(cut_after(3_000_000, whole))
            return None
        return whole
    with Origin(answer) as origin:
        get(folder, "--retry", 0, f"{origin.url}/x", code=9)
        with open(os.path.join(folder, "x.part"), "r+b") as file:
            file.seek(2_999_000)
            file.write(b"damage")
        state["cut"] = False
        result = get(folder, f"{origin.url}/x")
        expect(b"starting again" in result.stderr, result.stderr)
    expect(read(folder, "x") == body)


if __name__ == "__main__":
    support.main(globals())
