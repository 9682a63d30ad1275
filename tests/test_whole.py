"""Files are whole or not there."""

import pytest

from nma.whole import whole


def test_the_file_appears_when_it_is_done(tmp_path):
    path = tmp_path / "new" / "a.csv"
    with whole(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.suffix == path.suffix
        part.write_text("all of it")
    assert path.read_text() == "all of it"
    assert [p.name for p in path.parent.iterdir()] == ["a.csv"]


def write_half(path, error):
    with whole(path) as part:
        part.write_text("half")
        raise error


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(error):
        write_half(path, error)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
