"""Fixtures for the tests of the data path."""

import pytest
import tabular


@pytest.fixture
def trials():
    """A small trials table without any finding."""
    return tabular.valid_trials()


@pytest.fixture
def instruments():
    """A small registry of pain scales."""
    return tabular.instruments()


@pytest.fixture
def treatments():
    """A small treatment map."""
    return tabular.treatments()
