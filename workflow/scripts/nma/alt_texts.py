"""What a figure says, in words and numbers, for readers who cannot see it."""

from collections.abc import Mapping
from typing import Any

from nma.pages import number, percent


def of_stratum(stratum: Mapping[str, Any], reference: str) -> dict[str, str]:
    """Figure -> alternative text; ``stratum`` as ``report.collect`` makes it."""
    rows, ranks = stratum["rows"], stratum["ranks"].to_dict("records")
    network = stratum["network"]
    effects = "; ".join(f"{row['treatment']} {_effect(row)}" for row in rows)
    places = "; ".join(
        f"{r['treatment']} {number(r['mean_rank'])} ({r['rank_low']:.0f} to {r['rank_high']:.0f})"
        for r in ranks
    )
    best = "; ".join(f"{r['treatment']} {percent(r['p_best'])}" for r in ranks[:8])
    edges = "; ".join(f"{e['a']} and {e['b']} {e['studies']}" for e in network["edges"])
    spread = stratum["heterogeneity"].to_dict("records")
    tau = "; ".join(f"{h['parameter']} {_effect(h)}" for h in spread)
    found = {
        "network": f"Network of {len(network['nodes'])} treatments. Direct comparisons and their "
        f"studies: {edges}.",
        "forest": f"Forest plot against {reference}, points, median and 95% interval: {effects}.",
        "posterior": f"Posterior densities against {reference}, points: {effects}.",
        "ranks": f"Mean rank of {len(ranks)} and its 95% interval: {places}.",
        "rank_probabilities": "Probability of each rank and of that rank or better. Probability of "
        f"being best: {best}.",
        "tau": f"Prior and posterior of the between-study standard deviation, points: {tau}.",
        "trace": "Densities and traces of tau and of the effects that mix least, one colour a "
        "chain; R-hat and effective sample sizes are in the text.",
        "rank_plot": "Rank plots of the chains; R-hat and effective sample sizes are in the text.",
        "sensitivity": "Effects under every analysis that changes the data or a prior; the numbers "
        "are in comparison.html.",
    }
    for check in stratum["checks"]:
        for name in check["figures"]:
            title = name.replace("_", " ").capitalize()
            found[name] = f"{title}. {' '.join(check['sentences'])}"
    return found


def _effect(row: Mapping[str, Any]) -> str:
    return f"{number(row['median'])} ({number(row['ci_low'])} to {number(row['ci_high'])})"
