"""The templates: nothing waits for itself, nobody may more than needed, nothing dies unheard."""

import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from tests.infra.templates import (
    FUNCTIONS,
    NESTED,
    RESOURCES,
    ROOT,
    ROOT_TEMPLATE,
    TEMPLATES,
    Resource,
    graph,
    listed,
    of_type,
    references,
    statements,
)

ROLES = [
    (f"{path}:{name}", resource)
    for kind in (
        "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role"
    )
    for path, name, resource in of_type(kind)
]  # fmt: skip
FORBIDDEN = (
    "s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration", "s3:PutLifecycleConfiguration", "s3:DeleteBucket",
    "dynamodb:Scan", "dynamodb:DeleteTable", "kms:ScheduleKeyDeletion",
)  # fmt: skip
BUCKETS = [(name, resource) for _, name, resource in of_type("AWS::S3::Bucket")]
TABLES = [(name, resource) for _, name, resource in of_type("AWS::DynamoDB::Table")]


@pytest.mark.parametrize("path", list(TEMPLATES))
def test_no_resource_waits_for_itself(path: str) -> None:
    """A cycle stops a deployment; cfn-lint does not see one that runs through Globals."""
    order = list(TopologicalSorter(graph(TEMPLATES[path])).static_order())
    assert set(order) == set(TEMPLATES[path]["Resources"])


def test_the_graph_sees_what_sub_and_globals_hide() -> None:
    """The test above is worth something only if it would find a cycle."""
    cyclic: dict[str, Any] = {
        "Globals": {"Function": {"Environment": {"ARN": {"Fn::Sub": "x:${Flow.Arn}"}}}},
        "Resources": {
            "F": {"Type": "AWS::Serverless::Function"},
            "Flow": {"Type": "X", "P": {"Fn::Sub": ["${a}", {"a": {"Fn::GetAtt": "F.Arn"}}]}},
        },
    }
    assert graph(cyclic) == {"F": {"Flow"}, "Flow": {"F"}}
    assert set(references({"Fn::GetAtt": ["A", "Arn"]})) == {"A"}


@pytest.mark.parametrize("path", list(TEMPLATES))
def test_every_name_that_is_referred_to_is_there(path: str) -> None:
    """A resource or a parameter of the same template, or one of AWS's own."""
    template = TEMPLATES[path]
    known = {
        *template["Resources"],
        *template.get("Parameters", {}),
        *template.get("Conditions", {}),
    }
    named = {name for name in references(template) if not name.startswith("AWS")}
    assert named <= known


def test_nested_templates_get_exactly_their_parameters() -> None:
    """None is missing, none is left over."""
    for name, path in NESTED.items():
        given = RESOURCES[name]["Properties"]["Parameters"]
        wanted = TEMPLATES[path]["Parameters"]
        assert set(given) == set(wanted)


def test_every_output_of_a_nested_template_that_is_used_is_there() -> None:
    """A typing error in `Storage.Outputs.X` shows only when it is deployed."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for name, path in NESTED.items():
        used = {part.split(".")[2] for part in _words(text) if part.startswith(f"{name}.Outputs.")}
        assert used <= set(TEMPLATES[path].get("Outputs", {})), path


def _words(text: str) -> list[str]:
    return text.replace("${", " ").replace("}", " ").replace('"', " ").replace(",", " ").split()


# ---- who may what --------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_every_function_has_rights_of_its_own(name: str) -> None:
    """Statements, each an allowance of named actions on named resources."""
    found = statements(FUNCTIONS[name])
    assert found
    for statement in found:
        assert statement["Effect"] == "Allow"
        assert all("*" not in action for action in listed(statement["Action"]))
        assert "*" not in listed(statement["Resource"])


@pytest.mark.parametrize(("name", "role"), ROLES, ids=[name for name, _ in ROLES])
def test_no_role_may_undo_what_is_kept(name: str, role: Resource) -> None:
    """No deletion, no bypass of a lock, no end of versioning, no scan."""
    for statement in statements(role):
        for action in listed(statement["Action"]):
            # Erasing what two have granted; what exactly, test_locks.py says.
            erases = name.endswith(":EraseFunction") and action == "s3:DeleteObjectVersion"
            assert erases or not action.startswith(FORBIDDEN), name
            assert action not in {"*", "s3:*", "dynamodb:*", "kms:*"}, name


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_nobody_deletes_from_the_complaints_table(name: str) -> None:
    """What was ever kept of a complaint stays; only sessions end by being deleted."""
    for statement in statements(FUNCTIONS[name]):
        if "dynamodb:DeleteItem" in listed(statement["Action"]):
            assert "SessionsTable" in str(statement["Resource"]), name


def _rights(resource: str) -> dict[str, set[str]]:
    """Return what each function may do with a resource of the storage, by its output's name."""
    wanted = f"Storage.Outputs.{resource}"
    return {
        name: found
        for name, function in FUNCTIONS.items()
        if (
            found := {
                action
                for statement in statements(function)
                if wanted in str(statement["Resource"])
                for action in listed(statement["Action"])
            }
        )
    }


