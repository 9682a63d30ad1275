"""Seconds of every check: the committed chronic network, and one of 301 studies and 56 treatments.

Run after a whole run (make bench-checks): it reads results/main/chronic. The simulated network
gets independent exact draws in the place of NUTS's.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts"), str(ROOT / "tests")]

import numpy as np
import pandas as pd
import yaml
from networks import simulate

from nma import contract, exact, posterior, tables
from nma.checks.programme import every_check, timed
from nma.specify import specify

CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def committed():
    """arms.csv, posterior.nc and treatments.csv of the chronic network."""
    folder = ROOT / "results/main/chronic"
    treatments = ROOT / "config/treatments.csv"
    return (
        tables.read_typed(folder / "arms.csv"),
        posterior.load(folder / "posterior.nc"),
        tables.read_input(treatments, contract.TREATMENTS, "treatments"),
        CONFIG,
    )


def simulated(studies=301, size=56, seed=1):
    """The size of the source review."""
    rng = np.random.default_rng(seed)
    d = np.concatenate([[0.0], rng.normal(-6, 6, size - 1)])
    made = simulate(rng, d, 8.0, studies)
    blank = {"n": 40.0, "sd": 20.0, "derivation": "as reported", "kind": "final", "rob": "",
             "doubt": "", "baseline": np.nan, "instrument": "VAS 0-100", "weeks": 6.0}  # fmt: skip
    made = made.assign(
        **blank, reported=made["treatment"], year=rng.integers(1990, 2024, len(made))
    )
    settings = CONFIG | {"reference": "t00"}
    arms, prior = specify(made, "t00", CONFIG["model"])
    beta, tau = exact.fit(arms, prior).draws(4000, seed)
    shape = (4, 1000)
    tree = posterior.assemble(
        arms, prior, beta.reshape(*shape, -1), tau.reshape(shape), seed, {"engine": "exact"}
    )
    rows = [(t, t, "x", "drug", "placebo" if t == "t00" else "active", "") for t in arms.treatments]
    columns = [field.name for field in contract.TREATMENTS]
    return made, tree, pd.DataFrame(rows, columns=columns), settings


def main():
    """Print one table: seconds by check, for both networks."""
    import_module("arviz_stats")  # its import is not a check
    seconds = {}
    for name, network in (("chronic", committed()), ("301 x 56", simulated())):
        for check, _, time in timed(every_check(*network, 1)):
            seconds.setdefault(check, {})[name] = time
    print("| check | chronic, s | 301 x 56, s |\n|---|---:|---:|")
    for check, by in seconds.items():
        if max(by.values()) >= 0.1:
            print(f"| {check} | {by['chronic']:.1f} | {by['301 x 56']:.1f} |")
    total = {name: sum(by[name] for by in seconds.values()) for name in ("chronic", "301 x 56")}
    print(f"| all | {total['chronic']:.1f} | {total['301 x 56']:.1f} |")


if __name__ == "__main__":
    main()
