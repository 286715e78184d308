"""The log of messages: reminders and confirmations out, replies in, memos of calls, the odd newsletter."""

from random import Random

from sandbox.clinics.clock import DAY, HOUR, MINUTE
from sandbox.clinics.story import Clinic, Message, Patient, Visit

SMS, EMAIL, CALL = 1, 2, 3
REMINDER, FORWARDED, CONFIRMATION, LETTER, TEXT, REPLY, MEMO, BULK, FOLLOW_UP = 1, 2, 4, 5, 7, 8, 12, 15, 48
# weight, type, category, whether from the patient
ALONE = (
    (30, EMAIL, BULK, False),
    (10, EMAIL, LETTER, False),
    (14, CALL, MEMO, True),
    (14, CALL, MEMO, False),
    (12, SMS, TEXT, False),
    (14, SMS, TEXT, True),
    (6, EMAIL, FORWARDED, False),
)
ABOUT_A_VISIT = (
    (45, SMS, REMINDER, False),
    (20, EMAIL, CONFIRMATION, False),
    (20, SMS, REPLY, True),
    (15, EMAIL, FOLLOW_UP, False),
)


def draw_messages(rng: Random, clinic: Clinic, patient: Patient, count: int) -> None:
    for _ in range(count):
        if patient.visits and rng.random() < 0.7:
            patient.messages.append(_about(rng, clinic, rng.choice(patient.visits)))
        else:
            patient.messages.append(_alone(rng, clinic, patient))


def _about(rng: Random, clinic: Clinic, visit: Visit) -> Message:
    _, kind, category, inbound = rng.choices(ABOUT_A_VISIT, [row[0] for row in ABOUT_A_VISIT])[0]
    before = visit.starts_at - (DAY if category == REMINDER else 20 * HOUR)
    at = {CONFIRMATION: visit.created_at + MINUTE, FOLLOW_UP: visit.ends_at + DAY}.get(category, before)
    if at > clinic.as_of or at < visit.created_at:
        kind, category, inbound, at = EMAIL, CONFIRMATION, False, visit.created_at
    return Message(
        id=clinic.new_id(rng.randint(1, 5)),
        created_at=at,
        type_code=kind,
        category_code=category,
        inbound=inbound,
        booking_id=visit.booking_id,
        attendee_id=visit.attendee_id,
    )


def _alone(rng: Random, clinic: Clinic, patient: Patient) -> Message:
    """People on an edge say nothing on their own: their last visit stays their last contact."""
    _, kind, category, inbound = rng.choices(ALONE, [row[0] for row in ALONE])[0]
    if patient.rhythm == "edge" and category == TEXT:
        inbound = False
    message = Message(
        id=clinic.new_id(rng.randint(1, 5)),
        created_at=rng.randint(patient.created_at, clinic.as_of),
        type_code=kind,
        category_code=category,
        inbound=inbound,
    )
    if rng.random() < 0.01:
        message.removed_at = rng.randint(message.created_at, clinic.as_of)
    return message
