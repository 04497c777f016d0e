"""The README as somebody new follows it: from a fresh clone, with no `sockeye` on the PATH but the one that it installs.

The clone, the home and everything else is in a temporary folder, and all but the building in a network of its own, since the
README names ports and devices.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import support
import support_documents
from support_documents import ROOT, sections

URL = "https://example.org/sockeye.git"
FOLDER = pathlib.Path(os.environ.get("README_FOLDER", "/nonexistent"))


def git(*arguments):
    subprocess.run(["git", *map(str, arguments)], check=True, capture_output=True)


def clone(folder):
    """Makes a repository of the files as they are, which a clone of the README's URL then comes from, and clones it."""
    origin, home = folder / "origin.git", folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "file://{origin}"]\n\tinsteadOf = {URL}\n')
    git("init", "-q", "--bare", "-b", "main", origin)
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    tree = [f"--git-dir={origin}", f"--work-tree={ROOT}", "-c", "core.bare=false"]
    git(*tree, "add", "-A", "--", str(ROOT))
    git(*tree, *author, "commit", "-q", "-m", "The files as they are")
    git("clone", "-q", origin, folder / "sockeye")
    # What has been fetched from elsewhere is not fetched again.
    for cache in (".cache/org.swift.swiftpm", ".swiftpm"):
        if (pathlib.Path.home() / cache).is_dir():
            (home / cache).parent.mkdir(exist_ok=True)
            (home / cache).symlink_to(pathlib.Path.home() / cache)


def environment(folder):
    """A user's environment, without a `sockeye` on the PATH."""
    path = [part for part in os.environ["PATH"].split(":") if not (pathlib.Path(part) / "sockeye").exists()]
    kept = {name: value for name, value in os.environ.items() if name not in ("SOCKEYE", "BRIDGE")}
    # The package manager leaves its locks in the temporary folder.
    return {**kept, "HOME": str(folder / "home"), "TMPDIR": str(folder / "home"), "PATH": ":".join(path)}


def installed():
    """The environment after the installation."""
    return {**environment(FOLDER), "PATH": (FOLDER / "path").read_text()}


def install(folder):
    """Follows the section that installs, outside of the test's network: it may have to fetch."""
    clone(folder)
    users = environment(folder)
    assert shutil.which("sockeye", path=users["PATH"]) is None
    title, section, boxes = next(sections("README.md"))
    assert title == "Install" and boxes, title
    support_documents.follow(section, boxes, folder / "sockeye", users, deadline=support_documents.LONG)
    assert shutil.which("sockeye", path=users["PATH"]) == str(folder / "home/.local/bin/sockeye")
    (folder / "path").write_text(users["PATH"])


def test_sections():
    """Every section does what it says, in order, in the clone or in an empty folder."""
    if os.geteuid() != 0:
        raise support.Skip("devices take root")
    support.need("ping")
    users = installed()
    for title, section, boxes in list(sections("README.md"))[1:]:
        place = FOLDER / "sockeye"
        if any(kind.startswith("swift") for kind, _ in boxes):
            place = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        print(f"  {title}", flush=True)
        support_documents.follow(section, boxes, place, users, deadline=support_documents.LONG)
    fetched = FOLDER / "home" / "fetched"
    assert (fetched / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
    assert sorted(path.name for path in fetched.iterdir()) == ["README.md"]


def test_courses():
    """Each program of the table for learners speaks with the one beside it."""
    rows = re.findall(r"^\| [^|]+ \| `(sockeye [^`]+)` \| `(sockeye [^`]+)` \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(rows) == 7, rows
    users = installed()
    for server, client in rows:
        with support_documents.serving(server, "", FOLDER / "sockeye", users) as program:
            printed = support_documents.command(client, FOLDER / "sockeye", users)
            assert printed, (client, program.errors)
            if "--once" in server:
                assert program.process.wait(support.DEADLINE) == 0, program.errors


def test_engine_alone():
    """Who takes the engine alone fetches nothing but this package."""
    checkouts = [path.name for path in FOLDER.glob("*/.build/checkouts/*") if path.parent.parent.parent.name != "sockeye"]
    assert set(checkouts) == {"sockeye"}, checkouts


def test_chinese():
    """The Chinese README has the same commands, in the same order."""
    ours, theirs = (support_documents.commands(f"README{name}.md") for name in ("", ".zh"))
    assert ours == theirs, [pair for pair in zip(ours, theirs) if pair[0] != pair[1]][:1] or (len(ours), len(theirs))


def test_samples():
    """What the README shows of an example stands there, and is the same in both languages."""
    examples = [path.read_text() for path in (ROOT / "Examples").rglob("*.swift") if ".build" not in path.parts]
    ours, theirs = (
        re.findall(r"^```swift\n(.*?)^```$", (ROOT / f"README{name}.md").read_text(), re.MULTILINE | re.DOTALL)
        for name in ("", ".zh")
    )
    assert ours and ours == theirs
    for sample in ours:
        indented = "".join(f"    {line}\n" for line in sample.splitlines())
        assert any(indented in example for example in examples), sample


def test_second_installation():
    """Installing again, from a terminal this time, builds nothing again."""
    script = support.need("script")
    users = installed()
    built = FOLDER / "sockeye/.build/release/sockeye.build"
    before = {path: path.stat().st_mtime_ns for path in built.glob("*.o")}
    assert before
    subprocess.run(
        [script, "-qec", f"scripts/install {FOLDER}/elsewhere", "/dev/null"], cwd=FOLDER / "sockeye", env=users, check=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=support_documents.LONG,
    )
    assert before == {path: path.stat().st_mtime_ns for path in built.glob("*.o")}
    assert (FOLDER / "elsewhere/bin/sockeye").stat().st_size < (built.parent / "sockeye").stat().st_size


def main():
    """Runs the tests in a network of their own, where README_FOLDER has an installation; else makes one for them first.

    `--install` makes that installation and no more: its build is then there for other tests too.
    """
    if sys.argv[1:] == ["--install"]:
        return install(FOLDER)
    if "README_FOLDER" in os.environ:
        support.in_own_network()
        return support.main(globals())
    with tempfile.TemporaryDirectory() as name:
        install(pathlib.Path(name))
        code = subprocess.call([sys.executable, *sys.argv], env={**os.environ, "README_FOLDER": name})
    sys.exit(code)


if __name__ == "__main__":
    main()
