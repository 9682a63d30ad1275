"""posterior.nc: saved and loaded whole, the same bytes twice, effects against the reference."""

import numpy as np
from networks import published

from nma import exact, posterior
from nma.priors import Prior


def tree():
    arms, prior = published("parkinsons"), Prior("half_normal", (5.0,))
    beta, tau = exact.fit(arms, prior).draws(400, seed=1)
    return posterior.assemble(
        arms, prior, beta.reshape(4, 100, -1), tau.reshape(4, 100), 1, {"engine": "exact"}
    )


def test_saved_and_loaded_whole(tmp_path):
    made = tree()
    posterior.save(made, tmp_path / "posterior.nc")
    read = posterior.load(tmp_path / "posterior.nc")
    assert read.attrs["reference"] == "Placebo"
    np.testing.assert_array_equal(read["posterior"]["d"], made["posterior"]["d"])
    assert read["posterior"]["theta"].sizes["arm"] == 15
    assert read["log_likelihood"]["y"].sizes["study"] == 7
    names, d = posterior.effect_draws(read)
    tau = posterior.hyper_draws(read)["tau"]
    assert names[0] == "Placebo"
    assert d.shape == (400, 5)
    assert (d[:, 0] == 0).all()
    assert tau.shape == (400,)


def test_same_draws_same_bytes(tmp_path):
    for name in ("a.nc", "b.nc"):
        posterior.save(tree(), tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
