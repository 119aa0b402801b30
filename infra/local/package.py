"""Packs the template for the emulator as `sam package` does for AWS, in a tenth of a second.

Code and nested templates go into a bucket under the digest of their bytes, and the template names
them there. Functions are packed as they lie in the repository, un-built: the emulator's workers
have the packages of this environment. For the same reason layers are packed empty.
"""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import yaml

BUCKET = "huiyin-artifacts"
UNKNOWN = frozenset({"AWS::Athena::NamedQuery"})
"""Types that it refuses a template for; nothing refers to a resource of them."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every packed file, so that the same code gives the same bytes."""


class _Template(yaml.SafeLoader):
    """Reads a template; `!Ref x` and its like come in their long form."""


def _long_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Template.add_multi_constructor("!", _long_form)


def read(path: Path) -> dict[str, Any]:
    """Return a template with its short functions in their long form."""
    template: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Template)  # noqa: S506
    return template


def package(s3: Any, root: Path) -> str:
    """Upload `template.yaml` of `root` and what it names; return the template's address.

    In a request of its own CloudFormation takes 51,200 bytes, from a bucket a million.
    """
    s3.create_bucket(Bucket=BUCKET)

    def stored(content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return key

    template, place = read(root / "template.yaml"), f"{s3.meta.endpoint_url}/{BUCKET}"
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function":
                code = zipped(root / properties["CodeUri"])
                properties["CodeUri"] = f"s3://{BUCKET}/{stored(code)}"
            case "AWS::Serverless::LayerVersion":
                properties["ContentUri"] = f"s3://{BUCKET}/{stored(zipped(None))}"
            case "AWS::Serverless::StateMachine":
                definition = (root / properties["DefinitionUri"]).read_bytes()
                properties["DefinitionUri"] = f"s3://{BUCKET}/{stored(definition)}"
            case "AWS::Serverless::Application":
                nested = json.dumps(known(read(root / properties["Location"])), default=str)
                properties["Location"] = f"{place}/{stored(nested.encode())}"
    return f"{place}/{stored(json.dumps(template, default=str).encode())}"


def known(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template without the resources that the emulator does not know."""
    resources = template["Resources"]
    known = {name: one for name, one in resources.items() if one["Type"] not in UNKNOWN}
    return {**template, "Resources": known}


def zipped(folder: Path | None) -> bytes:
    """Return the files of a folder as a ZIP; one that says that it is empty for None."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder else []
        for path in files:
            if folder and "__pycache__" not in path.parts:
                name = zipfile.ZipInfo(path.relative_to(folder).as_posix(), LONG_AGO)
                archive.writestr(name, path.read_bytes())
        if not files:
            archive.writestr(zipfile.ZipInfo("empty", LONG_AGO), b"")
    return content.getvalue()
