"""The staff directory: who there is, in which department, with which roles (H4).

One collection in the complaints table: complaint_id = "staff", part = the user name.
"""

from typing import Self

import msgspec

from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.models import Staff


class StaffDirectory:
    """All members of staff; small enough to be read in one query."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._client = client("dynamodb")

    @classmethod
    def from_env(cls) -> Self:
        """Return the directory of the deployment."""
        return cls(resource("COMPLAINTS_TABLE"))

    def put(self, member: Staff) -> None:
        """Enter a member of staff, or change the entry."""
        self._client.put_item(
            TableName=self._table,
            Item={
                "complaint_id": {"S": "staff"},
                "part": {"S": member.username},
                "document": {"S": msgspec.json.encode(member).decode()},
            },
        )

    def all(self) -> list[Staff]:
        """Return everybody, by user name."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="complaint_id = :staff",
            ExpressionAttributeValues={":staff": {"S": "staff"}},
        )
        return [
            msgspec.json.decode(stored["document"]["S"], type=Staff)
            for page in pages
            for stored in page["Items"]
        ]
