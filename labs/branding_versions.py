"""What names the present state of a lab's colours and logo in their addresses, so that caches may keep them."""

import hashlib
import json
from functools import lru_cache

from labs.models import Lab
from labs.theme import theme_css


def theme_version(lab: Lab) -> str:
    """Return a short hash of the lab's style sheet."""
    return _hash_of_theme(lab.slug, json.dumps(lab.theme_values))


@lru_cache(maxsize=512)
def _hash_of_theme(slug: str, values: str) -> str:
    return hashlib.sha256(theme_css(slug, json.loads(values)).encode()).hexdigest()[:12]


def logo_version(lab: Lab) -> str:
    """Return a short hash of the name under which the logo is stored, which changes with the picture."""
    return hashlib.sha256((lab.logo.name or "").encode()).hexdigest()[:12]
