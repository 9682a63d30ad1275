"""What docs/security.md promises: data never become code, nothing is sent or fetched, and a run
writes where it says."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import fuzzing
import pandas as pd
import pytest
import runs
from tabular import arm, committed_config
from test_hostile import LABELS

from nma import limits, pages

ROOT = Path(__file__).parent.parent
CODE = sorted([*(ROOT / "workflow").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")])
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
TEMPLATES = sorted((ROOT / "workflow/report").rglob("*.jinja"))
# Modules that run what they read, or talk to other machines.
FORBIDDEN = {
    *("pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"),
    *("urllib", "requests", "httpx", "http", "socket", "ftplib", "smtplib", "aiohttp"),
}
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "literal_eval"}
# urllib.parse makes addresses out of text and opens none.
HARMLESS = {"urllib.parse"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def broken(module: ast.Module) -> list[str]:
    """What a module does that none of ours may."""
    found = []
    for node in ast.walk(module):
        found += [
            name
            for name in imported(node)
            if name.split(".")[0] in FORBIDDEN and name not in HARMLESS
        ]
        if isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "id", getattr(called, "attr", ""))
            of = getattr(getattr(called, "value", None), "id", "")
            # re.compile and DataFrame.eval's kin are methods of something.
            if name in CALLS and of in ("", "os", "builtins", "ast"):
                found.append(name)
            found += ["shell" for word in node.keywords if word.arg == "shell"]
    return found


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from urllib import request", "eval(x)", "import os\nos.system(x)",
     "subprocess.run(x, shell=True)", "exec(x)"],
)  # fmt: skip
def test_the_search_finds(code):
    assert broken(ast.parse(code))
    assert not broken(ast.parse("import re\nre.compile('x')\nfrom urllib.parse import quote"))


def test_no_code_runs_data_or_talks_to_other_machines():
    assert len(CODE) > 100
    assert {str(path): found for path in CODE if (found := broken(tree(path)))} == {}


def test_ruff_looks_for_the_rest():
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"][
        "lint"
    ]
    assert "S" in lint["select"]
    assert {rule for rule in lint["ignore"] if rule.startswith("S")} == {"S603"}


def test_rules_have_one_shell_command_and_it_holds_no_data():
    commands = [c for path in RULES for c in re.findall(r"\n +shell:\n +(.*)", path.read_text())]
    assert commands == ['"cp {input} {output} 2> {log}"']
    text = "".join(path.read_text() for path in RULES)
    assert text.count("shell(") == text.count("shell:") - 1 == 0
    # Its files are named by us; no wildcard, and none of the data's words, is in them.
    assert '"results/networks_known.json"' in text


def test_wildcards_are_names_of_the_config():
    text = (ROOT / "workflow/rules/common.smk").read_text()
    rules = dict(re.findall(r'    (analysis|stratum)="([^"]+)"', text))
    assert set(rules) == {"analysis", "stratum"}
    for pattern in rules.values():
        assert all(not re.fullmatch(pattern, word) for word in ("../x", "a/b", "a b", "$(x)", "A"))


def test_there_is_one_environment_of_templates_and_it_escapes():
    made = [
        (path, node)
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("Environment", "Template")
    ]
    ((path, call),) = made
    assert path.name == "pages.py"
    assert {w.arg: getattr(w.value, "value", "") for w in call.keywords}["autoescape"] is True
    safe = {
        (path.name, part)
        for path in TEMPLATES
        for part in re.findall(r"{{ *([^}]*)\|safe", path.read_text(encoding="utf-8"))
    }
    # Our own script, and JSON whose every "<" is written as an escape.
    assert safe == {("base.html.jinja", "script"), ("explorer.html.jinja", "explorer")}
    assert "autoescape" not in "".join(path.read_text() for path in TEMPLATES)


def pages_of_templates() -> list[Path]:
    return [
        path for path in (ROOT / "workflow/report").glob("*.html.jinja") if "base" not in path.name
    ]


def test_every_page_forbids_what_is_not_in_it():
    base = (ROOT / "workflow/report/base.html.jinja").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', base)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert policy.endswith("base-uri 'none'; form-action 'none'")
    assert "http" not in policy
    assert base.index("Content-Security-Policy") < base.index("<style")
    for path in pages_of_templates():
        text = path.read_text(encoding="utf-8")
        whole = text.lstrip().startswith('{% extends "base.html.jinja" %}')
        assert whole or "<html" not in text, path.name
    named = {path.name.split(".")[0] for path in pages_of_templates()}
    assert named >= {"report", "comparison", "validation", "update", "compare"}


def test_a_policy_names_our_own_script_alone(tmp_path):
    (tmp_path / "own.js").write_text("let a = 1;")
    first, second = (pages.scripted({}, [tmp_path / "own.js"] * n) for n in (1, 2))
    assert first["script_hash"] != second["script_hash"]


@pytest.mark.parametrize("name", ["trials", "config"])
def test_reading_opens_no_connection(name, tmp_path, monkeypatch):
    def refuse(*arguments, **more):
        raise AssertionError("a connection")

    for each in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, each, refuse)
    for each in ("getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, each, refuse)
    with pytest.raises(AssertionError, match="a connection"):
        socket.create_connection(("example.org", 80))
    assert fuzzing.try_bytes(name, fuzzing.seeds(name)[-1], tmp_path) == ""


def test_every_limit_is_in_the_documentation():
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(MAX_\w+)` \| ([0-9,]+) \|", page, re.MULTILINE))
    known = {name: f"{getattr(limits, name):,}" for name in dir(limits) if name.startswith("MAX_")}
    assert told == known


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Files of the repository that a run has no business with: size and time of each."""
    skip = {".git", ".venv", ".uv", ".cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
            "__pycache__"}  # fmt: skip
    found = {}
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in skip]
        for name in files:
            told = (Path(at) / name).stat()
            found[os.path.join(at, name)] = (told.st_size, told.st_mtime_ns)
    return found


@pytest.mark.slow
def test_a_whole_run_without_a_network_writes_where_it_says(tmp_path):
    alone = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("needs unshare, to take the network away")
    rows = [
        arm(label, treatment, 40, 30 + 5 * k + i, 20)
        for i, label in enumerate(LABELS)
        for k, treatment in enumerate(("ibuprofen", "placebo"))
    ]
    path = runs.folder(tmp_path / "work/run", pd.DataFrame(rows), only="acute")
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    before = snapshot(ROOT)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
               "--directory", str(path), "--cores", "2"]  # fmt: skip
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "TMPDIR": str(scratch)}
    done = subprocess.run(
        [*alone, *command], capture_output=True, text=True, check=False, env=os.environ | own
    )
    assert done.returncode == 0, runs.said(done)
    assert snapshot(ROOT) == before
    assert {file.name for file in tmp_path.iterdir()} == {"work", "home", "scratch"}
    assert {file.name for file in (tmp_path / "work").iterdir()} == {"run"}
    assert {file.name for file in path.iterdir()} == {
        "config", "data", "results", "logs", ".snakemake"
    }  # fmt: skip
    # Caches of Snakemake and of compiled code; no temporary file is left behind.
    assert {file.name for file in home.iterdir()} <= {".cache", ".config", ".pytensor", ".local"}
    for page in (path / "results").rglob("*.html"):
        assert "default-src 'none'" in page.read_text(encoding="utf-8"), page


def test_the_committed_config_reads_files_of_its_own_folder():
    given = committed_config()["inputs"]
    for path in [*given.pop("trials"), *given.values()]:
        assert not Path(path).is_absolute()
        assert ".." not in path
