"""Runs the emulator: ministack in this process, with what it lacks, until told to stop.

Started by `run.py` as `python -m infra.local.emulator` with the settings of `environment()`. It
listens on loopback only, keeps its state below one folder, and stops cleanly, state saved, on
SIGINT, on SIGTERM, and when its standard input closes: the program that started it is gone then,
however it went.
"""

import asyncio
import os
import signal
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from infra.local import as_on_aws, executions, meter, outbox, snapshots

ACCESS_KEY = "test"
"""What AWS calls the root of the account: it may do everything, whatever the roles say."""
REGION = "us-east-1"
ACCOUNT = "000000000000"
READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})


def environment(directory: Path, port: int, *, wait_scale: float = 1.0) -> dict[str, str]:
    """Return the variables that the emulator must be started with."""
    state = directory / "state"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("AWS_", "MINISTACK_", "LAMBDA_", "SFN_", "S3_", "SMTP_", "LOCALSTACK_")
        )
    }
    return kept | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(directory / "s3"),
        "HUIYIN_OUTBOX": str(directory / "outbox"),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SFN_WAIT_SCALE": str(wait_scale),
        "LAMBDA_EXECUTOR": "local",
        # Idle workers beyond the first of each function go after a minute: they are 60 MB each.
        "LAMBDA_WARM_TTL_SECONDS": "60",
        # No port but the one above, and no look at a Docker that the machine may have.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{directory / 'no-docker'}",
        # The workers' code is unpacked here; what a hard kill leaves is cleared by the next start.
        "TMPDIR": str(directory / "tmp"),
        "PYTHONUNBUFFERED": "1",
    }


def main() -> None:
    """Serve until told to stop."""
    from ministack import app as ministack
    from ministack.core import iam_evaluator, persistence
    from ministack.services import lambda_svc

    saved = snapshots.Snapshots(Path(os.environ["STATE_DIR"]) / "snapshots")
    # ministack reads the newest complete picture, and its save at the end becomes one more of them.
    persistence.STATE_DIR = str(saved.current)
    ministack.save_all = lambda _services: saved.save()
    # A picture that still refers to older code must stay readable.
    lambda_svc._prune_orphan_code_blobs = lambda _referenced: None
    # The package of the layer is installed here, editable; the un-built layer would hide it.
    lambda_svc._resolve_layer_zip = lambda _layer: None
    # The buckets refuse what does not come over TLS; what never leaves this machine counts as such.
    ministack.pin_request_origin = lambda address, _secure: iam_evaluator.pin_request_origin(
        address, secure_transport=True
    )
    _keep_attributes()
    executions.bridge()
    as_on_aws.bridge()
    outbox.bridge(Path(os.environ["HUIYIN_OUTBOX"]))
    if counted := os.environ.get(meter.VARIABLE):
        meter.bridge(Path(counted))
    asyncio.run(_serve(ministack.app, saved))


def _keep_attributes() -> None:
    """Have resources of a nested stack keep their attributes when an update leaves them alone.

    ministack hands the old ones on for the outer stack only; a nested one then fails at the first
    Fn::GetAtt of what did not change.
    """
    from ministack.services import cloudformation
    from ministack.services.cloudformation import provisioners

    update = provisioners._update_resource

    def with_attributes(
        kind: str,
        physical_id: str,
        old: Any,
        new: Any,
        stack: str,
        logical_id: str | None = None,
        old_attrs: Any = None,
    ) -> Any:
        if old_attrs is None:
            known = cloudformation._stacks[stack]["_resources"].get(logical_id, {})
            old_attrs = known.get("Attributes")
        return update(kind, physical_id, old, new, stack, logical_id, old_attrs)

    provisioners._update_resource = with_attributes


async def _serve(app: Any, saved: snapshots.Snapshots) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.core import lambda_runtime

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_watch_parent, args=(loop, stop), daemon=True).start()

    async def watched(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await app(scope, receive, send)
        if scope["type"] == "lifespan" or scope.get("method") not in READ_ONLY:
            saved.changed = True

    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    # One request of a page or of SMTP carries at most 40 MB.
    config.h11_max_incomplete_size = 64 * 1024
    saving = asyncio.create_task(saved.keep_saving())
    await serve(watched, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
    saving.cancel()
    lambda_runtime.reset()
    # All is saved. Threads that wait for an answer, of a person or a function, would wait on.
    os._exit(0)


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input closes; nothing is ever written to it."""
    # Not through sys.stdin: its lock, held in here, would break the end of the program.
    os.read(0, 1)
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    main()
