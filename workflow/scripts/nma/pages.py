"""Pages: Jinja templates to self-contained HTML, every cell escaped, and how numbers read."""

import base64
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup


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


def scripted(context: Mapping[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """The context with our own scripts as ``script`` and, for the Content-Security-Policy,
    their hash: no other script can run."""
    script = "".join(path.read_text("utf-8") for path in files)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    return {**context, "script": script, "script_hash": digest}


def embed(path: Path) -> Markup:
    """An SVG of our own as a data URL that stands in a double-quoted attribute.

    Only what a URL or the attribute would end at is encoded: a third less than base64.
    """
    svg = _lean(path.read_text("utf-8"))
    quote = "%22" if "'" in svg else "'"
    for char, code in (("%", "%25"), ("#", "%23"), ("&", "%26"), ('"', quote)):
        svg = svg.replace(char, code)
    return Markup("data:image/svg+xml," + svg)  # noqa: S704 - a drawing of our own, encoded


def _lean(svg: str) -> str:
    """The same drawing without what no reader sees: prologue, metadata, comments, names of
    groups, line ends, and decimals below a tenth of a point of path data."""
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<[?!][^>]*>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="\w+_\d+"(?=>)', "", svg)  # of <g>, which nothing refers to
    svg = re.sub(r' d="[^"]*"', lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]), svg)
    return re.sub(r"\s+", " ", svg).replace("> <", "><").replace("DejaVuSans-", "")


def listed(words: list[str]) -> str:
    """a, b and c."""
    words = list(map(str, words))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for a template: a missing number is None."""
    return [
        {str(k): None if isinstance(v, float) and pd.isna(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def number(value: Any, digits: int = 1) -> str:
    if value is None or value == "" or pd.isna(value):
        return "n.s."
    text = f"{float(value):.{digits}f}"
    return text.replace("-", "\u2212") if float(text) else text.lstrip("-")


def percent(value: Any) -> str:
    value = round(100 * float(value), 6)  # 100 * .545 is 54.500000000000007: a half by hazard
    return ">99.5%" if value > 99.5 else "<0.5%" if value < 0.5 else f"{value:.0f}%"


def whole(value: Any) -> str:
    return "n.s." if value is None or pd.isna(value) else f"{float(value):,.0f}"
