"""What was counted of a run, as the bag of operations that a bill is made of."""

import importlib.util
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.table import SHARED

MODEL = SHARED / "cost" / "cost_model.py"
APART = frozenset({"", "CheckSla", "Report"})
"""Not a complaint's own: this machine and the test (no caller), and what runs by the clock."""
WARM_SECONDS, COLD_SHARE, COLD_SECONDS = 0.040, 0.01, 0.45
"""Billed time of a run as the lean design has it: seconds of a busy machine mean nothing."""
LOG_EVENT_BYTES = 26
"""What CloudWatch Logs adds to each event."""
Quantities = dict[str, float]
Line = dict[str, Any]


class Model(NamedTuple):
    """The price list, and the designs that it was worked out for."""

    price: Callable[[Quantities], float]
    design: Callable[[str], Quantities]


def model() -> Model:
    """Return the cost model, which lies outside the repository; FileNotFoundError without it."""
    if not MODEL.exists():
        raise FileNotFoundError(MODEL)
    spec = importlib.util.spec_from_file_location("cost_model", MODEL)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return Model(loaded.price, loaded.design)


def read(path: Path, start: int = 0) -> list[Line]:
    """Return the lines of a meter from this one on."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines[start:]]


def own(lines: Iterable[Line]) -> list[Line]:
    """Return what the product's functions did for complaints."""
    return [line for line in lines if line["caller"] not in APART]


def quantities(
    lines: Iterable[Line], *, mails_in: int, transitions: int, stored_bytes: int
) -> Quantities:
    """Return the bag of counted operations; each raw mail that came in is a PUT of SES."""
    mine = own(lines)
    runs = [line for line in mine if line["service"] == "lambda"]
    units = [line for line in mine if line["service"] == "dynamodb"]
    by_queue = [line for line in runs if line["action"] == "sqs"]
    gigabytes = sum(line["memory"] for line in runs) / 1024
    return {
        "ses_in": mails_in,
        "ses_out": _requests(mine, "ses", "POST"),
        "s3_put": mails_in + _requests(mine, "s3", "PUT"),
        "s3_get": _requests(mine, "s3", "GET"),
        "s3_gb_month": stored_bytes / 1e9,
        # A process opens the branch key of a month once: by the share of cold starts.
        "kms_request": COLD_SHARE * sum(line["service"] == "kms" for line in mine),
        "sfn_transition": transitions,
        "wru": sum(line["write"] for line in units),
        "rru": sum(line["read"] for line in units),
        "lambda_request": len(runs),
        "lambda_gbs_arm": gigabytes * (WARM_SECONDS + COLD_SHARE * COLD_SECONDS),
        # A message is sent; each run of a function receives and deletes.
        "sqs_request": sum(line["records"] + 2 for line in by_queue),
        "http_api": sum(line["action"] == "http" for line in runs),
        "log_gb": sum(_logged(line) for line in runs) / 1e9,
    }


def writes(lines: Iterable[Line]) -> list[list[object]]:
    """Return function, request, how many, write units, those of indexes, read units."""
    rows: dict[tuple[str, str], list[float]] = {}
    for line in own(lines):
        if line["service"] == "dynamodb":
            row = rows.setdefault((line["caller"], line["action"]), [0, 0, 0, 0])
            added = (1, line["write"], sum(line["indexes"].values()), line["read"])
            row[:] = [before + more for before, more in zip(row, added, strict=True)]
    return [[*names, *(f"{figure:g}" for figure in row)] for names, row in sorted(rows.items())]


def indexes(lines: Iterable[Line]) -> Counter[str]:
    """Return the write units that each index took."""
    taken: Counter[str] = Counter()
    for line in own(lines):
        taken.update(line.get("indexes", {}))
    return taken


def _requests(lines: list[Line], service: str, action: str) -> int:
    return sum(line["service"] == service and line["action"] == action for line in lines)


def _logged(run: Line) -> int:
    """Return the bytes that a run logs on AWS: two lines of the platform, and its own."""
    at, request = "2026-11-20T00:30:00.000Z", "0" * 36
    figures = {
        "durationMs": 40.12,
        "billedDurationMs": 41,
        "memorySizeMB": 512,
        "maxMemoryUsedMB": 110,
    }
    platform: tuple[Line, ...] = (
        {
            "time": at,
            "type": "platform.start",
            "record": {"requestId": request, "functionArn": run["arn"], "version": "$LATEST"},
        },
        {
            "time": at,
            "type": "platform.report",
            "record": {"requestId": request, "metrics": figures, "status": "success"},
        },
    )
    written = sum(len(json.dumps(line, separators=(",", ":"))) for line in platform)
    return written + len(platform) * LOG_EVENT_BYTES + int(run["log"])
