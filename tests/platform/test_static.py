"""What the pages are made of: policy-safe templates, files that exist, colours that can be read."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from annotation.demo import load_demo
from annotation.domain.palette import COLORS
from annotation.domain.permissions import ROLE_PERMISSIONS, ProjectRole
from daner_site.core.language import words
from tests.translations import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CSS = (ROOT / "static/css/daner.css").read_text()

FORBIDDEN = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an event handler": r"<[^>]*\son[a-z]+\s*=",
    "hx-on": r"\bhx-on",
    "evaluated values": r"hx-(vals|headers)\s*=\s*[\"']js:",
    "a filtered trigger": r"hx-trigger\s*=\s*\"[^\"]*\[",
    "a javascript address": r"javascript:",
    "a file from elsewhere": r"<(script|link|img)[^>]*(src|href)\s*=\s*[\"'](https?:)?//",
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_template_holds_what_the_security_policy_blocks(rule):
    found = [
        f"{template.relative_to(ROOT)}: {match.group(0)[:80]}"
        for template in TEMPLATES
        for match in re.finditer(
            FORBIDDEN[rule], re.sub(r"{%.*?%}|{#.*?#}", "", template.read_text(), flags=re.S), re.I
        )
    ]
    assert not found, found


def test_every_static_file_a_template_names_exists():
    names = {
        name
        for template in TEMPLATES
        for name in re.findall(r"{% (?:static|module) ['\"]([^'\"]+)['\"] %}", template.read_text())
    }
    assert len(names) >= 5
    assert not [name for name in names if not finders.find(name)]


def test_every_module_imports_files_that_exist():
    for module in (ROOT / "static/js").rglob("*.js"):
        for name in re.findall(r"^import .*?[\"'](\.[^\"']+)[\"'];?$", module.read_text(), re.M):
            assert (module.parent / name).is_file(), f"{module.name} imports {name}"


@pytest.mark.parametrize("debug", [True, False])
def test_the_htmx_tag_writes_no_inline_script(settings, debug):
    settings.DEBUG = debug
    html = Template("{% load django_htmx %}{% htmx_script %}").render(Context())
    tags = re.findall(r"<script[^>]*>(.*?)</script>", html, re.S)
    assert tags
    assert not any(tags)
    assert html.count("<script src=") == len(tags)


def catalogue(language: str) -> bytes:
    """What a page in a language loads beside the scripts, so that they speak it."""
    with translation.override(language):
        return words(RequestFactory().get("/", {"language": language})).content


def test_the_annotation_page_weighs_little():
    files = [
        *(ROOT / "static/js").rglob("*.js"),
        *(ROOT / "static/css").rglob("*.css"),
        Path(finders.find("django_htmx/htmx-2.min.js")),
    ]
    parts = [*(file.read_bytes() for file in files), max(map(catalogue, LANGUAGES), key=len)]
    assert sum(len(gzip.compress(part)) for part in parts) < 150_000


# --- colours ------------------------------------------------------------------------------


THEMES = ("light", "dark", "light, high contrast", "dark, high contrast")


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme; high contrast replaces some of the others'."""
    standard, more = CSS.split(':root[data-contrast="more"]', 1)
    found: dict[str, str] = {}
    for part in (standard, more) if theme.endswith("contrast") else (standard,):
        pairs = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", part)
        found |= {name: dark if theme.startswith("dark") else light for name, light, dark in pairs}
    return found


def tints(theme: str) -> tuple[int, int]:
    """How much of a label's colour its ground takes, in per cent: usually, and of the span at hand."""
    part = CSS.split(':root[data-contrast="more"]', 1)[theme.endswith("contrast")]
    usual, strong = re.findall(r"--tint(?:-strong)?: (\d+)%", part)[:2]
    return int(usual), int(strong)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2 between two colours, 1 to 21."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = ("bg", "surface", "surface-2")
