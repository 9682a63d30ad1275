"""The audit passes right draws and catches wrong ones."""

import numpy as np
import pytest
from networks import published

from nma import audit, exact
from nma.priors import Prior

PRIOR = Prior("half_normal", (5.0,))


@pytest.fixture(scope="module")
def fitted():
    fit = exact.fit(published("senn2013"), PRIOR)
    beta, tau = fit.draws(8000, seed=5)
    return fit, beta.reshape(4, 2000, -1), tau.reshape(4, 2000)


def test_independent_exact_draws_pass(fitted):
    table = audit.audit(*fitted)
    audit.gate(table)
    assert list(table.columns) == audit.COLUMNS
    assert len(table) == 10


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("d[rosi]", lambda d, tau, k: (np.where(np.arange(d.shape[-1]) == k, d + 0.1, d), tau)),
        ("d[rosi]", lambda d, tau, k: (
            np.where(np.arange(d.shape[-1]) == k, (d - d.mean((0, 1))) * 0.8 + d.mean((0, 1)), d),
            tau,
        )),
        ("tau", lambda d, tau, k: (d, tau * 1.15)),
    ],
    ids=["shifted mean", "too narrow", "wrong tau"],
)  # fmt: skip
def test_wrong_draws_are_caught_by_name(fitted, name, damage):
    fit, d, tau = fitted
    k = fit.arms.parameters.index("d[rosi]")
    with pytest.raises(audit.AuditFailed) as caught:
        audit.gate(audit.audit(fit, *damage(d, tau, k)))
    assert name in str(caught.value)


def test_fixed_tau_is_not_audited(fitted):
    fit, d, _ = fitted
    assert "tau" not in set(audit.audit(fit, d, None)["parameter"])
