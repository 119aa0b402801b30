"""What auditors read by: a table of the sealed rows, and a policy that changes nothing."""

from typing import Any

from complaints.seal import ComplaintLeaf
from tests.infra.templates import TEMPLATES, listed

AUDIT = TEMPLATES["infra/audit.yaml"]["Resources"]
TABLE: dict[str, Any] = AUDIT["SealedTable"]["Properties"]["TableInput"]
RULES: list[dict[str, Any]] = AUDIT["AuditorPolicy"]["Properties"]["PolicyDocument"]["Statement"]


def test_the_table_has_the_columns_of_a_sealed_row() -> None:
    """In their order; the day is the folder that a row lies in."""
    columns = [one["Name"] for one in TABLE["StorageDescriptor"]["Columns"]]
    assert columns == ["kind", *ComplaintLeaf.__struct_fields__]
    assert [one["Name"] for one in TABLE["PartitionKeys"]] == ["day"]


def test_days_are_found_without_being_entered() -> None:
    """Projected from the date: nobody has to tell the catalogue of a new day."""
    told = TABLE["Parameters"]
    assert told["projection.enabled"] == "true"
    assert told["projection.day.format"] == "yyyy-MM-dd"
    location = told["storage.location.template"]["Fn::Sub"]
    assert location == "s3://${ArchiveBucket}/leaves/day=${!day}/"


def test_an_auditor_changes_nothing() -> None:
    """All that is written is the result of a query, in its own folder."""
    for rule in RULES:
        assert rule["Effect"] == "Allow"
        places = [str(one) for one in listed(rule["Resource"])]
        for action in listed(rule["Action"]):
            verb = action.partition(":")[2]
            reads = verb.startswith(("Get", "List")) or verb.endswith("QueryExecution")
            assert reads or action == "s3:PutObject", action
            if action == "s3:PutObject":
                assert all(place.endswith("ReportsBucketArn}/athena/*'}") for place in places)


def test_the_saved_query_asks_the_table_that_is_there() -> None:
    """By the newest row of each complaint."""
    query = AUDIT["ClosedOfAYear"]["Properties"]["QueryString"]
    assert f"FROM {TABLE['Name']}" in query
    assert "PARTITION BY complaint_id ORDER BY version DESC" in query
