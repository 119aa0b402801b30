"""The templates of documents as the office changed them, kept in the complaints table.

    what                                complaint_id      part
    ----------------------------------  ----------------  --------
    the newest change of each template  template          <kind>
    each change, the first as 000001    template#<kind>   <nnnnnn>

Each document that is printed reads its template once: a change holds for the next one.
"""

from typing import Any, Self

import msgspec

from complaints.aws.items import Stored, item, read
from complaints.aws.metrics import count
from complaints.aws.runtime import logger
from complaints.aws.table import Table
from complaints.documents.sheet import Template
from complaints.lifecycle import ComplaintError
from complaints.parts import DocumentKind

COLLECTION = "template"
LISTED = 50


class TemplateChangedError(ComplaintError):
    """Somebody else has changed this template since its page was opened; nothing was written."""

    text_id = "wording.error.changed"


class Templates:
    """What the office has put in the place of the original templates."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """Return the templates of the deployment."""
        return cls(Table.from_env())

    def newest(self, kind: DocumentKind) -> Template | None:
        """Return the last change of a template; None where there is none that can be read."""
        stored = self._table.get(COLLECTION, kind)
        try:
            return read(stored, Template) if stored else None
        except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
            logger.error("template not readable", kind=str(kind))
            count("TemplateUnusable")
            return None

    def number(self, kind: DocumentKind) -> int:
        """Return how often a template was changed, even where the last change can't be read."""
        stored: Stored = self._table.get(COLLECTION, kind)
        return int(stored.get("number", {"N": "0"})["N"])

    def history(self, kind: DocumentKind) -> list[Template]:
        """Return the last changes of a template, the newest first."""
        page = self._table.page(
            KeyConditionExpression="complaint_id = :changes",
            ExpressionAttributeValues={":changes": {"S": f"{COLLECTION}#{kind}"}},
            ScanIndexForward=False,
            Limit=LISTED,
        )
        return [read(one, Template) for one in page["Items"]]

    def save(self, template: Template) -> None:
        """Put a template into force, and the change on record, in one transaction.

        Raises TemplateChangedError unless `number` is the one after the last.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(part)"}
        if template.number > 1:
            condition = {
                "ConditionExpression": "#number = :before",
                "ExpressionAttributeNames": {"#number": "number"},
                "ExpressionAttributeValues": {":before": {"N": str(template.number - 1)}},
            }
        number = {"number": {"N": str(template.number)}}
        change = item(f"{COLLECTION}#{template.kind}", f"{template.number:06}", template)
        written = self._table.write(
            [
                self._table.put(item(COLLECTION, template.kind, template) | number, **condition),
                self._table.put(change, ConditionExpression="attribute_not_exists(part)"),
            ]
        )
        if not written:
            raise TemplateChangedError(f"{template.kind} was changed by somebody else")
