"""The policy bucket: every policy by its content, as written and compiled; nothing is deleted.

what                                  where
------------------------------------  ----------------------------------------
a policy, compiled                    policies/<name>/<version>.json
the same as it was written            policies/<name>/<version>.yaml
the reference of another one, by      policies/<name>/<version>.instead
hand, where a policy is lost for good
a policy handed in from outside       policies/override.yaml
"""

import re
from typing import NamedTuple

from botocore.exceptions import ClientError

from complaints.aws.environment import resource
from complaints.aws.runtime import client
from complaints.policy import Policy, UnknownPolicyError, parse_kept

OVERRIDE = "policies/override.yaml"
LONGEST_FILE = 256 * 1024
"""Bytes of a policy that is handed in; the longest of ours has 60 kB."""
REFERENCE = re.compile(r"[a-z][a-z0-9-]{1,40}@[0-9a-f]{12}")
ABSENT = frozenset({"403", "404", "AccessDenied", "NoSuchKey"})
"""What S3 says where there is no object: who may not list the bucket hears no other word."""
UNCHANGED = frozenset({"304", "NotModified"})


class HandedIn(NamedTuple):
    """A file that somebody put into the bucket; of one that is too long, the begin."""

    etag: str
    content: bytes


def fetch(reference: str) -> Policy:
    """Return a policy that was put; raises UnknownPolicyError if it is not there, or damaged."""
    return parse_kept(_read(reference, "json"), reference)


def written(reference: str) -> bytes:
    """Return a policy as it was written, in YAML; raises UnknownPolicyError."""
    return _read(reference, "yaml")


def instead(reference: str) -> str:
    """Return what an administrator named in place of a lost policy; raises UnknownPolicyError."""
    return _read(reference, "instead").decode("ascii", "replace").strip()


def put(reference: str, compiled: bytes, source: bytes) -> None:
    """Write both forms of a policy; twice is no harm, the key names the content."""
    for ending, content in (("yaml", source), ("json", compiled)):
        client("s3").put_object(Bucket=_bucket(), Key=_key(reference, ending), Body=content)


def handed_in(etag: str) -> HandedIn | None:
    """Return the file handed in from outside; None where there is none, or the one of this ETag."""
    asked = {"IfNoneMatch": etag} if etag else {}
    try:
        answer = client("s3").get_object(Bucket=_bucket(), Key=OVERRIDE, **asked)
    except ClientError as error:
        if _code(error) in ABSENT | UNCHANGED:
            return None
        raise
    if answer["ETag"] == etag:
        return None
    return HandedIn(answer["ETag"], answer["Body"].read(LONGEST_FILE + 1))


def _read(reference: str, ending: str) -> bytes:
    try:
        answer = client("s3").get_object(Bucket=_bucket(), Key=_key(reference, ending))
    except ClientError as error:
        if _code(error) in ABSENT:
            raise UnknownPolicyError(reference) from error
        raise
    content: bytes = answer["Body"].read()
    return content


def _bucket() -> str:
    return resource("POLICY_BUCKET")


def _key(reference: str, ending: str) -> str:
    """Return where a form of a policy lies; raises UnknownPolicyError if nowhere."""
    if not REFERENCE.fullmatch(reference):
        raise UnknownPolicyError(reference)
    return f"policies/{reference.replace('@', '/')}.{ending}"


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
