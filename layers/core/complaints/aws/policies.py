"""The policies that are or were in force: whatever a complaint was received under is kept.

Policies lie in the bucket (`policy_bucket`), what is in force in the complaints table, under
complaint_id = "policy":

    what                                  part
    ------------------------------------  ----------------------------------------
    what is in force                      current
    each change of it                     change#<instant>#<nnnnnn>
    what was handed in and refused        refused

In force is the adopted policy, and where none was adopted the deployed one. A policy goes into the
bucket before anything names it. A warm function asks what is in force once a minute; a policy that
was read once is read from memory, for its content gives its version.
"""

import re
import time
from datetime import datetime
from functools import cache
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from complaints.aws import policy_bucket
from complaints.aws.environment import resource
from complaints.aws.items import item, key_of, read
from complaints.aws.metrics import count
from complaints.aws.runtime import logger
from complaints.aws.table import Table
from complaints.lifecycle import ComplaintError, InvalidInputError
from complaints.models import Record, sortable
from complaints.policy import (
    Policy,
    UnknownPolicyError,
    compiled_file,
    load,
    parse_kept,
    source_file,
)

ASK_AGAIN_SECONDS = 60
TRIES = 5
MOST_KEPT = 20
LISTED = 50
BY_DEPLOYMENT, BY_FILE = "deployment", "s3"
"""Who changed it where nobody signed in: a deployment, the file in the bucket."""
COLLECTION = "policy"
NAME_KEY = re.compile(r"""^["']?name["']?\s*:""", re.MULTILINE)


class PolicyChangedError(ComplaintError):
    """Somebody else has changed the policy since this change was begun; nothing was written."""

    text_id = "policy.error.changed"


class InForce(Record, frozen=True):
    """What is in force; `number` counts the saves, and each save names the one before."""

    number: int = 0
    adopted: str = ""
    """Reference of the policy that goes before the deployed one; empty where none does."""
    before: str = ""
    """Reference of what was in force before: it stays where the adopted one can't be read."""
    deployed: str = ""
    """Reference of the policy that came with the last deployment that the sweep saw."""
    kept: tuple[str, ...] = ()
    """References of deployed policies that are in the bucket, the newest last."""
    etag: str = ""
    """Of the file handed in from outside that was looked at last."""


class Change(Record, frozen=True):
    """One change of what is in force (H5): who, when, from, to, and why."""

    at: datetime
    by: str
    before: str
    """A reference; empty for the first policy of all."""
    after: str
    reason: str = ""


class Fault(Record, frozen=True, kw_only=False):
    """What is wrong in a policy file; the allowed values stand beside the one that is there."""

    line: int
    field: str
    value: str
    allowed: str


class Refusal(Record, frozen=True):
    """A policy that was handed in from outside and is not usable; the one before stays."""

    at: datetime
    etag: str
    faults: tuple[Fault, ...]


class UnusablePolicyError(InvalidInputError):
    """A policy file has problems; all of them are in `faults`."""

    text_id = "policy.error.unusable"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} problems in a policy file")
        self.faults = faults