def test_only_who_registers_complaints_makes_keys() -> None:
    """All others who read what is encrypted may ask for a key, and for nothing else."""
    registering = {"IntakeEmailFunction", "IntakeWebFunction", "ConsoleFunction"}
    on_table, on_key = _rights("KeysTableArn"), _rights("DataKeyArn")
    makes = "kms:GenerateDataKeyWithoutPlaintext"
    assert {name for name, may in on_table.items() if "dynamodb:PutItem" in may} == registering
    assert {name for name, may in on_key.items() if makes in may} == registering
    for may in on_key.values():
        assert may - {makes} == {"kms:Decrypt"}
    assert on_table.keys() == on_key.keys()


def test_who_reads_nothing_that_is_encrypted_has_no_key() -> None:
    """These read heads and histories, or only bring mail."""
    without = FUNCTIONS.keys() - _rights("KeysTableArn").keys()
    assert without == {
        "ApproveFunction", "FetchMailFunction", "InvestigateFunction", "ReportFunction",
        "SealFunction",
    }  # fmt: skip


def test_the_key_of_keys_is_asked_for_branch_keys_alone() -> None:
    """As the encryption context says; what lies in tables and buckets is the services' own way."""
    for name, function in FUNCTIONS.items():
        for statement in statements(function):
            if any(action.startswith("kms:") for action in listed(statement["Action"])):
                if "SealKey" in str(statement["Resource"]):
                    continue
                assert statement["Resource"] == {"Fn::GetAtt": "Storage.Outputs.DataKeyArn"}, name
                asked = {"StringEquals": {"kms:EncryptionContext:huiyin": "branch"}}
                assert statement["Condition"] == asked, name


def test_the_key_of_keys_is_made_whoever_encrypts_the_tables() -> None:
    """Without it no complaint can be registered; without its own policy nobody could use it."""
    key = TEMPLATES["infra/storage.yaml"]["Resources"]["DataKey"]
    assert "Condition" not in key
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert key["Properties"]["EnableKeyRotation"] is True


READ_BY = {
    "archive/*": "Archive Console",
    "archive/*.proof.json": "Seal",
    "documents/fonts/*": "Archive CheckSla Console",
    "evidence/*": "Archive Console IntakeFile",
    "inbox/*": "Archive Console Erase IntakeEmail",
    "leaves/*": "Console Seal",
    "nodes/*": "Console Seal",
    "policies/*": "Archive CheckSla Classify Console Erase IntakeEmail IntakeFile IntakeWeb Notify"
    " Report",
    "reports/*": "Console Report",
    "seals/*": "Console Seal",
}
"""Whose role may read what lies in a folder of a bucket."""
WRITTEN_BY = {
    "archive/*": "Archive",
    "archive/*.proof.json": "Seal",
    "evidence/*": "CheckSla Console IntakeEmail IntakeFile IntakeWeb",
    "inbox/*": "FetchMail",
    "leaves/*": "Seal",
    "nodes/*": "Seal",
    "policies/*": "CheckSla Console IntakeEmail IntakeWeb",
    "reports/*": "Report",
    "seals/*": "Seal",
}
"""Whose role may put objects into a folder of a bucket."""


