"""Pages: Jinja templates to self-contained HTML, every cell escaped, and how numbers read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd


def render(context: Mapping[str, Any], template: Path) -> str:
    """The page. Autoescaped: no cell of the data can act as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"num": number, "pct": percent, "whole": whole, "listed": listed}
    return environment.get_template(template.name).render(**context)


def listed(words: list[str]) -> str:
    """a, b and c."""
    words = list(map(str, words))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"


def number(value: Any, digits: int = 1) -> str:
    if value is None or value == "" or pd.isna(value):
        return "n.s."
    text = f"{float(value):.{digits}f}"
    return text.replace("-", "\u2212") if float(text) else text.lstrip("-")


def percent(value: Any) -> str:
    value = 100 * float(value)
    return ">99.5%" if value > 99.5 else "<0.5%" if value < 0.5 else f"{value:.0f}%"


def whole(value: Any) -> str:
    return "n.s." if value is None or pd.isna(value) else f"{float(value):,.0f}"
