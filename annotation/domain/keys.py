"""Keys as the annotation page names them, and what may be bound to which.

A key is written as `static/js/annotator/keyboard.js` does: `a`, `A`, `?`, `Shift+ArrowLeft`,
`Mod+z`, where Mod is Ctrl, or Cmd on a Mac.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daner_site.core.sentences import Sentence

NAMED = [
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "ArrowDown",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Tab",
    "Enter",
    "Escape",
    "Delete",
    "Backspace",
    "Insert",
    "F1",
    "F2",
    "F3",
    "F4",
    "F6",
    "F7",
    "F8",
    "F9",
    "F10",
]
_BY_SMALL_NAME = {name.lower(): name for name in NAMED} | {
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "←": "ArrowLeft",
    "→": "ArrowRight",
    "↑": "ArrowUp",
    "↓": "ArrowDown",
    "esc": "Escape",
    "del": "Delete",
    "return": "Enter",
    "space": " ",
}
_MODIFIERS = {
    "mod": "Mod",
    "ctrl": "Mod",
    "cmd": "Mod",
    "control": "Mod",
    "alt": "Alt",
    "option": "Alt",
    "shift": "Shift",
}
_BROWSERS = frozenset(
    [f"Mod+{shift}{letter}" for shift in ("", "Shift+") for letter in "wtnq"]
    + ["Mod+Tab", "Mod+Shift+Tab", "Mod+r", "Mod+l", "Alt+Tab", "Alt+F4"]
)
_LABELS_OWN = re.compile(r"[a-z0-9]")
WALKS = ("nextMark", "previousMark")
"""The commands that let Tab go on when there is nothing to go to."""


class BadKey(ValueError):
    """A key that cannot be; the message says why."""


@dataclass(frozen=True)
class Command:
    """Something the annotation page does, with the keys it has unless somebody changes them."""

    name: str
    keys: tuple[str, ...]
    text: str


def parse_key(text: str) -> str:
    """The page's name of a key that somebody typed: `ctrl+Left` becomes `Mod+ArrowLeft`.

    Raises: BadKey.
    """
    if text and not text.strip(" "):
        return " "
    written = text.strip()
    # A plus may be the key itself: "+", "Mod++".
    *names, last = [part.strip() or "+" for part in re.split(r"\+(?!$)", written)] if written != "+" else ["+"]
    modifiers = {_MODIFIERS.get(name.lower(), "") for name in names}
    if "" in modifiers:
        raise BadKey(Sentence("“{text}”: before the key only Ctrl, Alt and Shift can stand.", text=text))
    key = last if len(last) == 1 and last not in _BY_SMALL_NAME else _BY_SMALL_NAME.get(last.lower(), "")
    if not key or (len(key) == 1 and key != " " and not key.isprintable()):
        raise BadKey(
            Sentence(
                "“{text}” is no key. Write one character, or a name such as Enter, ArrowLeft or Shift+Home.", text=text
            )
        )
    return _assembled(key, modifiers)


def _assembled(key: str, modifiers: set[str]) -> str:
    """Shift is part of what a character key prints, unless another modifier makes it a shortcut."""
    if len(key) == 1 and modifiers <= {"Shift"}:
        return key.upper() if modifiers else key
    if len(key) == 1:
        key = key.lower()
    found = "+".join([*(name for name in ("Mod", "Alt", "Shift") if name in modifiers), key])
    if found in _BROWSERS:
        raise BadKey(Sentence("{found} belongs to the browser.", found=readable(found)))
    return found


def readable(key: str) -> str:
    """`Mod+ArrowLeft` for people: `Ctrl ←`."""
    signs = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Mod": "Ctrl", "Escape": "Esc"}
    if key == " ":
        return "Space"
    if re.fullmatch(r"[A-Z]", key):
        return f"Shift {key}"
    if len(key) == 1:
        return key
    parts = re.split(r"\+(?=.)", key)
    return " ".join(signs.get(part, part.upper() if len(part) == 1 else part) for part in parts)


def command_problems(chosen: Mapping[str, Sequence[str]], commands: Sequence[Command]) -> dict[str, list[str]]:
    """What is wrong with these keys, by the command's name; empty when all is well.

    `chosen` holds every command. Two commands never share a key, and each keeps one that no label
    can take, so that no project's labels can put a command out of reach.
    """
    text = {command.name: command.text for command in commands}
    problems: dict[str, list[str]] = {}
    for name, keys in chosen.items():
        found: list[str] = [
            Sentence("{key} is already the key of “{text}”.", key=readable(key), text=text[other])
            for key in dict.fromkeys(keys)
            for other, theirs in chosen.items()
            if other != name and key in theirs
        ]
        if all(_LABELS_OWN.fullmatch(key) for key in keys):
            found.append(
                Sentence("One of its keys must be other than a small letter or digit: those belong to labels first.")
                if keys
                else Sentence("A command needs a key.")
            )
        if name not in WALKS and any(key.endswith("Tab") for key in keys):
            found.append(Sentence("Tab also leaves the text, so it can only go to the next or previous suggestion."))
        if found:
            problems[name] = found
    return problems


def label_problems(chosen: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong with these label keys, by the label's name; an empty key gives the label a free digit."""
    problems: dict[str, list[str]] = {}
    for name, key in chosen.items():
        if key and not _LABELS_OWN.fullmatch(key):
            problems[name] = [Sentence("“{key}”: a label's key is one small letter or digit.", key=key)]
            continue
        others = [other for other, theirs in chosen.items() if key and other != name and theirs == key]
        if others:
            problems[name] = [Sentence("“{key}” is already the key of {others}.", key=key, others=", ".join(others))]
    return problems


def label_keys(defaults: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Label name → key: one's own choice, else the project's key unless one's own choice took it."""
    mine = {name: own[name] for name in defaults if name in own}
    taken = {key for key in mine.values() if key}
    return {name: mine.get(name, "" if key in taken else key) for name, key in defaults.items()}


def shadowed(key: str, commands: Sequence[Command], own: Mapping[str, Sequence[str]]) -> str:
    """In words, which command loses this key to a label; empty if none does."""
    for command in commands:
        keys = own.get(command.name, command.keys)
        if key and key in keys:
            rest = " or ".join(readable(other) for other in keys if not _LABELS_OWN.fullmatch(other))
            return Sentence("“{text}” keeps {rest}.", text=command.text, rest=rest)
    return ""
