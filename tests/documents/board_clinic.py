"""The clinic of the second document: 103 patients whose histories give all of its samples at once.

It is noon UTC on 30 June 2025, ten in the evening in Sydney. Days are counted back from there: a patient who
came 13 days ago came on 17 June. What the samples ask of each group is said where the group is told.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg

from tests.dbt_project.clinic import Clinic
from warehouse.settings import Settings

ORGANIZATION = "org_2abc123"
AS_OF = datetime(2025, 6, 30, 12, tzinfo=UTC)
SYNCED_AT = datetime(2025, 6, 30, 8, tzinfo=UTC)
ZONE = "Australia/Sydney"
JOHN, JANE = "1716214309854123456", "1716214309854123457"

ANSWERS = [{"name": "Range", "type": "text", "answer": "full"}]
NOTE = {"sections": [{"name": "Objective", "questions": ANSWERS}]}

Outreach = tuple[str, str, str, datetime, datetime | None]


def ago(days: int, hour: int) -> datetime:
    return datetime.combine(date(2025, 6, 30) - timedelta(days), time(hour), ZoneInfo(ZONE))


def deal(**counts: int) -> Iterator[str]:
    """So many of each, one after the other."""
    return itertools.chain.from_iterable(itertools.repeat(name, count) for name, count in counts.items())


class BoardClinic:
    """Tells what happened to each patient. A visit is booked the day before it, unless told otherwise."""

    def __init__(self, settings: Settings) -> None:
        self.clinic = Clinic(settings, ORGANIZATION, ZONE, SYNCED_AT).create()
        self.outreach: list[Outreach] = []
        self.ids = itertools.count(1_716_214_309_854_200_000)
        # The 89 successful patient-days: 67 that a booking follows, 22 that none does.
        self.booking_contacts = deal(phone=21, email_then_sms=14, sms=23, email=9)
        self.other_contacts = deal(phone=7, sms=15)

    def patient(self, last_name: str, first_name: str = "Pat", patient_id: str | None = None) -> str:
        patient_id = patient_id or str(next(self.ids))
        self.clinic.patient(
            patient_id,
            first_name=first_name,
            last_name=last_name,
            email=f"{first_name}.{last_name}@example.com".lower(),
            created_at=ago(700, 9),
        )
        return patient_id

    def patients(self, count: int, last_name: str) -> list[str]:
        return [self.patient(f"{last_name} {number + 1}") for number in range(count)]

    def came(self, patient: str, *days: int, booked: int | None = None, hour: int = 12) -> None:
        self._visits(patient, days, booked, hour, did_not_arrive=False)

    def missed(self, patient: str, *days: int, booked: int | None = None) -> None:
        self._visits(patient, days, booked, 12, did_not_arrive=True)

    def books_ahead(self, patient: str, day: int) -> None:
        self.came(patient, -3, booked=day)

    def _visits(
        self, patient: str, days: tuple[int, ...], booked: int | None, hour: int, *, did_not_arrive: bool
    ) -> None:
        for day in days:
            made = ago(day + 1 if booked is None else booked, 11)
            self.clinic.visit(
                str(next(self.ids)),
                patient,
                ago(day, hour),
                created_at=made,
                did_not_arrive=did_not_arrive,
            )

    def answers(self, patient: str, day: int, contacts: Iterator[str]) -> None:
        """A successful patient-day, by whatever comes next of the channels."""
        *before, last = next(contacts).split("_then_")
        for hour, method in enumerate([*before, last], 9):
            self.tried(patient, day, method, "success", hour=hour)

    def tried(
        self, patient: str, day: int, method: str, outcome: str, *, hour: int = 9, opened: bool = False
    ) -> None:
        at = ago(day, hour)
        self.outreach.append((patient, method, outcome, at, at + timedelta(minutes=20) if opened else None))

    def publish(self) -> None:
        self.clinic.accept()
        with psycopg.connect(self.clinic.settings.url("owner")) as connection:
            connection.cursor().executemany(
                "insert into app.outreach_log (organization_id, patient_id, method, outcome, occurred_at,"
                f" opened_at, logged_by) values ('{ORGANIZATION}', %s, %s, %s, %s, %s, 'user_front_desk')",
                self.outreach,
            )


def tell(settings: Settings) -> None:
    clinic = BoardClinic(settings)
    john = tell_john(clinic)
    quiet = [tell_jane(clinic), *tell_critical(clinic), *tell_high(clinic)]
    tell_medium(clinic)
    tell_low(clinic)
    regulars = [*tell_returned_twice(clinic), *tell_returned_once(clinic)]
    tell_unanswered(clinic, quiet)
    tell_the_month_before(clinic, regulars)
    assert john not in quiet
    clinic.publish()


def tell_john(clinic: BoardClinic) -> str:
    """Critical, 47 days: 80 + 1 + 2 x 2 = 85. Of his last seven visits five were kept, 71.4 %.

    51 answers to 65 attempts are the fewest that make 78.5 %; all of them lie before the last 30 days, and
    before the 30 days before.
    """
    john = clinic.patient("Smith", "John", JOHN)
    clinic.came(john, 47, 54, 61, 75, 82, hour=10)
    clinic.missed(john, 58, 68)
    clinic.came(john, 96, 103, 110, 117, 124, 131, 138, hour=10)
    clinic.clinic.note("1716214309854130001", john, NOTE, title="Progress", created_at=ago(47, 11))
    for week, outcome in enumerate(deal(success=51, no_response=14)):
        clinic.tried(john, 150 + 7 * week, "sms", outcome)
    return john


def tell_jane(clinic: BoardClinic) -> str:
    """Critical, 52 days: 80 + 2 + 2 x 2, + 3 for one visit kept of three = 89, the highest of all."""
    jane = clinic.patient("Doe", "Jane", JANE)
    clinic.came(jane, 52)
    clinic.missed(jane, 60, 70)
    return jane


def tell_critical(clinic: BoardClinic) -> list[str]:
    """Ten more: 84, 82 and 83 points, 1002 with John and Jane, 83.5 on average.

    The three of 59 days were 30 days away on 1 June: they are that day's three new at risk.
    """
    patients = clinic.patients(10, "Critical")
    for patient, day in zip(patients, [59] * 3 + [52] * 5 + [55] * 2, strict=True):
        clinic.came(patient, day)
    return patients


def tell_high(clinic: BoardClinic) -> list[str]:
    """Eight: five of 72 points, and 72, 72, 73 with a missed visit: 577, 72.1 on average.

    The three with a missed visit are priority 1; with the twelve critical they are the 15 to act on.
    """
    patients = clinic.patients(8, "High")
    for patient, day in zip(patients, [42] * 5 + [34, 34, 36], strict=True):
        clinic.came(patient, day)
        if day < 42:
            clinic.missed(patient, 60)
    return patients


def tell_medium(clinic: BoardClinic) -> None:
    """Fifteen: seven of 58 points, four of 58 and four of 59 with a missed visit: 874, 58.3 on average.

    The seven were critical on 31 May and answered on 1 June: that day's seven re-engaged. The other eight
    came, 20 and 22 days ago, and have nothing booked: 8 of the 18 without a future appointment.
    """
    for patient in clinic.patients(7, "Back"):
        clinic.came(patient, 100)
        clinic.answers(patient, 29, clinic.other_contacts)
    patients = clinic.patients(8, "Medium")
    for patient, day in zip(patients, [20] * 4 + [22] * 4, strict=True):
        clinic.came(patient, day, booked=28)
        clinic.missed(patient, 45)
    for patient in patients[:2]:
        clinic.answers(patient, 25, clinic.other_contacts)


def tell_low(clinic: BoardClinic) -> None:
    """Twenty-three with a missed visit: sixteen of 43 points, seven of 42: 982, 42.7 on average.

    Ten came and have nothing booked: the other 10 of the 18. Thirteen answered after a long time away; on
    31 May eight of them were high, as many as are now, and five critical.
    """
    patients = clinic.patients(23, "Low")
    days = [12] * 16 + [11] * 7
    for patient, day in zip(patients[:10], days[:10], strict=True):
        clinic.came(patient, day)
        clinic.missed(patient, 40)
    last_visits = [65] * 8 + [80] * 5
    for patient, day, last_visit in zip(patients[10:], days[10:], last_visits, strict=True):
        clinic.came(patient, last_visit)
        clinic.missed(patient, 88)
        clinic.answers(patient, day, clinic.other_contacts)


def tell_returned_twice(clinic: BoardClinic) -> list[str]:
    """Twenty-two engaged ones of 15 points who booked twice: they came, and booked again 6 days ago.

    Five booked the first time on 1 June, the day they were called: that day's five bookings.
    Days to re-engage: 5 x 0 + 17 x 3 + 22 x 11.
    """
    patients = clinic.patients(22, "Twice")
    for number, patient in enumerate(patients):
        clinic.came(patient, 45)
        answered, booked, came = (29, 29, 27) if number < 5 else (28, 25, 23)
        clinic.answers(patient, answered, clinic.booking_contacts)
        clinic.came(patient, came, booked=booked)
        clinic.answers(patient, 17, clinic.booking_contacts)
        clinic.books_ahead(patient, 6)
    return patients


def tell_returned_once(clinic: BoardClinic) -> list[str]:
    """Twenty-three engaged ones who booked once, 12 days after they were reached: 23 x 12 = 276 days.

    With the 22 above: 569 days over 67 bookings, 8.5 on average. Seven missed a visit in the last 14 days
    (17 and 15 points), the others have 15: 683 over 45, 15.2 on average. Four were critical on 31 May.
    """
    patients = clinic.patients(23, "Once")
    regulars = []
    for number, patient in enumerate(patients):
        booked = 5 if number < 4 else 4 if number < 7 else 6
        if number < 7:
            clinic.missed(patient, 8 + number % 5, booked=40)
        if 7 <= number < 11:
            clinic.came(patient, 80)
        else:
            clinic.came(patient, 45)
            regulars.append(patient)
        clinic.answers(patient, booked + 12, clinic.booking_contacts)
        clinic.books_ahead(patient, booked)
    return regulars


def tell_unanswered(clinic: BoardClinic, patients: list[str]) -> None:
    """The 56 patient-days without an answer, three of them on 1 June: 55 e-mails, 43 texts, 6 calls.

    22 of the e-mails were opened. Eight texts failed, three of those in the last 14 days.
    """
    days = [(patient, 29) for patient in patients[:3]]
    days += [(patient, day) for day in (20, 10) for patient in patients]
    days += [(patient, 3) for patient in patients[:15]]
    for number, (patient, day) in enumerate(days):
        if number > 0:
            clinic.tried(patient, day, "email", "no_response", opened=number <= 22)
        if 1 <= number <= 43:
            has_failed = 3 <= number <= 7 or 22 <= number <= 24
            clinic.tried(patient, day, "sms", "failed" if has_failed else "no_response")
        if number == 0 or number > 50:
            clinic.tried(patient, day, "phone", "no_response")


def tell_the_month_before(clinic: BoardClinic, patients: list[str]) -> None:
    """14 of 33 texts answered, 6 of 19 e-mails, 10 of 13 calls: what the channels are compared with."""
    for patient, method in zip(patients, deal(sms=14, email=6, phone=10), strict=False):
        clinic.tried(patient, 50, method, "success")
    for patient, method in zip(patients, deal(sms=19, email=13, phone=3), strict=False):
        clinic.tried(patient, 52, method, "no_response")
