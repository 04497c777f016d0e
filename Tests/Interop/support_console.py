"""A console that tests speak to."""

import json
import queue
import threading

import support
from support import DEADLINE, SOCKEYE


class Console:
    """`sockeye console --stdio`: requests in, answers and events out."""

    def __init__(self, *arguments, cwd=None):
        self.program = support.Program(SOCKEYE, "console", "--stdio", *arguments, cwd=cwd)
        self.lines = queue.Queue()
        self.seen = []
        self.last = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.program.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def __enter__(self):
        self.program.__enter__()
        return self

    def __exit__(self, *details):
        return self.program.__exit__(*details)

    def next(self, what):
        """The next object that the program says."""
        try:
            said = self.lines.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError(f"no {what}; said: {str(self.seen[-5:])[:2000]}") from None
        assert said is not None, f"the program ended before {what}: {self.program.errors}"
        self.seen.append(said)
        return said

    def ask(self, op, **members):
        """Asks for something, and answers the answer."""
        self.last += 1
        self.program.send((json.dumps({"id": self.last, "op": op, **members}) + "\n").encode())
        known = [said for said in self.seen if said.get("id") == self.last]
        while not known:
            said = self.next(f"answer to {op}")
            known = [said] if said.get("id") == self.last else []
        return known[0]

    def do(self, op, **members):
        """Asks for something that has to work."""
        answer = self.ask(op, **members)
        assert answer["ok"], answer
        return answer

    def event(self, name, **members):
        """The first event of a name with some members, seen already or to come; it is not answered again."""
        def fits(said):
            return said.get("event") == name and all(said.get(key) == value for key, value in members.items())

        for said in self.seen:
            if fits(said):
                self.seen.remove(said)
                return said
        while True:
            said = self.next(f"event {name} {members}")
            if fits(said):
                self.seen.remove(said)
                return said

    def open(self, **settings):
        return self.do("open", settings=settings)["session"]


def port_of(session):
    return int(session["local"][0].rpartition(":")[2])
