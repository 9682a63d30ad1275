"""Closed forms given draws: study effects and predictions."""

import numpy as np
from networks import published

from nma.draws import predictive, study_means


def test_study_means_are_the_gaussian_conditional():
    """Against the dense joint Gaussian of arm means given y, for one value of (d, tau)."""
    arms, tau = published("parkinsons"), 0.6
    d = np.array([-0.5, -0.8, -1.8, -0.5])
    size = 40_000
    got = study_means(arms, np.tile(d, (size, 1)), np.full(size, tau), seed=3)
    # theta ~ Normal(Xd, tau^2/2 I + mu_sd^2 Z Z'), y = theta + e; mu_sd large stands for flat.
    same = (arms.study[:, None] == arms.study).astype(float)
    K = tau**2 / 2 * np.eye(len(arms.y)) + 1e4 * same
    gain = K @ np.linalg.inv(K + np.diag(arms.v))
    mean = arms.X @ d + gain @ (arms.y - arms.X @ d)
    cov = K - gain @ K
    sd = np.sqrt(np.diag(cov))
    assert np.abs((got.mean(axis=0) - mean) / (sd / np.sqrt(size))).max() < 4.5
    correlation = np.corrcoef(got.T) - cov / np.outer(sd, sd)
    # The standard error of a correlation is at most 1/sqrt(n).
    assert np.abs(correlation).max() < 4.5 / np.sqrt(size)


def test_fixed_effect_leaves_only_the_study_mean():
    arms = published("parkinsons")
    d = np.array([-0.5, -0.8, -1.8, -0.5])
    got = study_means(arms, d[None], np.zeros(1), seed=1)[0] - arms.X @ d
    for i in range(len(arms.studies)):
        assert np.ptp(got[arms.study == i]) < 1e-12


def test_prediction_adds_the_between_study_variance():
    tau = np.full(200_000, 3.0)
    new = predictive(np.full((200_000, 1), -5.0), tau, seed=1)
    assert abs(new.mean() + 5) < 4.5 * 3 / np.sqrt(200_000)
    assert abs(new.std() / 3 - 1) < 4.5 / np.sqrt(400_000)
