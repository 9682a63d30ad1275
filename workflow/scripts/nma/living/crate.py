"""A run as an RO-Crate 1.2: inputs, workflow, outputs, authors and licence for a repository.

https://www.researchobject.org/ro-crate/, by the profile of Workflow RO-Crates.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from rocrate.model.person import Person
from rocrate.rocrate import ROCrate

from nma.living import manifest as manifests

KINDS = {".csv": "text/csv", ".json": "application/json", ".html": "text/html",
         ".svg": "image/svg+xml", ".yaml": "application/yaml", ".nc": "application/x-netcdf",
         ".txt": "text/plain", ".png": "image/png", ".pdf": "application/pdf"}  # fmt: skip
SPDX = "https://spdx.org/licenses/{}"
# Posterior draws make up nearly all of the bytes; they come out of the run again.
LEFT_OUT = (".nc", ".part")


def build(folder: Path, repository: Path) -> ROCrate:
    """The crate of the run in ``folder`` (its working directory), as its manifest has it.

    Raises FileNotFoundError without a manifest or without a file that it lists.
    """
    told = manifests.read(folder / "results" / manifests.NAME)
    if lost := [n for n, entry in told["inputs"].items() if entry["from"] == "elsewhere"]:
        raise FileNotFoundError(
            f"{', '.join(lost)} lies outside the folder of the run. Hint: move it into data/, "
            f"name it under inputs.trials and run again"
        )
    cite = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    crate = ROCrate()
    crate.name, crate.description = cite["title"], cite["message"]
    crate.license = SPDX.format(cite["license"])
    crate.datePublished = told["run"]["ended"]
    people = [_author(crate, person, i) for i, person in enumerate(cite["authors"])]
    crate.root_dataset["author"] = people
    crate.root_dataset["version"] = cite["version"]
    workflow = crate.add_workflow(
        str(repository / "Snakefile"), "Snakefile", main=True, lang="snakemake",
        lang_version=told["versions"]["snakemake"],
        properties={"name": "lowback-nma", "license": SPDX.format(cite["license"])},
    )  # fmt: skip
    workflow["author"] = people
    for name in [n for n in told["code"] if n != "Snakefile"] + ["CITATION.cff", "LICENSE"]:
        if (repository / name).exists():
            _file(crate, repository / name, name, {"name": name})
    given = [
        _file(
            crate,
            (repository if entry["from"] == "repository" else folder) / name,
            f"inputs/{name}",
            {"name": name, "sha256": entry["sha256"]},
        )
        for name, entry in told["inputs"].items()
    ]
    made = [
        _file(
            crate,
            folder / "results" / name,
            f"results/{name}",
            {"name": name, "sha256": entry["sha256"]},
        )
        for name, entry in told["outputs"].items()
        if not name.endswith(LEFT_OUT)
    ]
    manifest = _file(
        crate,
        folder / "results" / manifests.NAME,
        "results/manifest.json",
        {"name": "manifest of the run"},
    )
    run = crate.add_action(
        workflow,
        identifier="#run",
        object=given,
        result=[*made, manifest],
        properties={
            "name": "the run that made these results",
            "startTime": told["run"]["started"],
            "endTime": told["run"]["ended"],
        },
    )
    crate.root_dataset["mentions"] = [run]
    return crate


def write(folder: Path, repository: Path) -> tuple[Path, Path]:
    """results/crate/lowback-nma/ with ro-crate-metadata.json, and the same as a zip beside it."""
    crate, out = build(folder, repository), folder / "results/crate"
    out.mkdir(parents=True, exist_ok=True)
    aside = out / ".lowback-nma.part"
    _remove(aside)
    crate.write(aside)
    target, packed = out / "lowback-nma", out / "lowback-nma.zip"
    _remove(target)
    aside.rename(target)
    crate.write_zip(out / ".lowback-nma.zip.part")
    (out / ".lowback-nma.zip.part").rename(packed)
    return target, packed


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


def _author(crate: ROCrate, person: Mapping[str, Any], place: int) -> Any:
    name = person.get("name") or f"{person['given-names']} {person['family-names']}"
    properties = {"name": name}
    if "affiliation" in person:
        properties["affiliation"] = person["affiliation"]
    return crate.add(Person(crate, person.get("orcid") or f"#author-{place + 1}", properties))


def _file(crate: ROCrate, source: Path, name: str, properties: Mapping[str, Any]) -> Any:
    if not source.exists():
        raise FileNotFoundError(f"{name} is in the manifest but gone. Hint: run make first")
    kind = KINDS.get(source.suffix)
    told = {**properties, **({"encodingFormat": kind} if kind else {})}
    told["contentSize"] = str(source.stat().st_size)
    return crate.add_file(str(source), name, properties=told)