@pytest.mark.parametrize(("action", "by"), [("Get", READ_BY), ("Put", WRITTEN_BY)])
def test_each_folder_is_read_and_written_by_whom_it_concerns(
    action: str, by: dict[str, str]
) -> None:
    """A right on a bucket's objects names the folder that our keys begin with, and nothing more."""
    found: dict[str, set[str]] = {}
    for name, function in FUNCTIONS.items():
        for statement in statements(function):
            if f"s3:{action}Object" in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    folder = resource["Fn::Sub"].partition("/")[2]
                    found.setdefault(folder, set()).add(name.removesuffix("Function"))
    assert found == {folder: set(names.split()) for folder, names in by.items()}


def test_only_the_seal_signs_and_it_can_change_no_complaint() -> None:
    """F4: the key's own policy says so too; who seals reads the table and writes what is locked."""
    assert {name for name, may in _rights("SealKeyArn").items() if "kms:Sign" in may} == {
        "SealFunction"
    }
    key = TEMPLATES["infra/storage.yaml"]["Resources"]["SealKey"]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    signs = [
        one
        for one in key["Properties"]["KeyPolicy"]["Statement"]
        if any(
            action in {"kms:*", "*"} or action.startswith("kms:Sign")
            for action in listed(one["Action"])
        )
    ]
    assert len(signs) == 1
    role = signs[0]["Condition"]["ArnLike"]["aws:PrincipalArn"]["Fn::Sub"]
    assert role.endswith(":role/${StackLabel}-SealFunctionRole-*")
    assert _rights("ComplaintsTableArn")["SealFunction"] == {
        "dynamodb:Query",
        "dynamodb:BatchGetItem",
    }
    written = [
        resource["Fn::Sub"].partition("/")[2]
        for one in statements(FUNCTIONS["SealFunction"])
        if "s3:PutObject" in listed(one["Action"])
        for resource in listed(one["Resource"])
    ]
    assert written == ["leaves/*", "nodes/*", "seals/*", "archive/*.proof.json"]


def test_an_alarm_fires_when_no_day_is_sealed() -> None:
    """Twenty-six hours without a run that ended: a day and two hours for its tries (I10)."""
    alarm = TEMPLATES["infra/alarms.yaml"]["Resources"]["SealStoppedAlarm"]["Properties"]
    assert alarm["MetricName"] == "SealEnded"
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 26 * 3600
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    schedule = FUNCTIONS["SealFunction"]["Properties"]["Events"]["EveryDay"]["Properties"]
    assert schedule["ScheduleExpression"] == "cron(30 0 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"


def test_only_who_answers_a_step_may_know_the_workflow() -> None:
    """WORKFLOW_ARN stands beside the right to use it, and nowhere else."""
    for name, function in FUNCTIONS.items():
        variables = function["Properties"].get("Environment", {}).get("Variables", {})
        may = any("states:StartExecution" in listed(one["Action"]) for one in statements(function))
        assert ("WORKFLOW_ARN" in variables) == may, name


def test_the_workflow_is_named_as_the_functions_expect_it() -> None:
    """Its address is built from the stack's name, so that no function waits for it."""
    name = RESOURCES["Workflow"]["Properties"]["Name"]["Fn::Sub"]
    for function in FUNCTIONS.values():
        arn = function["Properties"].get("Environment", {}).get("Variables", {}).get("WORKFLOW_ARN")
        if arn:
            assert arn["Fn::Sub"].endswith(f":stateMachine:{name}")


def test_functions_are_the_folders() -> None:
    """One folder, one function, one word."""
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    deployed = {name: one["Properties"]["CodeUri"] for name, one in FUNCTIONS.items()}
    assert {uri.removeprefix("functions/") for uri in deployed.values()} == folders
    for name, uri in deployed.items():
        assert name == "".join(map(str.capitalize, Path(uri).name.split("_"))) + "Function"


# ---- nothing dies unheard --------------------------------------------------------------------


