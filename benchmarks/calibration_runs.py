"""Simulation-based calibration of the whole path from trials.csv to the posterior."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]

TITLE = "Calibration"
DATA_SETS = {"exact": 500, "NUTS": 50}
PICTURE = "benchmarks/calibration_ranks.svg"


def measure() -> dict:
    """Ranks, coverage and reliability by engine, as JSON can hold them."""
    import calibration

    found = {}
    for engine, draw in (("exact", calibration.by_exact), ("NUTS", calibration.by_nuts)):
        with tempfile.TemporaryDirectory() as folder:
            seen = calibration.calibrate(DATA_SETS[engine], Path(folder), draw)
        bars = min(calibration.BINS, DATA_SETS[engine] // 5)
        found[engine] = {
            "data sets": DATA_SETS[engine],
            "histograms": {k: calibration.histogram(x, bars) for k, x in seen.ranks.items()},
            "uniformity": calibration.uniformity(seen),
            "coverage": list(calibration.coverage(seen)),
            "reliability": list(calibration.reliability(seen)),
            "rank intervals": [sum(seen.rank_held), len(seen.rank_held)],
        }
    _draw(found)
    return found


def _draw(found: dict) -> None:
    """Rank histograms with the band that 95% of uniform counts lie in, bar by bar."""
    from scipy.stats import binom

    from nma.palette import BLUE, GREY
    from nma.style import plt, save

    names = list(next(iter(found.values()))["histograms"])
    figure, axes = plt.subplots(len(found), len(names), figsize=(9.5, 4.2), squeeze=False)
    for row, (engine, of) in zip(axes, found.items(), strict=True):
        for ax, name in zip(row, names, strict=True):
            counts = of["histograms"][name]
            band = binom.ppf([0.025, 0.975], of["data sets"], 1 / len(counts))
            ax.axhspan(*band, color=GREY, alpha=0.25, lw=0)
            ax.axhline(of["data sets"] / len(counts), color=GREY, lw=0.8)
            ax.bar(range(len(counts)), counts, width=0.9, color=BLUE)
            ax.set_xticks([])
            ax.set_ylim(0, 1.35 * max(*counts, band[1]))
            ax.set_title(f"{name}\n{engine}, {of['data sets']} data sets", fontsize=8)
            ax.set_xlabel("rank of the truth", fontsize=8)
    figure.subplots_adjust(hspace=0.75, wspace=0.3)
    save(figure, [ROOT / "docs" / PICTURE])


def section(figures: dict) -> str:
    """The picture, and tables of uniformity, coverage and reliability."""
    from scipy.stats import binomtest

    lines = [
        "Truth from the priors, trials from the truth, written as SDs, SEs, CIs, differences and"
        " improvements on three scales, then the pipeline's own validation, derivation and fit"
        " (`tests/calibration.py`). The rank of the truth among 199 draws must be uniform: grey is"
        " where 95% of the bars of a calibrated method lie.\n",
        f"![Rank histograms]({PICTURE})\n",
        "| p of uniform ranks | " + " | ".join(figures) + " |",
        "|---|" + "---:|" * len(figures),
    ]
    names = list(next(iter(figures.values()))["uniformity"])
    for name in names:
        cells = " | ".join(f"{of['uniformity'][name]:.2f}" for of in figures.values())
        lines.append(f"| {name} | {cells} |")
    lines += ["\n| interval | says | holds (95% CI) | of |\n|---|---:|---:|---:|"]
    for engine, of in figures.items():
        for name, level, held, count in of["coverage"]:
            low, high = binomtest(held, count).proportion_ci()
            lines.append(
                f"| {name}, {engine} | {level:.0%} | {held / count:.1%} ({low:.1%} to {high:.1%})"
                f" | {count} |"
            )
        held, count = of["rank intervals"]
        lines.append(
            f"| a rank (discrete: at least), {engine} | 95% | {held / count:.1%} | {count} |"
        )
    lines += [
        "\n| stated P(best) | on average | was the best (95% CI) | of |\n|---|---:|---:|---:|"
    ]
    for engine, of in figures.items():
        for start, end, stated, best, count in of["reliability"]:
            low, high = binomtest(best, count).proportion_ci()
            lines.append(
                f"| {start:.0%} to {end:.0%}, {engine} | {stated:.1%} | {best / count:.1%}"
                f" ({low:.1%} to {high:.1%}) | {count} |"
            )
    return "\n".join(lines)
