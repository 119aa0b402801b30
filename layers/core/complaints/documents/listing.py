"""The documents that list many complaints: the summary of a month, the register of a month."""

from collections.abc import Mapping, Sequence

from complaints.documents.content import (
    Breakdown,
    Document,
    Figure,
    House,
    Register,
    Share,
    Signed,
    Summary,
    Summed,
    Writer,
)
from complaints.models import Dossier
from complaints.pages import day
from complaints.parts import DocumentKind
from complaints.report import MonthReport, local_day
from complaints.report_words import FIGURES, month_name, name_of, shown
from complaints.texts import texts

LANGUAGE = "zh_CN"
A_PART = 200
"""Complaints of one part of a month's register."""
IN_SUMMARY = ("type", "department", "channel", "severity", "urgency", "result")
"""Dimensions of the summary, in its order (002 2.3.2: by type, department, time)."""


def summary(report: MonthReport, house: House) -> Document:
    """Return 《投诉汇总表》 of a month; nothing in it is personal but what stands in no list."""
    t, named = texts(LANGUAGE), name_of(house.office.policy, LANGUAGE)
    breakdowns = tuple(
        Breakdown(
            name=t(f"report.dimension.{dimension}"),
            rows=tuple(
                Share(
                    name=named(dimension, one.code),
                    received=str(one.received),
                    share=f"{one.share:.1%}",
                    before=str(one.before),
                    closed=str(one.closed),
                    missed=str(one.missed),
                    mean_days="–" if one.mean_days is None else f"{one.mean_days:.1f}",
                )
                for one in report.by.get(dimension, ())
            ),
        )
        for dimension in IN_SUMMARY
    )
    rows = tuple(
        Summed(
            number=one.complaint_id,
            at=f"{local_day(one.received_at, house.office.zone)}",
            type=named("type", one.type),
            department=named("department", one.department),
            status=named("status", one.status),
            result=named("result", one.result),
            days="–" if one.days is None else f"{one.days:.1f}",
        )
        for one in report.complaints
    )
    figures = tuple(
        Figure(
            name=t(f"report.figure.{one}"),
            value=shown(one, report.figures),
            before=shown(one, report.before),
        )
        for one in FIGURES
        if f"report.figure.{one}" in t
    )
    body = Summary(
        period=month_name(report.month, LANGUAGE),
        figures=figures,
        breakdowns=tuple(one for one in breakdowns if one.rows),
        days=report.by_day,
        rows=rows,
    )
    return Document(
        kind=DocumentKind.SUMMARY,
        language=LANGUAGE,
        title=t("document.summary"),
        organisation=house.organisation,
        phone=house.phone,
        number=report.month,
        dated=day(report.made_at, t, house.office.zone),
        dated_on=f"{report.made_at.astimezone(house.office.zone):%Y-%m-%d}",
        body=body,
        signed=tuple(Signed(role=t(f"document.signs.{one}")) for one in ("made", "checked")),
    )


def register(
    dossiers: Sequence[Dossier],
    month: str,
    house: House,
    *,
    names: Mapping[str, str],
    first_row: int = 1,
    is_copy: bool = False,
) -> Document:
    """Return 《投诉登记表》 of complaints of a month, in their order; raises ValueError for none.

    `first_row` is the number of the first of them, where they are a part of the month.
    """
    if not dossiers:
        raise ValueError("there is nothing to register")
    t = texts(LANGUAGE)
    writers = [Writer(one, house.office, names, t) for one in dossiers]
    rows = tuple(one.registered(row) for row, one in enumerate(writers, start=first_row))
    dated_at = max(one.dated(DocumentKind.REGISTER) for one in writers)
    return Document(
        kind=DocumentKind.REGISTER,
        language=LANGUAGE,
        title=t("document.register"),
        organisation=house.organisation,
        phone=house.phone,
        number=month,
        dated=day(dated_at, t, house.office.zone),
        dated_on=f"{dated_at.astimezone(house.office.zone):%Y-%m-%d}",
        body=Register(period=month_name(month, LANGUAGE), rows=rows),
        is_copy=is_copy,
    )


def register_parts(report: MonthReport) -> list[int]:
    """Return the numbers of the parts that the register of a month has, from 1."""
    return list(range(1, -(-len(report.complaints) // A_PART) + 1))
