"""A config is settings and nothing else; a wrong one is refused with its line."""

import re
from pathlib import Path

import fuzzing
import pytest
import yaml
from files import put

from nma import config_file, limits
from nma.config_file import RESERVED, ConfigError

ROOT = Path(__file__).parent.parent
STRATA = "strata:\n  chronic: {label: Chronic, min_weeks: 12, durations: [chronic]}\n"
MAIN = "analyses: {main: {}}\n"


def refused(tmp_path, text) -> str:
    said = fuzzing.config(put(tmp_path, text, "config.yaml"))
    assert said, "it was read"
    return said


def test_committed_config_is_read():
    assert fuzzing.config(ROOT / "config/config.yaml") == ""


def test_a_missing_file_is_left_to_snakemake(tmp_path):
    config_file.read(tmp_path / "config.yaml")


def test_python_in_a_config_is_never_run(tmp_path):
    text = f"__use_yte__: true\nx: ?open({str(tmp_path / 'made')!r}, 'w')\n{STRATA}{MAIN}"
    assert "line 1, column 1: the key '__use_yte__'" in refused(tmp_path, text)
    assert not (tmp_path / "made").exists()


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def merges(levels: int) -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (laughs(12), "values, copies by anchors included; the limit is 20,000"),
        (merges(12), "values, copies by anchors included; the limit is 20,000"),
        ("a: &a [*a]\n", "values, copies by anchors included; the limit is 20,000"),
        ("a: " + "[" * 5000, "more than 20 levels"),
        ("x: " + "y" * 50_000, "50,003 bytes; the limit is 50,000"),
        ("", "holds no settings"),
        ("- main\n", "holds no settings"),
        ("main\n", "holds no settings"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: no YAML: but found another document"),
        ("a: [1\nb: 2\n", "line 2, column 2: no YAML"),
        ("\ta: 1\n", "line 1, column 1: no YAML"),
        (b"a: \xff\n", "byte 3 is no UTF-8"),
        ("a: \x00\n", "is no YAML"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' stands twice"),
        ("1: a\n", "the key '1' is no word"),
        ("yes: a\n", "the key 'yes' is no word"),
        ("[a, b]: c\n", "the key '?' is no word"),
        ("a: !!python/name:os.system ''\n", "a tag tag:yaml.org,2002:python/name:os.system"),
        ("a: !!set {b}\n", "a tag tag:yaml.org,2002:set"),
        ("a: 2024-05-01\n", 'line 1, column 4: write a date in quotes: "2024-05-01"'),
        ("a: 2024-13-45\n", "write a date in quotes"),
        ("a: 0b_\n", "'0b_' is no number"),
        (f"a: {'9' * 5000}\n", "is no number"),
    ],
)
def test_texts_that_are_no_settings(tmp_path, text, said):
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mid: {value: .nan}\n", "config: mid.value is nan"),
        ("mid: {value: .inf}\n", "config: mid.value is inf"),
        ("mid: {value: 1.0e+300}\n", "config: mid.value is 1e+300. Hint: write a number up to"),
        (f"sampling: {{seed: {'9' * 400}}}\n", "config: sampling.seed is"),
        ('reference: "a\\0b"\n', "config: reference holds the character U+0000"),
        ('reference: "\\ud800"\n', "config: reference holds the character U+D800"),
        (f"reference: {'x' * 6000}\n", "config: reference has a text of 6,000 characters"),
        ("reference: []\n", "config: reference: [] is not of type 'string'"),
        ("refrence: x\n", "Did you mean 'reference'?"),
        ("sampling: {chains: 1000}\n", "config: sampling.chains: 1000 is greater than the maximum"),
        ("sampling: {draws: 1000000}\n", "config: sampling.draws: 1000000 is greater than"),
        ("figures: {dpi: 100000}\n", "config: figures.dpi: 100000 is greater than the maximum"),
        (f"mid: {{grid: {list(range(1, 50))}}}\n", "config: mid.grid: "),
        ("inputs: {trials: [https://example.org/a.csv]}\n", "Hint: A file on this machine"),
        ("inputs: {trials: ['{x}.csv']}\n", "Hint: A file on this machine"),
        ("inputs: {columns: ''}\n", "config: inputs.columns: "),
        (f"inputs: {{columns: {'x' * 300}}}\n", "config: inputs.columns: "),
        ("treatment_map: _row\n", "config: treatment_map: '_row' does not match"),
        ("plausibility: {nonsense: 1}\n", "plausibility has no threshold ['nonsense']"),
        ("data: {keep: {nonsense: [1]}}\n", "'main' filters by unknown columns ['nonsense']"),
        ("mid: {value: 7}\n", "mid.value of 'main' must be one of mid.grid"),
    ],
)
def test_settings_that_no_run_can_use(tmp_path, text, said):
    assert said in refused(tmp_path, STRATA + MAIN + text)


