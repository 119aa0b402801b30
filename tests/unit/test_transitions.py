"""How many states each path of a complaint enters; the bill counts them one by one."""

import pytest

from tests.bench.transitions import LIMITS, PATHS, definition, entered


@pytest.mark.parametrize("path", PATHS)
def test_a_path_enters_no_more_states_than_it_may(path: str) -> None:
    """Six states for a complaint without detours, and no state of its own for a detour."""
    assert len(entered(definition(), PATHS[path])) <= LIMITS[path]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_ends_in_the_archive(path: str) -> None:
    """Whatever was rejected, refused or late, the complaint is filed in the end."""
    assert entered(definition(), PATHS[path])[-1] == "Archive"
