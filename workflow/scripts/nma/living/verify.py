"""Is a release reproduced? Its tables beside those of a rerun of its own inputs.

A table is the same byte for byte, or each column's largest difference is told in its own unit
and, for figures that come from draws, in Monte Carlo standard errors of the difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma.living import manifest as manifests
from nma.living.monte_carlo import LIMIT, SAMPLED, errors_of
from nma.living.release import Release, published
from nma.living.standing import standing
from nma.tables import read_back, stacked

EXACTLY, WITHIN, NOT = (
    "reproduced exactly",
    "reproduced within Monte Carlo error",
    "NOT reproduced",
)
# Relative; another processor may change the last digits of what is computed without draws.
ROUNDING = 1e-8
COLUMNS = ["table", "column", "row", "release", "rerun", "difference", "mcse", "in_mcse", "verdict"]
# What says how a sampler went, not what it found.
DIAGNOSTICS = ("convergence",)
KEYS = ("treatment", "comparator", "parameter", "analysis")


@dataclass(frozen=True)
class Verified:
    """What a rerun said. ``inputs``, ``code`` and ``versions`` name what is not as the
    manifest has it, ``differences`` (COLUMNS) the largest of every column that differs,
    ``verdicts`` every verdict that is another one, in words."""

    release: str
    tables: int
    identical: int
    inputs: list[str]
    code: list[str]
    versions: list[str]
    differences: pd.DataFrame
    verdicts: list[str]

    @property
    def verdict(self) -> str:
        """EXACTLY, WITHIN or NOT; never reproduced from inputs that are not the recorded ones."""
        if self.inputs or (self.differences["verdict"] == NOT).any():
            return NOT
        return EXACTLY if self.identical == self.tables else WITHIN


def compare(release: Release, results: Path, repository: Path) -> Verified:
    """A release beside results/ of a rerun of its inputs."""
    settings, told = release.settings, release.manifest
    names = compared(release)
    same, found = 0, []
    for name in names:
        a, b = release.tables / name, results / name
        if b.exists() and a.read_bytes() == b.read_bytes():
            same += 1
        else:
            found.append(differences(name, a, b, settings))
    return Verified(
        release=release.version,
        tables=len(names),
        identical=same,
        inputs=tampered(release),
        code=manifests.changed(told, {"code": manifests.code(repository)}, "code"),
        versions=_versions(told["versions"], manifests.versions()),
        differences=stacked(found, COLUMNS),
        verdicts=_verdicts(release, results, settings["main"]),
    )


def compared(release: Release) -> list[str]:
    """What a rerun makes again: all that was published but the settings, which are its input
    and come with the report."""
    return [n for n in published(release.tables, release.settings) if n != "config.json"]


def tampered(release: Release) -> list[str]:
    """Inputs that the release holds otherwise than its manifest says, or not at all."""
    found = []
    for name, entry in release.manifest["inputs"].items():
        path = release.folder / "inputs" / name
        if not path.exists() or manifests.fingerprint(path)["sha256"] != entry["sha256"]:
            found.append(name)
    return found


def differences(
    name: str, a: Path, b: Path, settings: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """COLUMNS of one table: the largest difference of every column that differs."""
    if not b.exists():
        return _line(name, "", "", "there", "missing")
    if a.suffix != ".csv":
        return _line(name, "", "", "", "")
    old, new = _keyed(read_back(a)), _keyed(read_back(b))
    if list(old.columns) != list(new.columns):
        return _line(name, "columns", "", ", ".join(old.columns), ", ".join(new.columns))
    if set(old.index) != set(new.index):
        return _line(name, "rows", "", str(len(old)), str(len(new)))
    new = new.loc[old.index]
    analysis = name.split("/")[0]
    kind = Path(name).stem
    errors = errors_of(kind, a, old, settings.get(analysis, settings["main"]))
    blocks = [_column(name, kind, c, old[c], new[c], errors) for c in old.columns]
    blocks = [block for block in blocks if block is not None]
    return stacked(blocks, COLUMNS)


def _keyed(table: pd.DataFrame) -> pd.DataFrame:
    """By what its rows are called; by their place where that is not one row each."""
    keys = [key for key in KEYS if key in table]
    if not keys or "study" in table:
        return table
    names = pd.Index(table[keys].agg(" : ".join, axis=1))
    if names.has_duplicates:
        return table
    return table.drop(columns=keys).set_index(names)


def _column(name, kind, column, old, new, errors) -> pd.DataFrame | None:
    differing = old != new
    if not differing.any():
        return None
    a, b = (pd.to_numeric(side, errors="coerce") for side in (old, new))
    if (a.isna() != b.isna()).any() or (a.isna() & differing).any():
        row = old.index[differing & a.isna() | (a.isna() != b.isna())][0]
        # Words that follow from sampled figures are told as verdicts, not as a fault of a table.
        told = WITHIN if kind in SAMPLED and a.isna().all() else NOT
        return _line(name, column, str(row), old[row], new[row], told)
    gap = (b - a).abs()
    if kind in DIAGNOSTICS:
        row = gap.idxmax()
        return _line(name, column, str(row), old[row], new[row], WITHIN, gap[row])
    error = errors.get(column)
    if error is None:
        relative = gap / a.abs().clip(lower=1.0)
        row = relative.idxmax()
        told = WITHIN if relative[row] <= ROUNDING else NOT
        return _line(name, column, str(row), old[row], new[row], told, gap[row])
    ratio = (gap / error.clip(lower=1e-12)).where(gap > ROUNDING * a.abs().clip(lower=1.0), 0.0)
    row = ratio.idxmax()
    told = WITHIN if ratio[row] <= LIMIT else NOT
    return _line(name, column, str(row), old[row], new[row], told, gap[row], error[row], ratio[row])


def _verdicts(release: Release, results: Path, settings: Mapping[str, Any]) -> list[str]:
    """Every verdict of main, and then of any analysis, that is another one, in words."""
    found = []
    for stratum in settings["strata"]:
        sides = []
        for root in (release.tables, results):
            folder = root / "main" / stratum
            kinds = _kinds(folder / "network.json")
            table = standing(folder, kinds, settings["mid"]["value"], settings["headline"])
            sides.append(table["verdict"])
        a, b = sides
        for name in a.index.union(b.index, sort=False):
            was, now = a.get(name, "absent"), b.get(name, "absent")
            if was != now:
                found.append(f"{stratum}, {name}: {was} in the release, {now} in the rerun")
        every = [
            root / "comparison" / stratum / "verdicts.csv" for root in (release.tables, results)
        ]
        if all(path.exists() for path in every):
            a, b = (_keyed(read_back(path))["verdict"] for path in every)
            for name in a.index.intersection(b.index, sort=False):
                if a[name] != b[name] and not name.endswith(" : main"):
                    found.append(f"{stratum}, {name}: {a[name]} in the release, {b[name]} now")
    return found


def _kinds(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    nodes = manifests.read(path)["nodes"]
    return {node["treatment"]: node.get("kind", "active") for node in nodes}


def _versions(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    names = sorted({*old, *new})
    return [
        f"{name} {old.get(name, 'absent')} then, {new.get(name, 'absent')} now"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _line(name, column, row, a, b, verdict=NOT, gap=np.nan, mcse=np.nan, ratio=np.nan):
    cells = [name, column, row, str(a), str(b), gap, mcse, ratio, verdict]
    return pd.DataFrame([cells], columns=COLUMNS)


def terminal(verified: Verified) -> str:
    """The verdict and what it rests on."""
    lines = [
        f"Release {verified.release}: {verified.verdict}.",
        f"  {verified.identical} of {verified.tables} published tables are the same byte for byte.",
    ]
    for what, names in (
        ("Inputs that are not as the manifest has them", verified.inputs),
        ("Code or lock that has changed since", verified.code),
        ("Other versions", verified.versions),
        ("VERDICTS THAT DIFFER", verified.verdicts),
    ):
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            lines.append(f"  {what}: {'; '.join(names[:8])}{more}")
    told = verified.differences
    if len(told):
        order = pd.to_numeric(told["in_mcse"]).fillna(np.inf).where(told["verdict"] == NOT, -1.0)
        lines.append("  Largest differences, worst first:")
        for row in (
            told.loc[order.sort_values(ascending=False, kind="stable").index].head(12).itertuples()
        ):
            by = "" if pd.isna(row.difference) else f", by {row.difference:.3g}"
            mc = "" if pd.isna(row.in_mcse) else f" = {row.in_mcse:.1f} Monte Carlo errors"
            lines.append(
                f"    {row.table} {row.column} [{row.row}]: {row.release} then, {row.rerun} now"
                f"{by}{mc} ({row.verdict})"
            )
    return "\n".join(lines) + "\n"
