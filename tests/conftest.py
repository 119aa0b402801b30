"""The deployment in small for integration tests: what infra/storage.yaml says, made in moto."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest
import yaml
from moto import mock_aws

from complaints.aws import keys, persons, policies, runtime, settings
from infra.local.machine import Machine, running

ROOT = Path(__file__).parents[1]
REGION: Final = "ap-southeast-1"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "COMPLAINTS_TABLE": "ComplaintsTable",
    "KEYS_TABLE": "KeysTable",
    "SESSIONS_TABLE": "SessionsTable",
    "RATES_TABLE": "RatesTable",
    "EVIDENCE_BUCKET": "evidence",
    "MAIL_BUCKET": "mail",
    "ARCHIVE_BUCKET": "archive",
    "ARCHIVE_YEARS": "5",
    "REPORTS_BUCKET": "reports",
    "POLICY_BUCKET": "policies",
    "ORGANISATION": "回音服务中心",
    "MAIL_ADDRESS": "complaints@example.com",
    "MAIL_QUEUE": "https://sqs.ap-southeast-1.amazonaws.com/123456789012/mail",
    "MAIL_STAMPED_BY": "amazonses.com",
    "SITE_URL": "https://complaints.example.com/",
    "LANGUAGES": "zh_CN,en",
    "POLICY": "service-provider",
    "OFFICE_ZONE": "Asia/Shanghai",
    "SCAN_UPLOADS": "off",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
}


class _CloudFormation(yaml.SafeLoader):
    """Reads CloudFormation's YAML; its functions stay unread."""


_CloudFormation.add_multi_constructor("!", lambda *_: None)


@cache
def resources() -> dict[str, Any]:
    """Return the resources of infra/storage.yaml, so that no test restates a key."""
    storage = (ROOT / "infra/storage.yaml").read_text()
    found: dict[str, Any] = yaml.load(storage, _CloudFormation)["Resources"]  # noqa: S506 - a SafeLoader
    return found


# Machines are shared and noisy: how long an example takes says nothing.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


def make_tables() -> None:
    """Create the tables under their names in the template."""
    for name, resource in resources().items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            schema = {key: of for key, of in resource["Properties"].items() if key in wanted}
            runtime.client("dynamodb").create_table(TableName=name, **schema)


def make_keys() -> dict[str, str]:
    """Create the key that wraps those of complaints, and the one that seals; return their names."""
    made = runtime.client("kms").create_key(Description="wraps the keys of complaints")
    signs = runtime.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
    return {"DATA_KEY": made["KeyMetadata"]["Arn"], "SEAL_KEY": signs["KeyMetadata"]["Arn"]}


def make_buckets() -> None:
    """Create the buckets under the names of the environment."""
    for name, bucket in ENVIRONMENT.items():
        if name.endswith("_BUCKET"):
            runtime.client("s3").create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": REGION},
                ObjectLockEnabledForBucket=name == "ARCHIVE_BUCKET",
            )


def make_user_pool() -> dict[str, str]:
    """Create the user pool with its groups; return the variables that name it."""
    cognito = runtime.client("cognito-idp")
    found = resources()
    wanted = {name: found["UserPool"]["Properties"][name] for name in ("Schema", "Policies")}
    pool = cognito.create_user_pool(PoolName="staff", **wanted)["UserPool"]["Id"]
    flows = found["UserPoolClient"]["Properties"]["ExplicitAuthFlows"]
    app = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="console",
        ExplicitAuthFlows=flows,
        ReadAttributes=["name", "email", "custom:department"],
    )
    for resource in found.values():
        if resource["Type"] == "AWS::Cognito::UserPoolGroup":
            group = resource["Properties"]["GroupName"]
            cognito.create_group(UserPoolId=pool, GroupName=group)
    return {"USER_POOL_ID": pool, "USER_POOL_CLIENT_ID": app["UserPoolClient"]["ClientId"]}


def make_workflow() -> dict[str, str]:
    """Create a state machine that only keeps who was started; the journey runs the real one."""
    definition = {"StartAt": "Kept", "States": {"Kept": {"Type": "Succeed"}}}
    made = runtime.client("stepfunctions").create_state_machine(
        name="workflow",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )
    return {"WORKFLOW_ARN": made["stateMachineArn"]}


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a test the tables, buckets, user pool and workflow of the deployment, all empty."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    forget()
    with mock_aws():
        make_tables()
        make_buckets()
        for name, value in {**make_keys(), **make_user_pool(), **make_workflow()}.items():
            monkeypatch.setenv(name, value)
        runtime.client("sesv2").create_email_identity(EmailIdentity=ENVIRONMENT["MAIL_ADDRESS"])
        yield
    forget()


def forget() -> None:
    """Forget the clients and settings of the test before."""
    runtime.client.cache_clear()
    settings.load_settings.cache_clear()
    persons.person_secret.cache_clear()
    policies.policies.cache_clear()
    keys.keys.cache_clear()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Run the whole product on ministack, private to this session; journey and browser share it."""
    with running(tmp_path_factory.mktemp("machine")) as started:
        yield started
