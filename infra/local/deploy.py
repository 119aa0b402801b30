"""Deploys the product's own template into the emulator, and what the emulator leaves out of it.

It is what `sam deploy` does on AWS, without its change set and its waiting, which would take ten
times as long here. A digest over all that is deployed is kept in the emulator's SSM; while it is
unchanged nothing is done. It is saved together with the stack, so it can't promise one that is not
there.
"""

import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.local.package import package, read
from infra.local.problem import Problem

STACK = "huiyin"
DIGEST = "/huiyin/deployed"
COMPLETE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
PATIENCE = 180.0
"""Seconds that a deployment may take."""

Client = Callable[[str], Any]
"""Makes a client of an AWS service in the emulator, by the name of the service."""


def deploy(client: Client, root: Path, parameters: Mapping[str, str]) -> bool:
    """Bring the stack to the template in `root`; return whether anything had to be done."""
    wanted = digest(root, parameters)
    cloudformation, ssm = client("cloudformation"), client("ssm")
    stack = _stack(cloudformation)
    if stack and stack["StackStatus"] in COMPLETE and _deployed(ssm) == wanted:
        return False
    if stack and not stack["StackStatus"].startswith(("CREATE_COMPLETE", "UPDATE")):
        # Broken off while it was made for the first time: there is nothing in it to keep.
        cloudformation.delete_stack(StackName=STACK)
        stack = _settled(cloudformation)
    change = cloudformation.update_stack if stack else cloudformation.create_stack
    try:
        change(
            StackName=STACK,
            TemplateURL=package(client("s3"), root),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except cloudformation.exceptions.ClientError as error:
        if "No updates" not in str(error):
            raise Problem("deploy.refused", reason=str(error)) from error
    stack = _settled(cloudformation)
    if not stack or stack["StackStatus"] not in COMPLETE:
        raise Problem("deploy.failed", reason=_reason(cloudformation, stack))
    ssm.put_parameter(Name=DIGEST, Value=wanted, Type="String", Overwrite=True)
    return True


def outputs(client: Client) -> dict[str, str]:
    """Return the outputs of the stack by name."""
    stack = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}


def digest(root: Path, parameters: Mapping[str, str]) -> str:
    """Return the digest of all that a deployment is made of.

    The layers are not part of it: here functions import the package that is installed in the
    environment, so a change there needs a new start and no deployment.
    """
    found = hashlib.sha256()
    paths = [root / "template.yaml"]
    paths += [*(root / "infra").glob("*.yaml"), *(root / "infra").glob("*.json")]
    paths += [path for path in (root / "functions").rglob("*") if path.is_file()]
    for path in sorted(paths):
        if "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(root)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    for name, value in sorted(parameters.items()):
        found.update(f"\0{name}={value}".encode())
    return found.hexdigest()


def fill_gaps(client: Client, root: Path, mail_domain: str) -> None:
    """Set what the emulator leaves out: Object Lock of the archive, the mail identity."""
    client("s3").put_object_lock_configuration(
        Bucket=outputs(client)["ArchiveBucket"],
        ObjectLockConfiguration=_object_lock(
            client("cloudformation"), root / "infra" / "storage.yaml"
        ),
    )
    ses = client("sesv2")
    with contextlib.suppress(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=mail_domain)


def _object_lock(cloudformation: Any, storage: Path) -> dict[str, Any]:
    """Return the Object Lock configuration that the template gives the archive bucket."""
    nested = cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId="Storage")
    name = nested["StackResourceDetail"]["PhysicalResourceId"]
    [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    bucket = read(storage)["Resources"]["ArchiveBucket"]["Properties"]
    lock: dict[str, Any] = bucket["ObjectLockConfiguration"]
    period = lock["Rule"]["DefaultRetention"]
    for unit in {"Days", "Years"} & period.keys():
        if isinstance(period[unit], dict):
            period[unit] = int(given[period[unit]["Ref"]])
    return lock


def _stack(cloudformation: Any) -> dict[str, Any] | None:
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except cloudformation.exceptions.ClientError:
        return None
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _settled(cloudformation: Any) -> dict[str, Any] | None:
    """Wait until nothing goes on in the stack; return it, or None when it is gone."""
    until = time.monotonic() + PATIENCE
    while (stack := _stack(cloudformation)) and stack["StackStatus"].endswith("IN_PROGRESS"):
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return stack


def _deployed(ssm: Any) -> str:
    """Return the digest of what was deployed last, or ""."""
    with contextlib.suppress(ssm.exceptions.ParameterNotFound):
        return str(ssm.get_parameter(Name=DIGEST)["Parameter"]["Value"])
    return ""


def _reason(cloudformation: Any, stack: dict[str, Any] | None) -> str:
    """Return why a deployment failed: the first resources that did, in CloudFormation's words."""
    if stack is None:
        return "the stack is gone"
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
    ]
    return "; ".join(failed[:3]) or stack.get("StackStatusReason") or stack["StackStatus"]
