"""What a job says when the machine stops it."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from nma import job

SCRIPTS = Path(job.__file__).parent.parent


@pytest.mark.parametrize("number", job.REFUSED)
def test_a_refusal_names_the_file_and_what_to_do(number):
    text = job.refusal(OSError(number, "x", "results/a.csv"))
    assert "results/a.csv" in text
    assert "Hint:" in text
    assert "run the same command again" in text


def test_a_library_that_tells_only_in_words():
    error = RuntimeError("Can't decrement id (errno = 28, error message = 'No space left')")
    assert job.refusal(error).startswith("Stopped: the disk is full.")


def test_other_errors_are_not_the_machines():
    assert job.refusal(ValueError("x")) == ""
    assert job.refusal(FileNotFoundError(errno.ENOENT, "x", "a")) == ""
    assert "memory" in job.refusal(MemoryError())


def run(tmp_path, body):
    code = f"from nma import job; job.begin({str(tmp_path / 'log')!r}); {body}"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False
    )


def test_the_terminal_hears_of_a_full_disk_and_the_log_has_the_trace(tmp_path):
    done = run(tmp_path, "open('/dev/full', 'w', buffering=1).write('x' * 100_000)")
    assert done.returncode == 1
    assert done.stderr.startswith("Stopped: the disk is full.")
    assert "Traceback" not in done.stderr
    assert "Traceback" in (tmp_path / "log").read_text()


def test_an_error_of_ours_goes_to_the_log_alone(tmp_path):
    done = run(tmp_path, "raise ValueError('ours')")
    assert done.stderr == ""
    assert "ours" in (tmp_path / "log").read_text()
