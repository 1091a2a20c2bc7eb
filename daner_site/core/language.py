"""The reader's language. Pages and fragments speak it; the API, the commands and the jobs speak English."""

from __future__ import annotations

import string
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
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


words = cache_control(max_age=3600, private=True)(JavaScriptCatalog.as_view())
"""What the scripts say, in the reader's language; pages in English do not ask for it."""


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
