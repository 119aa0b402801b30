"""Sign-in: who somebody is, as the user pool says; and new members of staff (H4, H5).

The console knows no more of signing in than the calls of `Accounts`. What a person may do is in
the staff directory; groups and attributes of the pool follow it. Only who is not in the directory
yet is entered as the claims of the ID token say: the groups are the roles, `custom:department` the
department. The token comes straight from Cognito over TLS, so its signature proves no more here.
"""

import base64
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any, Self

import msgspec

from complaints.aws.directory import StaffDirectory, StaleEntryError
from complaints.aws.runtime import client, now
from complaints.aws.settings import load_settings, resource
from complaints.lifecycle import ComplaintError
from complaints.models import Role, Staff
from complaints.people import Change, day_of, has_left

NEVER_SIGNED_IN = "FORCE_CHANGE_PASSWORD"
PASSWORD_LENGTH = 12
ALPHABETS = ("abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789")
"""Without letters and digits that look alike: a first password is read out or written down."""


class WrongPasswordError(ComplaintError):
    """No such name, a wrong password, or switched off: which of them is not said."""

    text_id = "staff.sign_in.wrong"


class WeakPasswordError(ComplaintError):
    """The new password does not meet the rules of the user pool."""

    text_id = "staff.sign_in.weak"


class TooManyTriesError(ComplaintError):
    """The user pool refuses to try more passwords for a while."""

    text_id = "staff.sign_in.wait"


