"""`{{ text|translated }}`: a sentence made in the domain, in the reader's language."""

from __future__ import annotations

from django import template

from daner_site.core import language

register = template.Library()


@register.filter
def translated(text: object) -> object:
    return language.translated(text) if isinstance(text, str) else text
