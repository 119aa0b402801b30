"""What every journey starts from: the shared machine, with nobody's hourly allowance used up."""

from collections.abc import Iterator

import pytest

from infra.local.machine import Machine
from tests.doors import faults, forget_rates


@pytest.fixture(autouse=True)
def shared(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget how often this address wrote: all tests come from one. Fail where a function did."""
    if "machine" not in request.fixturenames:
        yield
        return
    machine: Machine = request.getfixturevalue("machine")
    forget_rates(machine)
    before = len(faults(machine))
    yield
    found = faults(machine)[before:]
    assert not found, "\n".join(found)
