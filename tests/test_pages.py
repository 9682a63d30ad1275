"""Figures in a page: the same drawing, made to stand in an attribute."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from nma import pages
from nma.style import plt, save

HREF = "{http://www.w3.org/1999/xlink}href"


@pytest.fixture
def svg(tmp_path):
    figure, ax = plt.subplots(figsize=(4, 3))
    ax.plot(np.linspace(0, 1, 60), np.linspace(0, 1, 60) ** 2, "o-", label="a < b & 'c' #1 100%")
    ax.set_title("Bold", fontweight="bold")
    ax.legend()
    path = tmp_path / "figure.svg"
    save(figure, [path])
    return path


def numbers(root):
    """Every number of the paths, in order."""
    told = " ".join(node.get("d", "") for node in root.iter())
    return np.array(re.findall(r"-?\d+\.?\d*", told), float)


def test_an_embedded_figure_is_the_same_drawing(svg):
    url = str(pages.embed(svg))
    assert not set(url) & set('"#&\n')  # nothing that ends the attribute or the URL
    assert len(url) < 0.85 * svg.stat().st_size
    before = ElementTree.parse(svg).getroot()
    after = ElementTree.fromstring(unquote(url.partition(",")[2]))
    drawn = [[n.tag for n in root.iter() if "metadata" not in n.tag and "rdf" not in n.tag
              and "dc/elements" not in n.tag and "creativecommons" not in n.tag]
             for root in (before, after)]  # fmt: skip
    assert drawn[0] == drawn[1]
    assert np.abs(numbers(before) - numbers(after)).max() < 0.1


def test_every_letter_and_clip_that_is_used_is_there(svg):
    text = unquote(str(pages.embed(svg)).partition(",")[2])
    after = ElementTree.fromstring(text)
    known = [node.get("id") for node in after.iter() if node.get("id")]
    used = {node.get(HREF)[1:] for node in after.iter() if node.get(HREF)}
    used |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert len(used) > 10
    assert used <= set(known)
    assert len(known) == len(set(known))
