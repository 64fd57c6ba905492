import gzip
import re
from itertools import product
from pathlib import Path

import pytest
from source_tree import ROOT

WEB = ROOT / "src" / "naosu" / "web"
TOKENS = WEB / "static" / "tokens.css"
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
CONTRAST_TEXT_MIN = 5.5
CONTRAST_SHAPE_MIN = 3.0
GROUNDS = ("paper", "surface", "sunken")
TONES = ("critical", "high", "medium", "low", "ok", "accent", "mend")


def tokens(theme: int) -> dict[str, str]:
    return {name: (light, dark)[theme] for name, light, dark in TOKEN.findall(TOKENS.read_text())}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT_PAIRS = (
    *product(("ink", "ink-soft", "accent", "mend", "critical", "high", "medium", "low", "ok"), ("paper", "surface")),
    *product(("ink", "ink-soft"), ("sunken",)),
    *((tone, f"{tone}-wash") for tone in TONES),
    *(("ink", f"{tone}-wash") for tone in TONES),
    ("on-accent", "accent-solid"),
    ("surface", "ink"),
    ("ink-soft", "accent-wash"),
)
SHAPE_PAIRS = (
    *product(("edge", "chart"), ("paper", "surface")),
    *product(("accent",), GROUNDS),  # the focus ring
)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(theme: int, text: str, ground: str):
    colours = tokens(theme)
    assert contrast(colours[text], colours[ground]) >= CONTRAST_TEXT_MIN


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_shapes_and_edges_of_controls_can_be_seen(theme: int, shape: str, ground: str):
    colours = tokens(theme)
    assert contrast(colours[shape], colours[ground]) >= CONTRAST_SHAPE_MIN


def test_black_on_white_has_the_contrast_that_wcag_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def painted_files() -> list[Path]:
    files = [path for kind in ("*.css", "*.html", "*.py") for path in sorted(WEB.rglob(kind))]
    return [path for path in files if path != TOKENS]


def test_no_colour_stands_outside_the_tokens():
    strays = [
        f"{path.name}: {found}"
        for path in painted_files()
        for found in re.findall(r"#[0-9a-fA-F]{6}\b|:\s*#[0-9a-fA-F]{3,4}\b|\b(?:rgb|hsl|oklch)a?\(", path.read_text())
    ]
    assert not strays


def test_every_token_that_is_used_is_defined():
    defined = set(re.findall(r"--([\w-]+):", TOKENS.read_text()))
    used = {name for path in WEB.rglob("*.css") for name in re.findall(r"var\(--([\w-]+)\)", path.read_text())}
    assert used <= defined


def test_no_template_has_inline_style_or_script():
    inline = [
        path.name
        for path in WEB.rglob("*.html")
        if re.search(r"\sstyle=|<style|<script(?![^>]*\bsrc=)|\son[a-z]+=", path.read_text())
    ]
    assert not inline


def test_no_page_loads_more_than_45_kilobytes_of_compressed_script():
    scripts = sum(len(gzip.compress(path.read_bytes(), 9)) for path in (WEB / "static").glob("*.js"))
    assert scripts <= 45_000


def test_nothing_comes_from_another_host():
    foreign = [
        path.name for path in WEB.rglob("*.html") if re.search(r"(?:src|href)=\"(?:https?:)?//", path.read_text())
    ]
    assert not foreign
