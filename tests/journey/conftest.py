"""What every journey starts from: the shared machine, with nobody's hourly allowance used up."""

import pytest

from infra.local.machine import Machine


@pytest.fixture(autouse=True)
def fresh_allowance(request: pytest.FixtureRequest) -> None:
    """Forget how often this address wrote: all tests come from one, and each is its own hour."""
    if "machine" in request.fixturenames:
        forget_rates(request.getfixturevalue("machine"))


def forget_rates(machine: Machine) -> None:
    """Empty the counters of the rate limits."""
    dynamodb, table = machine.client("dynamodb"), machine.outputs["RatesTable"]
    for stored in dynamodb.scan(TableName=table)["Items"]:
        dynamodb.delete_item(TableName=table, Key={"rate_id": stored["rate_id"]})
