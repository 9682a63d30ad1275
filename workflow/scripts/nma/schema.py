"""A JSON schema read once, for configs with hundreds of analyses.

Snakemake's own ``validate`` reads the YAML of the schema at every call, which takes longer than
a fit does when every analysis is checked by every job.
"""

from collections.abc import Callable
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, validators


def checker(path: Path) -> Callable[[dict], None]:
    """What fills in the schema's defaults in place and raises ``jsonschema.ValidationError``."""
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    plain = Draft202012Validator.VALIDATORS["properties"]

    def fill(validator, properties, instance, part):
        for key, value in properties.items():
            if "default" in value and isinstance(instance, dict):
                instance.setdefault(key, value["default"])
        yield from plain(validator, properties, instance, part)

    return validators.extend(Draft202012Validator, {"properties": fill})(schema).validate
