"""Logos: checked by content, written anew, served so that they cannot run."""

import io
import time

import pytest
from django.core.files.base import ContentFile
from PIL import Image, PngImagePlugin

from labs.logos import MAX_BYTES, MAX_SIZE, InvalidLogo, read_logo
from tests.factories import LabFactory

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">%s</svg>'


def png(size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", size, (0, 86, 78, 255)).save(written, "PNG", **options)
    return written.getvalue()


def noisy_png() -> bytes:
    written = io.BytesIO()
    Image.effect_noise((90, 90), 80).save(written, "PNG")
    return written.getvalue()


def test_a_png_is_written_anew_without_what_else_it_carried():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    logo = read_logo(png(pnginfo=notes) + b"<script>alert(1)</script>")
    assert (logo.extension, logo.media_type) == ("png", "image/png")
    assert b"script" not in logo.content
    assert Image.open(io.BytesIO(logo.content)).size == (40, 20)


def test_a_large_png_is_made_as_small_as_it_is_shown():
    picture = Image.open(io.BytesIO(read_logo(png((3000, 3000))).content))
    assert picture.size == (MAX_SIZE[1], MAX_SIZE[1])


def test_an_svg_is_rebuilt_from_its_drawing():
    logo = read_logo(
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/x" version="1.1" '
        b'viewBox="0 0 10 10" inkscape:label="x"><!-- made by --><metadata><any xmlns="x">note</any></metadata>'
        b'<title>Logo &amp; more</title><defs><linearGradient id="g"><stop offset="1" stop-color="#00564e"/>'
        b'</linearGradient></defs><path d="M0 0h10" fill="url(#g)"/></svg>'
    )
    assert logo.content.decode() == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><title>Logo &amp; more</title><defs>'
        '<linearGradient id="g"><stop offset="1" stop-color="#00564e"></stop></linearGradient></defs>'
        '<path d="M0 0h10" fill="url(#g)"></path></svg>'
    )
    assert read_logo(logo.content).content == logo.content


@pytest.mark.parametrize(
    "part",
    [
        "<script>alert(1)</script>",
        '<script href="https://example.org/x.js"/>',
        "<style>@import url(https://example.org)</style>",
        '<path d="M0 0" style="fill:url(https://example.org)"/>',
        '<path d="M0 0" onclick="alert(1)"/>',
        '<path d="M0 0" class="x"/>',
        '<image href="https://example.org/x.png"/>',
        "<foreignObject><p>x</p></foreignObject>",
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        '<use href="#x"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<path fill="url(https://example.org/#x)"/>',
        '<path fill="url( https://example.org/#x)"/>',
        '<path fill="u\\72l(x)"/>',
        '<path fill="url(#x) image(https://example.org/x.png)"/>',
        "<path fill=\"src('https://example.org/x.png')\"/>",
        '<path fill="u/**/rl(https://example.org/#x)"/>',
        '<path fill="url(url(#x)"/>',
        '<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://example.org"/>',
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        "<text>words need a font</text>",
        "<path",
        "<g>" * 6000,
    ],
)
def test_an_svg_that_runs_loads_or_styles_is_refused(part):
    with pytest.raises(InvalidLogo):
        read_logo((SVG % part).encode())


def test_what_a_drawing_calls_of_itself_stays():
    part = '<g transform="translate(1, 2) rotate(3)" clip-path="url( #x )"><path d="M0 0" fill="RGB(1, 2, 3)"/></g>'
    assert part in read_logo((SVG % part).encode()).content.decode().replace("></path>", "/>")


def test_a_path_as_long_as_a_file_may_be_is_read_at_once():
    began = time.process_time()
    read_logo((SVG % f'<path d="M0 0{"L1 1" * 120_000}"/>').encode())
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "field",
    ["", "0 0 9", "a b c d", "0 0 0 9", "0 0 9 -9", "0 nan 9 9", "0 0 inf 9", "0 0 1e-400 9", "0 0 1e300 9"],
)
def test_a_field_that_cannot_be_drawn_on_is_refused(field: str) -> None:
    """Each certificate of the lab would fail."""
    with pytest.raises(InvalidLogo):
        read_logo(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{field}"/>'.encode())


@pytest.mark.parametrize("field", ["0 0 9 9", "-1.5,-2 3e2,4", " 0,0, 24 ,24 "])
def test_a_field_may_be_written_in_any_way_that_drawings_have(field: str) -> None:
    logo = read_logo(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{field}"/>'.encode())
    assert f'viewBox="{field}"'.encode() in logo.content


def test_entities_are_refused():
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG % "<title>&b;</title>"
    outside = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG % "<title>&a;</title>"
    for text in (bomb, outside):
        with pytest.raises(InvalidLogo):
            read_logo(text.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        noisy_png()[:2000],
        b"<html><svg",
        b"%PDF-1.7 <svg",
        b"\x00<svg",
        b"x" * (MAX_BYTES + 1),
        png() * 20000,
    ],
    ids=lambda data: repr(data[:8]),
)
def test_other_files_are_refused_with_words_for_the_organiser(data):
    with pytest.raises(InvalidLogo) as refused:
        read_logo(data)
    assert str(refused.value).endswith(".")


def test_a_png_with_a_bombs_measures_is_refused_before_it_is_decoded():
    data = bytearray(png())
    data[16:24] = (60000).to_bytes(4, "big") + (60000).to_bytes(4, "big")
    with pytest.raises(InvalidLogo):
        read_logo(bytes(data))


@pytest.mark.django_db
def test_a_logo_is_served_in_a_sandbox_and_only_where_the_lab_may_be_seen(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    lab, draft = LabFactory(), LabFactory(visibility="draft")
    logo = read_logo((SVG % "").encode())
    for one in (lab, draft):
        one.logo.save(f"{one.slug}.{logo.extension}", ContentFile(logo.content))
    answer = client.get(f"/labs/{lab.slug}/logo")
    assert answer.content == logo.content
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/labs/{draft.slug}/logo").status_code == 404
    assert client.get(f"/labs/{LabFactory().slug}/logo").status_code == 404


@pytest.mark.django_db
def test_a_labs_colours_are_served_only_where_the_lab_may_be_seen(client):
    from labs.theme import theme_css, theme_values

    values = theme_values("#00564e")
    lab, draft = LabFactory(theme_values=values), LabFactory(theme_values=values, visibility="draft")
    answer = client.get(f"/labs/{lab.slug}/theme.css")
    assert answer.content.decode() == theme_css(lab.slug, values)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    hidden, missing = client.get(f"/labs/{draft.slug}/theme.css"), client.get("/labs/nothing/theme.css")
    assert hidden.status_code == missing.status_code == 404
    assert client.get(f"/labs/{LabFactory().slug}/theme.css").status_code == 404