def test_every_queue_that_is_read_has_dead_letters_and_an_alarm() -> None:
    """What can't be done in five tries is kept, and somebody is told."""
    watched = str(TEMPLATES["infra/alarms.yaml"]["Resources"])
    queues = {name: queue for _, name, queue in of_type("AWS::SQS::Queue")}
    read = {
        str(event["Properties"]["Queue"]["Fn::GetAtt"]).split(".")[-1].removesuffix("Arn")
        for function in FUNCTIONS.values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    assert read == {
        name for name, queue in queues.items() if "RedrivePolicy" in queue["Properties"]
    }
    for name in read:
        redrive = queues[name]["Properties"]["RedrivePolicy"]
        dead = redrive["deadLetterTargetArn"]["Fn::GetAtt"].split(".")[0]
        assert redrive["maxReceiveCount"] == 5
        assert f"'{dead}'" in watched, dead
    for name in set(queues) - read:
        assert f"'{name}'" in watched, name


def test_a_queue_waits_longer_than_its_reader_works() -> None:
    """Six times the function's time, as AWS asks for; and a batch reports what failed."""
    queues = {name: queue for _, name, queue in of_type("AWS::SQS::Queue")}
    usual = ROOT_TEMPLATE["Globals"]["Function"]["Timeout"]
    for function in FUNCTIONS.values():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "SQS":
                name = event["Properties"]["Queue"]["Fn::GetAtt"].split(".")[-1].removesuffix("Arn")
                waits = queues[name]["Properties"]["VisibilityTimeout"]
                assert waits >= 6 * function["Properties"].get("Timeout", usual)
                assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_schedule_has_dead_letters() -> None:
    """A check or a report that was not run is heard of, before and after its function starts."""
    for name, function in FUNCTIONS.items():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                assert event["Properties"]["DeadLetterConfig"]["Arn"], name
                assert event["Properties"]["RetryPolicy"], name
                assert function["Properties"]["DeadLetterQueue"]["Type"] == "SQS", name


def test_every_alarm_tells_somebody() -> None:
    """And our own counts are watched under the service that the functions write."""
    service = ROOT_TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    for _, name, alarm in of_type("AWS::CloudWatch::Alarm"):
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        if alarm["Properties"]["Namespace"] == "Huiyin":
            assert alarm["Properties"]["Dimensions"] == [
                {"Name": "service", "Value": service["POWERTOOLS_SERVICE_NAME"]}
            ]


# ---- what is kept --------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "bucket"), BUCKETS, ids=[name for name, _ in BUCKETS])
def test_every_bucket_is_closed_encrypted_and_versioned(name: str, bucket: Resource) -> None:
    """Nothing public, nothing in plain, nothing lost by writing over, nothing without TLS."""
    properties = bucket["Properties"]
    assert properties["BucketEncryption"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    rules = [
        statement
        for _, _, policy in of_type("AWS::S3::BucketPolicy")
        if policy["Properties"]["Bucket"] == {"Ref": name}
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    denied = [rule for rule in rules if rule.get("Effect") == "Deny"]
    assert [rule["Condition"] for rule in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert denied[0]["Resource"] == [
        {"Fn::GetAtt": f"{name}.Arn"},
        {"Fn::Sub": f"${{{name}.Arn}}/*"},
    ]


@pytest.mark.parametrize(("name", "table"), TABLES, ids=[name for name, _ in TABLES])
def test_every_table_can_be_brought_back(name: str, table: Resource) -> None:
    """Point-in-time recovery; what must not be lost can't be deleted by accident."""
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    if name in {"ComplaintsTable", "KeysTable"}:
        assert properties["DeletionProtectionEnabled"] is True
        assert table["DeletionPolicy"] == "Retain"


def test_the_archive_is_locked_for_good() -> None:
    """F3: COMPLIANCE, so that not even the account's owner shortens it."""
    archive = dict(BUCKETS)["ArchiveBucket"]["Properties"]
    assert archive["ObjectLockEnabled"] is True
    retention = archive["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention["Mode"] == "COMPLIANCE"
    assert [name for name, one in BUCKETS if "ObjectLockEnabled" in one["Properties"]] == [
        "ArchiveBucket"
    ]


@pytest.mark.parametrize("path", list(TEMPLATES))
def test_no_address_is_of_one_partition(path: str) -> None:
    """The stack must be deployable in the regions of China as well."""
    assert "arn:aws:" not in (ROOT / path).read_text(encoding="utf-8")


def test_the_linter_has_nothing_to_say() -> None:
    """cfn-lint over all four templates, errors and warnings alike."""
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *TEMPLATES],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_sam_takes_the_template() -> None:
    """As `make build` will; offline, without an account."""
    done = subprocess.run(
        [Path(sys.executable).with_name("sam"), "validate", "--lint"],
        cwd=ROOT,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "ap-southeast-1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alarm_fires_when_the_check_itself_stops() -> None:
    """Three rounds without the metric of a run that ended; no data is an alarm, not peace (I10)."""
    alarm = TEMPLATES["infra/alarms.yaml"]["Resources"]["CheckStoppedAlarm"]["Properties"]
    assert alarm["MetricName"] == "CheckEnded"
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 15 * 60
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    schedule = FUNCTIONS["CheckSlaFunction"]["Properties"]["Events"]["EveryFiveMinutes"]
    assert schedule["Properties"]["ScheduleExpression"] == "rate(5 minutes)"


# ---- mail without SES ------------------------------------------------------------------------


def test_an_alarm_fires_when_nobody_reads_the_mailbox() -> None:
    """Fifteen minutes without a run that succeeded, where mail comes by IMAP at all (I19)."""
    alarm = TEMPLATES["infra/alarms.yaml"]["Resources"]["MailboxSilentAlarm"]
    properties = alarm["Properties"]
    assert alarm["Condition"] == "ReceivesByImap"
    assert properties["MetricName"] == "MailboxRead"
    assert properties["TreatMissingData"] == "breaching"
    assert properties["Period"] * properties["EvaluationPeriods"] == 15 * 60
    assert (properties["ComparisonOperator"], properties["Threshold"]) == ("LessThanThreshold", 1)


def test_who_fetches_mail_may_only_store_it() -> None:
    """Its own place in the table, new objects of the inbox, one secret: nothing to read back."""
    found = {
        action: statement
        for statement in statements(FUNCTIONS["FetchMailFunction"])
        for action in listed(statement["Action"])
    }
    assert set(found) == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "s3:PutObject",
        "ssm:GetParameter",
    }
    keys = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mailbox"]}}
    assert found["dynamodb:GetItem"]["Condition"] == found["dynamodb:PutItem"]["Condition"] == keys
    assert found["ssm:GetParameter"]["Resource"]["Fn::Sub"].endswith(":parameter${ImapSecret}")
    assert FUNCTIONS["FetchMailFunction"]["Properties"]["ReservedConcurrentExecutions"] == 1


def test_who_may_send_by_ses_may_read_the_password_for_smtp() -> None:
    """And nobody else may: letters go one way or the other."""
    for name, function in FUNCTIONS.items():
        actions = {
            (action, str(statement["Resource"]))
            for statement in statements(function)
            for action in listed(statement["Action"])
        }
        sends = any(action == "ses:SendRawEmail" for action, _ in actions)
        reads = any("${SmtpSecret}" in resource for _, resource in actions)
        assert sends == reads, name


def test_a_region_without_ses_meets_no_resource_of_it() -> None:
    """CloudFormation refuses a template that names an unknown type, whatever its conditions say."""
    with_ses = [
        path
        for path, template in TEMPLATES.items()
        if any(one["Type"].startswith("AWS::SES::") for one in template["Resources"].values())
    ]
    assert with_ses == ["infra/ses.yaml"]
    assert RESOURCES["Ses"]["Condition"] == "UsesSes"


def test_a_mailbox_or_a_server_without_a_name_is_refused_before_anything_is_made() -> None:
    """Each is asserted where it is chosen, and only there; no password is a parameter."""
    rules = ROOT_TEMPLATE["Rules"]
    for rule, chosen, needed in (
        ("ImapNeedsItsMailbox", ("MailIn", "imap"), {"ImapHost", "ImapUser", "MailStampedBy"}),
        ("SmtpNeedsItsServer", ("MailOut", "smtp"), {"SmtpHost", "SmtpUser"}),
    ):
        name, value = chosen
        assert rules[rule]["RuleCondition"] == {"Fn::Equals": [{"Ref": name}, value]}
        asserted = {
            one["Assert"]["Fn::Not"][0]["Fn::Equals"][0]["Ref"] for one in rules[rule]["Assertions"]
        }
        assert asserted == needed
