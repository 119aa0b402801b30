"""The policies that are or were in force: whatever a complaint was received under is kept.

    what                                  where
    ------------------------------------  ----------------------------------------------
    a policy, compiled                    policy bucket  policies/<name>/<version>.json
    the same as it was written            policy bucket  policies/<name>/<version>.yaml
    a policy handed in from outside       policy bucket  policies/override.yaml
    what is in force                      the table      policy, current
    each change of it                     the table      policy, change#<instant>#<nnnnnn>
    what was handed in and refused        the table      policy, refused

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

from complaints.aws.environment import resource
from complaints.aws.items import Stored, item, key_of, read
from complaints.aws.metrics import count
from complaints.aws.runtime import client, logger
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

OVERRIDE = "policies/override.yaml"
LONGEST_FILE = 1024 * 1024
"""Bytes of a policy that is handed in; the longest of ours has 60 kB."""
ASK_AGAIN_SECONDS = 60
TRIES = 5
MOST_KEPT = 20
LISTED = 50
BY_DEPLOYMENT, BY_FILE = "deployment", "s3"
"""Who changed it where nobody signed in: a deployment, the file in the bucket."""
COLLECTION = "policy"
NAME_KEY = re.compile(r"""^["']?name["']?\s*:""", re.MULTILINE)
REFERENCE = re.compile(r"[a-z][a-z0-9-]{1,40}@[0-9a-f]{12}")
ABSENT = frozenset({"403", "404", "AccessDenied", "NoSuchKey"})
"""What S3 says where there is no object: who may not list the bucket hears no other word."""
UNCHANGED = frozenset({"304", "NotModified"})


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
        self._table = table
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
            self._read[reference] = self._fetch(reference)
        return self._read[reference]

    def source(self, reference: str) -> bytes:
        """Return a policy as it was written, in YAML; raises UnknownPolicyError."""
        if reference == self.deployed.reference:
            return source_file(self.deployed.name).read_bytes()
        return self._object(f"{_key(reference)}.yaml", reference)

    def changes(self) -> list[Change]:
        """Return the last changes of what is in force, the newest first."""
        answer = client("dynamodb").query(
            TableName=self._table,
            KeyConditionExpression="complaint_id = :policy AND begins_with(part, :change)",
            ExpressionAttributeValues={
                ":policy": {"S": COLLECTION},
                ":change": {"S": "change#"},
            },
            ScanIndexForward=False,
            Limit=LISTED,
        )
        return [read(stored, Change) for stored in answer["Items"]]

    def refusal(self) -> Refusal | None:
        """Return why the file in the bucket was refused, if the last one was."""
        stored = client("dynamodb").get_item(
            TableName=self._table, Key=key_of(COLLECTION, "refused")
        )
        refused = read(stored["Item"], Refusal) if "Item" in stored else None
        return refused if refused and refused.etag == self._state.etag else None

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
            self._put(reference, compiled_file(name), source_file(name).read_bytes())
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

        try:
            written = content.decode()
        except UnicodeDecodeError as error:
            raise UnusablePolicyError((Fault(1, "(file)", "", "UTF-8"),)) from error
        if len(content) > LONGEST_FILE:
            allowed = f"length <= {LONGEST_FILE}"
            raise UnusablePolicyError((Fault(1, "(file)", str(len(content)), allowed),))
        shared = policy_file.read_words(source_file("words"))
        try:
            policy = policy_file.read(written, OVERRIDE, shared)
        except policy_file.PolicyFileError as error:
            raise UnusablePolicyError(
                tuple(Fault(one.line, one.field, one.value, one.allowed) for one in error.problems)
            ) from error
        if policy.name != self.deployed.name:
            key = NAME_KEY.search(written)
            line = written[: key.start()].count("\n") + 1 if key else 1
            raise UnusablePolicyError((Fault(line, "name", policy.name, self.deployed.name),))
        compiled = policy_file.compiled(policy)
        self._put(policy.reference, compiled, content)
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
        asked = {"IfNoneMatch": current.etag} if current.etag else {}
        try:
            answer = client("s3").get_object(Bucket=_bucket(), Key=OVERRIDE, **asked)
        except ClientError as error:
            if _code(error) in ABSENT | UNCHANGED:
                return False
            raise
        etag: str = answer["ETag"]
        if etag == current.etag:
            return False
        try:
            policy = self.hand_in(answer["Body"].read(LONGEST_FILE + 1))
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
        client("dynamodb").put_item(
            TableName=self._table, Item=item(COLLECTION, "refused", refusal)
        )
        self._save(current, etag=refusal.etag)
        logger.warning("policy refused", faults=len(refusal.faults))
        count("PolicyRefused")

    # ---- the item and the bucket -------------------------------------------------------------

    def _current(self, *, consistent: bool) -> InForce:
        stored = client("dynamodb").get_item(
            TableName=self._table, Key=key_of(COLLECTION, "current"), ConsistentRead=consistent
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
        puts: list[Stored] = [
            {
                "TableName": self._table,
                "Item": item(COLLECTION, "current", saved) | number,
                **condition,
            }
        ]
        if change:
            part = f"change#{sortable(change.at)}#{saved.number:06}"
            puts.append({"TableName": self._table, "Item": item(COLLECTION, part, change)})
        dynamodb = client("dynamodb")
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except dynamodb.exceptions.TransactionCanceledException as error:
            raise PolicyChangedError("the policy was changed by somebody else") from error
        self._take(saved)

    def _fetch(self, reference: str) -> Policy:
        return parse_kept(self._object(f"{_key(reference)}.json", reference), reference)

    def _object(self, key: str, reference: str) -> bytes:
        try:
            answer = client("s3").get_object(Bucket=_bucket(), Key=key)
        except ClientError as error:
            if _code(error) in ABSENT:
                raise UnknownPolicyError(reference) from error
            raise
        content: bytes = answer["Body"].read()
        return content

    def _put(self, reference: str, compiled: bytes, written: bytes) -> None:
        """Write both forms of a policy; twice is no harm, the key names the content."""
        for ending, content in (("yaml", written), ("json", compiled)):
            client("s3").put_object(
                Bucket=_bucket(), Key=f"{_key(reference)}.{ending}", Body=content
            )


@cache
def policies() -> Policies:
    """Return the policies of the deployment, with what this warm function knows of them."""
    return Policies.from_env()


def _bucket() -> str:
    return resource("POLICY_BUCKET")


def _name(reference: str) -> str:
    return reference.partition("@")[0]


def _key(reference: str) -> str:
    """Return where a policy lies, without its ending; raises UnknownPolicyError if nowhere."""
    if not REFERENCE.fullmatch(reference):
        raise UnknownPolicyError(reference)
    return f"policies/{reference.replace('@', '/')}"


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
