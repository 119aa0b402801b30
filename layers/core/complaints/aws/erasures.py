"""What lies of a complaint in plain, outside the table's encrypted parts; and its end (F7).

What came by the web lies under `evidence/<number>/`, what was attached to a mail in the folder of
that mail, raw mails under `inbox/`, each with all its versions. Rows of the quarantine hold the
sender and the subject of a mail: the row stays, those words go.
"""

from datetime import datetime

from complaints.aws import evidence, mail_ledger, owndata, quarantine
from complaints.aws.items import filed, is_personal, key_of, read
from complaints.aws.keys import NoKeyError, keys
from complaints.aws.mail_ledger import Place
from complaints.aws.registration import Registry
from complaints.aws.repository import ComplaintRepository
from complaints.aws.runtime import client
from complaints.aws.settings import resource
from complaints.aws.table import Table
from complaints.models import Complaint, Dossier, sortable
from complaints.parts import Merged, Notice


def delete_uploads(complaint_id: str) -> None:
    """Delete every version of all that lies under the number of a complaint."""
    _delete("EVIDENCE_BUCKET", f"evidence/{complaint_id}/")


def delete_evidence(dossier: Dossier) -> None:
    """Delete every version of all evidence of a complaint, and of the copies that hold it.

    A copy of a person's data lies under the number that it was asked with, and may hold others.
    """
    number = dossier.complaint.complaint_id
    delete_uploads(number)
    for folder in sorted(_folders(dossier)):
        _delete("EVIDENCE_BUCKET", f"evidence/{folder}/")
    for file in (file for contact in dossier.contacts for file in contact.files):
        _delete("EVIDENCE_BUCKET", file.key)
    for request in dossier.requests:
        for other in request.complaints:
            _delete("EVIDENCE_BUCKET", owndata.place(other, request.request_id))


def _folders(dossier: Dossier) -> set[str]:
    """Return the folders of the mails of a complaint.

    A mail that a person added lies in two: it was read before it was set aside. Not the folder of a
    Message-ID that another complaint has: there only the complaint's own files are deleted.
    """
    number, registry = dossier.complaint.complaint_id, Registry.from_env()
    found: set[str] = set()
    for contact in dossier.contacts:
        if not contact.original:
            continue
        claimed = f"mail:{contact.message_id}"
        known = evidence.folder_of(claimed) if contact.message_id else ""
        if contact.contact_id != known:
            found.add(contact.contact_id)
        holder = registry.claimed(claimed) if known else None
        if holder and holder.complaint_id == number:
            found.add(known)
    return found


def delete_mails(dossier: Dossier) -> None:
    """Delete the raw mails of a complaint; of their rows in quarantine the personal words first.

    Not those that wait for a person, or that a person has said to be about another complaint.
    """
    number = dossier.complaint.complaint_id
    places = {place.key: place for place in mail_ledger.of_complaint(number)}
    originals = {one.original.key for one in dossier.contacts if one.original}
    for key in sorted(places.keys() | originals):
        place = places.get(key) or _place(key)
        if place and not quarantine.clear(place.arrived, key, number):
            continue
        _delete("MAIL_BUCKET", key)


def _place(key: str) -> Place | None:
    """Return where the rows of a raw mail lie, by the object itself; None once it is gone."""
    s3 = client("s3")
    try:
        stored = s3.head_object(Bucket=resource("MAIL_BUCKET"), Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
        return None
    return Place(arrived=stored["LastModified"].replace(microsecond=0), key=key)


def _delete(bucket: str, place: str) -> None:
    """Delete all versions, marks of deletion included, of one object or of a folder (`.../`)."""
    s3, name = client("s3"), resource(bucket)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name, Prefix=place):
        for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            if one["Key"] == place or place.endswith("/"):
                s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])


def destroy_key(complaint_id: str, request_id: str, at: datetime) -> None:
    """Destroy the data key; of a complaint that never had one it is noted that none will come."""
    try:
        keys().destroy(complaint_id, request_id, at)
    except NoKeyError:
        client("dynamodb").update_item(
            TableName=resource("KEYS_TABLE"),
            Key={"key_id": {"S": complaint_id}},
            UpdateExpression="SET destroyed_at = :at, request_id = :request",
            ExpressionAttributeValues={
                ":at": {"S": sortable(at)},
                ":request": {"S": request_id},
            },
        )


def blank(complaint_id: str) -> None:
    """Take the content off personal parts that lie in plain: of complaints older than the keys.

    Of what was told to somebody then the words go, and who was told what stays.
    """
    table = Table.from_env()
    for row in ComplaintRepository.from_env().rows(complaint_id):
        part = row["part"]["S"]
        if "document" in row and is_personal(part):
            table.client.update_item(
                TableName=table.name,
                Key=key_of(complaint_id, part),
                UpdateExpression="REMOVE document",
            )
        elif part.startswith("told#") and (told := read(row, Notice)).reason:
            wordless = filed(complaint_id, part, told.replace(reason=""))
            table.client.put_item(TableName=table.name, Item=row | wordless)


def unlink(complaint: Complaint) -> None:
    """Take the mark of the person off the link by which another complaint counts this one."""
    table = Table.from_env()
    part = f"merged#{complaint.complaint_id}"
    found = table.get(complaint.merged_into, part) if complaint.merged_into else {}
    if found:
        link = read(found, Merged).replace(person="")
        table.client.put_item(TableName=table.name, Item=filed(complaint.merged_into, part, link))
