"""What the schema of a policy does not allow, each thing that is wrong by itself."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import jsonschema
import msgspec
from jsonschema.protocols import Validator

from complaints.policy_rules import Place, Wrong


def schema_problems(content: Any, kind: Any) -> Iterator[Wrong]:  # noqa: ANN401 - not checked yet
    """Yield what the schema of a record, such as Policy, does not allow."""
    validator: Validator = jsonschema.Draft202012Validator(
        msgspec.json.schema(kind), format_checker=jsonschema.FormatChecker(formats=["date"])
    )
    for error in validator.iter_errors(content):
        yield from _from_schema(error)


def _from_schema(error: jsonschema.ValidationError) -> Iterator[Wrong]:
    """Yield one problem for each thing that a schema error names."""
    place: Place = tuple(error.absolute_path)
    rule: str = str(error.validator)
    wanted = cast("Any", error.validator_value)
    schema, instance = cast("Any", error.schema), cast("Any", error.instance)
    if rule == "additionalProperties" and wanted is False:
        known = schema.get("properties", {})
        for key in instance:
            if key not in known:
                yield (*place, key), instance[key], "|".join(known)
    elif rule == "required":
        for key in wanted:
            if key not in instance:
                yield (*place, key), None, "required"
    elif rule == "anyOf" and error.context:
        yield from _from_union(error, error.context, place)
    else:
        yield place, instance, _allowed(rule, wanted)


def _from_union(
    error: jsonschema.ValidationError,
    branches: Iterable[jsonschema.ValidationError],
    place: Place,
) -> Iterator[Wrong]:
    """Yield the problems of the branch that the value was meant for: the one of its type."""
    fitting = [part for part in branches if not (part.validator == "type" and not part.path)]
    if fitting:
        for part in fitting:
            yield from _from_schema(part)
        return
    types = [str(part.validator_value) for part in branches]
    yield place, error.instance, "|".join(types)


def _allowed(rule: str, wanted: Any) -> str:  # noqa: ANN401 - whatever a JSON schema holds
    """Return what a rule of JSON Schema allows, in its own short form."""
    signs = {
        "minimum": "number >= {}",
        "maximum": "number <= {}",
        "minLength": "length >= {}",
        "maxLength": "length <= {}",
        "minItems": "items >= {}",
        "pattern": "text like {}",
        "format": "{}",
        "type": "{}",
    }
    if rule == "enum":
        return "|".join(map(str, wanted))
    return signs.get(rule, f"{rule} {{}}").format(wanted)
