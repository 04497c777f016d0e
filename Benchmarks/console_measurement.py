"""Keys that are pressed in the console's page while something else goes on, and how soon they are answered."""

import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "Interop"))

OBSERVE = """
    window.answers = [];
    addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => answers.push(performance.now() - timeStamp);
      port2.postMessage(0);
    }), true);
"""
PAUSE = 0.05
"""Seconds between two keys."""


class Keys:
    """Somebody who types: from a key's time stamp to the picture that shows it is an answer."""

    def __init__(self, page):
        self.page = page
        page.evaluate(OBSERVE)

    def begin(self):
        """Forgets what was measured, and puts the cursor where keys are typed."""
        self.page.evaluate("answers.length = 0")
        self.page.evaluate("document.getElementById('message').focus()")

    def press(self):
        for kind in ("keyDown", "keyUp"):
            self.page.browser.call("Input.dispatchKeyEvent", type=kind, key="a", text="a" if kind == "keyDown" else "")
        time.sleep(PAUSE)

    def answers(self):
        """The milliseconds that answers took, sorted: those since the last time that somebody asked."""
        return sorted(self.page.evaluate("answers.splice(0)"))

    @property
    def heap(self):
        """What the page's script has allocated, with the buffers outside of its heap, in bytes."""
        usage = self.page.browser.call("Runtime.getHeapUsage")
        return int(sum(usage.get(name, 0) for name in ("usedSize", "embedderHeapUsedSize", "backingStorageSize")))


def rank(answers, share):
    """The answer that a share of all are no later than."""
    return answers[int(share * (len(answers) - 1))] if answers else 0.0
