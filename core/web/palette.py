"""The default colours for labs without their own, the same as in static/site/tokens.css."""

DEFAULT_COLOURS = {
    "lab": "#1d2b2e",
    "lab_dark": "#243033",
    "on_lab_2": "#c3ceca",
    "lab_lift": "#7d928c",
    "lab_ink": "#1d2b2e",
    "lab_ink_dark": "#c3ceca",
    "lab_tint": "#e9edea",
    "lab_tint_dark": "#202a2b",
}


def mixed(ground: str, other: str, share: float) -> str:
    """Return what is seen where a colour with that share of opacity lies on a ground, all as #rrggbb (sRGB)."""
    channels = ((int(ground[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(under + (over - under) * share):02x}" for under, over in channels)
