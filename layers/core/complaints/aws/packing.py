"""How a record of a complaint's file lies in the table: its JSON, deflated.

DynamoDB bills each item by the kilobyte, and most of a record's JSON is names that every record
has. Deflated with these names known beforehand, a record takes about half, and the head of a
complaint a good third: on its usual way it stays within one kilobyte to the end.

Whoever has DICTIONARY can read it: `zlib.decompressobj(zdict=DICTIONARY)`.
"""

import zlib

import msgspec

WORDS = """
payment_id amount basis payer offered_by offered_at approved_by approved_at paid_at voucher
proxy_id name relation phone authority may_be_told everything written upload_id
case_id body number answered_at answer dispute_id opened_at ended_at
gate verified notice_id clock step to people told_at by acknowledged_by acknowledged_at passed_to
order_id department task issued_by issued_at start_at complete_at agreed_by agreed_at done_at
done_by result returned step_id announcement_id published_at username queue
record_id kind site_visit interview recording document by at words place
approver approved reason code department_head
investigator facts cause indirect_cause root_cause responsible ground nature nature_reason
measures reply compensation
complainant name email phone address building language zh_CN key
letter_id kind acknowledgement notice survey to language zh_CN queued_at references sent_at
message_id words text
contact_id channel phone web email received_at by complainant subject text demand occurred_on
service staff_involved files key evidence/mail- name size sha256 content_type image/jpeg
message_id references original inbox/ original.eml message/rfc822
number occurred_at check_sla actor action contact_added approved investigated status facts late
files outcome commitment previous digest
complaint_id TS-202 status received closed followed_up responded approved investigated assessed
channel email received_at registered_at policy tracking_code language zh_CN subject department
quality_office queue assessment type urgency important risk medium major proposed confidence
reasons clock what contact started_at due_at T00:00:00Z next_at steps calendar minutes
working_days moves pause extension from_at to_at was_due_at missed clocks pause reason until
respondents members ordered recorded document person contacts repeats emergency_at incident_at
agreed_at contacted_at investigator approver signed code username at responsible proven also
must_call_back written_at phoned_at reply_outcome accepted follow_up_outcome satisfied
followed_up_at satisfaction attempts attempted_at news_at overdue round_at closed_at
archive_key archive/general/202
"""
"""What records are full of, the most frequent last. Part of the format: never to be changed."""
DICTIONARY = "".join(f'","{word}":"' for word in WORDS.split()).encode()


def pack(record: msgspec.Struct) -> bytes:
    """Return a record as it is stored."""
    packer = zlib.compressobj(level=9, zdict=DICTIONARY)
    return packer.compress(msgspec.json.encode(record)) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """Return the JSON of a stored record; raises zlib.error if it was packed with other words."""
    unpacker = zlib.decompressobj(zdict=DICTIONARY)
    return unpacker.decompress(packed) + unpacker.flush()
