"""Settings: the config with one analysis's overrides merged in.

An analysis is data: ``config.analyses`` maps its name to overrides of anything, so every
sensitivity analysis is the same rules again.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def merge(base: Mapping[str, Any], override: Mapping[str, Any] | None) -> dict[str, Any]:
    """``base`` with ``override`` laid over it; mappings merge, all else is replaced.

    A prior is one choice: naming another ``dist`` replaces the whole block.
    """
    merged = deepcopy(dict(base))
    for key, value in (override or {}).items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            other = "dist" in value and value["dist"] != old.get("dist")
            merged[key] = deepcopy(dict(value)) if other else merge(old, value)
        else:
            merged[key] = deepcopy(value)
    return merged


def analyses(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of every analysis by name, without the list of analyses itself.

    Raises ValueError if ``main`` is missing or not sampled by NUTS.
    """
    settings = merged(config)
    refuse_unfit(settings)
    return settings


def merged(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of ``main`` and of every analysis that is wanted, not looked at any closer."""
    base = {key: value for key, value in config.items() if key not in ("analyses", "only")}
    wanted = config.get("only") or list(config["analyses"])
    if unknown := sorted(set(wanted) - set(config["analyses"])):
        raise ValueError(
            f"config: only names analyses that are not there: {', '.join(unknown)}. "
            f"Hint: they are {', '.join(config['analyses'])}"
        )
    settings = {
        name: merge(base, over)
        for name, over in config["analyses"].items()
        if name in wanted or name == "main"
    }
    if "main" not in settings:
        raise ValueError("config: analyses must hold 'main', the primary analysis")
    return settings


def refuse_unfit(settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ValueError if ``main`` is not the plain network, sampled, or an engine cannot fit
    the model of its analysis."""
    if settings["main"]["engine"] != "nuts":
        raise ValueError("config: 'main' is always sampled and audited; set engine: nuts")
    if parts := parts_of(settings["main"].get("model", {})):
        raise ValueError(
            f"config: 'main' is the plain network, which the checks are about; move its "
            f"model.{', model.'.join(parts)} into an analysis of its own"
        )
    for name, each in settings.items():
        model = each.get("model", {})
        sampled = [part for part in parts_of(model) if part in ONLY_NUTS]
        if model.get("regression", {}).get("covariate") == "control":
            sampled.append("regression.covariate")
        if sampled and each["engine"] != "nuts":
            raise ValueError(
                f"config: analysis '{name}' has more variances than a grid can hold "
                f"(model.{', model.'.join(sampled)}); set its engine: nuts"
            )


ONLY_NUTS = ("heterogeneity", "study_effects", "class_sd")


def parts_of(model: Mapping[str, Any]) -> list[str]:
    """Keys of the model block that make it more than the plain network."""
    plain = {
        "structure": "network",
        "placebo": "lumped",
        "heterogeneity": "common",
        "study_effects": "normal",
    }
    parts = [key for key, value in plain.items() if model.get(key, value) != value]
    if model.get("structure") == "classes" and model.get("class_sd") == "by_class":
        parts.append("class_sd")
    if model.get("regression", {}).get("covariate"):
        parts.append("regression")
    if model.get("bias", {}).get("method", "none") != "none":
        parts.append("bias")
    return parts


def stratum_seed(seed: int, analysis: str, stratum: str) -> int:
    """A seed of its own for each fit, the same on every machine and in every run."""
    from zlib import crc32

    return (seed + crc32(f"{analysis}/{stratum}".encode())) % 2**31


def differences(base: Mapping[str, Any], other: Mapping[str, Any], path: str = "") -> list[str]:
    """What an analysis changes, as "key = value"."""
    found = []
    for key in other:
        here, there = base.get(key), other[key]
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            found += differences(here, there, f"{path}{key}.")
        elif here != there:
            found.append(f"{path}{key} = {json.dumps(there)}")
    return found
