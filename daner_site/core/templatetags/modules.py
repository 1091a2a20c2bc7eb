"""`{% module "js/app.js" %}`: a script and, to be fetched at the same time, all that it imports. It runs once the
page is read, wherever it stands; in the head it is found first."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from daner_site.core.modules import imported_by

register = template.Library()


@register.simple_tag(takes_context=True)
def module(context: Context, name: str) -> SafeString:
    kept: dict[Any, Any] = context.render_context.dicts[-1]  # the page's own, also where templates extend one another
    named: set[str] = kept.setdefault("modules", set())
    ahead = [other for other in imported_by(name) if other not in named]
    named.update(ahead)
    links = format_html_join("", '<link rel="modulepreload" href="{}">', ((static(other),) for other in ahead))
    return format_html('<script type="module" src="{}"></script>{}', static(name), links)
