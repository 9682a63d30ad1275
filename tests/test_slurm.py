"""The profile for clusters on a real Slurm of one node: ``make test-cluster``."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import queued
import slurm as daemons
from runs import ROOT, run, said

MAIN = ("--config", "only=[main]")
# The folder of a finished run without a queue, if there is one; else the test makes it.
LOCAL = os.environ.get("LOCAL")
# Fewer for a quick look.
ANALYSES = int(os.environ.get("ANALYSES", "200"))


def test_every_rule_of_a_run_has_its_place_in_the_queue():
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"^(?:rule|checkpoint) (\w+):", text, flags=re.M)
    nothing_made = {"update", "compare"}
    assert set(rules) - nothing_made == set(queued.SETTINGS["groups"])
    assert set(queued.SETTINGS["group-components"]) <= set(queued.SETTINGS["groups"].values())


@pytest.fixture(scope="module")
def slurm():
    with daemons.one_node() as node:
        yield node


def committed(path: Path) -> Path:
    for name in ("config", "data"):
        shutil.copytree(ROOT / name, path / name)
    return path


def tables(path: Path) -> dict[str, bytes]:
    found = sorted((path / "results/main").rglob("*.csv"))
    return {str(table.relative_to(path)): table.read_bytes() for table in found}


def megabytes(text: str) -> int:
    """Of ``1500M`` or ``2G``."""
    return round(float(text[:-1]) * {"M": 1, "G": 1024}[text[-1]])


def minutes(text: str) -> int:
    """Of ``[days-]hours:minutes:seconds``."""
    days, clock = text.rsplit("-", 1) if "-" in text else ("0", text)
    hours, left, _ = clock.split(":")
    return (int(days) * 24 + int(hours)) * 60 + int(left)


@pytest.mark.cluster
def test_a_whole_run_goes_through_the_queue_and_gives_the_same_tables(slurm, tmp_path):
    there = committed(tmp_path / "there")
    before = set(slurm.jobs())
    done = queued.submit(slurm, there, *MAIN)
    log = said(done)
    assert done.returncode == 0, log
    if LOCAL:
        here = Path(LOCAL)
    else:
        here = committed(tmp_path / "here")
        local = run(here, *MAIN)
        assert local.returncode == 0, said(local)
    assert len(tables(here)) > 50
    assert tables(there) == tables(here)

    # Every job but the target was in a group, and every group is an entry that Slurm completed.
    entries = {number: job for number, job in slurm.jobs().items() if number not in before}
    submitted = {int(n) for n in re.findall(r"submitted with SLURM jobid (\d+)", log)}
    assert set(entries) == submitted
    assert {job["JobState"] for job in entries.values()} == {"COMPLETED"}
    parts = queued.groups(log)
    jobs = sum(len(rules) for _, rules in parts)
    assert jobs == int(re.findall(r"of (\d+) steps \(100%\) done", log)[-1]) - 1
    expected = queued.entries_of({"start": 1, "network": 2, "report": 1})
    assert len(entries) == len(parts) == expected
    assert jobs > 5 * len(entries)

    # Each asks for the memory of its largest job, the time of all of them, and one core.
    memory = queued.asked(log, "mem_mb")
    largest = sorted(max(max(memory[rule]) for rule in rules) for _, rules in parts)
    assert sorted(megabytes(job["MinMemoryNode"]) for job in entries.values()) == largest
    runtime = sum(sum(values) for values in queued.asked(log, "runtime").values())
    assert sum(minutes(job["TimeLimit"]) for job in entries.values()) == runtime
    assert {job["NumCPUs"] for job in entries.values()} == {str(queued.SETTINGS["cores"])}


def starting_with(megabytes: int) -> list[str]:
    rules = [rule for rule, group in queued.SETTINGS["groups"].items() if group == "start"]
    return ["--retries", "0", "--set-resources", *(f"{r}:mem_mb={megabytes}" for r in rules)]


@pytest.mark.cluster
def test_a_job_that_outgrows_its_memory_is_killed(slurm, tmp_path):
    before = set(slurm.jobs())
    done = queued.submit(slurm, committed(tmp_path), *MAIN, *starting_with(30))
    assert done.returncode != 0
    (job,) = (job for number, job in slurm.jobs().items() if number not in before)
    assert job["JobState"] == "FAILED"
    logs = [path.read_text() for path in tmp_path.rglob("slurm_logs/**/*.log")]
    assert any("exceeded memory limit" in log for log in logs), logs


@pytest.mark.cluster
def test_a_request_that_no_node_can_meet_is_refused_at_once(slurm, tmp_path):
    before, too_much = set(slurm.jobs()), 10 * slurm.memory
    done = queued.submit(slurm, committed(tmp_path), *MAIN, *starting_with(too_much))
    assert done.returncode != 0
    assert "Error in group start" in said(done)
    # The controller keeps a note of what it refused, without a node.
    (note,) = (job for number, job in slurm.jobs().items() if number not in before)
    assert note["JobState"] == "FAILED"
    assert note["NodeList"] in ("", "(null)")
    # The executor does not pass on why; docs/cluster.md says how to ask.
    with pytest.raises(subprocess.CalledProcessError) as refused:
        slurm.tell("sbatch", "--test-only", "--mem", str(too_much), "--wrap", "true")
    assert "Requested node configuration is not available" in refused.value.stderr


@pytest.mark.cluster
def test_a_thousand_small_jobs_are_few_entries(tmp_path):
    path = queued.many(tmp_path / "many", ANALYSES)
    known = run(path, "results/networks_known.json")
    assert known.returncode == 0, said(known)
    done = queued.dry_run(path)
    assert done.returncode == 0, said(done)
    parts = queued.groups(done.stdout)
    rules = [rule for _, members in parts for rule in members]
    assert rules.count("fit_exact") == 2 * (ANALYSES - 1)
    assert rules.count("fit_nuts") == 2
    # No job twice: Snakemake divides groups anew after a checkpoint.
    assert len(rules) == int(re.search(r"^total +(\d+)", done.stdout, flags=re.M)[1]) - 1
    expected = queued.entries_of({"fits": 2 * (ANALYSES - 1), "network": 2, "report": 1})
    assert len(parts) == expected


@pytest.mark.cluster
@pytest.mark.slow
def test_hundreds_of_analyses_on_slurm(slurm, tmp_path):
    path = queued.many(tmp_path / "many", ANALYSES)
    before = set(slurm.jobs())
    done = queued.submit(slurm, path)
    assert done.returncode == 0, said(done)
    entries = [job for number, job in slurm.jobs().items() if number not in before]
    assert {job["JobState"] for job in entries} == {"COMPLETED"}
    expected = queued.entries_of(
        {"start": 1, "fits": 2 * (ANALYSES - 1), "network": 2, "report": 1}
    )
    assert len(entries) == expected
    assert len(list(path.glob("results/*/*/effects.csv"))) == 2 * ANALYSES
