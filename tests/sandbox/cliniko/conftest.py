"""One server for the tests of this folder; each module lets it serve clinics of its own for a while."""

from collections.abc import Iterator

import pytest

from sandbox.cliniko.running import run_cliniko


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a running sandbox without any clinic."""
    with run_cliniko([]) as address:
        yield address
