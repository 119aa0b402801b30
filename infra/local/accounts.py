"""The demo accounts of this machine: each role in each department of the policy."""

import contextlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from infra.local.deploy import Client

PASSWORD = "Huiyin-2026"  # noqa: S105 - printed at every start, for this machine only


class Account(NamedTuple):
    """A person who can sign in; `role` is the name of the Cognito group."""

    username: str
    name: str
    role: str
    department: str = ""

    @property
    def email(self) -> str:
        """Where the person's mail goes: this machine's outbox, like every mail."""
        return f"{self.username}@huiyin.localhost"


ACCOUNTS = (
    Account("intake.chen", "陈静", "intake", "service"),
    Account("handler.li", "李明", "handler", "service"),
    Account("handler.zhou", "周强", "handler", "safety"),
    Account("handler.wu", "吴敏", "handler", "finance"),
    Account("handler.xu", "徐涛", "handler", "contracts"),
    Account("head.wang", "王芳", "department_head", "service"),
    Account("head.zhao", "赵刚", "department_head", "safety"),
    Account("head.zheng", "郑丽", "department_head", "finance"),
    Account("head.gao", "高峰", "department_head", "contracts"),
    Account("quality.liu", "刘洋", "quality_office", "quality_office"),
    Account("manager.sun", "孙伟", "management"),
    Account("auditor.qian", "钱宁", "auditor"),
    Account("admin", "系统管理员", "administrator"),
)


def create(client: Client, environment: Mapping[str, str], stack: Mapping[str, str]) -> None:
    """Make the accounts when they are not there; one that is there keeps what was changed in it."""
    pool, cognito = stack["UserPoolId"], client("cognito-idp")
    with contextlib.suppress(cognito.exceptions.UserNotFoundException):
        # They are made in order, so the last one stands for all.
        cognito.admin_get_user(UserPoolId=pool, Username=ACCOUNTS[-1].username)
        return
    put_into_directory(environment, stack)
    for account in ACCOUNTS:
        _create(cognito, pool, account)


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


def put_into_directory(environment: Mapping[str, str], stack: Mapping[str, str]) -> None:
    """Tell the staff directory who works where, so that tasks and letters find them.

    In a program of its own, since the product's package reads its settings once, from the
    environment, and this program may run more than one machine.
    """
    variables = {**environment, "COMPLAINTS_TABLE": stack["ComplaintsTable"]}
    subprocess.run([sys.executable, "-m", "infra.local.accounts"], env=variables, check=True)


def main() -> None:
    """Put all accounts into the staff directory of the deployment that the environment names."""
    from complaints.aws.directory import StaffDirectory
    from complaints.models import Role, Staff

    directory = StaffDirectory.from_env()
    for account in ACCOUNTS:
        directory.put(
            Staff(
                username=account.username,
                name=account.name,
                email=account.email,
                roles=(Role(account.role),),
                department=account.department,
            )
        )


if __name__ == "__main__":
    main()
