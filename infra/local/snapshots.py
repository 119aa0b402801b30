"""Saves the emulator's state every few seconds, so that a hard kill costs seconds, not the day.

ministack itself saves on a clean stop only, one file for each service, one after the other. Here a
snapshot is a folder with all files of one instant, complete before it counts:

    snapshots/000041/dynamodb.json ...   written by a forked child, which sees memory stand still
    snapshots/current -> 000041          switched in one step when the folder is complete

A file that did not change is a link to the one before. Objects in buckets are not part of this:
ministack writes each of them at once.
"""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import time
import warnings
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

EVERY = 3.0
"""Seconds between two saves while something changes."""
AT_LEAST_EVERY = 60.0
"""Seconds after which a save is tried though no request was seen: timers change state as well."""
SHARE = 10
"""Saving may use one part in this many of one processor: a big state is saved less often."""
PATIENCE = 60.0
"""Seconds after which a child that does not finish is given up; the next one will do."""
ABOUT = "about.json"


class Snapshots:
    """The pictures of the state in one folder, the newest complete one as `current`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.current = folder / "current"
        self.changed = False
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def keep_saving(self) -> None:
        """Save again and again, when something changed."""
        pause, last = EVERY, time.monotonic()
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            if not self.changed and began - last < AT_LEAST_EVERY:
                continue
            if _deploying():
                continue
            self.changed = False
            child = self._fork()
            while not _finished(child, began):  # noqa: ASYNC110 - a process has no event
                await asyncio.sleep(0.05)
            last = time.monotonic()
            pause = max(EVERY, SHARE * (last - began))

    def save(self) -> None:
        """Save now, and return when it is done; in a deployment, leave the last save as it is."""
        if _deploying():
            return
        child, began = self._fork(), time.monotonic()
        while not _finished(child, began):
            time.sleep(0.02)

    def _fork(self) -> int:
        """Start a child that writes what memory holds at this instant; return its process id.

        A fork is a still picture of all services at once, and the emulator goes on meanwhile.
        Copying in a thread would mix instants and hold every request up.
        """
        with warnings.catch_warnings():
            # Python warns that a lock held by another thread stays held in the child. What the
            # child runs takes none, and PATIENCE ends it should that ever change.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child:
            return child
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Above all the listening socket: the port must be free when the parent is gone.
            os.closerange(3, 4096)
            write(self.folder, _pictures())
            status = 0
        finally:
            os._exit(status)


def write(folder: Path, pictures: dict[str, str]) -> Path:
    """Add a snapshot of these texts, one for each service; return the folder that is current then.

    Nothing is added when all are as they were. A service that is absent now (its module was not
    loaded in this run) keeps its last file.
    """
    current = folder / "current"
    before = current.resolve() if current.exists() else None
    marks = _marks(before)
    digests = marks | {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in pictures.items()
    }
    if before and digests == marks:
        return before
    number = 1 + max((int(p.name) for p in folder.iterdir() if p.name.isdigit()), default=0)
    fresh = folder / f"{number:06}"
    fresh.mkdir()
    for name, digest in digests.items():
        if before and marks.get(name) == digest:
            os.link(before / f"{name}.json", fresh / f"{name}.json")
        else:
            (fresh / f"{name}.json").write_text(pictures[name], encoding="utf-8")
    (fresh / ABOUT).write_text(json.dumps({"ministack": version("ministack"), "files": digests}))
    pointer = folder / f"current.{number}"
    pointer.symlink_to(fresh.name)
    pointer.replace(current)
    _prune(folder, keep={fresh.name, before.name if before else fresh.name})
    return fresh


def move_port(folder: Path, old: int, new: int) -> None:
    """Rewrite the addresses of the current snapshot from one port of the emulator to another.

    ministack knows a queue by its address, port and all: on another port nobody would read it.
    """
    current = folder / "current"
    if not current.exists():
        return
    texts = {file.stem: file.read_text(encoding="utf-8") for file in current.glob("*.json")}
    write(
        folder,
        {
            name: text.replace(f"localhost:{old}/", f"localhost:{new}/")
            for name, text in texts.items()
            if f"localhost:{old}/" in text and f"{name}.json" != ABOUT
        },
    )


def written_by(folder: Path) -> str | None:
    """Return the version of ministack that wrote the current snapshot, or None without one."""
    about = folder / "current" / ABOUT
    return json.loads(about.read_text())["ministack"] if about.exists() else None


def saved_at(folder: Path) -> float | None:
    """Return when the current snapshot was made, in seconds since 1970, or None without one."""
    about = folder / "current" / ABOUT
    return about.stat().st_mtime if about.exists() else None


def _marks(snapshot: Path | None) -> dict[str, str]:
    if snapshot is None or not (snapshot / ABOUT).exists():
        return {}
    files: dict[str, str] = json.loads((snapshot / ABOUT).read_text())["files"]
    return files


def _prune(folder: Path, keep: set[str]) -> None:
    for path in folder.iterdir():
        if path.name.isdigit() and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith("current."):
            path.unlink(missing_ok=True)


def _pictures() -> dict[str, str]:
    """Return the state of each service that is loaded, as ministack would write it."""
    from ministack import app
    from ministack.core import persistence

    pictures = {}
    for name, get_state in app._build_persistence_save_dict().items():
        state = get_state()
        if state is not None:
            wrapped = {
                "__ministack_format__": persistence._state_format_version(name),
                "payload": state,
            }
            pictures[name] = json.dumps(wrapped, default=persistence._json_default)
    return pictures


def _deploying() -> bool:
    """Return whether a stack changes now: half of a deployment is not a state to come back to."""
    from ministack.services import cloudformation

    stacks = cloudformation._stacks.all_values()
    return any(stack["StackStatus"].endswith("IN_PROGRESS") for stack in stacks)


def _finished(child: int, began: float) -> bool:
    with suppress(ChildProcessError):
        finished, _ = os.waitpid(child, os.WNOHANG)
        if not finished and time.monotonic() - began > PATIENCE:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return True
        return bool(finished)
    return True
