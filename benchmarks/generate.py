"""Folders to run the workflow on, of any size: a network of trials drawn at random.

``python benchmarks/generate.py FOLDER --studies 1000 --treatments 100`` writes data/trials.csv
and config/; then ``snakemake --cores 2 --directory FOLDER``.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parent.parent
MODALITIES = ("drug", "physical", "psychological", "education")
# Placebos as reported, and their kind.
PLACEBOS = {"placebo pill": "pill", "sham therapy": "sham manual", "sham device": "sham device"}
ROB = ("low", "some_concerns", "high", "")


@dataclass(frozen=True)
class Network:
    """What is drawn: ``star`` is the share of studies with a placebo arm, ``multi`` of those
    with three arms or more, ``acute`` of those of acute pain; ``tau`` in points."""

    studies: int = 301
    treatments: int = 56
    multi: float = 0.15
    star: float = 0.7
    acute: float = 0.2
    tau: float = 5.0
    seed: int = 1

    @property
    def name(self) -> str:
        """Studies by treatments, as people write it."""
        return f"{self.studies:,} x {self.treatments:,}"


def names(size: int) -> list[str]:
    """Placebo, then the active treatments."""
    width = len(str(size - 1))
    return ["placebo", *(f"treatment {i:0{width}d}" for i in range(1, size))]


def trials(network: Network) -> pd.DataFrame:
    """data/trials.csv: one row an arm, pain at the end on 0-100 or 0-10, a mean and an SD.

    Every treatment is in some study of each stratum that has as many studies as treatments.
    """
    rng = np.random.default_rng(network.seed)
    K, called = network.treatments, names(network.treatments)
    d = np.concatenate([[0.0], rng.normal(-4, 4, K - 1)])
    # Some treatments are studied often, most seldom.
    popular = rng.pareto(1.5, K - 1) + 0.2
    popular /= popular.sum()
    acute = rng.random(network.studies) < network.acute
    turn = {True: 0, False: 0}
    width, rows = len(str(network.studies)), []
    for i in range(network.studies):
        size = 2 if rng.random() >= network.multi else int(rng.choice([3, 3, 3, 4]))
        size = min(size, K)
        first = [0] if rng.random() < network.star else []
        stratum = bool(acute[i])
        # The first studies of a stratum walk round the treatments.
        if turn[stratum] < K - 1:
            turn[stratum] += 1
            first = [0, turn[stratum]]
        drawn = rng.choice(K - 1, size=min(K - 1, size), replace=False, p=popular) + 1
        picked = list(dict.fromkeys([*first, *drawn]))[:size]
        mu, sd = rng.normal(45, 6), rng.uniform(14, 26)
        scale = ("pain 0-100", 1.0) if rng.random() < 0.6 else ("VAS 0-10", 0.1)
        n = max(8, int(rng.lognormal(3.7, 0.6)))
        rob, year, weeks = rng.choice(ROB), int(rng.integers(1985, 2026)), int(rng.integers(1, 11))
        baseline = mu + rng.normal(15, 3)
        for k in picked:
            arm_sd, arm_n = sd * rng.uniform(0.9, 1.1), max(6, n + int(rng.integers(-2, 3)))
            true = mu + d[k] + rng.normal(0, network.tau / np.sqrt(2))
            mean = np.clip(true + rng.normal(0, arm_sd / np.sqrt(arm_n)), 2, 98)
            reported = called[k] if k else list(PLACEBOS)[int(rng.integers(len(PLACEBOS)))]
            rows.append(
                {
                    "study": f"Trial {i + 1:0{width}d}",
                    "year": year,
                    "duration": "acute" if stratum else "chronic",
                    "outcome": "pain",
                    "instrument": scale[0],
                    "weeks": weeks,
                    "measure": "final",
                    "treatment": reported,
                    "n": arm_n,
                    "mean": round(mean * scale[1], 2),
                    "sd": round(arm_sd * scale[1], 2),
                    "baseline_mean": round(
                        (baseline + rng.normal(0, arm_sd / arm_n**0.5)) * scale[1], 2
                    ),
                    "baseline_sd": round(arm_sd * scale[1], 2),
                    "design": "parallel",
                    "treatment_weeks": weeks,
                    "rob": rob,
                    "source": "simulated",
                }
            )
    return pd.DataFrame(rows)


def registry(network: Network) -> pd.DataFrame:
    """config/treatments.csv."""
    rows = [
        (reported, "placebo", "placebo", "placebo", "placebo", "placebo", "placebo", kind)
        for reported, kind in PLACEBOS.items()
    ]
    for i, name in enumerate(names(network.treatments)[1:]):
        group = f"class {i // 4 + 1}"
        rows.append(
            (name, name, name, group, group, MODALITIES[i // 4 % len(MODALITIES)], "active", "")
        )
    columns = ("reported", "treatment", "fine", "coarse", "class", "modality", "kind")
    return pd.DataFrame(rows, columns=[*columns, "placebo_kind"])


def write(network: Network, folder: Path, analyses: dict | None = None) -> Path:
    """A folder to run: the repository's config with these ``analyses`` (main alone)."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    config["analyses"] = {"main": {}, **(analyses or {})}
    (folder / "config").mkdir(parents=True)
    (folder / "data").mkdir()
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    (folder / "config/config.yaml").write_text(text, encoding="utf-8")
    registry(network).to_csv(folder / "config/treatments.csv", index=False)
    trials(network).to_csv(folder / "data/trials.csv", index=False)
    return folder


def main() -> None:
    """Write the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, kind in Network.__annotations__.items():
        parser.add_argument(f"--{name}", type=kind, default=getattr(Network, name))
    given = vars(parser.parse_args())
    write(Network(**{k: x for k, x in given.items() if k != "folder"}), given["folder"])


if __name__ == "__main__":
    main()