class Policies:
    """The policies of the organisation: the one in force, and each older one by its reference."""

    def __init__(self, deployed: Policy, table: str) -> None:
        self.deployed = deployed
        self._table = Table(table)
        self._read = {deployed.reference: deployed}
        self._in_force = deployed
        self._state = InForce()
        self._asked_at: float | None = None

    @classmethod
    def from_env(cls) -> Self:
        """Return the policies of the deployment."""
        return cls(load(resource("POLICY")), resource("COMPLAINTS_TABLE"))

    # ---- reading -----------------------------------------------------------------------------

    def in_force(self) -> Policy:
        """Return the policy in force, as of at most a minute ago."""
        asked_at = self._asked_at
        if asked_at is None or time.monotonic() - asked_at >= ASK_AGAIN_SECONDS:
            self._take(self._current(consistent=False))
        return self._in_force

    def get(self, reference: str) -> Policy:
        """Return the policy of this name and version, as in `service-provider@3f2a...`.

        Raises UnknownPolicyError if there is none, or if what lies there is not that policy.
        """
        if reference not in self._read:
            self._read[reference] = policy_bucket.fetch(reference)
        return self._read[reference]

    def of_complaint(self, reference: str) -> Policy:
        """Return the policy of a complaint that was received under this reference: its own.

        Where that is lost for good, an administrator may name another one in `.instead`, by hand
        and so by a decision. Raises UnknownPolicyError where neither can be had.
        """
        try:
            return self.get(reference)
        except UnknownPolicyError:
            return self.get(policy_bucket.instead(reference))

    def source(self, reference: str) -> bytes:
        """Return a policy as it was written, in YAML; raises UnknownPolicyError."""
        if reference == self.deployed.reference:
            return source_file(self.deployed.name).read_bytes()
        return policy_bucket.written(reference)

    def changes(self) -> list[Change]:
        """Return the last changes of what is in force, the newest first."""
        page = self._table.page(
            KeyConditionExpression="complaint_id = :policy AND begins_with(part, :change)",
            ExpressionAttributeValues={
                ":policy": {"S": COLLECTION},
                ":change": {"S": "change#"},
            },
            ScanIndexForward=False,
            Limit=LISTED,
        )
        return [read(stored, Change) for stored in page["Items"]]

    def refusal(self) -> Refusal | None:
        """Return why the file in the bucket was refused, if the last one was."""
        stored = self._table.get(COLLECTION, "refused")
        refused = read(stored, Refusal) if stored else None
        return refused if refused and refused.etag == self._current(consistent=False).etag else None

    # ---- writing -----------------------------------------------------------------------------

    def keep(self, policy: Policy) -> None:
        """Put the deployed policy into the bucket, once, before a complaint is received under it.

        After the next deployment it is no longer in the package, but its complaints still are.
        An adopted policy lies there already.
        """
        reference = self.deployed.reference
        if policy.reference != reference or reference in self._state.kept:
            return
        name = self.deployed.name
        for _ in range(TRIES):
            current = self._current(consistent=True)
            self._take(current)
            if reference in current.kept:
                return
            policy_bucket.put(reference, compiled_file(name), source_file(name).read_bytes())
            try:
                self._save(current, kept=(*current.kept, reference)[-MOST_KEPT:])
            except PolicyChangedError:
                continue
            return
        raise PolicyChangedError(f"{reference} could not be kept in {TRIES} tries")

    def hand_in(self, content: bytes) -> Policy:
        """Check a policy file and put it into the bucket, to be adopted later.

        Raises UnusablePolicyError with all faults, the name of another policy among them.
        """
        # YAML and JSON Schema are heavy, and needed when somebody changes the policy alone.
        from complaints import policy_file
        from complaints.policy_yaml import PolicyFileError

        try:
            written = content.decode()
        except UnicodeDecodeError as error:
            raise UnusablePolicyError((Fault(1, "(file)", "", "UTF-8"),)) from error
        if len(content) > policy_bucket.LONGEST_FILE:
            allowed = f"length <= {policy_bucket.LONGEST_FILE}"
            raise UnusablePolicyError((Fault(1, "(file)", str(len(content)), allowed),))
        shared = policy_file.read_words(source_file("words"))
        try:
            policy = policy_file.read(written, policy_bucket.OVERRIDE, shared)
        except PolicyFileError as error:
            raise UnusablePolicyError(
                tuple(Fault(one.line, one.field, one.value, one.allowed) for one in error.problems)
            ) from error
        if policy.name != self.deployed.name:
            key = NAME_KEY.search(written)
            line = written[: key.start()].count("\n") + 1 if key else 1
            raise UnusablePolicyError((Fault(line, "name", policy.name, self.deployed.name),))
        compiled = policy_file.compiled(policy)
        policy_bucket.put(policy.reference, compiled, content)
        return parse_kept(compiled, policy.reference)

    def adopt(
        self,
        reference: str,
        *,
        by: str,
        reason: str,
        expected: str,
        at: datetime,
        etag: str = "",
    ) -> Change:
        """Put a policy of the bucket into force; `expected` is what is in force now.

        To adopt the deployed policy is to follow the deployments again. Raises UnknownPolicyError,
        InvalidInputError where nothing would change, and PolicyChangedError where something else
        is in force by now.
        """
        if _name(reference) != self.deployed.name:
            raise UnknownPolicyError(reference)
        self.get(reference)
        self.keep(self.deployed)
        current = self._current(consistent=True)
        before = self._choose(current).reference
        if before != expected:
            raise PolicyChangedError(f"{before} is in force, not {expected}")
        if reference == before:
            raise InvalidInputError(f"{reference} is in force", text_id="policy.error.same")
        change = Change(at=at, by=by, before=before, after=reference, reason=reason)
        adopted = "" if reference == self.deployed.reference else reference
        self._save(current, change, adopted=adopted, before=before, etag=etag or current.etag)
        return change

    def note_deployment(self, at: datetime) -> None:
        """Put it on record when a deployment has brought another policy (H5).

        It is in force unless one of the same name was adopted: that one stays.
        """
        self.keep(self.deployed)
        current = self._current(consistent=True)
        reference = self.deployed.reference
        if current.deployed == reference:
            return
        stays = _name(current.adopted) == self.deployed.name
        before = current.adopted or current.deployed
        change = Change(at=at, by=BY_DEPLOYMENT, before=before, after=reference)
        self._save(current, None if stays else change, deployed=reference)

    def take_up(self, at: datetime) -> bool:
        """Look at the file that somebody may have put into the bucket; return if it was adopted.

        A file that is not usable changes nothing: it is refused once, with all its faults.
        """
        current = self._current(consistent=True)
        found = policy_bucket.handed_in(current.etag)
        if found is None:
            return False
        etag = found.etag
        try:
            policy = self.hand_in(found.content)
        except UnusablePolicyError as error:
            self._refuse(current, Refusal(at=at, etag=etag, faults=error.faults))
            return False
        expected = self._choose(current).reference
        if policy.reference == expected:
            self._save(current, etag=etag)
            return False
        self.adopt(policy.reference, by=BY_FILE, reason="", expected=expected, at=at, etag=etag)
        return True

    def _refuse(self, current: InForce, refusal: Refusal) -> None:
        """Keep why a file was refused, for the console to show, and let the alarm ring."""
        self._table.client.put_item(
            TableName=self._table.name, Item=item(COLLECTION, "refused", refusal)
        )
        self._save(current, etag=refusal.etag)
        logger.warning("policy refused", faults=len(refusal.faults))
        count("PolicyRefused")

    # ---- the item and the bucket -------------------------------------------------------------

    def _current(self, *, consistent: bool) -> InForce:
        stored = self._table.client.get_item(
            TableName=self._table.name, Key=key_of(COLLECTION, "current"), ConsistentRead=consistent
        )
        return read(stored["Item"], InForce) if "Item" in stored else InForce()

    def _take(self, current: InForce) -> None:
        """Hold to this for the next minute."""
        self._state, self._in_force = current, self._choose(current)
        self._asked_at = time.monotonic()

    def _choose(self, current: InForce) -> Policy:
        """Return the adopted policy, or the last good one before it: intake goes on in any case."""
        for reference in (current.adopted, current.before) if current.adopted else ():
            if _name(reference) == self.deployed.name:
                try:
                    return self.get(reference)
                except (UnknownPolicyError, ClientError, BotoCoreError) as error:
                    logger.error("policy not usable", policy=reference, error=type(error).__name__)
                    count("PolicyRefused")
        return self.deployed

    def _save(self, current: InForce, change: Change | None = None, **changes: Any) -> None:  # noqa: ANN401 - fields of InForce
        """Write what is in force with its change, or nothing where somebody else wrote first."""
        saved = current.replace(number=current.number + 1, **changes)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(part)"}
        if current.number:
            condition = {
                "ConditionExpression": "#number = :before",
                "ExpressionAttributeNames": {"#number": "number"},
                "ExpressionAttributeValues": {":before": {"N": str(current.number)}},
            }
        number = {"number": {"N": str(saved.number)}}
        puts = [self._table.put(item(COLLECTION, "current", saved) | number, **condition)]
        if change:
            part = f"change#{sortable(change.at)}#{saved.number:06}"
            puts.append(self._table.put(item(COLLECTION, part, change)))
        if not self._table.write(puts):
            raise PolicyChangedError("the policy was changed by somebody else")
        self._take(saved)


@cache
def policies() -> Policies:
    """Return the policies of the deployment, with what this warm function knows of them."""
    return Policies.from_env()


def _name(reference: str) -> str:
    return reference.partition("@")[0]
