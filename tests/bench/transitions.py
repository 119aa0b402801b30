"""How many states a complaint enters on its way, from the definition of the workflow alone.

Step Functions bills each state entered, so a state too many is the dearest thing in the design.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from tests.bench.table import ROOT, table

ON = "on"
"""The step was answered, and the line goes on."""
BACK = "SentBack"
"""The answer leads back: rejected, refused, not satisfied."""
AGAIN = "States.Timeout"
"""Nobody answered in the longest wait: the question is asked again."""

PATHS: dict[str, tuple[str, ...]] = {
    # Answers in the order of the states that wait or work; what follows them goes on.
    "all goes well": (),
    "settled on the spot": (),
    "rejected once": (ON, ON, BACK),
    "refused once": (ON, ON, ON, BACK),
    "not satisfied once": (ON, ON, ON, ON, BACK),
    "nobody investigates for a whole wait": (ON, AGAIN),
}
LIMITS = {
    "all goes well": 6,
    # The stages pass at once, but each is entered.
    "settled on the spot": 6,
    "rejected once": 8,
    "refused once": 9,
    "not satisfied once": 10,
    "nobody investigates for a whole wait": 7,
}


def definition() -> dict[str, Any]:
    """Return the state machine, with a number for each unquoted substitution."""
    text = (ROOT / "infra" / "workflow.asl.json").read_text()
    read: dict[str, Any] = json.loads(re.sub(r"(?<=: )\$\{\w+\}", "1", text))
    return read


def entered(machine: dict[str, Any], answers: Iterable[str] = ()) -> list[str]:
    """Return the states that are entered, one after the other, when the steps answer like this.

    A step without an answer goes on. Raises KeyError for an answer that a state doesn't take.
    """
    left = list(answers)
    name, states = machine["StartAt"], []
    while True:
        states.append(name)
        state = machine["States"][name]
        answer = left.pop(0) if left else ON
        if answer != ON:
            name = _caught(state, answer)
        elif "Next" in state:
            name = state["Next"]
        else:
            return states


def _caught(state: dict[str, Any], error: str) -> str:
    for catch in state.get("Catch", ()):
        if error in catch["ErrorEquals"]:
            return str(catch["Next"])
    raise KeyError(error)


def rows(machine: dict[str, Any]) -> list[Sequence[object]]:
    """Return path, states entered, their price for 1,000 complaints, and the way."""
    made: list[Sequence[object]] = []
    for path, answers in PATHS.items():
        states = entered(machine, answers)
        made.append(
            [path, len(states), LIMITS[path], f"{len(states) * 0.025:.3f}", " → ".join(states)]
        )
    return made


def main() -> None:
    """Print the table."""
    print("## Transitions of each path\n")
    heads = ("path", "states entered", "limit", "USD per 1,000", "way")
    print(table(heads, rows(definition())))


if __name__ == "__main__":
    main()
