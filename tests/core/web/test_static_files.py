"""Every static file that pages name is there: the tests' storage builds any address, the service's refuses (500)."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

from core.web.templatetags.site_tags import icon

NAMED = re.compile(r"""\{%\s*static\s+["']([^"']+)["']""")
SYMBOL = re.compile(r'<use href="([^"#]+)#([^"]+)">')


def test_every_static_file_that_a_template_names_is_found() -> None:
    templates = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.*"))
    named = {name for template in templates for name in NAMED.findall(template.read_text(encoding="utf-8"))}
    assert named
    assert [name for name in sorted(named) if not finders.find(name)] == []


def test_an_icon_refers_to_a_symbol_of_a_static_file_that_is_found() -> None:
    use = SYMBOL.search(icon("place"))
    assert use
    path = finders.find(use[1].removeprefix(settings.STATIC_URL))
    assert path
    assert f'id="{use[2]}"' in Path(path).read_text(encoding="utf-8")
