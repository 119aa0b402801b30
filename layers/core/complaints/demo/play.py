"""Going through stories: each comes in by its door, then people take the steps of its course."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import msgspec

from complaints.demo.browser import DoorError
from complaints.demo.doors import Console, Mail, Public, png, until
from complaints.demo.stories import Book, Door, Step, Told, Words
from complaints.models import Status

CONTENT_SCORES = ("5", "5", "5", "4", "4")
DISCONTENT_SCORES = ("1", "2")


@dataclass(kw_only=True)
class Played:
    """A complaint of the demo: what was told, its number and where it stands now."""

    told: Told
    number: str
    path: str
    """Of its tracking page, beginning with `/track/`."""
    status: Status
    rounds: int = 0
    """Findings so far."""
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A story that could not be told to its end."""

    number: str
    error: DoorError
    steps: int
    """How many steps of the course are over, this one and those that can't be taken now."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A step that was taken."""

    played: Played
    is_last: bool
    steps: int = 1


class Play:
    """The people of the demo at the doors of one running system."""

    def __init__(
        self, book: Book, mail: Mail, public: Public, console: Console, chance: random.Random
    ) -> None:
        self._book = book
        self._mail = mail
        self._public = public
        self._console = console
        self._chance = chance
        self._workers: dict[str, str] = {}
        self._steps: dict[Step, Callable[[Played], None]] = {
            "assign": self._assign,
            "order": self._order,
            "pause": self._pause,
            "resume": self._resume,
            "join": self._join,
            "find": self._find,
            "reject": self._reject,
            "approve": self._approve,
            "answer": self._answer,
            "refuse": self._refuse,
            "phone": self._phone,
            "in_vain": self._in_vain,
            "survey": self._survey,
            "complain_again": self._complain_again,
        }

    def tell(self, complaints: Sequence[Told]) -> Iterator[Taken | Problem]:
        """Bring all complaints in, then take the steps of each; yield after each step."""
        came_in: list[Played] = []
        for one in self._take_in(complaints):
            yield one
            if isinstance(one, Taken):
                came_in.append(one.played)
        for played in came_in:
            steps = played.told.steps
            for n, step in enumerate(steps, start=1):
                try:
                    self._steps[step](played)
                except DoorError as error:
                    yield Problem(number=played.number, error=error, steps=len(steps) - n + 1)
                    break
                yield Taken(played=played, is_last=n == len(steps))

    # ---- coming in

    def _take_in(self, complaints: Sequence[Told]) -> Iterator[Taken | Problem]:
        """Bring every complaint in, in turn; yield each once it is registered and assessed."""
        for n, told in enumerate(complaints):
            if told.story.door == "web":
                self._public.open_form(str(n), told.story.language)
        sent = {
            n: self._mail.send(told, picture_of(told))
            for n, told in enumerate(complaints)
            if told.story.door == "mail"
        }
        for n, told in enumerate(complaints):
            try:
                told, path = self._come_in(n, told, sent.get(n, ""))  # noqa: PLW2901
                played = Played(
                    told=told, number=path.split("/")[2], path=path, status=Status.RECEIVED
                )
                self._wait(played, Status.RESPONDED if told.story.on_spot else Status.ASSESSED)
                if played.status is Status.ASSESSED:
                    self._look_at(played)
            except DoorError as error:
                yield Problem(number=told.name, error=error, steps=1 + len(told.steps))
            else:
                yield Taken(played=played, is_last=not told.steps)

    def _come_in(self, n: int, told: Told, message_id: str) -> tuple[Told, str]:
        """Return the complaint, by the door that it came in by, and its tracking path."""
        if message_id:
            return told, self._mail.tracking_path(message_id)
        if told.story.door == "web":
            if path := self._public.complain(str(n), told, picture_of(told)):
                return told, path
            # The site takes so many forms of one address in an hour: then they write, or call.
            told = by_door(told, "mail" if told.email else "phone")
            if told.email:
                sent = self._mail.send(told, picture_of(told))
                return told, self._mail.tracking_path(sent)
        by = self._chance.choice(self._book.staff.intake)
        number, code = self._console.register(by, told)
        return told, self._public.find(number, code, told.story.language)

    def _look_at(self, played: Played) -> None:
        """Have the quality office read the assessment, and correct it where it is wrong (B1)."""
        quality, story = self._book.staff.quality, played.told.story
        form = until(
            lambda: self._console.page(quality, played.number).find("/assess"),
            "demo.error.waited",
            form="assess",
        )
        played.department = form.value("department")
        corrected = {}
        if form.value("type") != story.type and story.type in form.choices.get("type", ()):
            corrected["type"] = story.type
        if self._worker(played, "investigate") is None:
            # Nobody works in the department that was proposed, or it is nobody's.
            played.department = corrected["department"] = form.choices["department"][0]
        if corrected:
            self._console.act(quality, played.number, "assess", corrected)
        self._calm(played)

    def _calm(self, played: Played) -> None:
        """Answer an emergency at once, with an apology and a first measure (B7, C4)."""
        worker, words = self._worker_of(played, "investigate"), self._words(played)
        if self._console.who_may((worker,), played.number, "emergency-response") is None:
            return
        answer = {"apology_way": "phone", "apology": words.apology}
        self._console.act(worker, played.number, "emergency-response", answer)
        form = self._console.page(worker, played.number).form("/emergency-step")
        measure = next(one for one in form.choices["measure"] if one not in {"", "progress"})
        step = {"measure": measure, "measure_words": words.measure}
        self._console.act(worker, played.number, "emergency-step", step)

    # ---- the steps

    def _assign(self, played: Played) -> None:
        worker = self._worker_of(played, "investigate")
        self._console.act(worker, played.number, "assign", {"investigator": worker})
        note = self._chance.choice(self._book.words["zh_CN"].notes)
        self._console.act(worker, played.number, "note", {"text": note})

    def _order(self, played: Played) -> None:
        """Order the work from the department, which carries it out (C2)."""
        worker, words = self._worker_of(played, "investigate"), self._words(played)
        order = {"order_department": played.department, "order_task": words.order}
        self._console.act(worker, played.number, "order", order)
        form = self._console.page(worker, played.number).form("/work")
        done = {"work_step": "complete", "work_result": words.ordered}
        done["work_order"] = form.choices["work_order"][-1]
        self._console.act(worker, played.number, "work", done)

    def _pause(self, played: Played) -> None:
        """Stop the limit while somebody else is waited for (E4)."""
        worker = self._worker_of(played, "investigate")
        form = self._console.page(worker, played.number).form("/pause")
        told = played.told
        today = date.fromisoformat(told.occurred_on) + timedelta(days=told.story.days_ago)
        typed = {
            "pause_reason": next(filter(None, form.choices["pause_reason"])),
            "pause_until": (today + timedelta(days=2)).isoformat(),
            "pause_words": self._words(played).waiting,
        }
        self._console.act(worker, played.number, "pause", typed)

    def _resume(self, played: Played) -> None:
        self._console.act(self._worker_of(played, "investigate"), played.number, "resume", {})

    def _join(self, played: Played) -> None:
        """Have somebody else complain of the same matter; both are counted as one (B5)."""
        box = self._chance.randrange(10_000)
        other = msgspec.structs.replace(
            by_door(played.told, "phone"), name="", email="", phone=f"1380014{box:04d}"
        )
        by = self._chance.choice(self._book.staff.intake)
        number, _ = self._console.register(by, other)
        self._console.act(self._book.staff.quality, number, "merge", {"into": played.number})

    def _find(self, played: Played) -> None:
        story = played.told.story
        words = self._book.words[story.language]
        again = played.rounds > 0
        finding = {
            "facts": f"{story.facts}\n{words.second_facts}" if again else story.facts,
            "cause": story.cause,
            "indirect_cause": words.indirect_cause,
            "root_cause": words.root_cause,
            "responsible": "yes" if story.responsible else "no",
            "measures": story.measures,
            "reply": f"{words.second_reply}\n\n{story.reply}" if again else story.reply,
            "compensation": story.compensation,
        }
        worker = self._worker_of(played, "investigate")
        if not again:
            self._look_into(played, worker)
        if not story.responsible:
            form = self._console.page(worker, played.number).form("/investigate")
            finding["ground"] = form.choices.get("ground", [""])[-1]
        self._console.act(worker, played.number, "investigate", finding)
        played.rounds += 1
        self._wait(played, Status.INVESTIGATED)

    def _look_into(self, played: Played, worker: str) -> None:
        """Keep the records that procedures ask for: the documents, and a look at the place."""
        words_of = self._words(played)
        found = {
            "document": played.told.story.facts,
            "site_visit": words_of.visit,
            "interview": words_of.interview,
        }
        for kind, words in found.items():
            record = {"record_kind": kind, "record_words": words}
            self._console.act(worker, played.number, "record", record)

    def _reject(self, played: Played) -> None:
        reason = self._chance.choice(self._book.words[played.told.story.language].rejections)
        self._decide(played, {"decision": "reject", "reason": reason})
        self._wait(played, Status.ASSESSED)

    def _approve(self, played: Played) -> None:
        # Above the level of its signers an amount needs one more signature.
        played.status = Status.INVESTIGATED
        while played.status is Status.INVESTIGATED:
            self._decide(played, {"decision": "approve"})
            self._wait(played, Status.INVESTIGATED, Status.APPROVED, Status.RESPONDED)
        if played.told.story.anonymous:
            self._wait(played, Status.RESPONDED)

    def _decide(self, played: Played, decision: dict[str, str]) -> None:
        people = self._book.staff.signers
        approver = until(
            lambda: self._console.who_may(people, played.number, "decide"),
            "demo.error.approver",
            number=played.number,
        )
        self._console.act(approver, played.number, "decide", decision)

    def _answer(self, played: Played) -> None:
        self._reply(played, {"outcome": "accepted"})
        # The phone call may still be due.
        self._wait(played, Status.APPROVED, Status.RESPONDED)

    def _refuse(self, played: Played) -> None:
        words = self._chance.choice(self._words(played).refusals)
        self._reply(played, {"outcome": "refused", "words": words})
        self._wait(played, Status.ASSESSED)

    def _reply(self, played: Played, typed: dict[str, str]) -> None:
        self._public.answer(played.path, played.told.story.language, "/answer", typed)

    def _phone(self, played: Played) -> None:
        self._wait(played, Status.APPROVED, Status.RESPONDED)
        if played.status is Status.RESPONDED:
            # Who left no number has said everything on the tracking page.
            return
        words = self._chance.choice(self._words(played).accepted)
        self._call(played, {"outcome": "accepted", "words": words})
        worker = self._worker_of(played, "phone")
        if self._console.who_may((worker,), played.number, "post"):
            self._console.act(worker, played.number, "post", {})
        self._wait(played, Status.RESPONDED)
        if "join" in played.told.steps:
            self._tell(played, words)

    def _tell(self, played: Played, words: str) -> None:
        """Tell whoever complained with them and has no mail address (B5)."""
        people = (self._worker_of(played, "tell"),)
        by = until(
            lambda: self._console.who_may(people, played.number, "tell"),
            "demo.error.waited",
            form="tell",
        )
        whom = self._console.page(by, played.number).form("/tell").choices["tell_whom"][0]
        told = {"tell_whom": whom, "tell_way": "phone", "tell_outcome": "told", "tell_words": words}
        self._console.act(by, played.number, "tell", told)

    def _in_vain(self, played: Played) -> None:
        self._call(played, {"outcome": "unreachable", "words": self._words(played).in_vain})

    def _call(self, played: Played, typed: dict[str, str]) -> None:
        self._console.act(self._worker_of(played, "phone"), played.number, "phone", typed)

    def _pay(self, played: Played) -> None:
        """Enter the voucher of what the solution promised: without it nothing is closed."""
        worker = self._worker_of(played, "pay")
        form = self._console.page(worker, played.number).form("/pay")
        payment = form.choices["payment"][-1]
        voucher = f"FK-{played.number}"
        self._console.act(worker, played.number, "pay", {"payment": payment, "voucher": voucher})

    def _survey(self, played: Played) -> None:
        if played.told.story.compensation:
            self._pay(played)
        words = self._chance.choice(self._words(played).content)
        score = self._chance.choice(CONTENT_SCORES)
        if played.told.email or played.told.story.anonymous:
            self._rate(played, "yes", score, words)
        else:
            typed = {"outcome": "satisfied", "satisfaction": score, "words": words}
            callers = (*self._book.staff.intake, self._book.staff.quality)
            if self._console.who_may(callers, played.number, "follow-up") is None:
                self._prove(played)
            by = until(
                lambda: self._console.who_may(callers, played.number, "follow-up"),
                "demo.error.waited",
                form="follow-up",
            )
            self._console.act(by, played.number, "follow-up", typed)
        self._wait(played, Status.RESPONDED, Status.FOLLOWED_UP, Status.CLOSED)
        if played.status is Status.RESPONDED:
            self._prove(played)
        self._wait(played, Status.CLOSED)

    def _prove(self, played: Played) -> None:
        """Have each gate of the procedure opened by whoever may: verified, signed, … (D6, D7)."""
        proof, people = self._words(played).proof, self._book.staff.signers
        while by := self._console.who_may(people, played.number, "prove"):
            form = self._console.page(by, played.number).form("/prove")
            typed = {"gate": form.choices["gate"][0], "words": proof}
            self._console.act(by, played.number, "prove", typed)

    def _complain_again(self, played: Played) -> None:
        words = self._chance.choice(self._words(played).discontent)
        self._rate(played, "no", self._chance.choice(DISCONTENT_SCORES), words)
        self._wait(played, Status.ASSESSED)

    def _rate(self, played: Played, satisfied: str, score: str, words: str) -> None:
        typed = {"satisfied": satisfied, "satisfaction": score, "words": words}
        self._public.answer(played.path, played.told.story.language, "/survey", typed)

    # ---- who, and how long

    def _words(self, played: Played) -> Words:
        return self._book.words[played.told.story.language]

    def _worker(self, played: Played, task: str) -> str | None:
        """Return the handler of the department that has this complaint; None where none is."""
        if played.department not in self._workers:
            found = self._console.who_may(self._book.staff.handlers, played.number, task)
            if found is None:
                return None
            self._workers[played.department] = found
        return self._workers[played.department]

    def _worker_of(self, played: Played, task: str) -> str:
        return until(lambda: self._worker(played, task), "demo.error.worker", number=played.number)

    def _wait(self, played: Played, *expected: Status) -> None:
        """Wait until the tracking page says one of these."""
        language = played.told.story.language

        def look() -> Status | None:
            status = self._public.status(played.path, language)
            return status if status in expected else None

        try:
            played.status = until(look, "demo.error.status", number=played.number)
        except DoorError as error:
            error.values["seen"] = self._public.said(played.path, language)
            raise


def by_door(told: Told, door: Door) -> Told:
    """Return the complaint as it comes in by another door."""
    story = msgspec.structs.replace(told.story, door=door)
    return msgspec.structs.replace(told, story=story)


def picture_of(told: Told) -> bytes:
    """Return the photo of a story; nothing where it has none."""
    return png(crc32(told.story.text.encode()) % 997) if told.story.photo else b""
