"""A page names all modules its scripts import, so that a browser fetches them at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template

from daner_site.core.modules import imported_by

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = sorted(
    {
        name
        for template in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'{% module "([^"]+)" %}', template.read_text())
    }
)


def shown(template: str) -> str:
    return Template("{% load modules %}" + template).render(Context())


@pytest.fixture
def scripts(settings, tmp_path):
    """Writes scripts that the finders find."""
    imported_by.cache_clear()
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()

    def write(**files: str) -> None:
        (tmp_path / "js" / "part").mkdir(parents=True)
        for name, content in files.items():
            (tmp_path / "js" / f"{name.replace('__', '/')}.js").write_text(content)

    yield write
    imported_by.cache_clear()
    finders.get_finder.cache_clear()


def test_imports_of_imports_are_found_each_once_and_a_circle_ends(scripts):
    scripts(
        page='import { a } from "./part/one.js";\nimport "./two.js";\n',
        two='import {\n  b,\n  c,\n} from "./part/one.js";\nimport * as page from "./page.js";\n',
        part__one='export { d } from "../three.js";\n// import "./not.js";\n',
        three="",
    )
    assert set(imported_by("js/page.js")) == {"js/part/one.js", "js/two.js", "js/three.js"}
    assert len(imported_by("js/page.js")) == 3


def test_a_missing_script_is_named(scripts):
    scripts(page='import "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"js/gone\.js"):
        imported_by("js/page.js")


def test_a_script_is_followed_by_what_it_imports_and_a_second_one_names_nothing_twice(scripts):
    scripts(first='import "./shared.js";\n', second='import "./shared.js";\nimport "./own.js";\n', shared="", own="")
    assert shown('{% module "js/first.js" %}|{% module "js/second.js" %}') == (
        '<script type="module" src="/static/js/first.js"></script>'
        '<link rel="modulepreload" href="/static/js/shared.js">|'
        '<script type="module" src="/static/js/second.js"></script><link rel="modulepreload" href="/static/js/own.js">'
    )


@pytest.mark.parametrize("entry", ENTRIES)
def test_of_each_page_all_modules_there_are_are_found(entry):
    """By another reading of the files: every relative address in quotes after `from` or `import`."""
    found: set[Path] = set()
    waiting = [ROOT / "static" / entry]
    while waiting:
        module = waiting.pop()
        for address in re.findall(r'(?:\bfrom|^import)\s+"(\.[^"]+)"', module.read_text(), re.M):
            other = (module.parent / address).resolve()
            if other not in found:
                found.add(other)
                waiting.append(other)
    names = {path.relative_to(ROOT / "static").as_posix() for path in found}
    assert set(imported_by(entry)) == names


def test_collected_scripts_import_one_another_by_the_names_with_hashes(tmp_path):
    """Else a browser would ask again for each a minute later, and mix old and new ones after an update."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "daner_site.settings",
        "DANER_STATIC_COLLECTED": "1",
        "DANER_STATIC_ROOT": str(tmp_path),
        "DANER_VAR": str(tmp_path / "var"),
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], cwd=ROOT, env=environment, check=True
    )
    editor = next((tmp_path / "js/annotator").glob("editor.????????????.js"))
    addresses = re.findall(r'(?:\bfrom|^import)\s*"(\.[^"]+)"', editor.read_text(), re.M)
    assert len(addresses) == len(re.findall("^import", (ROOT / "static/js/annotator/editor.js").read_text(), re.M)) > 2
    for address in addresses:
        assert re.search(r"\.[0-9a-f]{12}\.js$", address), address
        assert (editor.parent / address).is_file()
