"""The words of letters: the office reads, tries and changes them, without deployment (A7, H5)."""

from collections.abc import Mapping
from http import HTTPStatus

from complaints import web
from complaints.aws.console.visit import ForbiddenError, Visit, done, show, status_of
from complaints.aws.mailer import sender
from complaints.aws.runtime import now
from complaints.aws.settings import load_settings
from complaints.aws.wordings import Wordings
from complaints.forms import Problem
from complaints.letters import EDITABLE, sample_values, written, written_in
from complaints.lifecycle import ComplaintError, InvalidInputError
from complaints.roles import may_change_wording
from complaints.texts import texts
from complaints.web import NotFoundError, Response
from complaints.wording import (
    LONGEST,
    Wording,
    allowed,
    in_place_of,
    is_usable,
    needed,
    original,
    problems_of,
    tidied,
)


def list_letters(visit: Visit) -> Response:
    """Show every letter with whether its words were changed, in each language."""
    _only(visit)
    changed = Wordings.from_env().changed()
    rows = [
        (letter, [(language, changed.get((letter, language))) for language in written_in(letter)])
        for letter in EDITABLE
    ]
    return show(visit, "letters", rows=rows)


def open_letter(visit: Visit, letter: str, language: str) -> Response:
    """Show a letter's words in force, with a preview and every change."""
    _admit(visit, letter, language)
    return _show_letter(visit, letter, language)


def change_letter(visit: Visit, letter: str, language: str) -> Response:
    """Show what the typed words look like, or put them into force, or the catalogue's again."""
    _admit(visit, letter, language)
    form = visit.form
    typed = {part: tidied(form.get(part, "")) for part in LONGEST}
    wanted = form.get("do", "")
    if wanted == "restore":
        typed = dict.fromkeys(LONGEST, "")
    elif problems := problems_of(letter, **typed):
        return _show_letter(visit, letter, language, typed=typed, problems=problems)
    if wanted not in ("save", "restore"):
        return _show_letter(visit, letter, language, typed=typed)
    try:
        _save(visit, letter, language, typed)
    except ComplaintError as error:
        kept = None if wanted == "restore" else typed
        return _show_letter(visit, letter, language, typed=kept, error=error)
    return web.see_other(f"/staff/letters/{letter}/{language}?done=wording")


def _save(visit: Visit, letter: str, language: str, typed: Mapping[str, str]) -> None:
    """Put the typed words into force; raises InvalidInputError where nothing would change."""
    wordings, t = Wordings.from_env(), texts(language)
    number, before = wordings.number(letter, language), wordings.newest(letter, language)
    seen = visit.form.get("number", "")[:9]
    subject, body = typed["subject"], typed["body"]
    if (subject, body) == original(letter, t):
        subject = body = ""  # the catalogue's own words follow the catalogue
    as_before = (before.subject, before.body) if before else ("", "")
    if (subject, body) == as_before and (before or not number):
        raise InvalidInputError(f"{letter} stays as it is", text_id="wording.error.same")
    wordings.save(
        Wording(
            letter=letter,
            language=language,
            # A page that was opened before the last change is refused.
            number=(int(seen) if seen.isdecimal() else number) + 1,
            at=now(),
            by=visit.staff.username,
            subject=subject,
            body=body,
        )
    )


def _only(visit: Visit) -> None:
    """Raise ForbiddenError for whoever may not change the words of letters."""
    if not may_change_wording(visit.staff):
        raise ForbiddenError


def _admit(visit: Visit, letter: str, language: str) -> None:
    """Raise ForbiddenError for the wrong person, NotFoundError for a letter that we don't write."""
    _only(visit)
    if letter not in EDITABLE or language not in written_in(letter):
        raise NotFoundError


def _show_letter(
    visit: Visit,
    letter: str,
    language: str,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, Problem] | None = None,
    error: ComplaintError | None = None,
) -> Response:
    """Show a letter; after words that were not taken, with them and what is wrong."""
    wordings, t = Wordings.from_env(), texts(visit.language)
    of_letter = texts(language)
    newest, number = wordings.newest(letter, language), wordings.number(letter, language)
    usable = newest if newest and is_usable(newest) else None
    subject, body = in_place_of(letter, usable, of_letter)
    broken = bool(number) and usable is None
    # Words that can't be used any more are shown to be mended.
    kept = {"subject": newest.subject, "body": newest.body} if newest and broken else {}
    values = {"subject": subject, "body": body} | kept | dict(typed or {})
    wrong = {part: t(one.text_id, **one.values) for part, one in (problems or {}).items()}
    tried = Wording(letter=letter, language=language, number=number + 1, at=now(), by="", **values)
    office = load_settings().office
    sample = sample_values(language, sender(), office, at=now())
    must = needed(letter, "subject") | needed(letter, "body")
    names = {one.username: one.name for one in visit.everybody}
    invalid = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return show(
        visit,
        "letter",
        status=status_of(error) if error else invalid,
        letter=letter,
        in_language=language,
        number=number,
        values=values,
        errors=wrong,
        labels={part: t(f"wording.page.{part}") for part in LONGEST},
        error=error.text_id if error else "",
        is_broken=broken,
        is_changed=broken or bool(usable and not usable.is_original),
        in_force={"subject": subject, "body": body} if typed else None,
        names=[(one, one in must) for one in sorted(allowed(letter))],
        longest=LONGEST,
        preview=written(letter, language, sample, sender(), wording=tried)
        if is_usable(tried)
        else None,
        changes=_changes(wordings.history(letter, language), names, language),
        done=done(visit),
    )


def _changes(
    history: list[Wording], names: Mapping[str, str], language: str
) -> list[dict[str, object]]:
    """Return each change with the words before and after it, the newest first."""
    t = texts(language)
    rows = []
    for place, one in enumerate(history):
        before = next((old for old in history[place + 1 :] if old.number == one.number - 1), None)
        rows.append(
            {
                "at": one.at,
                "by": names.get(one.by, one.by),
                "restored": one.is_original,
                "before": in_place_of(one.letter, before, t),
                "after": in_place_of(one.letter, one, t),
            }
        )
    return rows