class NewPasswordWanted(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right, but has to be changed before anything else."""

    username: str
    challenge: str
    """Opaque; proves for some minutes that the old password was given."""


class Accounts:
    """The user pool of the deployment."""

    def __init__(self, pool: str, app: str) -> None:
        self._pool = pool
        self._app = app
        self._client = client("cognito-idp")

    @classmethod
    def from_env(cls) -> Self:
        """Return the accounts of the deployment."""
        return cls(resource("USER_POOL_ID"), resource("USER_POOL_CLIENT_ID"))

    def sign_in(self, username: str, password: str) -> Staff | NewPasswordWanted:
        """Return who this is, or that a new password is wanted first.

        Raises WrongPasswordError, TooManyTriesError.
        """
        known = self._client.exceptions
        try:
            answer = self._client.admin_initiate_auth(
                UserPoolId=self._pool,
                ClientId=self._app,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )
        except known.TooManyRequestsException as error:
            raise TooManyTriesError("the user pool is busy") from error
        except (
            known.NotAuthorizedException,
            known.UserNotFoundException,
            known.InvalidParameterException,
            known.PasswordResetRequiredException,
            known.UserNotConfirmedException,
        ) as error:
            raise WrongPasswordError("not signed in") from error
        return self._who(username, answer)

    def set_password(
        self, username: str, password: str, challenge: str
    ) -> Staff | NewPasswordWanted:
        """Answer the demand for a new password; return who this is.

        Raises WeakPasswordError, WrongPasswordError where the challenge is too old.
        """
        known = self._client.exceptions
        try:
            answer = self._client.admin_respond_to_auth_challenge(
                UserPoolId=self._pool,
                ClientId=self._app,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": password},
                Session=challenge,
            )
        except known.InvalidPasswordException as error:
            raise WeakPasswordError("the password breaks a rule of the pool") from error
        except (
            known.NotAuthorizedException,
            known.CodeMismatchException,
            known.ExpiredCodeException,
            known.InvalidParameterException,
            known.UserNotFoundException,
        ) as error:
            raise WrongPasswordError("the challenge is over") from error
        return self._who(username, answer)

    def follow(self, member: Staff, day: date) -> None:
        """Give an account the groups, attributes and the door that the directory says.

        Raises UserNotFoundException of Cognito where there is no such account.
        """
        known = {"UserPoolId": self._pool, "Username": member.username}
        self._client.admin_update_user_attributes(
            **known,
            UserAttributes=[
                {"Name": "name", "Value": member.name},
                {"Name": "custom:department", "Value": member.department},
                *(
                    (
                        {"Name": "email", "Value": member.email},
                        {"Name": "email_verified", "Value": "true"},
                    )
                    if member.email
                    else ()
                ),
            ],
        )
        listed = self._client.admin_list_groups_for_user(**known)["Groups"]
        groups = {one["GroupName"] for one in listed} & set(Role)
        for role in groups - set(member.roles):
            self._client.admin_remove_user_from_group(**known, GroupName=role)
        for role in set(member.roles) - groups:
            self._client.admin_add_user_to_group(**known, GroupName=role)
        if has_left(member, day):
            self._client.admin_disable_user(**known)
        else:
            self._client.admin_enable_user(**known)

    def add(self, member: Staff) -> str:
        """Make an account; return its first password, to be changed at the first sign-in.

        One that is there already is taken over; it has a new first password if nobody has signed
        in with the one that it had, for who was to hear it may not have. Groups come by `follow`.
        """
        password = first_password()
        attributes = {
            "name": member.name,
            "email": member.email,
            "email_verified": "true" if member.email else "",
            "custom:department": member.department,
        }
        try:
            self._client.admin_create_user(
                UserPoolId=self._pool,
                Username=member.username,
                TemporaryPassword=password,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": name, "Value": value} for name, value in attributes.items() if value
                ],
            )
        except self._client.exceptions.UsernameExistsException:
            known = {"UserPoolId": self._pool, "Username": member.username}
            if self._client.admin_get_user(**known)["UserStatus"] != NEVER_SIGNED_IN:
                return ""
            self._client.admin_set_user_password(**known, Password=password, Permanent=False)
        return password

    def _who(self, username: str, answer: Mapping[str, Any]) -> Staff | NewPasswordWanted:
        if "AuthenticationResult" in answer:
            return enter(staff_of(answer["AuthenticationResult"]["IdToken"]))
        if answer.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
            # Another challenge (a second factor) was switched on by hand; we can't answer it.
            raise WrongPasswordError(f"challenge {answer.get('ChallengeName')} is not known")
        return NewPasswordWanted(username=username, challenge=answer["Session"])


def keep(change: Change) -> str:
    """Bring the pool and the directory to what a change says; return a new first password, or "".

    The pool goes first: the directory is what counts, so a change that stops half-way has given
    nobody a right, and is repeated as a whole. Raises StaleEntryError where somebody else changed
    the entry first; the pool then follows what that one says.
    """
    member, accounts, directory = change.after, Accounts.from_env(), StaffDirectory.from_env()
    day = day_of(change.at, load_settings().office)
    password = "" if change.before else accounts.add(member)
    accounts.follow(member, day)
    try:
        directory.save(change)
    except StaleEntryError:
        if entered := directory.find(member.username):
            accounts.follow(entered, day)
        raise
    return password


def enter(member: Staff) -> Staff:
    """Return somebody who signs in as the directory has the person; who is new is entered.

    Raises WrongPasswordError for who works here no more.
    """
    directory = StaffDirectory.from_env()
    entered = directory.find(member.username)
    if entered is None:
        directory.put(member)
        return member
    if has_left(entered, day_of(now(), load_settings().office)):
        raise WrongPasswordError("has left")
    return entered


def staff_of(token: str) -> Staff:
    """Return who an ID token is about; groups that are no role of ours say nothing."""
    payload = token.split(".")[1]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    username = claims["cognito:username"]
    groups = set(claims.get("cognito:groups", ()))
    return Staff(
        username=username,
        name=claims.get("name") or username,
        email=claims.get("email", ""),
        roles=tuple(role for role in Role if role in groups),
        department=claims.get("custom:department", ""),
    )


def first_password() -> str:
    """Return a random password that meets the rules of the pool: about 69 bits, all three kinds."""
    every = "".join(ALPHABETS)
    while True:
        password = "".join(secrets.choice(every) for _ in range(PASSWORD_LENGTH))
        if all(set(password) & set(letters) for letters in ALPHABETS):
            return password
