"""The config file and what it holds, looked at before anything uses it.

Snakemake reads the file itself, and reads more than settings: ``__use_yte__: true`` makes
Python of its text, an anchor can stand for a billion values, of a key that stands twice the
last one wins in silence. So ``read`` looks at the text first, ``complete`` and ``analyses`` at
the settings, those of the command line included. A ConfigError says where and what to do.
"""

import functools
import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import best_match

from nma import limits
from nma.cells import clip
from nma.contract import TRIALS
from nma.findings import nearest
from nma.plausibility import DEFAULTS
from nma.settings import merged, refuse_unfit

# Folders of results/ that no analysis may be called by.
RESERVED = (
    "compare",
    "comparison",
    "crate",
    "exports",
    "figures",
    "update",
    "validation",
    "verify",
)
PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "merge")}
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class ConfigError(ValueError):
    """A config that cannot be used."""


def read(path: str | Path) -> None:
    """Refuse a config file whose text does more than name settings; a missing one is said by
    Snakemake.

    Raises ConfigError with the line.
    """
    path = Path(path)
    if not path.exists():
        return
    try:
        _limit(path, "bytes", path.stat().st_size, limits.MAX_CONFIG_BYTES)
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: byte {error.start} is no UTF-8. Hint: save the file as UTF-8"
        ) from None
    try:
        _check_depth(path, text)
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _at(path, error.problem_mark, f"no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(
            f"{path} holds no settings. Hint: it is lines of 'key: value'; begin with the "
            "repository's config/config.yaml"
        )
    _limit(path, "values, copies by anchors included", _count(root, {}), limits.MAX_CONFIG_VALUES)
    _check_nodes(path, root)


def complete(config: dict[str, Any], schema: str) -> None:
    """Check all settings and fill in the defaults of the schema, a path.

    Raises ConfigError.
    """
    _check_values(config)
    _check_schema(config, schema)
    if taken := sorted(set(config["analyses"]) & set(RESERVED)):
        raise ConfigError(
            f"config: no analysis can be called {', '.join(taken)}: results/ has a folder of that "
            "name. Hint: call it something else"
        )


def analyses(config: Mapping[str, Any], schema: str) -> dict[str, dict[str, Any]]:
    """Settings of every analysis by name, of a config that is complete.

    Raises ConfigError, or ValueError as ``settings.refuse_unfit`` does.
    """
    settings = merged(config)
    for name, each in settings.items():
        # An override may hold any key, so each merged analysis must keep the schema too.
        _check_schema(each | {"analyses": {name: None}}, schema, f" of '{name}'")
        _check_sense(name, each)
    refuse_unfit(settings)
    return settings


def _at(path: Path, mark: Any, what: str) -> ConfigError:
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return ConfigError(f"{path}{where}: {what}")


def _limit(path: Path, what: str, value: int, most: int) -> None:
    if value > most:
        raise ConfigError(f"{path}: {value:,} {what}; the limit is {most:,}")


def _check_depth(path: Path, text: str) -> None:
    """Before the nodes are made: that is recursive."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > limits.MAX_CONFIG_DEPTH:
            most = f"more than {limits.MAX_CONFIG_DEPTH} levels of keys and lists"
            raise _at(path, event.start_mark, f"{most}; no setting lies so deep")


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """Values of a node as if every anchor was written out; endless if it holds itself."""
    if id(node) not in known:
        known[id(node)] = limits.MAX_CONFIG_VALUES + 1  # while it is being counted
        known[id(node)] = 1 + sum(_count(child, known) for child in _children(node))
    return known[id(node)]


def _check_nodes(path: Path, root: yaml.Node) -> None:
    """Plain values under keys that are words and stand once."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(path, node)
        elif node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise _at(path, node.start_mark, f"a tag {node.tag}; write plain values")
        if isinstance(node, yaml.MappingNode):
            _check_keys(path, node)
        waiting += _children(node)


