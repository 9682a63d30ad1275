"""Simulation-based calibration, CSV to posterior; the full numbers are `make bench`'s."""

import os

import calibration
import numpy as np
import pytest
from scipy import stats

# Stated ahead: chance alone fails one set of checks in a thousand.
P_LEAST = 1e-3
NETWORKS = int(os.environ.get("NETWORKS", "200"))


def test_what_a_team_reports_is_what_was_simulated(tmp_path):
    """All ways of reporting come back as the same points and standard errors."""
    table, _ = calibration.trials(np.random.default_rng(1))
    [(arms, prior)] = calibration.read([table], tmp_path, calibration.settings())
    assert len(arms.studies) == len(calibration.STUDIES)
    assert len(arms.y) == sum(len(members) for members, _ in calibration.STUDIES)
    assert prior.values == (calibration.TAU_SCALE,)
    for i, (members, how) in enumerate(calibration.STUDIES):
        rows = [k for k, s in enumerate(arms.study) if arms.studies[s] == f"Set 0 Study {i + 1}"]
        se2 = [(14.0 + i) ** 2 / (30 + 7 * i + k) for k in members]
        got = arms.v[rows]
        assert got.sum() == pytest.approx(sum(se2), rel=1e-6), how


def judged(seen):
    """Every check's p: ranks, coverage, reliability of P(best)."""
    found = list(calibration.uniformity(seen).values())
    found += [stats.binomtest(k, n, level).pvalue for _, level, k, n in calibration.coverage(seen)]
    for _, _, stated, k, n in calibration.reliability(seen):
        found.append(stats.binomtest(k, n, min(stated, 1.0)).pvalue)
    return found


@pytest.mark.slow
def test_the_whole_path_is_calibrated(tmp_path):
    """Rank intervals are discrete, so they hold at least what they say."""
    seen = calibration.calibrate(NETWORKS, tmp_path)
    found = judged(seen)
    assert min(found) > P_LEAST / len(found), found
    held = sum(seen.rank_held)
    assert stats.binomtest(held, len(seen.rank_held), 0.95, "less").pvalue > P_LEAST


@pytest.mark.slow
def test_a_wrong_heterogeneity_is_found(tmp_path):
    """Arms that differ by twice the tau that the truth says: the check is able to fail."""
    seen = calibration.calibrate(max(60, NETWORKS // 3), tmp_path, spread=2.0)
    assert calibration.uniformity(seen)["tau"] < P_LEAST
