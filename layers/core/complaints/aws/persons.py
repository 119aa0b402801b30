"""The secret under which persons are known again: made once for a deployment, then only read."""

from functools import cache

from complaints.aws.items import key_of
from complaints.aws.runtime import client, random_key
from complaints.aws.settings import resource

SECRET = key_of("secret#person", "secret")


@cache
def person_secret() -> bytes:
    """Return the 32 random bytes that keys of persons are made with (I3).

    They lie in the table of complaints, readable to whoever reads complaints: the key guards the
    copies of heads (reports, archive, exports), not the table itself.
    """
    dynamodb, table = client("dynamodb"), resource("COMPLAINTS_TABLE")
    found = dynamodb.get_item(TableName=table, Key=SECRET, ConsistentRead=True).get("Item")
    if not found:
        try:
            found = {**SECRET, "secret": {"B": random_key()}}
            dynamodb.put_item(
                TableName=table, Item=found, ConditionExpression="attribute_not_exists(part)"
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            answer = dynamodb.get_item(TableName=table, Key=SECRET, ConsistentRead=True)
            found = answer["Item"]
    return bytes(found["secret"]["B"])
