"""Each procedure can be deployed, and run on one machine with people of its own."""

from pathlib import Path

import pytest
import yaml

from complaints.policy import load, names
from complaints.policy_file import POLICIES, policy_files
from infra.local.accounts import ACCOUNTS, PASSWORD, POLICY, accounts_of
from infra.local.machine import running
from infra.local.problem import Problem
from infra.local.run import chosen_policy
from tests.infra.templates import ROOT_TEMPLATE

PARAMETER = ROOT_TEMPLATE["Parameters"]["Policy"]


def test_each_policy_of_the_project_can_be_deployed() -> None:
    """The template offers the files of infra/policies, and follows the usual one."""
    files = [path.stem for path in policy_files(POLICIES)]

    assert PARAMETER["AllowedValues"] == files == names()
    assert PARAMETER["Default"] == POLICY


def test_a_file_is_named_like_its_policy() -> None:
    """What is deployed by name is found by name."""
    for path in policy_files(POLICIES):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"] == path.stem


@pytest.mark.parametrize("name", names())
def test_every_procedure_has_people_for_all_that_it_asks(name: str) -> None:
    """A handler and a head in each department, a holder of each post, everybody else once."""
    policy = load(name)
    people = accounts_of(policy)

    for role in ("handler", "department_head"):
        found = [one.department for one in people if one.role == role]
        assert found == [department.code for department in policy.departments]
    held = {post: one.role for one in people for post in one.posts}
    assert held == {post.code: post.role for post in policy.posts}
    others = {"intake", "quality_office", "management", "auditor", "administrator"}
    assert others <= {one.role for one in people if not one.posts}
    assert len({one.username for one in people}) == len(people)


def test_the_usual_people_keep_their_names() -> None:
    """The demo and the documents call them by name."""
    found = {one.username: one.department for one in ACCOUNTS}

    assert found["handler.li"] == found["head.wang"] == "service"
    assert found["handler.zhou"] == "safety"
    assert {"intake.chen", "quality.liu", "manager.sun", "auditor.qian", "admin"} <= set(found)


def test_make_run_takes_a_procedure() -> None:
    """HUIYIN_POLICY chooses one; a wrong name is answered with the right ones."""
    assert chosen_policy({}) == chosen_policy({"HUIYIN_POLICY": ""}) == POLICY
    assert chosen_policy({"HUIYIN_POLICY": "utility"}) == "utility"
    with pytest.raises(Problem, match="senior-living"):
        chosen_policy({"HUIYIN_POLICY": "nobody"})


@pytest.mark.journey
def test_a_machine_of_another_procedure_has_its_people(tmp_path: Path) -> None:
    """The holders of posts sign in like everybody else."""
    with running(tmp_path, parameters={"Policy": "property-management"}) as machine:
        cognito = machine.client("cognito-idp")
        for account in accounts_of(load("property-management")):
            tokens = cognito.admin_initiate_auth(
                UserPoolId=machine.outputs["UserPoolId"],
                ClientId=machine.outputs["UserPoolClientId"],
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": account.username, "PASSWORD": PASSWORD},
            )
            assert "IdToken" in tokens["AuthenticationResult"], account.username
