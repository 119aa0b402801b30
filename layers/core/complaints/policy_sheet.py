"""A policy as a person reads the procedure: sections, each a table in words of one language."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from complaints.models import Role
from complaints.number import complaint_number
from complaints.policy import Criterion, Limit, Limits, Name, Policy, SignOffs, percent
from complaints.texts import Texts

Row = tuple[str, ...]
MINUTES_OF_AN_HOUR, HOURS_OF_A_DAY = 60, 24
SHOWN_YEAR = 2026
"""Of the complaint number that is shown as an example."""
NONE = "—"
UNITS = {
    "minute": ("policy.minute", "policy.minutes"),
    "hour": ("policy.hour", "policy.hours"),
    "day": ("policy.day", "policy.days"),
    "working_day": ("policy.working_day", "policy.working_days"),
    "year": ("policy.year", "policy.years"),
    "time": ("policy.time", "policy.times"),
}
"""What is counted: one of it, and more."""


class Section(NamedTuple):
    """A part of the procedure: its heading, the names of its columns, if any, and its rows."""

    heading: str
    columns: Row
    rows: list[Row]


class PolicySheet:
    """The procedure of one policy in one language."""

    def __init__(self, policy: Policy, t: Texts) -> None:
        self._policy = policy
        self._t = t

    def sections(self) -> list[Section]:
        """Return the sections in the order of the line, from who is who to what is kept."""
        return [
            self._section("general", self._general()),
            self._section("people", self._people(), "code", "name", "handles"),
            self._section("types", self._types(), "code", "name", "department"),
            self._section("major", self._major(), "code", "name", "found"),
            self._section("grounds", self._grounds(), "code", "name"),
            self._section("limits", self._limits(), "stage", *Limits.__struct_fields__),
            self._section("moves", self._moves()),
            self._section("ladder", self._ladder(), "step", "who", "when"),
            self._section("records", self._records()),
            self._section("sign_offs", self._sign_offs()),
            self._section("compensation", self._compensation(), "up_to", "who"),
            self._section("emergency", self._emergency()),
            self._section("outside", self._outside(), "code", "name", "limit"),
            self._section("follow_up", self._follow_up()),
            self._section("gates", self._gates(), "gate", "opened_by"),
            self._section("kept", self._kept()),
        ]

    def _section(self, name: str, rows: Iterable[Row], *columns: str) -> Section:
        heads = tuple(self._t(f"policy.column.{column}") for column in columns)
        return Section(self._t(f"policy.section.{name}"), heads, list(rows))

    # ---- the sections ----------------------------------------------------------------------

    def _general(self) -> list[Row]:
        policy, number, t = self._policy, self._policy.number, self._t
        example = complaint_number(number.prefix, SHOWN_YEAR, 123, number.digits)
        hours = policy.working_hours
        return [
            self._row("policy.title", self._name(policy.title)),
            self._row("policy.version", policy.reference),
            self._row("policy.complainant", self._name(policy.complainant)),
            self._row("policy.number", example),
            self._row(
                "policy.required",
                self._listed(t(f"policy.field.{one}") for one in policy.required_fields),
            ),
            self._row("policy.open_hours", f"{hours.start}-{hours.end}"),
            self._row("policy.days_off", self._listed(map(str, policy.calendar.closed))),
            self._row("policy.days_worked", self._listed(map(str, policy.calendar.worked))),
        ]

    def _people(self) -> Iterator[Row]:
        for part in self._policy.departments:
            kinds = [kind for kind in self._policy.types if kind.code in part.types]
            handled = self._listed(self._name(kind.name) for kind in kinds)
            yield part.code, self._name(part.name), handled
        for post in self._policy.posts:
            yield post.code, self._name(post.name), self._who(post.role)
        for role in Role:
            if role in self._policy.titles:
                yield role, self._who(role), self._t(f"policy.role.{role}")

    def _types(self) -> Iterator[Row]:
        for kind in self._policy.types:
            department = self._policy.find_department(kind.department)
            where = self._name(department.name) if department else self._who(kind.department)
            yield kind.code, self._name(kind.name), where

    def _major(self) -> Iterator[Row]:
        for criterion in self._policy.major:
            yield criterion.code, self._name(criterion.name), self._found(criterion)

    def _found(self, criterion: Criterion) -> str:
        """Return how a criterion is found to be met: counted, by levels, by words, by staff."""
        t, ways = self._t, []
        if counted := criterion.counted:
            window = counted.hours and self._count("hour", counted.hours)
            within = "_within" if window else ""
            way = f"policy.counted.{counted.what}{within}"
            ways.append(t(way, count=counted.at_least, window=window))
        if levels := criterion.levels:
            urgency = self._either(t(f"staff.urgency.{one}") for one in levels.urgency)
            risk = self._either(t(f"staff.risk.{one}") for one in levels.risk)
            ways.append(t("policy.levels", urgency=urgency, risk=risk))
        if criterion.words:
            ways.append(t("policy.by_words", count=len(criterion.words)))
        return t("policy.or").join(ways) or t("policy.by_staff")

    def _grounds(self) -> Iterator[Row]:
        for ground in self._policy.not_responsible:
            yield ground.code, self._name(ground.name)

    def _limits(self) -> Iterator[Row]:
        clocks = self._policy.clocks
        for field in clocks.__struct_fields__:
            name = f"policy.clock.{field}"
            match getattr(clocks, field):
                case Limit() as limit:
                    yield self._t(name), self._limit(limit), "", "", ""
                case Limits() as limits:
                    cells = (getattr(limits, one) for one in Limits.__struct_fields__)
                    shown = (self._limit(one) if one else "" for one in cells)
                    yield self._t(name), *shown
                case True:
                    yield self._t(name), self._t("policy.agreed"), "", "", ""

    def _moves(self) -> list[Row]:
        pauses, extension, t = self._policy.pauses, self._policy.extension, self._t
        return [
            self._row(
                "policy.pause_when",
                self._listed(t(f"policy.pause.{one}") for one in pauses.reasons),
            ),
            self._row("policy.pause_longest", self._limit(pauses.longest)),
            self._row("policy.extensions", self._count("time", extension.most)),
            self._row("policy.extension_longest", self._limit(extension.longest)),
            self._row("policy.extension_by", self._who(extension.approved_by)),
        ]

    def _ladder(self) -> Iterator[Row]:
        t, escalation = self._t, self._policy.escalation
        share = percent(self._policy.remind_at_share)
        yield "0", t("policy.reminded"), t("policy.remind_at", share=share)
        for severity in ("general", "major"):
            rungs = getattr(escalation, severity)
            if severity == "major" and rungs:
                yield "", t("policy.section.major"), ""
            for step, rung in enumerate(rungs, start=1):
                after = rung.after and t("policy.later", limit=self._limit(rung.after))
                yield str(step), self._who(rung.to), after or t("policy.at_limit")
            if rungs:
                again = t("policy.every", limit=self._limit(escalation.every))
                yield t("policy.again"), self._who(rungs[-1].to), again

    def _records(self) -> Iterator[Row]:
        for record in self._policy.records:
            kinds = [kind for kind in self._policy.types if kind.code in record.types]
            where = self._t("policy.only_major" if record.major_only else "policy.always")
            of_types = self._listed(self._name(kind.name) for kind in kinds) if kinds else ""
            yield self._t(f"policy.record.{record.kind}"), " ".join(filter(None, (where, of_types)))

    def _sign_offs(self) -> Iterator[Row]:
        for severity in ("general", "major"):
            yield (
                self._t(f"policy.column.{severity}"),
                self._signed(self._policy.sign_offs(is_major=severity == "major")),
            )

    def _signed(self, rule: SignOffs) -> str:
        names = [self._who(code) for code in rule.signed_by]
        if rule.in_order:
            return " → ".join(names)
        return f"{' + '.join(names)} {self._t('policy.any_order')}"

    def _compensation(self) -> Iterator[Row]:
        t, rules = self._t, self._policy.compensation
        for level in rules.levels:
            up_to = t("policy.yuan", amount=f"{level.up_to:,}") if level.up_to else None
            yield up_to or t("policy.unlimited"), self._who(level.by)
        yield t("policy.advance"), self._whether(yes=rules.advance)
        yield t("policy.voucher"), self._whether(yes=rules.voucher)

    def _emergency(self) -> list[Row]:
        policy, t = self._policy, self._t
        told = self._listed(map(self._who, policy.emergency.tell))
        return [
            self._row("policy.emergency_limit", self._limit(policy.clocks.emergency)),
            self._row("policy.emergency_tell", told),
            self._row(
                "policy.emergency_measures",
                self._listed(t(f"policy.measure.{one}") for one in policy.emergency.measures),
            ),
            self._row("policy.statement", self._limit(policy.group_incident.statement)),
            self._row("policy.leader", self._who(policy.group_incident.leader)),
            self._row("policy.leads_all", self._whether(yes=policy.group_incident.leads_all)),
        ]

    def _outside(self) -> Iterator[Row]:
        for body in self._policy.outside_bodies:
            yield body.code, self._name(body.name), self._limit(body.limit)

    def _follow_up(self) -> list[Row]:
        rules, t = self._policy.follow_up, self._t
        ways = " + ".join(t(f"policy.feedback.{one}") for one in self._policy.feedback_ways)
        return [
            self._row("policy.feedback", ways),
            self._row("policy.callback", f"{percent(rules.callback_share)} %"),
            self._row(
                "policy.exempt", self._listed(t(f"policy.exempt.{one}") for one in rules.exempt)
            ),
            self._row("policy.quiet", self._count("day", rules.quiet_days)),
            self._row("policy.attempts", self._count("time", rules.attempts)),
            self._row("policy.apart", self._limit(rules.apart)),
        ]

    def _gates(self) -> Iterator[Row]:
        for gate in self._policy.closing_gates:
            named = self._policy.proven_by.get(gate)
            yield self._t(f"policy.gate.{gate}"), self._who(named) if named else ""

    def _kept(self) -> list[Row]:
        t, keeping = self._t, self._policy.keeping
        return [
            self._row("policy.retention", self._count("year", self._policy.retention_years)),
            self._row("policy.keeping.major", self._years(keeping.major_years)),
            self._row("policy.keeping.personal", self._years(keeping.personal_years)),
            self._row("policy.keeping.holds", self._listed(map(self._who, keeping.holds_by))),
            self._row("policy.keeping.proposes", self._listed(map(self._who, keeping.proposed_by))),
            self._row("policy.keeping.grants", self._listed(map(self._who, keeping.granted_by))),
            self._row(
                "policy.reports",
                self._listed(t(f"policy.report.{one}") for one in self._policy.reports),
            ),
        ]

    def _years(self, years: int | None) -> str:
        """Return a time of its own, or the retention where the policy sets none."""
        return self._count("year", self._policy.retention_years if years is None else years)

    # ---- the words -------------------------------------------------------------------------

    def _row(self, text_id: str, value: str) -> Row:
        return self._t(text_id), value

    def _name(self, name: Name) -> str:
        return name.in_language(self._t.language)

    def _who(self, code: str) -> str:
        """Return what the organisation calls a role or post."""
        post = self._policy.find_post(code)
        title = post.name if post else self._policy.titles.get(Role(code))
        return self._name(title) if title else self._t(f"policy.role.{code}")

    def _limit(self, limit: Limit) -> str:
        """Return a limit in the largest unit that fits; a single day in hours."""
        if limit.working_days:
            return self._count("working_day", limit.working_days)
        minutes = limit.minutes or 0
        hours, odd = divmod(minutes, MINUTES_OF_AN_HOUR)
        if odd:
            return self._count("minute", minutes)
        days, rest = divmod(hours, HOURS_OF_A_DAY)
        return self._count("hour", hours) if rest or days == 1 else self._count("day", days)

    def _count(self, unit: str, count: int) -> str:
        one, more = UNITS[unit]
        return self._t(one if count == 1 else more, count=count)

    def _listed(self, words: Iterable[str]) -> str:
        return self._t("policy.comma").join(words) or NONE

    def _either(self, words: Iterable[str]) -> str:
        return self._t("policy.or").join(words)

    def _whether(self, *, yes: bool) -> str:
        return self._t("report.yes" if yes else "report.no")
