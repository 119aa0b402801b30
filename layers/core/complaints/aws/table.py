"""The calls that are made of the complaints table: reads, pages, and writes all together."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Self

from complaints.aws.environment import resource
from complaints.aws.items import Key, Stored, key_of
from complaints.aws.runtime import client

AT_ONCE = 100
"""Items of one BatchGetItem."""
LOST_RACE = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
REST = 0.05
"""Seconds before items that were too many for the table are asked for again."""


class Table:
    """The complaints table; `items` says what lies in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = client("dynamodb")

    @classmethod
    def from_env(cls) -> Self:
        """Return the table of the deployment."""
        return cls(resource("COMPLAINTS_TABLE"))

    def get(self, complaint_id: str, part: str) -> Stored:
        """Return an item as it is now; empty if there is none."""
        answer = self.client.get_item(
            TableName=self.name, Key=key_of(complaint_id, part), ConsistentRead=True
        )
        found: Stored = answer.get("Item", {})
        return found

    def get_all(self, complaint_ids: Sequence[str], part: str) -> Iterator[Stored]:
        """Yield the same part of several collections as it is now, in no order."""
        return self.get_each([key_of(one, part) for one in dict.fromkeys(complaint_ids)])

    def get_each(self, wanted: Sequence[Key]) -> Iterator[Stored]:
        """Yield several items, all of other keys, as they are now, in no order."""
        rest = iter(wanted)
        while keys := list(islice(rest, AT_ONCE)):
            while keys:
                asked = {self.name: {"Keys": keys, "ConsistentRead": True}}
                answer = self.client.batch_get_item(RequestItems=asked)
                yield from answer["Responses"].get(self.name, [])
                if keys := answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", []):
                    time.sleep(REST)

    def query(self, **asked: Any) -> Iterator[Stored]:  # noqa: ANN401 - as boto3 takes it
        """Yield all items that a query finds, page after page."""
        pages = self.client.get_paginator("query").paginate(TableName=self.name, **asked)
        for page in pages:
            yield from page["Items"]

    def page(self, **asked: Any) -> Stored:  # noqa: ANN401 - as boto3 takes it
        """Return one page of a query as boto3 gives it."""
        found: Stored = self.client.query(TableName=self.name, **asked)
        return found

    def put(self, stored: Stored, **condition: Any) -> Stored:  # noqa: ANN401 - as boto3 takes it
        """Return a write of a transaction."""
        return {"Put": {"TableName": self.name, "Item": stored, **condition}}

    def write(self, writes: list[Stored]) -> bool:
        """Write all of it or nothing; return False where somebody else was faster.

        Only a failed condition or a conflict is a lost race; any other fault comes up.
        """
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException as error:
            reasons = {one["Code"] for one in error.response.get("CancellationReasons", [])}
            if not reasons & LOST_RACE:
                raise
            return False
        return True