TEXT_PAIRS = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3", "accent", "bad", "good", "warn", "info")
        for ground in GROUNDS
    ),
    *((kind, f"{kind}-soft") for kind in ("good", "warn", "bad", "info")),
    *(("ink", f"{kind}-soft") for kind in ("good", "warn", "bad", "info", "accent")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-soft"),
    ("ink-2", "surface-3"),
]


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_the_contrast_of_wcag_aa(theme):
    colors = tokens(theme)
    least = 7 if theme.endswith("contrast") else 4.5
    weak = {
        f"{a} on {b}": round(contrast(colors[a], colors[b]), 2)
        for a, b in TEXT_PAIRS
        if contrast(colors[a], colors[b]) < least
    }
    assert not weak


@pytest.mark.parametrize("theme", THEMES)
def test_edges_of_fields_and_the_focus_ring_can_be_seen(theme):
    colors = tokens(theme)
    pairs = [(edge, ground) for edge in ("line-strong", "focus") for ground in ("bg", "surface")]
    assert not [(a, b) for a, b in pairs if contrast(colors[a], colors[b]) < 3]


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_a_labels_colour_can_be_read(theme):
    """Whatever the colour, even the darkest and the palest a person may choose."""
    colors = tokens(theme)
    usual, strong = tints(theme)
    weak = {
        (label, share): round(contrast(colors["ink"], over(label, colors["surface"], share / 100)), 2)
        for label in (*COLORS, *(label.color for label in load_demo().labels), "#000000", "#ffffff")
        for share in (usual, strong)
        if contrast(colors["ink"], over(label, colors["surface"], share / 100)) < 4.5
    }
    assert not weak


def over(top: str, ground: str, share: float) -> str:
    """`top` laid over `ground`, `share` of it to be seen."""
    mixed = (share * int(top[i : i + 2], 16) + (1 - share) * int(ground[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


# --- the frame ----------------------------------------------------------------------------


def frame(role: ProjectRole, active: str = "models") -> str:
    ctx = SimpleNamespace(
        organization=SimpleNamespace(name="Acme & Sons", slug="acme"),
        project=SimpleNamespace(name="Letters <1>", uuid="00000000-0000-4000-8000-000000000001"),
        permissions=ROLE_PERMISSIONS[role],
    )
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    return render_to_string("project_base.html", {"ctx": ctx, "active": active}, request=request)


TABS = {
    ProjectRole.MANAGER: [
        "Overview",
        "Annotate",
        "Documents",
        "Quality",
        "Review",
        "Comments",
        "Models",
        "Try it",
        "Settings",
    ],
    ProjectRole.REVIEWER: ["Overview", "Documents", "Quality", "Review", "Comments", "Models", "Try it"],
    ProjectRole.ANNOTATOR: ["Overview", "Annotate", "Comments", "Models"],
    ProjectRole.VIEWER: ["Overview", "Documents", "Quality", "Models", "Try it"],
}


@pytest.mark.parametrize("role", TABS)
def test_the_tabs_are_those_the_role_may_open(role):
    html = frame(role)
    nav = html[html.index('<nav class="tabs"') : html.index("</nav>", html.index('<nav class="tabs"'))]
    assert re.findall(r">([^<>\n]+)</a>", nav) == TABS[role]


def test_the_page_you_are_on_is_marked_once():
    assert re.findall(r'aria-current="page">([^<]+)<', frame(ProjectRole.MANAGER, "quality")) == ["Quality"]


def test_the_frame_escapes_names_and_listens_to_its_project():
    html = frame(ProjectRole.VIEWER)
    assert "Letters &lt;1&gt;" in html
    assert "<1>" not in html
    assert 'data-live="/ws/o/acme/p/00000000-0000-4000-8000-000000000001/"' in html


@pytest.mark.parametrize("template", ["404.html", "403.html", "500.html"])
def test_error_pages_render_with_nothing_in_the_context(template):
    assert "<h1>" in render_to_string(template)


# --- scripts ------------------------------------------------------------------------------


def test_the_scripts_pass_their_own_tests():
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed; the editor's unit tests need it")
    version = tuple(
        int(part) for part in subprocess.check_output([node, "--version"], text=True).strip("v\n").split(".")[:2]
    )
    if version < (20, 19):
        pytest.skip(f"Node.js {version} is too old to read ES modules by itself")
    files = sorted(str(file) for file in (ROOT / "tests/js").glob("*.test.mjs"))
    result = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout[-4000:]
    assert "# pass 0" not in result.stdout
