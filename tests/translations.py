"""What the interface says: the messages of the sources, the .po files that answer them, the .mo files Django reads.

    python -m tests.translations    bring every .po file up to date and compile it

Pure Python, so that nobody needs the gettext programs. Domain `django` holds what templates and Python say,
`djangojs` what the scripts say.
"""

from __future__ import annotations

import ast
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "daner_site/locale"
LANGUAGES = ("de", "fr")
DOMAINS = ("django", "djangojs")
PACKAGES = ("daner_site", "annotation", "activelearning", "quality")
SINGLE = {"_", "gettext", "gettext_lazy", "gettext_noop", "Sentence"}
PLURAL = {"ngettext", "ngettext_lazy", "counted"}
CALL = re.compile(r"""(?<![\w.])(?:_|n?p?gettext)\((?:\s*(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\w.]+)\s*,?)+\s*\)""")
SCRIPT_CALL = re.compile(r"""(?<![\w.])n?gettext\(\s*("(?:\\.|[^"\\])*")(?:\s*,\s*("(?:\\.|[^"\\])*"))?""")
"""In scripts the text comes first; what fills its holes may be any expression. See static/js/language.js."""
COMMANDS = ROOT / "static/js/annotator/commands.js"
"""A list of data; both the page and the script say its texts."""

Key = tuple[str, str]
"""Context ("" for none) and English text."""


@dataclass(frozen=True)
class Message:
    plural: str = ""
    where: tuple[str, ...] = ()
    strings: tuple[str, ...] = ("",)
    flags: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass
class Catalogue:
    header: str
    messages: dict[Key, Message] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


# --- sources ------------------------------------------------------------------------------


def messages(domain: str) -> dict[Key, Message]:
    """Everything marked, with the files that say it."""
    found: dict[Key, Message] = {}
    for path, (context, text, plural) in _marked(domain):
        known = found.setdefault((context, text), Message(plural))
        where = str(path.relative_to(ROOT))
        found[context, text] = replace(known, plural=known.plural or plural, where=tuple(sorted({*known.where, where})))
    return found


def _marked(domain: str) -> Iterator[tuple[Path, tuple[str, str, str]]]:
    if domain == "djangojs":
        for path in sorted((ROOT / "static/js").rglob("*.js")):
            for text, plural in SCRIPT_CALL.findall(path.read_text()):
                yield path, ("", json.loads(text), json.loads(plural or '""'))
    else:
        for path in sorted((ROOT / "templates").rglob("*.html")):
            yield from ((path, said) for said in _calls_in(templatize(path.read_text(), origin=str(path))))
        for package in PACKAGES:
            for path in sorted((ROOT / package).rglob("*.py")):
                yield from ((path, said) for said in _said(ast.parse(path.read_text())))
    for text in re.findall(r'"text": "([^"]+)"', COMMANDS.read_text()):
        yield COMMANDS, ("", text, "")


def _calls_in(text: str) -> Iterator[tuple[str, str, str]]:
    for call in CALL.findall(text):
        yield from _said(ast.parse(re.sub(r"\s+", " ", call), mode="eval"))


def _said(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if not texts or not texts[0]:
            continue
        if name in SINGLE:
            yield "", texts[0], ""
        elif name in PLURAL and len(texts) > 1:
            yield "", texts[0], texts[1]
        elif name == "pgettext" and len(texts) > 1:
            yield texts[0], texts[1], ""
        elif name == "npgettext" and len(texts) > 2:
            yield texts[0], texts[1], texts[2]


# --- .po ----------------------------------------------------------------------------------


def path_of(language: str, domain: str, suffix: str = "po") -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{suffix}"


def read(path: Path) -> Catalogue:
    """A .po file as gettext writes it; what is commented out (`#~`) is dropped."""
    found = Catalogue("")
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip()):
        notes, where, flags, parts, last = [], [], set(), {}, ""
        for line in block.splitlines():
            if line.startswith("#:"):
                where += line[2:].split()
            elif line.startswith("#,"):
                flags |= {flag.strip() for flag in line[2:].split(",")}
            elif line.startswith("#") and not line.startswith("#~"):
                notes.append(line[1:].strip())
            elif match := re.match(r'(msg\w+(?:\[\d\])?)?\s*(".*")$', line):
                last = match[1] or last
                parts[last] = parts.get(last, "") + ast.literal_eval(match[2])
        if "msgid" not in parts:
            continue
        strings = tuple(value for name, value in sorted(parts.items()) if name.startswith("msgstr"))
        if not parts["msgid"]:
            found.header, found.notes = strings[0], tuple(notes)
            continue
        found.messages[parts.get("msgctxt", ""), parts["msgid"]] = Message(
            parts.get("msgid_plural", ""), tuple(where), strings, frozenset(flags), tuple(notes)
        )
    return found


