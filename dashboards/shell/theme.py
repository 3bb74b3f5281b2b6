"""The palette, type and Plotly template of the pages, written once for CSS and for image export."""

from __future__ import annotations

import re
from typing import Any

STACK = (
    '-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif'
)

# Each token: light value, dark value. Text tokens reach 4.5:1 on their ground, marks 3:1 on paper (tested).
TOKENS: dict[str, tuple[str, str]] = {
    "page": ("#f8f7f4", "#14161a"),
    "paper": ("#ffffff", "#1b1e23"),
    "sunk": ("#f0eee9", "#23272e"),
    "ink": ("#1b1d21", "#eceae5"),
    "ink-2": ("#454a52", "#bfc3ca"),
    "ink-3": ("#626871", "#989fa9"),
    "rule": ("#d8d5cd", "#3a3f48"),
    "grid": ("#e9e6df", "#2b3037"),
    "zero": ("#8b8f96", "#777e89"),
    "link": ("#0b5cad", "#82bcff"),
    "tao": ("#b8400a", "#ff9466"),
    "blue": ("#0067a8", "#6db7f2"),
    "bench": ("#6b7078", "#a0a6b0"),
    "green": ("#078e64", "#2e7461"),
    "purple": ("#3b1b54", "#a435c0"),
    "amber": ("#bc850d", "#83650b"),
    "dot": ("#5b8cb5", "#4f7ea6"),
    "band-95": ("rgba(0,103,168,.10)", "rgba(109,183,242,.12)"),
    "band-80": ("rgba(0,103,168,.13)", "rgba(109,183,242,.15)"),
    "band-50": ("rgba(0,103,168,.17)", "rgba(109,183,242,.20)"),
    "band-ink": ("#2d5f86", "#9cc9ee"),
    "window": ("rgba(184,64,10,.07)", "rgba(255,148,102,.09)"),
    "private": ("#dcd8cf", "#3d424b"),
    "public": ("#d3e3ef", "#24384a"),
    "ok": ("#00664f", "#63d1ae"),
    "ok-bg": ("#e3f2ec", "#17342b"),
    "part": ("#765300", "#e8c15f"),
    "part-bg": ("#f8efd6", "#372d12"),
    "no": ("#9a1f3d", "#ff9bb0"),
    "no-bg": ("#f9e6ea", "#421d27"),
    "unk": ("#4c525b", "#c3c8d0"),
    "unk-bg": ("#eceae5", "#2c3038"),
    "hover-bg": ("#ffffff", "#262a31"),
    "hover-rule": ("#8b8f96", "#777e89"),
    "on-tao": ("#ffffff", "#1b1e23"),
    "transparent": ("rgba(0,0,0,0)", "rgba(0,0,0,0)"),
}

# Diverging scale centred on 0: blue, paper, vermilion.
DIVERGING = [[0, "var(--blue)"], [0.5, "var(--paper)"], [1, "var(--tao)"]]

VARIABLE = re.compile(r"^var\(--([a-z0-9-]+)\)$")

_AXIS: dict[str, Any] = {
    "gridcolor": "var(--grid)",
    "gridwidth": 1,
    "zeroline": False,
    "linecolor": "var(--zero)",
    "tickcolor": "var(--zero)",
    "tickfont": {"size": 13, "color": "var(--ink-3)"},
    "title": {"font": {"size": 13, "color": "var(--ink-2)"}, "standoff": 8},
}

# Set on every figure: plotly's own default template would add 6.5 kB to each.
TEMPLATE: dict[str, Any] = {
    "layout": {
        "font": {"family": STACK, "size": 13, "color": "var(--ink-2)"},
        "paper_bgcolor": "var(--transparent)",
        "plot_bgcolor": "var(--transparent)",
        "showlegend": False,
        "hovermode": "x unified",
        "margin": {"l": 52, "r": 16, "t": 14, "b": 40},
        "hoverlabel": {
            "bgcolor": "var(--hover-bg)",
            "bordercolor": "var(--hover-rule)",
            "font": {"size": 13, "color": "var(--ink)"},
            "align": "left",
        },
        "xaxis": {**_AXIS, "showgrid": False, "ticks": "outside", "ticklen": 5, "showline": True},
        "yaxis": {**_AXIS, "fixedrange": True},
        "annotationdefaults": {"showarrow": False, "font": {"size": 13}, "arrowcolor": "var(--ink-3)"},
    }
}


def css_variables() -> str:
    """The token values as CSS: light by default, dark by system or by choice."""
    light = _declarations(0)
    dark = _declarations(1)
    return (
        f":root{{color-scheme:light;--stack:{STACK};{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )


def resolve(value: Any, is_dark: bool = False) -> Any:
    """`value` with every `var(--token)` replaced by its colour, for images drawn outside a browser page."""
    if isinstance(value, dict):
        return {key: resolve(item, is_dark) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(item, is_dark) for item in value]
    if isinstance(value, str) and (match := VARIABLE.match(value)):
        return TOKENS[match.group(1)][int(is_dark)]
    return value


def _declarations(mode: int) -> str:
    return "".join(f"--{name}:{values[mode]};" for name, values in TOKENS.items())
