"""The report in Chromium, used as a person uses it: choose, sort, filter, walk, read, print.

The system's Chromium, driven by Playwright. Without it these tests fail; none is skipped.
"""

import json
import shutil
from itertools import pairwise
from urllib.parse import quote

import pandas as pd
import pytest
import report_site
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from nma.pages import percent

pytestmark = pytest.mark.browser
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{7*7}} {% raw %}",
    "__proto__",
    "constructor",
    "javascript:alert(1)",
    "a&amp;b <!-- --> ]]>",
]
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed. Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return report_site.build(tmp_path_factory.mktemp("site"))


class Opened:
    """A page and all that went wrong on it."""

    def __init__(self, chromium, path, hash_="", **context):
        self.context = chromium.new_context(**context)
        self.page = self.context.new_page()
        self.wrong, self.asked = [], []
        self.page.on("console", lambda m: self.wrong.append(m.text))
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))
        self.page.on("dialog", lambda d: (self.wrong.append(d.message), d.dismiss()))
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.goto(path.as_uri() + hash_)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def rows(self, table):
        """Cells of the visible rows of the first such table, as text."""
        cells = "rows => rows.map(r => [...r.cells].map(c => c.innerText.trim()))"
        rows = self.page.locator(table).first.locator("tbody tr:not([hidden])")
        return rows.evaluate_all(cells)


@pytest.fixture
def opened(chromium, report):
    with Opened(chromium, report) as opened:
        yield opened
        assert opened.wrong == []


def shown(row):
    """Median and interval as the page prints them."""
    values = [f"{row[c]:.1f}".replace("-0.0", "0.0") for c in ("median", "ci_low", "ci_high")]
    one, low, high = (v.replace("-", MINUS) for v in values)
    return f"{one} ({low} to {high})"


def league(report, analysis, stratum):
    table = pd.read_csv(report.parent / analysis / stratum / "league.csv")
    return table.set_index(["treatment", "comparator"])


@pytest.mark.parametrize(
    ("stratum", "analysis", "reference", "mid"),
    [
        ("acute", "main", "placebo", 10),
        ("chronic", "main", "placebo", 5),
        ("chronic", "fixed_effect", "exercise", 15),
        ("acute", "uniform_tau", "NSAID", 20),
    ],
)
def test_what_is_chosen_is_what_the_tables_say(opened, report, stratum, analysis, reference, mid):
    page = opened.page
    for key, value in (("stratum", stratum), ("analysis", analysis), ("reference", reference)):
        page.select_option(f"#x-{key}", value)
    page.select_option("#x-mid", str(mid))
    table = league(report, analysis, stratum)
    rows = opened.rows("#x-forest")[:-1]  # the last holds the axis
    assert {row[0] for row in rows} == set(table.index.get_level_values(0)) - {reference}
    for name, _, effect, better, important in rows:
        own = table.loc[(name, reference)]
        assert effect == shown(own)
        for cell, p in ((better, own["p_below_0"]), (important, own[f"p_below_-{mid}"])):
            told = float(cell.strip("<>%"))
            assert abs(told - 100 * p) <= 0.51, (name, cell, p)
    medians = [table.loc[(row[0], reference), "median"] for row in rows]
    assert all(a <= b + 0.05 for a, b in pairwise(medians))
    said = opened.text("#x-state")
    many = sum(table.loc[(row[0], reference), "p_below_0"] >= 0.975 for row in rows)
    assert f"{many} do better than {reference}" in said
    ranks = pd.read_csv(report.parent / analysis / stratum / "ranks.csv").set_index("treatment")
    for row in opened.rows("#x-ranking"):
        own = ranks.loc[row[0]]
        assert row[1].startswith(f"{own['mean_rank']:.1f} ({own['rank_low']:.0f} to")
    page.locator("#x-league-box summary").click()
    heads = page.locator("#x-league thead th").all_inner_texts()[1:]
    for row in opened.rows("#x-league")[:6]:
        for comparator, cell in zip(heads, row[1:], strict=True):
            if comparator != row[0]:
                assert cell == shown(table.loc[(row[0], comparator)])


def test_the_first_view_agrees_with_the_static_table(opened):
    static = {row[0]: row[1] for row in opened.rows("table.sof")}
    explored = {row[0]: row[2] for row in opened.rows("#x-forest")[:-1]}
    assert explored == {name: static[name] for name in explored}
    assert len(explored) > 8


def test_a_view_can_be_linked_and_a_hostile_link_is_ignored(chromium, report):
    with Opened(chromium, report) as first:
        first.page.select_option("#x-stratum", "chronic")
        first.page.select_option("#x-reference", "exercise")
        link, said = first.page.url.partition("#")[2], first.text("#x-state")
    with Opened(chromium, report, "#" + link) as second:
        assert second.text("#x-state") == said
        assert second.wrong == []
    evil = "view=1&stratum=<img src=x onerror=alert(1)>&reference=__proto__"
    evil += "&analysis=constructor&mid=1e9&order=x"
    with Opened(chromium, report, "#" + quote(evil, safe="=&")) as third:
        assert "analysis main" in third.text("#x-state")
        assert third.page.input_value("#x-reference") == "placebo"
        assert third.wrong == []


