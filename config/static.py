"""Storage of static files: hashed names, compressed once."""

from functools import cached_property

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Compresses with gzip only: Brotli saves a few kilobytes and takes most of the first start's time."""

    def create_compressor(self, **options: object) -> Compressor:
        return Compressor(**options, use_brotli=False)

    @cached_property
    def _addresses(self) -> dict[tuple[str | None, bool], str]:
        return {}

    def url(self, name: str | None, force: bool = False) -> str:
        """Return the address of a file. A page names a dozen, and the manifest is read once: each is made once."""
        if (name, force) not in self._addresses:
            self._addresses[name, force] = super().url(name, force)
        return self._addresses[name, force]
