"""Asking an authority for the time stamps of seals (RFC 3161), where the deployment names one.

A seal never waits for it: what it does not answer is asked again at the next run.
"""

import os
from datetime import date, datetime, timedelta
from http import HTTPStatus

import urllib3

from complaints.aws.metrics import count
from complaints.aws.runtime import logger
from complaints.aws.seals import Seals
from complaints.aws.vault import Vault
from complaints.retention import years_later
from complaints.seal import stamp_key
from complaints.time_stamp import TimeStampError, expect_stamp, request

ASKED_FOR = timedelta(days=30)
"""How long a seal is asked for that has no time stamp."""
AT_A_TIME = 10
WAIT = 10.0
"""Seconds for an answer."""
LARGEST = 1 << 16


def stamp(seals: Seals, vault: Vault, at: datetime, *, years: int) -> list[date]:
    """Have the latest seals stamped that are not yet; return their days.

    Where the authority fails, the run ends there, and `TimeStampFailed` is counted.
    """
    url = os.environ.get("TIME_STAMP_URL", "")
    if not url:
        return []
    recent = at.date() - ASKED_FOR
    done = set(seals.days(after=recent, suffix="tsr"))
    stamped: list[date] = []
    for day in [one for one in seals.days(after=recent) if one not in done][:AT_A_TIME]:
        content = seals.file(day)
        try:
            answer = _ask(url, request(content))
            expect_stamp(answer, content)
        except (urllib3.exceptions.HTTPError, TimeStampError) as error:
            logger.warning("no time stamp", day=str(day), reason=str(error))
            count("TimeStampFailed")
            return stamped
        until = years_later(at, years)
        vault.file(stamp_key(day), answer, until=until, content_type="application/timestamp-reply")
        stamped.append(day)
    return stamped


def _ask(url: str, query: bytes) -> bytes:
    """Return what the authority answers; raises TimeStampError or HTTPError where it does not."""
    with urllib3.PoolManager(retries=False, timeout=WAIT) as http:
        answer = http.request(
            "POST",
            url,
            body=query,
            headers={"Content-Type": "application/timestamp-query"},
            preload_content=False,
        )
        content = answer.read(LARGEST)
        answer.release_conn()
    if answer.status != HTTPStatus.OK:
        raise TimeStampError(f"the authority answered {answer.status}")
    return content
