"""Storage of static files: hashed names, compressed once."""

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Compresses with gzip only: Brotli saves a few kilobytes and takes most of the first start's time."""

    def create_compressor(self, **options: object) -> Compressor:
        return Compressor(**options, use_brotli=False)
