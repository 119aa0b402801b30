"""Sign-in: who somebody is, as the user pool says; and new members of staff (H4, H5).

The console knows no more of signing in than the four calls of `Accounts`. What a person may do is
in the claims of the ID token: the groups are the roles, `custom:department` the department. The
token comes straight from Cognito over TLS, so its signature proves nothing more here.
"""

import base64
import secrets
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from complaints.aws.directory import StaffDirectory
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.lifecycle import ComplaintError
from complaints.models import Role, Staff

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


class NameTakenError(ComplaintError):
    """Somebody has this user name already."""

    text_id = "staff.people.taken"


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

    def add(self, member: Staff) -> str:
        """Make an account; return its first password, to be changed at the first sign-in.

        Raises NameTakenError.
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
        except self._client.exceptions.UsernameExistsException as error:
            raise NameTakenError(f"{member.username} is taken") from error
        for role in member.roles:
            self._client.admin_add_user_to_group(
                UserPoolId=self._pool, Username=member.username, GroupName=role
            )
        StaffDirectory.from_env().put(member)
        return password

    def _who(self, username: str, answer: Mapping[str, Any]) -> Staff | NewPasswordWanted:
        if "AuthenticationResult" in answer:
            return enter(staff_of(answer["AuthenticationResult"]["IdToken"]))
        if answer.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
            # Another challenge (a second factor) was switched on by hand; we can't answer it.
            raise WrongPasswordError(f"challenge {answer.get('ChallengeName')} is not known")
        return NewPasswordWanted(username=username, challenge=answer["Session"])


def enter(member: Staff) -> Staff:
    """Put the directory right about somebody who signs in; the phone number is only there."""
    directory = StaffDirectory.from_env()
    entered = {known.username: known for known in directory.all()}.get(member.username)
    current = member.replace(phone=entered.phone) if entered else member
    if current != entered:
        directory.put(current)
    return current


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
