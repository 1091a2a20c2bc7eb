"""`{{ text|translated }}`: a sentence made in the domain, in the reader's language.
`{{ language|words_address }}`: where the scripts' words are."""

from __future__ import annotations

from django import template

from daner_site.core import language

register = template.Library()


register.filter("words_address", language.words_address)


@register.filter
def translated(text: object) -> object:
    return language.translated(text) if isinstance(text, str) else text
