"""The demo accounts of this machine: each role in each department of a policy, and its posts."""

import contextlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from complaints.models import Role
from complaints.policy import QUALITY_OFFICE, Policy, load
from infra.local.deploy import Client

PASSWORD = "Huiyin-2026"  # noqa: S105 - printed at every start, for this machine only
POLICY = "service-provider"
"""The procedure that is followed unless another one is asked for; as in template.yaml."""


class Account(NamedTuple):
    """A person who can sign in; `role` is the name of the Cognito group."""

    username: str
    name: str
    role: str
    department: str = ""
    posts: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """Where the person's mail goes: this machine's outbox, like every mail."""
        return f"{self.username}@huiyin.localhost"


HANDLERS = (("li", "李明"), ("wu", "吴敏"), ("xu", "徐涛"), ("zhou", "周强"), ("he", "何平"))
HEADS = (("wang", "王芳"), ("zheng", "郑丽"), ("gao", "高峰"), ("zhao", "赵刚"), ("lin", "林岚"))
HOLDERS = ("马骏", "胡悦", "郭旭", "罗琳", "梁晨", "宋颖")


def accounts_of(policy: Policy) -> tuple[Account, ...]:
    """Return the people of an organisation that follows this policy.

    For each department a handler and a head, for each post its holder, and one of everybody else.
    """
    departments = [part.code for part in policy.departments]
    return (
        Account("intake.chen", "陈静", "intake", departments[0]),
        *_in_each("handler", "handler", HANDLERS, departments),
        *_in_each("head", "department_head", HEADS, departments),
        Account("quality.liu", "刘洋", "quality_office", QUALITY_OFFICE),
        Account("manager.sun", "孙伟", "management"),
        *(
            Account(
                post.code.replace("_", "."),
                HOLDERS[index % len(HOLDERS)],
                post.role,
                QUALITY_OFFICE if post.role is Role.QUALITY_OFFICE else "",
                (post.code,),
            )
            for index, post in enumerate(policy.posts)
        ),
        Account("auditor.qian", "钱宁", "auditor"),
        Account("admin", "系统管理员", "administrator"),
    )


def _in_each(
    called: str, role: str, people: Sequence[tuple[str, str]], departments: Sequence[str]
) -> list[Account]:
    """Return a person of a role for each department; names come again where there are more."""
    found = []
    for index, department in enumerate(departments):
        family, name = people[index % len(people)]
        again = index // len(people)
        found.append(
            Account(f"{called}.{family}{again + 1 if again else ''}", name, role, department)
        )
    return found


ACCOUNTS = accounts_of(load(POLICY))
"""The people of the usual procedure."""


def create(
    client: Client, environment: Mapping[str, str], stack: Mapping[str, str], policy: str = POLICY
) -> None:
    """Make the accounts that are not there; one that is there keeps what was changed in it."""
    pool, cognito = stack["UserPoolId"], client("cognito-idp")
    missing = [one for one in accounts_of(load(policy)) if not _is_there(cognito, pool, one)]
    if not missing:
        return
    put_into_directory(environment, stack, policy, missing)
    for account in missing:
        _create(cognito, pool, account)


def _is_there(cognito: Any, pool: str, account: Account) -> bool:
    with contextlib.suppress(cognito.exceptions.UserNotFoundException):
        cognito.admin_get_user(UserPoolId=pool, Username=account.username)
        return True
    return False


def _create(cognito: Any, pool: str, account: Account) -> None:
    attributes = {
        "email": account.email,
        "email_verified": "true",
        "name": account.name,
        "custom:department": account.department,
    }
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=account.username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": k, "Value": v} for k, v in attributes.items() if v],
        )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=account.username, Password=PASSWORD, Permanent=True
    )
    cognito.admin_add_user_to_group(
        UserPoolId=pool, Username=account.username, GroupName=account.role
    )


def put_into_directory(
    environment: Mapping[str, str],
    stack: Mapping[str, str],
    policy: str,
    people: Sequence[Account],
) -> None:
    """Tell the staff directory who works where, so that tasks and letters find them.

    In a program of its own, since the product's package reads its settings once, from the
    environment, and this program may run more than one machine.
    """
    variables = {**environment, "COMPLAINTS_TABLE": stack["ComplaintsTable"]}
    named = [one.username for one in people]
    command = [sys.executable, "-m", "infra.local.accounts", policy, *named]
    subprocess.run(command, env=variables, check=True)


def main(policy: str, *usernames: str) -> None:
    """Put these people into the staff directory of the deployment that the environment names."""
    from complaints.aws.directory import StaffDirectory
    from complaints.models import Staff

    directory = StaffDirectory.from_env()
    for account in accounts_of(load(policy)):
        if account.username not in usernames:
            continue
        directory.put(
            Staff(
                username=account.username,
                name=account.name,
                email=account.email,
                roles=(Role(account.role),),
                department=account.department,
                posts=account.posts,
            )
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
