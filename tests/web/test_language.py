"""The reader's language: asked for by the browser, chosen in the menu, the same after signing in."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import settings
from django.test import override_settings

from daner_site.core.language import words_address

pytestmark = pytest.mark.django_db

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}
LOGIN = "/login/"


def test_a_page_speaks_what_the_browser_asks_for(client):
    page = client.get(LOGIN, **GERMAN)
    assert '<html lang="de" dir="ltr">' in page.text
    assert "<h1>Anmelden</h1>" in page.text
    assert "Benutzername" in page.text  # a label, marked in Python
    assert page["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in page["Vary"].split(",")}


def test_a_language_that_is_not_there_gets_english(client):
    assert "<h1>Sign in</h1>" in client.get(LOGIN, HTTP_ACCEPT_LANGUAGE="pl").text


def test_the_choice_goes_before_the_browser_and_stays_after_signing_in(client, django_user_model):
    django_user_model.objects.create_user("ada", password="a long enough one")
    chosen = client.post("/language/", {"language": "fr", "next": LOGIN})
    assert (chosen.status_code, chosen["Location"]) == (302, LOGIN)
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "fr"
    refused = client.post(LOGIN, {"username": "ada", "password": "wrong"}, **GERMAN)
    assert "Le nom d’utilisateur et le mot de passe ne correspondent pas." in refused.text
    client.post(LOGIN, {"username": "ada", "password": "a long enough one"}, **GERMAN)
    assert '<html lang="fr" dir="ltr">' in client.get("/o/new/", **GERMAN).text


def test_a_choice_leads_nowhere_else(client):
    assert client.post("/language/", {"language": "de", "next": "https://elsewhere.example/"})["Location"] == "/"


def test_the_api_speaks_english_whoever_asks(client):
    client.post("/language/", {"language": "de"})
    answer = client.get("/api/o/nowhere/projects/", **GERMAN)
    assert answer["Content-Language"] == "en"
    assert "Authentication credentials" in answer.text


def test_scripts_get_their_words_in_the_language_of_the_page(client):
    client.post("/language/", {"language": "de"})
    address = unescape(re.search(r'src="(/words\.js[^"]+)"', client.get(LOGIN).text)[1])
    client.post("/language/", {"language": "fr"})  # in another tab, meanwhile
    words = client.get(address)
    assert words["Content-Type"].startswith("text/javascript")
    assert "immutable" in words["Cache-Control"]
    assert "Wort rechts" in words.text
    client.post("/language/", {"language": "en"})
    assert "words.js" not in client.get(LOGIN).text


def test_new_words_have_a_new_address(settings, tmp_path):
    folder = tmp_path / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    settings.LOCALE_PATHS = [tmp_path]
    addresses = []
    for words in (b"old", b"new", b"new"):
        (folder / "djangojs.mo").write_bytes(words)
        words_address.cache_clear()
        addresses.append(words_address("xx"))
    words_address.cache_clear()
    old, new, same = addresses
    assert old != new == same


@pytest.mark.parametrize("query", ["", "?language=xx", "?language=../de", "?de"])
def test_words_of_no_language_are_not_found(client, query):
    assert client.get(f"/words.js{query}").status_code == 404


@override_settings(LANGUAGES=[*settings.LANGUAGES, ("ar", "العربية")])
def test_a_language_from_right_to_left_turns_the_page(client):
    assert '<html lang="ar" dir="rtl">' in client.get(LOGIN, HTTP_ACCEPT_LANGUAGE="ar").text
