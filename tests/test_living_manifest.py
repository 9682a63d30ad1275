"""The manifest: fingerprints of everything, and nothing of the machine's owner."""

import getpass
import json
import platform
from base64 import urlsafe_b64encode
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st
from lived import ROOT

from nma.living import manifest


@given(st.binary(max_size=2000))
def test_a_fingerprint_is_sha256_and_size(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "file"
    path.write_bytes(content)
    told = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    assert manifest.fingerprint(path) == told


def test_code_is_what_decides_what_is_computed():
    names = [p.relative_to(ROOT).as_posix() for p in manifest.code_files(ROOT)]
    assert {"Snakefile", "uv.lock", "workflow/rules/fit.smk", "workflow/scripts/nma/exact.py"} <= {
        *names
    }
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_outputs_are_those_of_the_analyses_asked_for(tmp_path):
    for name in ("main/acute/network.json", "main/acute/effects.csv", "stale/acute/network.json",
                 "validation/trials.csv", "report.html", "update.html", "update/rows.csv",
                 "manifest.json", "main/acute/.effects.csv.part"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert list(manifest.outputs(tmp_path, ["main"])) == [
        "main/acute/effects.csv", "main/acute/network.json", "report.html",
        "validation/trials.csv",
    ]  # fmt: skip


def test_a_name_says_whose_a_file_is_and_not_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert manifest.named("data/trials.csv", ROOT) == ("data/trials.csv", "folder")
    assert manifest.named(tmp_path / "data/a.csv", ROOT) == ("data/a.csv", "folder")
    assert manifest.named(ROOT / "config/a.csv", ROOT) == ("config/a.csv", "repository")
    assert manifest.named(tmp_path.parent / "secret/b.csv", ROOT) == ("b.csv", "elsewhere")
    assert manifest.named("../secret/b.csv", ROOT) == ("b.csv", "elsewhere")


def test_nothing_names_the_machine_or_its_user():
    told = json.dumps([manifest.machine(), manifest.versions(), manifest.git(ROOT)])
    assert str(ROOT) not in told
    assert f'"{platform.node()}"' not in told
    assert f'"{getpass.getuser()}"' not in told


def test_jobs_are_grouped_by_their_log(tmp_path):
    def put(name, start, end, log):
        record = tmp_path / urlsafe_b64encode(name.encode()).decode()
        told = {"rule": "fit", "starttime": start, "endtime": end, "log": [log]}
        record.write_text(json.dumps(told))

    put("results/a.csv", 10.0, 12.5, "acute.log")
    put("results/b.csv", 10.1, 13.0, "acute.log")
    put("results/c.csv", 5.0, 6.0, "chronic.log")
    names = ["results/a.csv", "results/b.csv", "results/c.csv", "results/not recorded.csv"]
    found = manifest.jobs(names, tmp_path)
    assert [(j["seconds"], j["outputs"]) for j in found] == [
        (1.0, ["results/c.csv"]), (3.0, ["results/a.csv", "results/b.csv"]),
    ]  # fmt: skip


def test_outside_of_git_there_is_no_commit(tmp_path):
    assert manifest.git(tmp_path) == {"commit": "", "dirty": None}


def test_what_changed_is_named():
    old = {"code": {"a": "1", "b": "2", "c": "3"}}
    new = {"code": {"a": "1", "b": "9", "d": "4"}}
    assert manifest.changed(old, new, "code") == ["b", "c", "d"]
