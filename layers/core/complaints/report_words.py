"""What the codes and figures of a report are called, for its page and its workbook."""

from collections.abc import Callable
from datetime import date

from complaints.models import Role
from complaints.policy import Policy
from complaints.report import Figures
from complaints.texts import texts

FIGURES = Figures.__struct_fields__
SHARES = frozenset(name for name in FIGURES if name.endswith("_share"))
DECIMALS = frozenset({"mean_score", "mean_days", "median_days"})


def name_of(policy: Policy, language: str) -> Callable[[str, str], str]:
    """Return a function of dimension and code that gives the name people know.

    A code that the policy does not know any more is shown as it is.
    """
    t = texts(language)

    def name(dimension: str, code: str) -> str:
        if not code:
            return t(f"report.none.{dimension}")
        if dimension == "type":
            kind = policy.find_type(code)
            return kind.name.in_language(language) if kind else code
        if dimension == "department":
            if code in (Role.QUALITY_OFFICE, Role.MANAGEMENT):
                return t(f"policy.role.{code}")
            department = policy.find_department(code)
            return department.name.in_language(language) if department else code
        if dimension == "status":
            return t(f"status.{code}")
        return t(f"report.{dimension}.{code}")

    return name


def month_name(month: str, language: str) -> str:
    """Return how a month such as `2026-11` is written.

    >>> month_name("2026-11", "zh_CN"), month_name("2026-11", "en")
    ('2026年11月', 'November 2026')
    """
    return texts(language)("report.month", at=date.fromisoformat(f"{month}-01"))


def shown(name: str, figures: Figures) -> str:
    """Write one figure as a page shows it: a count, a share in per cent, a mean; or a dash.

    >>> shown("within_share", Figures(within_share=0.935)), shown("mean_days", Figures())
    ('93.5%', '–')
    """
    value = getattr(figures, name)
    if value is None:
        return "–"
    if name in SHARES:
        return f"{value:.1%}"
    return f"{value:.1f}" if name in DECIMALS else f"{value:,}"
