"""The interface in other languages: nothing unmarked, nothing untranslated, nothing out of step."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser

import pytest
from django.utils import translation

from daner_site.core.language import translated
from daner_site.core.sentences import Sentence
from tests import translations
from tests.translations import DOMAINS, LANGUAGES, ROOT

CATALOGUES = [(language, domain) for language in LANGUAGES for domain in DOMAINS]
HOLES = re.compile(r"%\(\w+\)s|%%|\{[^}]*\}|</?\w+[^>]*>")
UPDATE = "bring it up to date with `python -m tests.translations`, then translate what is new"

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ENGLISH_ON_PURPOSE = {"api/docs.html"}
"""The API speaks English, its documentation too."""
SAID_AS_IT_IS = re.compile(
    r"DANER|CSV|JSON|Lines|CoNLL|MNLP|PER|ORG|LOC|PRODUCT|F1|sha256|n/a|Shift|Enter|[a-zA-Z]|[0-9.]+"
)
"""Names, codes and single letters: keys, units, the sides A and B."""
TAG = re.compile(
    r"{%\s*block (?:main|body)_class\s*%}.*?endblock\s*%}|{%\s*blocktranslate\b.*?endblocktranslate\s*%}|{%\s*comment\b.*?endcomment\s*%}|{[%#{].*?[%#}]}",
    re.S,
)
SPOKEN = {"aria-label", "aria-roledescription", "alt", "placeholder", "title"}
NOT_INTERFACE = {"code", "script", "style", "svg"}


class Words(HTMLParser):
    """What a template says outside Django's tags."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        if tag in NOT_INTERFACE or (tag == "p" and dict(attrs).get("class") == "text"):
            self.silent.append(tag)
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag):
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data):
        if not self.silent:
            self.found.append(data)


def unmarked(source: str) -> list[str]:
    texts = Words(TAG.sub(" ", source)).found
    return [text.strip() for text in texts if re.search(r"[^\W\d_]", _rest(text))]


def _rest(text: str) -> str:
    return " ".join(word for word in re.findall(r"[^\W_][\w/]*", text) if not SAID_AS_IT_IS.fullmatch(word))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_that_is_not_marked(template):
    if str(template.relative_to(ROOT / "templates")) not in ENGLISH_ON_PURPOSE:
        assert not unmarked(template.read_text())


def test_unmarked_words_are_found_in_text_and_in_attributes():
    assert unmarked('<p title="Wrong">{% translate "Right" %} <b>Wrong as well</b> {{ name }}</p>') == [
        "Wrong",
        "Wrong as well",
    ]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_catalogue_holds_exactly_what_the_sources_say(language, domain):
    said = translations.messages(domain)
    held = translations.read(translations.path_of(language, domain)).messages
    assert len(said) >= 30
    assert not said.keys() - held.keys(), UPDATE
    assert not held.keys() - said.keys(), UPDATE
    assert {key: message.plural for key, message in held.items()} == {k: m.plural for k, m in said.items()}, UPDATE


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_message_is_translated_and_none_is_a_guess(language, domain):
    held = translations.read(translations.path_of(language, domain)).messages
    assert not [key for key, message in held.items() if not all(message.strings) or "fuzzy" in message.flags]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_translation_has_the_holes_and_the_markup_of_its_message(language, domain):
    held = translations.read(translations.path_of(language, domain)).messages
    for (_, text), message in held.items():
        for source, string in zip((text, message.plural or text), message.strings, strict=False):
            assert sorted(HOLES.findall(string)) == sorted(HOLES.findall(source)), string
            # Literals are not escaped, and stand in attributes too.
            assert '"' not in re.sub(r"<[^>]*>", "", string), string
            assert string.startswith(" ") == source.startswith(" "), string


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_the_compiled_catalogue_is_the_one_beside_it(language, domain):
    path = translations.path_of(language, domain)
    catalogue = translations.read(path)
    assert path.with_suffix(".mo").read_bytes() == translations.compiled(catalogue), UPDATE
    with path.with_suffix(".mo").open("rb") as file:
        known = gettext.GNUTranslations(file)
    for (context, text), message in catalogue.messages.items():
        if context:
            assert known.pgettext(context, text) == message.strings[0]
        elif message.plural:
            assert known.ngettext(text, message.plural, 7) == message.strings[1]
        else:
            assert known.gettext(text) == message.strings[0]


def test_writing_a_catalogue_changes_nothing_but_its_order(tmp_path):
    catalogue = translations.read(translations.path_of("de", "django"))
    translations.write(tmp_path / "again.po", catalogue)
    assert translations.read(tmp_path / "again.po") == catalogue


PHYSICAL = re.compile(
    r"(?<![\w-])((?:margin|padding|border)-(?:left|right)\b|(?:left|right): |text-align: (?:left|right))"
)


def test_styles_say_start_and_end_so_that_pages_turn_with_the_language():
    for path in sorted((ROOT / "static/css").glob("*.css")):
        # A spinner has no sides.
        lines = [line for line in path.read_text().splitlines() if not line.startswith(".spinner")]
        assert not [line for line in lines if PHYSICAL.search(line)], path.name


def test_a_sentence_is_english_until_it_is_translated():
    sentence = Sentence(
        "{name} is better: {gain:+.3f} F1 [{low:.3f}, {high:.3f}] on {texts}.",
        name="v2",
        gain=0.1,
        low=0.05,
        high=0.15,
        texts=Sentence.counted("{count} test text", "{count} test texts", 3),
    )
    assert sentence == "v2 is better: +0.100 F1 [0.050, 0.150] on 3 test texts."
    assert str(ValueError(sentence)) == sentence
    with translation.override("de"):
        assert (
            translated(str(ValueError(sentence)))
            == "v2 ist besser: +0,100 F1 [0,050, 0,150], gemessen an: 3 Testtexte."
        )
    with translation.override("fr"):
        assert translated(Sentence.counted("{count} minute", "{count} minutes", 0)) == "0 minute"
    assert translated("What nobody has marked") == "What nobody has marked"