def test_sort_and_filter(opened):
    first = opened.page.locator("table.sof").first
    header = first.locator("th button.sort").nth(3)  # studies
    header.press("Enter")
    cells = [int(t) for t in first.locator("tbody tr td:nth-child(4)").all_inner_texts()]
    assert cells == sorted(cells)
    assert first.locator("thead th").nth(3).get_attribute("aria-sort") == "ascending"
    header.click()
    cells = [int(t) for t in first.locator("tbody tr td:nth-child(4)").all_inner_texts()]
    assert cells == sorted(cells, reverse=True)
    first.locator("th button.sort").nth(1).click()  # differences: minus signs are numbers
    told = first.locator("tbody tr td:nth-child(2)").all_inner_texts()
    values = [float(t.split(" ")[0].replace(MINUS, "-")) for t in told]
    assert values == sorted(values)
    box = opened.page.locator(".filter input").first
    box.fill("EXERCISE")
    visible = first.locator("tbody tr:not([hidden]) th").all_inner_texts()
    assert visible
    assert all("exercise" in name for name in visible)
    status = opened.page.locator(".filter [role=status]").first.inner_text()
    assert status == f"{len(visible)} of {len(values)} rows"


def test_the_network_is_read_edge_by_edge_from_the_keyboard(opened, report):
    network = json.loads((report.parent / "main/acute/network.json").read_text())
    opened.page.locator("#x-network svg").focus()
    told = []
    for _ in network["edges"]:
        opened.page.keyboard.press("ArrowRight")
        told.append(opened.text("#x-edge"))
    assert len(set(told)) == len(network["edges"])
    for edge, said in zip(network["edges"], told, strict=True):
        assert f"{edge['a']} and {edge['b']}: {edge['studies']} stud" in said
        assert all(label in said for label in edge["labels"])
    opened.page.keyboard.press("ArrowLeft")
    assert opened.text("#x-edge") == told[-2]


def test_pointing_at_a_treatment_names_its_trials(opened, report):
    network = json.loads((report.parent / "main/acute/network.json").read_text())
    edge = next(e for e in network["edges"] if {e["a"], e["b"]} == {"NSAID", "placebo"})
    opened.page.locator("#x-forest button", has_text="NSAID").first.hover()
    said = opened.text("#x-detail")
    assert f"directly compared with placebo in {edge['studies']} studies" in said
    assert all(label in said for label in edge["labels"])


def test_every_figure_is_drawn_and_nothing_is_fetched(opened):
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    sizes = page.evaluate("[...document.images].map(i => [i.naturalWidth, i.alt.length])")
    assert len(sizes) == 4
    assert all(width > 100 and alt > 60 for width, alt in sizes)
    assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("view", ["first", "used", "without script"])
def test_axe_finds_nothing(chromium, report, view):
    with Opened(chromium, report) as opened:
        page = opened.page
        if view == "used":
            page.select_option("#x-stratum", "chronic")
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        if view == "without script":
            page.evaluate("document.querySelector('#explorer').remove()")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found] == []


def test_a_phone_needs_no_sideways_scrolling(chromium, report):
    with Opened(chromium, report, viewport={"width": 360, "height": 740}, is_mobile=True) as opened:
        width = "document.documentElement.scrollWidth"
        assert opened.page.evaluate(width) <= 360
        opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert opened.page.evaluate(width) <= 360


def test_without_javascript_the_static_report_stands(chromium, report):
    with Opened(chromium, report, java_script_enabled=False) as opened:
        assert opened.page.locator("#explorer").is_hidden()
        assert opened.page.locator("table.sof").count() == 2
        assert opened.page.locator("ol.lines li").count() == 10


def test_print_leaves_out_what_cannot_be_used_on_paper(opened):
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#explorer").is_hidden()
    assert opened.page.locator("table.sof").first.is_visible()
    assert opened.page.locator(".filter").first.is_hidden()
    assert len(opened.page.pdf()) > 50_000


