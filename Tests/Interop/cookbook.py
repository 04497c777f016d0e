"""The cookbook's recipes, exactly as they are printed, each in a folder and a network of its own."""

import os
import pathlib
import subprocess
import tempfile

import support
import support_documents


def test_recipes():
    """Every recipe of the cookbook does what it says."""
    for tool in ("curl", "microsocks", "nc", "tshark", "xxd"):
        support.need(tool)
    path = f"{os.path.dirname(os.path.abspath(support.SOCKEYE))}:{os.environ['PATH']}"
    failures = []
    for title, section, boxes in support_documents.sections("Documentation/Cookbook.md"):
        with tempfile.TemporaryDirectory() as folder:
            try:
                support_documents.follow(section, boxes, pathlib.Path(folder), {**os.environ, "PATH": path})
            except (AssertionError, subprocess.TimeoutExpired) as failure:
                failures.append(f"{title}: {failure}")
    assert not failures, "\n".join(failures)


def test_chinese_recipes():
    """The Chinese cookbook has the same commands, in the same order."""
    ours, theirs = (support_documents.commands(f"Documentation/Cookbook{name}.md") for name in ("", ".zh"))
    assert ours == theirs, [pair for pair in zip(ours, theirs) if pair[0] != pair[1]][:1] or (len(ours), len(theirs))


if __name__ == "__main__":
    support.in_own_network()
    support.main(globals())
