"""The templates as data: resources, statements, references, as the tests of infra/ ask."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
NESTED: Final = {
    "Storage": "infra/storage.yaml",
    "Mail": "infra/mail.yaml",
    "Ses": "infra/ses.yaml",
    "Alarms": "infra/alarms.yaml",
    "Audit": "infra/audit.yaml",
}
NAME = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")
Resource = dict[str, Any]


class _CloudFormation(yaml.SafeLoader):
    """Reads a template; `!Ref x` and its like become {"Ref": x}, as in the long form."""


def _function(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_CloudFormation.add_multi_constructor("!", _function)


def read(path: str) -> dict[str, Any]:
    """Return a template of the repository."""
    found: dict[str, Any] = yaml.load((ROOT / path).read_text(encoding="utf-8"), _CloudFormation)  # noqa: S506
    return found


ROOT_TEMPLATE: Final = read("template.yaml")
TEMPLATES: Final = {
    "template.yaml": ROOT_TEMPLATE, **{path: read(path) for path in NESTED.values()}
}  # fmt: skip
RESOURCES: Final[dict[str, Resource]] = ROOT_TEMPLATE["Resources"]
FUNCTIONS: Final = {
    name: resource
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def of_type(kind: str) -> Iterator[tuple[str, str, Resource]]:
    """Yield template, name and resource of each resource of a type, in all templates."""
    for path, template in TEMPLATES.items():
        for name, resource in template["Resources"].items():
            if resource["Type"] == kind:
                yield path, name, resource


def references(part: object) -> Iterator[str]:
    """Yield the name of every resource and parameter that a part of a template refers to."""
    if isinstance(part, list):
        for one in part:
            yield from references(one)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if key == "Ref":
            yield value
        elif key == "Fn::GetAtt":
            yield value.partition(".")[0] if isinstance(value, str) else value[0]
        elif key == "Fn::Sub":
            text, values = value if isinstance(value, list) else (value, {})
            yield from (name for name in NAME.findall(text) if name not in values)
            yield from references(values)
        elif key == "DependsOn":
            yield from [value] if isinstance(value, str) else value
        else:
            yield from references(value)


def graph(template: dict[str, Any]) -> dict[str, set[str]]:
    """Return what each resource of a template waits for, Globals counted with every function."""
    resources = template["Resources"]
    everywhere = set(references(template.get("Globals", {})))
    return {
        name: {
            other
            for other in set(references(resource))
            | (everywhere if resource["Type"] == "AWS::Serverless::Function" else set())
            if other in resources
        }
        for name, resource in resources.items()
    }


def statements(resource: Resource) -> list[dict[str, Any]]:
    """Return the statements of the policies that a function, state machine or role has inline."""
    policies = resource["Properties"].get("Policies", [])
    documents = [one.get("PolicyDocument", one) for one in policies]
    return [statement for document in documents for statement in document["Statement"]]


def listed(value: object) -> list[Any]:
    """Return a value that may stand alone, as a list."""
    return value if isinstance(value, list) else [value]
