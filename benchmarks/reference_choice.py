"""How much contrasts move with the choice of reference: `make reference-shift` rewrites
docs/reference_choice.md from the results of a finished run."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from nma import arms, exact
from nma.priors import Prior

ROOT = Path(__file__).resolve().parent.parent
PRIOR = Prior("half_normal", (15.0,))


def largest_shift(table: pd.DataFrame, references: list[str], sd: float) -> tuple[float, float]:
    """Largest change of a posterior mean over all pairs and references: in points, and in
    posterior sds of that pair."""
    fits = [exact.fit(arms.build(table, reference, sd), PRIOR) for reference in references]
    points = shares = 0.0
    for pair in combinations(sorted(set(table["treatment"])), 2):
        moments = [fit.moments(fit.contrast(*pair)) for fit in fits]
        shift = np.ptp([mean for mean, _ in moments])
        points = max(points, shift)
        shares = max(shares, shift / moments[0][1])
    return points, shares


def main() -> None:
    """Print and write the table for the committed data."""
    lines = [
        "# How much the choice of reference moves the contrasts",
        "",
        "Every pair of treatments, exact engine, each treatment with at least two studies as the",
        "reference in turn; tau ~ half-normal(15). Made by `make reference-shift`.",
        "",
        "| stratum | prior sd of effects | largest shift, points | in posterior sds |",
        "|---|---:|---:|---:|",
    ]
    for stratum in ("acute", "chronic"):
        table = pd.read_csv(ROOT / f"results/main/{stratum}/arms.csv")
        counts = table["treatment"].value_counts()
        references = sorted(counts[counts > 1].index)
        for sd in (100.0, 10_000.0):
            points, shares = largest_shift(table, references, sd)
            lines.append(f"| {stratum} | {sd:g} | {points:.2g} | {shares:.2g} |")
    text = "\n".join(lines) + "\n"
    (ROOT / "docs/reference_choice.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
