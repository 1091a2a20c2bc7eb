"""Scripts say nothing that is not marked: static/js/language.js is how they speak."""

from __future__ import annotations

import re

import pytest

from tests.scripts import literals
from tests.translations import COMMANDS, ROOT, SCRIPT_CALL

SCRIPTS = sorted(path for path in (ROOT / "static/js").rglob("*.js") if path != COMMANDS)
STYLES = "".join(path.read_text() for path in sorted((ROOT / "static/css").glob("*.css")))

THROWN = re.compile(r"throw new \w*Error\(.*\);")
"""A developer reads it, in the browser's console."""
KEYS = re.compile(
    r"Mod|Ctrl|Control|Alt|AltGraph|Shift|Meta|CapsLock|Dead|Process|Unidentified"
    r"|Enter|Escape|Esc|Tab|Space|Backspace|Delete|Del|Home|End",
    re.I,
)
"""Keys are called alike in every language, because people also type these names."""
CLASSES = set(re.findall(r"\.([a-z][\w-]*)", STYLES))
"""Several of them in one string are what an element is styled by."""
NO_TEXT = re.compile(
    r"(?:(?:closest|matches|querySelector(?:All)?|createElement|make|button)(?:\?\.)?\(|make\(\"\w+\", |[!=]== )$"
)
"""What follows is a selector, the name or the class of an element, or something to compare with."""
SHOWN = re.compile(
    r"\b(?:(?:textContent|title|ariaLabel|placeholder)\s*[:=]\s|append\(|(?<!\.)(?:toast|announce|say|note)\().*"
)
"""Where a single small word is one that people see or hear, to the end of the line."""

STYLE = re.compile(r"[a-z]+(?:-[a-z]+)+\(")
"""A function of style sheets begins so: color-mix(in …"""

CAPITAL = re.compile(r"(?<![\w:.#-])[A-Z][a-z]+(?![\w-])")
PHRASE = re.compile(r"[a-z]{2,} [a-z]+|^ [a-z]{2,}|[a-z]{2,} $|\w…", re.I)
"""Several words, one that is glued to a value, or one that says that something is going on."""


def unmarked(source: str) -> list[str]:
    """Texts in quotes that are for people and in no call of gettext."""
    source = THROWN.sub("", SCRIPT_CALL.sub("said(", source))
    shown = [match.span() for match in SHOWN.finditer(source)]
    found = []
    for at, text in literals(source):
        if NO_TEXT.search(source[:at].rstrip("`")) or STYLE.match(text):
            continue
        words = [word for word in text.split() if not KEYS.fullmatch(word.strip("+"))]
        styled = all("-" in word or word in CLASSES for word in words)
        sentence = CAPITAL.search(" ".join(words)) or PHRASE.search(text)
        in_sight = any(start <= at < end for start, end in shown)
        if (sentence and not styled) or (in_sight and any(re.search(r"[a-z]{2}", word, re.I) for word in words)):
            found.append(text)
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT / "static/js")))
def test_a_script_says_nothing_that_is_not_marked(script):
    assert not unmarked(script.read_text())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT / "static/js")))
def test_every_marked_text_can_be_read_from_the_source(script):
    source = script.read_text().replace("gettext(text)", "")  # a command's, which is read from their list
    for call in re.finditer(r"(?<![\w.])(n?)gettext\(.*", source):
        read = SCRIPT_CALL.match(source, call.start())
        assert read, call[0]
        assert bool(read[2]) == bool(call[1]), call[0]


UNMARKED = """
/* A comment "In quotes." */
const NOTES = { saved: "Saved", busy: "loading…" }; // and 'Another one.'
toast(done ? "Copied." : gettext("Marked."), { bad: true });
status.textContent = left ? `${left} of ${all}` : "all";
element.append(name, marked ? ` suggested` : "");
act(done, `There is no ${`${number}`} here.`);
const pattern = /["'`]It is no text/u;
say(gettext("{words}, selected", { words: "alone" }));
throw new RangeError(`no point ${at} in a text`);
element.className = bad ? "toast toast-bad" : "toast";
if (key === "Enter" && target.closest("textarea, select")) put(ngettext("{count} word", "{count} words", n));
"""


def test_unmarked_words_are_found_wherever_they_stand():
    assert unmarked(UNMARKED) == [
        "Saved",
        "loading…",
        "Copied.",
        " of ",
        "all",
        " suggested",
        "There is no ",
        " here.",
        "alone",
    ]


def test_style_sheets_say_nothing():
    said = re.findall(r"content:\s*\"([^\"]*)\"", STYLES)
    assert said
    assert not [text for text in said if re.search(r"[a-z]{2}", text, re.I)]
