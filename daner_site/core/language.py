"""The reader's language. Pages and fragments speak it; the API, the commands and the jobs speak English."""

from __future__ import annotations

import hashlib
import string
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.urls import reverse
from django.utils import formats, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import lazy
from django.views.decorators.cache import cache_control
from django.views.i18n import JavaScriptCatalog

from daner_site.core.sentences import Sentence


class LanguageMiddleware(LocaleMiddleware):
    """Django's, but programs read the same words whoever's browser or token asks."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path_info.startswith("/api/"):
            super().process_request(request)
            return
        translation.activate(settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = settings.LANGUAGE_CODE

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not request.path_info.startswith("/api/"):
            patch_vary_headers(response, ["Cookie"])  # the choice; Django names only the browser's wish
        return super().process_response(request, response)


@cache_control(max_age=365 * 24 * 3600, public=True, immutable=True)
def words(request: HttpRequest) -> HttpResponseBase:
    """What the scripts say in `?language=`; pages in English do not ask for it."""
    language = request.GET.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise Http404("There is no such language.")
    with translation.override(language):
        return JavaScriptCatalog.as_view()(request)


@lru_cache
def words_address(language: str) -> str:
    """Changes with the catalogue, so that browsers may keep what they have for good."""
    files = [Path(folder) / language / "LC_MESSAGES" / "djangojs.mo" for folder in settings.LOCALE_PATHS]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()
    return f"{reverse('words')}?{urlencode({'language': language, 'v': digest[:12]})}"


class _Localised(string.Formatter):
    """Fills a translated pattern: numbers as the language writes them, sentences inside it translated as well."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            value = translated(value) if isinstance(value, Sentence) else value
        text: str = format(value, format_spec)
        if isinstance(value, int | float):
            signs = {".": formats.get_format("DECIMAL_SEPARATOR"), ",": formats.get_format("THOUSAND_SEPARATOR")}
            text = text.translate(str.maketrans(signs))
        return text


def translated(text: str) -> str:
    """`text` in the language of this thread; what no catalogue knows stays as it is."""
    if not isinstance(text, Sentence):
        return translation.gettext(text) if text else text
    pattern = (
        translation.ngettext(text.pattern, text.plural, text.number)
        if text.plural
        else translation.gettext(text.pattern)
    )
    return _Localised().vformat(pattern, (), text.values) if text.values else pattern


translated_lazy = lazy(translated, str)
"""For the choices of a form, which are made before anybody reads them."""
