"""environment.yml, uv.lock and pyproject.toml agree; the schema describes the config."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_conda_users_get_the_locked_versions():
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    locked = {p["name"]: p["version"] for p in packages if "version" in p}
    direct = {re.match(r"[a-z0-9-]+", d)[0] for d in project()["dependencies"]}
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = dict(line.split(" ==") for line in lines if " ==" in line)
    assert conda == {name: locked[name] for name in direct}
    assert lines[0].startswith("python " + project()["requires-python"])


def described(schema: dict, path: str = "") -> list[str]:
    """Keys of a schema that lack a description."""
    missing = []
    for key, value in schema.get("properties", {}).items():
        if "description" not in value and "const" not in value:
            missing.append(f"{path}{key}")
        missing += described(value, f"{path}{key}.")
    for part in (*schema.get("oneOf", []), schema.get("additionalProperties")):
        if isinstance(part, dict):
            missing += described(part, path)
    return missing


def closed(schema: dict, path: str = "") -> list[str]:
    """Objects of a schema that would accept a misspelt key."""
    loose = []
    if "properties" in schema and schema.get("additionalProperties") is not False:
        loose.append(path)
    for key, value in schema.get("properties", {}).items():
        loose += closed(value, f"{path}.{key}")
    return loose


def test_every_key_of_the_config_is_described_and_checked():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    assert described(schema) == []
    assert closed(schema) == []
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert set(config) == set(schema["properties"])


def defaults(schema: dict, path: tuple = ()) -> dict:
    found = {}
    for key, value in schema.get("properties", {}).items():
        if "properties" in value:
            found |= defaults(value, (*path, key))
        elif "default" in value:
            found[(*path, key)] = value["default"]
    return found


def test_shipped_config_is_the_documented_default():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for path, default in defaults(schema).items():
        value = config
        for key in path:
            # What the config leaves out takes the default; what it shows must be it.
            value = value.get(key, default) if isinstance(value, dict) else value
        if path != ("mid", "citation"):
            assert value == default, path