@pytest.mark.parametrize("name", ["../../x", "a/b", "/x", "..", "a\\n", "A", "ä", "x" * 61, ""])
@pytest.mark.parametrize("what", ["analysis", "stratum"])
def test_no_name_leaves_its_folder(tmp_path, what, name):
    stratum = "{label: x, min_weeks: 0, durations: [acute]}"
    lines = {
        "analysis": f'{STRATA}analyses: {{main: {{}}, "{name}": {{}}}}\n',
        "stratum": f'strata: {{"{name}": {stratum}}}\n{MAIN}',
    }
    assert "Hint: A name of up to 60 of a-z" in refused(tmp_path, lines[what])
    over = f'{STRATA}analyses: {{main: {{}}, b: {{strata: {{"{name}": {stratum}}}}}}}\n'
    assert "config of 'b': strata" in refused(tmp_path, over)


def test_no_analysis_is_called_as_a_folder_of_results(tmp_path):
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    used = set(re.findall(r'"results/([a-z_]+)/', rules)) - {"main"}
    assert used <= set(RESERVED)
    for name in RESERVED:
        text = f"{STRATA}analyses: {{main: {{}}, {name}: {{}}}}\n"
        assert f"no analysis can be called {name}" in refused(tmp_path, text)


@pytest.mark.parametrize("value", ["null", "5", "[]", "text"])
@pytest.mark.parametrize("key", ["model", "strata", "mid", "data", "inputs", "sampling"])
def test_an_override_of_the_wrong_kind_is_named(tmp_path, key, value):
    text = f"{STRATA}analyses: {{main: {{}}, b: {{{key}: {value}}}}}\n"
    assert f"config of 'b': {key}: " in refused(tmp_path, text)


def test_a_stratum_without_a_week_is_refused(tmp_path):
    text = STRATA.replace("min_weeks: 12", "min_weeks: 12, max_weeks: 12") + MAIN
    assert "stratum 'chronic' of 'main' holds no week" in refused(tmp_path, text)


def test_settings_of_the_command_line_are_checked_as_well():
    endless: dict = {}
    endless["a"] = endless
    for config, said in (
        ({"analyses": endless}, "lies more than 20 levels deep"),
        ({"analyses": {"main": float("nan")}}, "is nan"),
        ({"only": ["x"] * limits.MAX_CONFIG_VALUES}, "more than 20,000 values"),
    ):
        with pytest.raises(ConfigError, match=said):
            config_file.complete(config, fuzzing.SCHEMA)


def test_defaults_are_filled_in_as_snakemake_does():
    from snakemake.utils import validate

    ours, theirs = (yaml.safe_load(STRATA + MAIN) for _ in range(2))
    config_file.complete(ours, fuzzing.SCHEMA)
    validate(theirs, fuzzing.SCHEMA)
    assert ours == theirs
    again = yaml.safe_load(STRATA + MAIN)
    ours["mid"]["grid"].append(1)
    config_file.complete(again, fuzzing.SCHEMA)
    assert again == theirs
