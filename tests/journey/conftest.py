"""What every journey starts from: a machine, with nobody's hourly allowance used up."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from infra.local.machine import Machine, running
from tests.doors import faults, forget_rates


@pytest.fixture(scope="module")
def machine_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Machine]]:
    """Start machines by the name of the policy they follow; all stop at the end of the module.

    More parameters of the template come by their names. A module whose own fixture `machine`
    returns one of them has it in place of the machine that the session shares.
    """
    with contextlib.ExitStack() as open_now:

        def start(policy: str, **parameters: str) -> Machine:
            directory = tmp_path_factory.mktemp(policy)
            wanted = {"Policy": policy, **parameters}
            return open_now.enter_context(running(directory, parameters=wanted))

        yield start


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
