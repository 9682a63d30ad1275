"""Releases: what a recorded run said, small enough to be kept in git.

releases/<version>/manifest.json   the run's own, and when and as which release it was kept
releases/<version>/inputs/         config/ and data/ as the run read them
releases/<version>/tables/         what it published
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nma.living import manifest as manifests

NAME = re.compile(r"[0-9A-Za-z]([0-9A-Za-z._-]{0,62}[0-9A-Za-z])?")
HINT = "make release VERSION=1.0"
TABLES = ("effects", "ranks", "heterogeneity", "convergence")
OF_MAIN = ("arms", "excluded", "account", "league", "sof", "certainty", *TABLES)
OF_ALL = ("validation/trials.csv", "validation/findings.csv", "config.json")


class Refused(ValueError):
    """What was asked for cannot be done; says why and what to do."""


@dataclass(frozen=True)
class Release:
    """A recorded release: its folder and manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def version(self) -> str:
        """What it is called."""
        return self.manifest["release"]["version"]

    @property
    def tables(self) -> Path:
        """What it published, in the folders of results/."""
        return self.folder / "tables"

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """Merged settings of every analysis."""
        return manifests.read(self.tables / "config.json")

    def registry(self, name: str) -> Path:
        """The file that ``inputs.<name>`` named in its run."""
        return self.folder / "inputs" / self.settings["main"]["inputs"][name]


def releases(root: Path) -> list[Release]:
    """Every release under ``root`` (releases/), the last one last.

    Their order is that in which they were recorded, not that of their names. Raises Refused
    for a release whose manifest cannot be read.
    """
    found = []
    for path in sorted(root.glob(f"*/{manifests.NAME}")):
        try:
            told = manifests.read(path)
            key = (int(told["release"]["sequence"]), str(told["release"]["recorded"]))
        except (ValueError, KeyError, TypeError):
            raise Refused(
                f"{path} is no manifest of a release. Hint: restore it from git, or remove "
                f"the folder."
            ) from None
        found.append((key, path.parent.name, Release(path.parent, told)))
    return [release for *_, release in sorted(found, key=lambda item: item[:2])]


def last(root: Path) -> Release:
    """The last recorded release. Raises Refused if there is none."""
    found = releases(root)
    if not found:
        raise Refused(f"There is no release yet to compare with. Hint: {HINT}")
    return found[-1]


def called(root: Path, version: str) -> Release:
    """The release of this name, or the last one for "". Raises Refused if it is not there."""
    if not version:
        return last(root)
    for release in releases(root):
        if release.folder.name == check_name(version):
            return release
    known = ", ".join(release.version for release in releases(root)) or "none yet"
    raise Refused(f"There is no release '{version}'. Hint: recorded are {known}.")


def check_name(version: str) -> str:
    """The version, if it is a safe name of a folder; else raises Refused."""
    if not NAME.fullmatch(version) or ".." in version:
        raise Refused(
            f"'{version}' cannot name a release. Hint: letters, digits, dots, dashes and "
            f"underscores, as in 1.2 or 2027-03."
        )
    return version


def faults(folder: Path, repository: Path) -> list[str]:
    """Why the run in ``folder`` cannot be released: everything that is not there or not as
    its manifest says."""
    path = folder / "results" / manifests.NAME
    if not path.exists():
        return ["there is no results/manifest.json: the run is not complete"]
    told = manifests.read(path)
    found = []
    if given := told["run"]["command_line"]:
        names = ", ".join(sorted(given))
        found.append(
            f"the run took {names} from the command line, so that its config file alone does "
            f"not make it again: write them into the config"
        )
    for name, entry in told["inputs"].items():
        source = _source(folder, repository, name, entry)
        if entry["from"] == "elsewhere":
            found.append(f"the input {name} lies outside the folder: move it into data/")
        elif not source.exists():
            found.append(f"the input {name} is gone")
        elif manifests.fingerprint(source)["sha256"] != entry["sha256"]:
            found.append(f"the input {name} has changed since the run")
    now = {"code": manifests.code(repository)}
    found += [f"the code {name} has changed since the run" for name in
              manifests.changed(told, now, "code")]  # fmt: skip
    for name, entry in told["outputs"].items():
        made = folder / "results" / name
        if not made.exists():
            found.append(f"results/{name} is gone")
        elif manifests.fingerprint(made)["sha256"] != entry["sha256"]:
            found.append(f"results/{name} is not what the run wrote")
    return found


def published(folder: Path, analyses: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names under ``folder`` (results/ or tables/) of what a release keeps and has."""
    names = list(OF_ALL)
    for analysis, settings in analyses.items():
        for stratum in settings["strata"]:
            at = f"{analysis}/{stratum}"
            kept = OF_MAIN if analysis == "main" else TABLES
            names += [f"{at}/{name}.csv" for name in kept]
            names += [f"{at}/network.json"] if analysis == "main" else []
    names += [f"comparison/{s}/verdicts.csv" for s in analyses["main"]["strata"]]
    return [name for name in names if (folder / name).exists()]


def make(version: str, folder: Path, repository: Path, now: float) -> Release:
    """Record the run in ``folder`` (its working directory) as releases/<version>/.

    Written aside and renamed. Raises Refused for a name that is taken or unsafe, and for a
    run that is incomplete or out of date, with every fault.
    """
    target = folder / "releases" / check_name(version)
    if target.exists():
        raise Refused(f"The release {version} exists. Hint: releases are never changed; "
                      f"take another VERSION.")  # fmt: skip
    if found := faults(folder, repository):
        more = [f"... and {len(found) - 20} more"] if len(found) > 20 else []
        lines = "\n".join(f"  - {line}" for line in [*found[:20], *more])
        raise Refused(f"Not released:\n{lines}\nHint: run make, then try again.")
    told = manifests.read(folder / "results" / manifests.NAME)
    before = releases(folder / "releases")
    told["release"] = {
        "version": version,
        "sequence": 1 + (before[-1].manifest["release"]["sequence"] if before else 0),
        "recorded": manifests.iso(now),
    }
    analyses = manifests.read(folder / "results/config.json")
    aside = target.with_name(f".{version}.part")
    shutil.rmtree(aside, ignore_errors=True)
    for name, entry in told["inputs"].items():
        _copy(_source(folder, repository, name, entry), aside / "inputs" / name)
    for name in published(folder / "results", analyses):
        _copy(folder / "results" / name, aside / "tables" / name)
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    (aside / manifests.NAME).write_text(text, encoding="utf-8")
    aside.rename(target)
    return Release(target, told)


def _source(folder: Path, repository: Path, name: str, entry: Mapping[str, Any]) -> Path:
    return (repository if entry["from"] == "repository" else folder) / name


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