def test_hostile_labels_are_text(chromium, tmp_path):
    trials = pd.read_csv(report_site.ROOT / "data/trials.csv", dtype=str)
    acute = trials.loc[trials["duration"].eq("acute"), "study"].unique()
    studies = {name: f"{HOSTILE[k % len(HOSTILE)]} {k}" for k, name in enumerate(acute)}
    own = ["NSAID", "opioid", "paracetamol", "exercise", "education", "corticosteroid"]
    own += ["topical rubefacient", "spinal manipulation"]
    nodes = dict(zip(own, HOSTILE, strict=True))
    path = report_site.build(tmp_path, "acute", studies, nodes)
    with Opened(chromium, path) as opened:
        assert set(HOSTILE) <= {row[0] for row in opened.rows("#x-forest")}
        for name in HOSTILE:
            opened.page.select_option("#x-reference", name)
            opened.page.locator("#x-forest button").first.focus()
        opened.page.locator("#x-league-box summary").click()
        opened.page.locator("#x-network svg").focus()
        told = ""
        for _ in range(12):
            opened.page.keyboard.press("ArrowRight")
            told += opened.text("#x-edge")
        assert "onerror=alert(1)" in told
        opened.page.wait_for_timeout(200)
        assert opened.wrong == []
        assert opened.page.locator("img[src='x']").count() == 0
        assert opened.page.evaluate("document.scripts.length") == 2


def test_probabilities_read_as_in_every_other_table(opened):
    """Also a half percent, and just above and below the ends."""
    draws = 12_000
    for k in [*range(0, draws + 1, 30), 59, 61, 11_939, 11_941, 11_999]:
        stored = int(100_000 * k / draws + 1e-6)  # as explorer.pairs cuts it
        assert opened.page.evaluate("p => percent(p)", stored) == percent(k / draws), k


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        ([f"{MINUS}7.3 ({MINUS}12 to {MINUS}2)", "1.0 (0 to 2)", f"{MINUS}12.0"], [2, 0, 1]),
        (["1,234", "99", "n.s.", "1,000"], [1, 3, 0, 2]),
        ([">99.5%", "<0.5%", "50%", "99%", "1%", "0%"], [5, 1, 4, 2, 3, 0]),
        (["b", "", "a"], [2, 0, 1]),
    ],
)
def test_columns_sort_as_numbers_and_what_is_not_stated_stays_last(opened, cells, order):
    page = opened.page
    page.evaluate(
        """cells => {
          const rows = cells.map((text, id) => make("tr", { id }, make("td", { text })));
          const head = make("thead", {}, make("tr", {}, make("th", { text: "x" })));
          const table = make("table", { id: "t" }, head, make("tbody", {}, ...rows));
          document.querySelector("main").append(table);
          sortable(table);
        }""",
        cells,
    )

    def met():
        return page.evaluate("[...document.querySelectorAll('#t tbody tr')].map(r => +r.id)")

    page.press("#t button", "Enter")
    assert met() == order
    page.press("#t button", "Space")
    last = [k for k in order if cells[k] in ("", "n.s.")]
    assert met() == [k for k in reversed(order) if k not in last] + last


def test_the_first_step_back_is_to_the_last_comparison(opened):
    opened.page.locator("#x-network svg").focus()
    opened.page.keyboard.press("ArrowLeft")
    one, total = opened.text("#x-edge").split(".")[0].split(" of ")
    assert one == total


def test_the_page_that_is_open_follows_a_link(opened):
    before = opened.text("#x-state")
    opened.page.evaluate("location.hash = '#view=1&stratum=chronic&reference=exercise&mid=15'")
    opened.page.wait_for_function("document.getElementById('x-mid').value === '15'")
    said = opened.text("#x-state")
    assert said != before
    assert "than exercise" in said
    assert opened.page.input_value("#x-stratum") == "chronic"
    opened.page.evaluate("location.hash = '#method'")  # a place of the page is no view
    assert opened.text("#x-state") == said


def test_paper_holds_the_rows_that_were_filtered_out(opened):
    first = opened.page.locator("table.sof").first
    rows = first.locator("tbody tr")
    opened.page.locator(".filter input").first.fill("exercise")
    assert first.locator("tbody tr:visible").count() < rows.count()
    opened.page.emulate_media(media="print")
    assert first.locator("tbody tr:visible").count() == rows.count()


def test_every_control_is_met_by_tab_and_shows_it(opened):
    page = opened.page
    page.focus("#x-stratum")
    met = []
    while len(met) < 60 and "svg" not in met:
        met.append(page.evaluate("document.activeElement.id || document.activeElement.localName"))
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", met
        page.keyboard.press("Tab")
    assert met[:5] == ["x-stratum", "x-analysis", "x-reference", "x-mid", "x-order"]
    assert met.count("button") == page.locator("#x-forest button").count()
    assert met[-1] == "svg"


def test_the_policy_stops_every_other_script(chromium, report, tmp_path):
    bad = tmp_path / "bad.html"
    slipped = "<script>document.title = 'ran'</script><a id=bad onclick='document.title=1'>x</a>"
    bad.write_text(report.read_text("utf-8").replace("</main>", f"{slipped}</main>"), "utf-8")
    with Opened(chromium, bad) as opened:
        title = opened.page.title()
        opened.page.click("#bad")
        assert opened.page.title() == title != "ran"
        assert len([w for w in opened.wrong if "Content Security Policy" in w]) == 2
        assert opened.page.is_visible("#x-forest")
