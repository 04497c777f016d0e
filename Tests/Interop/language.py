"""Help and messages in the language that the locale or --language asks for."""

import os
import re

import support
from support import SOCKEYE, sockeye

VERBS = [
    [], ["checksum"], ["completions"], ["connect"], ["get"], ["host"], ["lab"], ["lab", "list"], ["lab", "scenario"],
    ["lab", "transfer"], ["lab", "verdicts"], ["listen"], ["manual"], ["serve"], ["watch"],
]

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){3,}")
"""Four words in a row: commands and names of protocols have fewer."""


def environment(**locale):
    """The environment with no locale but the one that is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name != "LANG"}
    return {**kept, **locale}


def is_example(line):
    """Whether a line of help shows a command."""
    return re.match(r"  (sockeye|printf|source|ip|ping) ", line) is not None


def english(text):
    """The lines that say something in English; commands, which stand between brackets, aside."""
    text = re.sub(r"（ip .*?）", "", text, flags=re.DOTALL)
    return [line for line in text.splitlines() if not is_example(line) and ENGLISH.search(line)]


def printed(*arguments, **locale):
    """What a call that does well prints."""
    answer = sockeye(*arguments, env=environment(**locale))
    assert answer.returncode == 0, answer
    return answer.stdout.decode()


def test_help_by_flag_and_locale():
    """Every verb's help is Chinese by --language and by the locale, the same both times, and without an English sentence."""
    for verb in VERBS:
        text = printed(*verb, "--help", "--language", "zh")
        assert text == printed(*verb, "--help", LC_ALL="zh_CN.UTF-8"), verb
        assert "用法：" in text and "选项：" in text, (verb, text)
        assert not english(text), (verb, english(text))
        for entry in re.findall(r"^  (-\S.*|<.*)$", text, re.MULTILINE):
            assert CHINESE.search(entry) or len(entry) > 22 or "…" in entry or "HOST" in entry or "PORT" in entry, (verb, entry)


def test_english_by_default():
    """Help is English without a locale, in the locale C, in others, and where --language says so."""
    expected = printed("connect", "--help")
    assert "OVERVIEW: Hold a conversation" in expected
    for locale in ({"LC_ALL": "C"}, {"LANG": "de_DE.UTF-8"}, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}):
        assert printed("connect", "--help", **locale) == expected, locale
    assert printed("connect", "--help", "--language", "en", LC_ALL="zh_CN.UTF-8") == expected


def test_manual():
    """The manual page is Chinese too, with the same flags as the English one."""
    pages = printed("manual"), printed("manual", "--language", "zh")
    assert ".Sh 描述" in pages[1]
    flags = [re.findall(r"^\.It .*$", page, re.MULTILINE) for page in pages]
    assert flags[0] == flags[1] and len(flags[0]) > 100


if __name__ == "__main__":
    support.main(globals())