def write(path: Path, catalogue: Catalogue) -> None:
    blocks = [
        "\n".join([*(f"# {note}".rstrip() for note in catalogue.notes), 'msgid ""', _put("msgstr", catalogue.header)])
    ]
    for (context, text), message in sorted(catalogue.messages.items(), key=lambda item: (item[1].where, item[0])):
        lines = [*(f"# {note}" for note in message.notes), *(f"#: {where}" for where in message.where)]
        lines += [f"#, {', '.join(sorted(message.flags))}"] if message.flags else []
        lines += [_put("msgctxt", context)] if context else []
        lines.append(_put("msgid", text))
        if message.plural:
            lines.append(_put("msgid_plural", message.plural))
            lines += [_put(f"msgstr[{n}]", string) for n, string in enumerate(message.strings)]
        else:
            lines.append(_put("msgstr", message.strings[0]))
        blocks.append("\n".join(lines))
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def _put(name: str, text: str) -> str:
    def quoted(line: str) -> str:
        return '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    lines = text.splitlines(keepends=True)
    return f"{name} {quoted(text)}" if len(lines) < 2 else "\n".join([f'{name} ""', *map(quoted, lines)])


def updated(catalogue: Catalogue, wanted: dict[Key, Message]) -> Catalogue:
    """The catalogue for exactly the messages `wanted`; what is new has no translation yet."""
    merged = {}
    for key, message in wanted.items():
        known = catalogue.messages.get(key, Message())
        same = bool(known.plural) == bool(message.plural)
        empty = ("", "") if message.plural else ("",)
        merged[key] = replace(
            known, plural=message.plural, where=message.where, strings=known.strings if same else empty
        )
    return Catalogue(catalogue.header, merged, catalogue.notes)


# --- .mo ----------------------------------------------------------------------------------


def compiled(catalogue: Catalogue) -> bytes:
    """The binary form; see "The Format of GNU MO Files" in gettext's manual."""
    pairs = {"": catalogue.header}
    for (context, text), message in catalogue.messages.items():
        if "fuzzy" not in message.flags and all(message.strings):
            key = f"{context}\x04{text}" if context else text
            pairs[key + (f"\0{message.plural}" if message.plural else "")] = "\0".join(message.strings)
    rows = sorted((key.encode(), value.encode()) for key, value in pairs.items())
    size = 28 + 16 * len(rows)
    keys = b"".join(key + b"\0" for key, _ in rows)
    values = b"".join(value + b"\0" for _, value in rows)
    tables: list[bytes] = []
    for column, start in ((0, size), (1, size + len(keys))):
        for row in rows:
            tables.append(struct.pack("<II", len(row[column]), start))
            start += len(row[column]) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, size)
    return head + b"".join(tables) + keys + values


def main() -> None:
    for domain in DOMAINS:
        wanted = messages(domain)
        for language in LANGUAGES:
            path = path_of(language, domain)
            catalogue = updated(read(path), wanted)
            write(path, catalogue)
            path.with_suffix(".mo").write_bytes(compiled(catalogue))
            missing = sum(not all(message.strings) for message in catalogue.messages.values())
            print(f"{path.relative_to(ROOT)}: {len(catalogue.messages)} messages, {missing} without a translation")


if __name__ == "__main__":
    main()
