"""What the handlers load: nothing heavy, and not much more than the SDK they can't do without."""

import pytest

from tests.bench import imports

COUNTED = tuple(name for name in imports.BUDGETS if name in imports.FUNCTIONS)


@pytest.mark.parametrize("function", imports.FUNCTIONS)
def test_a_handler_brings_nothing_heavy_along(function: str) -> None:
    """Each library on the list costs a cold start more than the handler itself does."""
    assert imports.found(function) == []


@pytest.mark.skipif(not imports.can_count(), reason="valgrind is not installed")
@pytest.mark.parametrize("function", COUNTED)
def test_a_handler_stays_near_the_floor_of_the_sdk(function: str) -> None:
    """Instructions until ready for the first event, against boto3 with one client alone."""
    assert imports.of_the_floor(function) <= imports.BUDGETS[function]
