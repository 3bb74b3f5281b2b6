"""The palette is legible for everybody."""

import math

import pytest

from dashboards.shell.theme import TEMPLATE, TOKENS, css_variables, resolve

TEXT_ON = [
    ("ink", "page"),
    ("ink", "paper"),
    ("ink", "sunk"),
    ("ink-2", "page"),
    ("ink-2", "paper"),
    ("ink-2", "sunk"),
    ("ink-3", "page"),
    ("ink-3", "paper"),
    ("link", "page"),
    ("link", "paper"),
    ("tao", "page"),
    ("tao", "paper"),
    ("blue", "paper"),
    ("bench", "paper"),
    ("band-ink", "paper"),
    ("ok", "ok-bg"),
    ("part", "part-bg"),
    ("no", "no-bg"),
    ("unk", "unk-bg"),
    ("ink", "hover-bg"),
    ("ink", "private"),
    ("ink", "public"),
    ("on-tao", "tao"),
    ("ink", "part-bg"),
]
MARKS = ("tao", "blue", "bench", "green", "purple", "amber", "dot", "zero")
# Smallest colour distance that people with each kind of colour blindness can still tell apart (CIE76).
SMALLEST_DISTANCE = 20.0
SIMULATIONS = {
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def linear(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour):
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    x = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505
    y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    z = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def seen(colour, matrix):
    rgb = linear(colour)
    return lab([min(max(sum(m * c for m, c in zip(row, rgb, strict=True)), 0), 1) for row in matrix])


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_reaches_four_and_a_half_to_one(text, ground, mode):
    assert contrast(TOKENS[text][mode], TOKENS[ground][mode]) >= 4.5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("mark", MARKS)
def test_marks_reach_three_to_one_on_paper(mark, mode):
    assert contrast(TOKENS[mark][mode], TOKENS["paper"][mode]) >= 3.0


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("kind", SIMULATIONS)
def test_subject_other_and_benchmark_differ_for_colour_blind_readers(kind, mode):
    colours = [seen(TOKENS[name][mode], SIMULATIONS[kind]) for name in ("tao", "blue", "bench")]
    distances = [math.dist(colours[i], colours[j]) for i in range(3) for j in range(i)]
    assert min(distances) >= SMALLEST_DISTANCE


def test_css_and_images_take_their_colours_from_one_place():
    css = css_variables()
    assert f"--tao:{TOKENS['tao'][0]};" in css
    assert f"--tao:{TOKENS['tao'][1]};" in css
    resolved = resolve(TEMPLATE, is_dark=True)
    assert resolved["layout"]["font"]["color"] == TOKENS["ink-2"][1]
    assert "var(" not in str(resolved)
