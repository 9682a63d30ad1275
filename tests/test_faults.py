"""What happens when the machine fails: kills, a full disk, a folder that cannot be written, two
runs at once, clocks that are wrong. ``KILLS`` says how often a run is killed."""

import os
import subprocess
import time

import faults
import pytest
import runs

KILLS = int(os.environ.get("KILLS", "25"))
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")


@pytest.mark.slow
def test_killed_runs_end_with_the_same_results(tmp_path):
    found = faults.campaign(tmp_path, KILLS)
    assert len(found["kills"]) == KILLS
    assert found["different"] == []
    assert [kill["broken"] for kill in found["kills"]] == [[]] * KILLS
    assert any(kill["while_writing"] for kill in found["kills"])


def test_a_half_file_is_noticed(tmp_path):
    """The judge of the test above, itself."""
    results = tmp_path / "results"
    results.mkdir()
    (results / "a.csv").write_text("x,y\n1,2\n")
    (results / "b.json").write_text("{}")
    assert faults.broken(tmp_path) == []
    (results / "a.csv").write_text("x,y\n1,")
    (results / "b.json").write_text('{"a": ')
    (results / "c.html").write_text("<html><body>")
    assert [name.rpartition("/")[2] for name in faults.broken(tmp_path)] == [
        "a.csv", "b.json", "c.html",
    ]  # fmt: skip


@pytest.fixture
def mounted(tmp_path):
    """A folder to run whose results are a file system of their own."""
    folder, made = runs.folder(tmp_path / "run", only="chronic"), []

    def mount(options):
        (folder / "results").mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder / "results")]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("this machine lets no one mount")
        made.append(folder / "results")
        if "ro" not in options:
            # Snakemake takes empty folders away, which a file system of its own cannot be.
            (folder / "results/kept").touch()
        return folder

    yield mount
    for path in made:
        subprocess.run(["umount", str(path)], check=True)


@pytest.mark.slow
@needs_root
@pytest.mark.parametrize("size", ["40k", "160k"])
def test_a_full_disk_says_so_and_leaves_no_half_file(mounted, size):
    """Of a page, and of a posterior."""
    folder = mounted(f"size={size}")
    done = runs.run(folder)
    assert done.returncode != 0
    assert "Stopped: the disk is full." in runs.said(done)
    assert "run the same command again" in runs.said(done)
    assert "Traceback" not in runs.said(done)
    assert faults.broken(folder) == []


@pytest.mark.slow
@needs_root
def test_results_that_cannot_be_written_are_named(mounted):
    done = runs.run(mounted("ro"), "results/networks.json")
    assert done.returncode != 0
    assert "Read-only file system: 'results" in runs.said(done)
    assert "Traceback" not in runs.said(done)


@pytest.mark.slow
def test_two_runs_at_once_and_a_killed_one_leave_a_lock_that_says_what_to_do(tmp_path):
    folder = runs.folder(tmp_path / "run", only="chronic")
    first = faults.start(folder)
    while not list((folder / ".snakemake/locks").glob("*.lock")):
        assert first.poll() is None
        time.sleep(0.05)
    second = runs.run(folder, "results/networks.json")
    assert second.returncode != 0
    assert "--unlock" in runs.said(second)
    faults.kill(first)
    third = runs.said(runs.run(folder, "results/networks.json"))
    assert "--unlock" in third or "--rerun-incomplete" in third
    assert runs.run(folder, "--unlock").returncode == 0
    assert runs.run(folder, "--rerun-incomplete", "results/networks.json").returncode == 0


@pytest.mark.slow
def test_a_clock_that_is_wrong_is_named(tmp_path):
    """Inputs of next week, as from a machine whose clock is ahead; once it is mended the run
    goes on."""
    folder = runs.folder(tmp_path / "run", only="chronic")
    ahead = time.time() + 7 * 24 * 3600
    os.utime(folder / "data/trials.csv", (ahead, ahead))
    wanted = "results/validation/findings.csv"
    first = runs.run(folder, wanted)
    assert first.returncode != 0
    assert "clock skew" in runs.said(first)
    assert "data/trials.csv" in runs.said(first)
    os.utime(folder / "data/trials.csv")
    assert runs.run(folder, wanted).returncode == 0
    assert "Nothing to be done" in runs.said(runs.run(folder, wanted))
