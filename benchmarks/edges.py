"""Networks at the edge of what numbers can hold: what the engines make of them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]

TITLE = "Numbers at their edge"


def measure() -> dict:
    """Of every network: the exact engine's loss of digits against rational arithmetic at tau 3,
    and the largest |z| of NUTS's audit or why there is none."""
    import numpy as np
    from extremes import EXTREMES, rational

    from nma import exact

    found = {}
    for name, make in EXTREMES.items():
        arms = make()
        row = {"arms": len(arms.y), "treatments": len(arms.treatments), "lost": None}
        if len(arms.parameters) < 20:
            mean, cov = rational(arms, 3.0)
            got, covs, _ = exact.conditional(arms, [3.0])
            sd = np.sqrt(np.diag(cov))
            away = np.abs(got[0] - mean) / sd
            row["lost"] = float(max(away.max(), np.abs(np.sqrt(np.diag(covs[0])) / sd - 1).max()))
        found[name] = row | _sampled(arms)
    return found


def _sampled(arms) -> dict:
    """The pipeline's own gates on NUTS: convergence with one retry, then the audit."""
    import numpy as np

    from nma import audit, convergence, exact, model
    from nma.priors import Prior

    prior = Prior("half_normal", (15.0,))
    built, accept, draws = model.build(arms, prior), 0.95, 3000
    found = {}
    for attempt in ("first", "retry"):
        found["attempt"] = attempt
        tree = model.sample(
            built, chains=4, draws=draws, tune=1000, target_accept=accept, seed=1, cores=2
        )
        d, tau = (tree["posterior"][part].to_numpy() for part in ("d", "tau"))
        named = {f"d[{k}]": d[:, :, k] for k in range(d.shape[2])} | {"tau": tau}
        checked, lost = convergence.diagnose(named), int(tree["sample_stats"]["diverging"].sum())
        try:
            convergence.gate(checked, lost)
            break
        except convergence.NotConverged as error:
            said = str(error).splitlines()[1].strip()
            accept, draws = 0.99, 2 * draws
    else:
        return found | {"nuts": f"the run stops: {said}"}
    table = audit.audit(exact.fit(arms, prior), d, {"tau": tau})
    z = float(np.abs(table[["z", "z_quantiles"]].to_numpy(float)).max())
    try:
        audit.gate(table)
    except audit.AuditFailed as error:
        return found | {"nuts": f"the run stops: {str(error).splitlines()[0]}"}
    return found | {"nuts": "audit holds", "z": z}


def section(figures: dict) -> str:
    """One table."""
    lines = [
        "Given tau the exact engine against rational arithmetic (means in their sds, sds in"
        " shares); NUTS through the gates of a run.\n",
        "| network | arms | treatments | digits lost | NUTS | largest z |",
        "|---|---:|---:|---:|---|---:|",
    ]
    for name, row in figures.items():
        lost = "" if row["lost"] is None else f"{row['lost']:.0e}"
        z = f"{row['z']:.1f}" if "z" in row else ""
        told = row["nuts"] + (" (after the retry)" if row["attempt"] == "retry" else "")
        told = told.replace("|", "\\|")
        lines.append(f"| {name} | {row['arms']} | {row['treatments']} | {lost} | {told} | {z} |")
    return "\n".join(lines)
