"""Running numbers of a year: one after the other, and in blocks where many come at once (F2).

    what              complaint_id    part      attributes
    ----------------  --------------  --------  --------------------------------------------------
    running number    counter#<year>  counter   taken: the last that is given or in a block;
                                                idle: firsts of the blocks that nobody uses
    block of numbers  lease#<year>    <first>   upcoming, last, holder; sweep_shard, next_at while
                                                numbers are left; lapsed_at

Alone, a registration moves the counter by one in its own transaction. Who loses that race again and
again takes a block in one write, and gives its numbers without meeting anybody. What is left of a
block when its time is over is given to the next who registers, so that no number stays out; what
is left when the year is over lapses, and says so.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from complaints.aws.items import LEASE, Stored, due, key_of
from complaints.aws.runtime import now, random_id
from complaints.aws.table import Table
from complaints.models import sortable

PATIENCE = 5
"""Races that a registration loses before it takes a block."""
SMALLEST, LARGEST = 8, 64
"""Numbers in a block; it doubles for whoever used one up."""
HELD_FOR = timedelta(minutes=10)
TAKEN: dict[int, int] = {}
"""The last number of each year that this warm function has seen taken."""
HELD: dict[int, "Block"] = {}
"""The block of each year that this warm function has."""
SIZES: dict[int, int] = {}
"""How large its next block of each year is."""


class Block(NamedTuple):
    """Numbers of a year that one warm function gives, from `upcoming` to `last`."""

    first: int
    upcoming: int
    last: int
    holder: str
    until: datetime


class Turn(NamedTuple):
    """The number that comes next, and the write that takes it; one of a transaction or nothing."""

    year: int
    n: int
    write: Stored
    block: Block | None = None


class Numbers:
    """The running numbers in the complaints table."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    @classmethod
    def from_env(cls) -> Self:
        """Return the numbers of the deployed table."""
        return cls(Table.from_env().name)

    def next(self, year: int, lost: int = 0) -> Turn:
        """Return whose turn it is; `lost` races were lost for this registration already."""
        block = HELD.pop(year, None)
        if block and block.until > now():
            return self._of_block(year, block)
        # The first try trusts the number that this function saw last; the write checks it.
        taken = TAKEN.pop(year, None)
        if taken is None:
            counter = self._table.get(f"counter#{year}", "counter")
            taken = int(counter["taken"]["N"]) if counter else 0
            if free := sorted(map(int, counter.get("idle", {}).get("NS", []))):
                block = self._adopt(year, free[0])
            elif lost >= PATIENCE:
                block = self._lease(year, taken)
        if block:
            return self._of_block(year, block)
        return Turn(year, taken + 1, self._move(year, taken, taken + 1))

    def given(self, turn: Turn) -> None:
        """Keep in mind that this number was taken: the next one is close."""
        if not turn.block:
            TAKEN[turn.year] = turn.n
        elif turn.n < turn.block.last:
            HELD[turn.year] = turn.block._replace(upcoming=turn.n + 1)
        else:
            size = turn.block.last - turn.block.first + 1
            SIZES[turn.year] = min(2 * size, LARGEST)

    def left(self, turn: Turn) -> None:
        """Keep the block of a number that was not needed after all."""
        if turn.block:
            HELD[turn.year] = turn.block

    def release(self, year: int, first: int) -> None:
        """Give back what is left of a block whose time is over; when its year is over it lapses."""
        stored = self._table.get(f"{LEASE}{year}", f"{first:012}")
        over = datetime(year + 1, 1, 3, tzinfo=UTC)
        if not stored or "next_at" not in stored:
            return
        in_use = stored["holder"]["S"]
        held = {
            "ConditionExpression": "holder = :holder AND upcoming = :upcoming",
            "ExpressionAttributeValues": {
                ":holder": stored["holder"],
                ":upcoming": stored["upcoming"],
            },
        }
        freed = {":first": {"NS": [str(first)]}}
        if now() < over:
            writes = [
                self._change(
                    key_of(f"{LEASE}{year}", f"{first:012}"),
                    "SET holder = :nobody, next_at = :over",
                    {":nobody": {"S": ""}, ":over": {"S": sortable(over)}},
                    held,
                ),
                self._change(key_of(f"counter#{year}", "counter"), "ADD idle :first", freed),
            ]
        else:
            writes = [
                self._change(
                    key_of(f"{LEASE}{year}", f"{first:012}"),
                    "SET lapsed_at = :now REMOVE sweep_shard, next_at",
                    {":now": {"S": sortable(now())}},
                    held,
                )
            ]
            if not in_use:
                writes.append(
                    self._change(key_of(f"counter#{year}", "counter"), "DELETE idle :first", freed)
                )
        self._table.write(writes)

    def reason(self, year: int, n: int) -> str:
        """Return why no complaint has this number: `reserved`, `lapsed`; empty if nothing says."""
        found = self._table.page(
            KeyConditionExpression="complaint_id = :leases AND part <= :n",
            ExpressionAttributeValues={":leases": {"S": f"{LEASE}{year}"}, ":n": {"S": f"{n:012}"}},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )["Items"]
        if not found or not int(found[0]["upcoming"]["N"]) <= n <= int(found[0]["last"]["N"]):
            return ""
        return "lapsed" if "lapsed_at" in found[0] else "reserved"

    def _of_block(self, year: int, block: Block) -> Turn:
        """Return the next number of a block; only its holder can take it."""
        is_last = block.upcoming == block.last
        write = self._change(
            key_of(f"{LEASE}{year}", f"{block.first:012}"),
            f"SET upcoming = :after{' REMOVE sweep_shard, next_at' if is_last else ''}",
            {
                ":after": {"N": str(block.upcoming + 1)},
                ":upcoming": {"N": str(block.upcoming)},
                ":holder": {"S": block.holder},
            },
            {"ConditionExpression": "upcoming = :upcoming AND holder = :holder"},
        )
        return Turn(year, block.upcoming, write, block)

    def _lease(self, year: int, taken: int) -> Block | None:
        """Take a block behind the last number; None if somebody else was faster."""
        size, holder, until = SIZES.get(year, SMALLEST), random_id(), now() + HELD_FOR
        block = Block(taken + 1, taken + 1, taken + size, holder, until)
        item = {
            **key_of(f"{LEASE}{year}", f"{block.first:012}"),
            "upcoming": {"N": str(block.upcoming)},
            "last": {"N": str(block.last)},
            "holder": {"S": holder},
            **due(f"{LEASE}{year}#{block.first}", until),
        }
        writes = [
            self._move(year, taken, block.last),
            self._table.put(item),
        ]
        return block if self._table.write(writes) else None

    def _adopt(self, year: int, first: int) -> Block | None:
        """Take over a block that nobody uses; None if somebody else was faster."""
        stored = self._table.get(f"{LEASE}{year}", f"{first:012}")
        holder, until = random_id(), now() + HELD_FOR
        upcoming, last = int(stored["upcoming"]["N"]), int(stored["last"]["N"])
        writes = [
            self._change(
                key_of(f"{LEASE}{year}", f"{first:012}"),
                "SET holder = :me, next_at = :until",
                {":me": {"S": holder}, ":until": {"S": sortable(until)}, ":nobody": {"S": ""}},
                {"ConditionExpression": "holder = :nobody"},
            ),
            self._change(
                key_of(f"counter#{year}", "counter"),
                "DELETE idle :first",
                {":first": {"NS": [str(first)]}},
            ),
        ]
        return Block(first, upcoming, last, holder, until) if self._table.write(writes) else None

    def _move(self, year: int, taken: int, to: int) -> Stored:
        """Move the running number of a year on, if nobody else did and no block is free."""
        values = {":to": {"N": str(to)}}
        if taken:
            condition = "taken = :taken AND attribute_not_exists(idle)"
            values[":taken"] = {"N": str(taken)}
        else:
            condition = "attribute_not_exists(taken)"
        key = key_of(f"counter#{year}", "counter")
        return self._change(key, "SET taken = :to", values, {"ConditionExpression": condition})

    def _change(
        self, key: Stored, expression: str, values: Stored, condition: Stored | None = None
    ) -> Stored:
        """Return an update as part of a transaction."""
        condition = dict(condition or {})
        values = values | condition.pop("ExpressionAttributeValues", {})
        update = {"TableName": self._table.name, "Key": key, "UpdateExpression": expression}
        return {"Update": {**update, "ExpressionAttributeValues": values, **condition}}