def _check_keys(path: Path, node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag not in (
            "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
        ):  # fmt: skip
            said = clip(key.value, 40) if isinstance(key, yaml.ScalarNode) else "?"
            raise _at(path, key.start_mark, f"the key {said!r} is no word; write it in quotes")
        if key.value.startswith("__"):
            what = f"the key {clip(key.value, 40)!r}: Python in a config is not run; take it out"
            raise _at(path, key.start_mark, what)
        if key.value in seen:
            what = f"the key {clip(key.value, 40)!r} stands twice; keep one"
            raise _at(path, key.start_mark, what)
        seen.add(key.value)


def _check_scalar(path: Path, node: yaml.ScalarNode) -> None:
    if node.tag == "tag:yaml.org,2002:timestamp":
        raise _at(path, node.start_mark, f'write a date in quotes: "{clip(node.value, 40)}"')
    if node.tag not in PLAIN:
        raise _at(path, node.start_mark, f"a tag {node.tag}; write plain values")
    if node.tag == "tag:yaml.org,2002:merge":
        return
    try:
        yaml.constructor.SafeConstructor().construct_object(node)
    except (ValueError, OverflowError):
        what = f"{clip(node.value, 40)!r} is no number; write a plain one, or text in quotes"
        raise _at(path, node.start_mark, what) from None


def _check_values(config: Mapping[str, Any]) -> None:
    """Texts that can be written, numbers that can be computed with, and not too many."""
    for number, (place, value) in enumerate(_values(config, ()), 1):
        if number > limits.MAX_CONFIG_VALUES:
            raise ConfigError(f"config: more than {limits.MAX_CONFIG_VALUES:,} values; no more fit")
        if isinstance(value, str):
            _check_text(place, value)
        elif isinstance(value, int | float) and not abs(value) <= limits.MAX_CONFIG_NUMBER:
            said = clip(str(value), 40)
            most = f"up to {limits.MAX_CONFIG_NUMBER:,}"
            raise ConfigError(f"config: {place} is {said}. Hint: write a number {most}")


def _values(value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Keys and values with the place of each."""
    if len(place) > limits.MAX_CONFIG_DEPTH:
        raise ConfigError(f"config: {'.'.join(place[:3])}... lies more than "
                          f"{limits.MAX_CONFIG_DEPTH} levels deep")  # fmt: skip
    yield ".".join(place), value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield ".".join(place), str(key)
            yield from _values(inner, (*place, clip(str(key), 40)))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value, 1):
            yield from _values(inner, (*place, str(i)))


def _check_text(place: str, text: str) -> None:
    if len(text) > limits.MAX_CONFIG_CHARACTERS:
        most = f"the limit is {limits.MAX_CONFIG_CHARACTERS:,}"
        raise ConfigError(f"config: {place} has a text of {len(text):,} characters; {most}")
    if found := UNPRINTABLE.search(text):
        odd = f"U+{ord(found[0]):04X}"
        raise ConfigError(f"config: {place} holds the character {odd}. Hint: retype the text")


def _check_schema(config: dict[str, Any], schema: str, whose: str = "") -> None:
    broken = best_match(_validator(schema).iter_errors(config))
    if broken is not None:
        raise ConfigError(_said(broken, whose))


@functools.cache
def _validator(schema: str) -> Any:
    """What Snakemake's own validate makes anew at every call, a tenth of a second each: the
    validator of a schema file, which fills in defaults as well."""
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    rules = yaml.load(Path(schema).read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - safe, both
    properties = Draft202012Validator.VALIDATORS["properties"]

    def fill(validator: Any, known: dict, instance: Any, part: dict) -> Iterator[Any]:
        for key, rule in known.items():
            if "default" in rule and isinstance(instance, dict):
                instance.setdefault(key, deepcopy(rule["default"]))
        yield from properties(validator, known, instance, part)

    return validators.extend(Draft202012Validator, {"properties": fill})(rules)


def _said(broken: Any, whose: str) -> str:
    """Where the schema is broken, by what, and what the key is for."""
    place = ".".join(clip(str(part), 40) for part in broken.absolute_path)
    hint = broken.schema.get("description", "") if isinstance(broken.schema, dict) else ""
    known = (
        broken.schema.get("properties", {}) if broken.validator == "additionalProperties" else {}
    )
    if known:
        odd = [key for key in broken.instance if key not in known]
        hint = f"The keys are {', '.join(known)}." + nearest(str(odd[0]), known)
    told = f"config{whose}: {place}: " if place else f"config{whose}: "
    return f"{told}{clip(broken.message, 300)}. Hint: " + (
        hint or "docs and types of every key are in workflow/schemas/config.schema.yaml"
    )


def _check_sense(name: str, each: Mapping[str, Any]) -> None:
    """What no schema can say of the settings of one analysis."""
    for stratum, its in each["strata"].items():
        if its.get("max_weeks", math.inf) <= its["min_weeks"]:
            raise ConfigError(
                f"config: stratum '{stratum}' of '{name}' holds no week: its max_weeks is not "
                "above its min_weeks"
            )
    if each["mid"]["value"] not in each["mid"]["grid"]:
        raise ConfigError(f"config: mid.value of '{name}' must be one of mid.grid")
    columns = {*each["data"]["keep"], *each["data"]["drop"], *each["data"]["require"]}
    if unknown := sorted(columns - {field.name for field in TRIALS} - {"flagged"}):
        raise ConfigError(f"config: '{name}' filters by unknown columns {unknown}")
    if unknown := sorted(set(each["plausibility"]) - set(DEFAULTS)):
        raise ConfigError(
            f"config: plausibility has no threshold {unknown}; see docs/plausibility.md"
        )
