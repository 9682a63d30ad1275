"""The schema read once fills in and refuses what Snakemake's own reading of it does."""

import copy
from pathlib import Path

import jsonschema
import pytest
import yaml
from snakemake.utils import validate

from nma.schema import checker

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def test_the_same_defaults_are_filled_in(config):
    del config["mid"], config["sampling"]["seed"], config["model"]["priors"]
    ours, theirs = config, copy.deepcopy(config)
    checker(SCHEMA)(ours)
    validate(theirs, str(SCHEMA))
    assert ours == theirs
    assert ours["sampling"]["seed"]


@pytest.mark.parametrize("damage", [{"modle": {}}, {"model": {"effect": "fixed"}}, {"engine": 1}])
def test_a_misspelt_key_and_a_wrong_value_are_refused(config, damage):
    with pytest.raises(jsonschema.ValidationError):
        checker(SCHEMA)(config | damage)
