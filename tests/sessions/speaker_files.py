"""Photos and presentations for tests."""

import io
import zipfile

from PIL import Image

from sessions.slides import MEDIA_TYPES


def photo(
    width: int = 800, height: int = 1000, kind: str = "JPEG", mode: str = "RGB", **options: object
) -> bytes:
    """A photo whose upper part is red, and whose lower part is blue."""
    picture = Image.new(mode, (width, height), "red" if mode == "RGB" else (255, 0, 0, 128))
    picture.paste("blue" if mode == "RGB" else (0, 0, 255, 255), (0, height // 2, width, height))
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"


def archive(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return written.getvalue()


def pptx(**more: bytes) -> bytes:
    kind = MEDIA_TYPES["pptx"].replace("presentationml.presentation", "presentationml.presentation.main+xml")
    return archive(
        **{"[Content_Types].xml": f'<Types ContentType="{kind}"/>'.encode(), "ppt/presentation.xml": b"<p/>"},
        **more,
    )


def odp(**more: bytes) -> bytes:
    return archive(mimetype=MEDIA_TYPES["odp"].encode(), **{"content.xml": b"<x/>"}, **more)
