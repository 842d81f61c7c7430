"""The look stands in one place, and everybody can read it (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from sitebell.demo import demo_folder

TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", (demo_folder() / "tokens.css").read_text()
    )
}
GROUNDS = ("paper", "card", "brass-soft")
TEXTS = ("ink", "muted", "brass", "good", "bad", "info")
PAIRS = [(text, ground, 4.5) for text in TEXTS for ground in GROUNDS]
PAIRS += [("on-brass", "brass", 4.5)]
PAIRS += [("edge", ground, 3.0) for ground in GROUNDS]
ONLY_FOR_LOOKS = {"line"}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_what_is_read_stands_out_from_its_ground(front: str, ground: str, least: float, theme: int) -> None:
    assert contrast(TOKENS[front][theme], TOKENS[ground][theme]) >= least


def test_every_colour_has_a_partner_in_the_pairs() -> None:
    paired = {name for front, ground, _ in PAIRS for name in (front, ground)}

    assert TOKENS.keys() == paired | ONLY_FOR_LOOKS


def test_black_on_white_is_the_most_there_is() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_no_other_file_of_the_page_knows_a_colour() -> None:
    sheets = [path for path in demo_folder().glob("*.css") if path.name != "tokens.css"]
    found = [
        f"{path.name}: {match}"
        for path in sheets
        for match in re.findall(r"#[0-9a-f]{3,8}\b(?=[;, )])|rgb|hsl", path.read_text())
    ]

    assert len(sheets) >= 5
    assert not found


def test_every_token_that_is_used_is_defined() -> None:
    sheets = [path.read_text() for path in demo_folder().glob("*.css")]
    defined = {name for sheet in sheets for name in re.findall(r"--([\w-]+):", sheet)}

    assert {name for sheet in sheets for name in re.findall(r"var\(--([\w-]+)\)", sheet)} <= defined
