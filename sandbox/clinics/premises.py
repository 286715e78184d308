"""The clinic itself: its places, people, kinds of appointments and timetable of classes."""

from random import Random

from sandbox.clinics.clock import DAY, HOUR, MINUTE, Calendar
from sandbox.clinics.names import FIRST_HALVES, GIVEN, SECOND_HALVES
from sandbox.clinics.options import ClinicOptions
from sandbox.clinics.roster import FIRST_ID, SEATS_EACH
from sandbox.clinics.story import AppointmentType, Business, Clinic, GroupClass, Practitioner

YEAR = 365 * DAY
SEATS_TAKEN = 5
TYPES = (
    ("Initial consultation", "Physiotherapy", 45, 12_100, 1),
    ("Standard consultation", "Physiotherapy", 30, 9_350, 1),
    ("Long consultation", "Physiotherapy", 60, 15_490, 1),
    ("Telehealth review", "Physiotherapy", 20, 6_600, 1),
    ("Remedial massage", "Massage", 60, 11_000, 1),
    ("Reformer class", "Classes", 50, 3_500, 12),
    ("Strong and steady class", "Classes", 45, 2_850, 10),
)
CITIES = ("Lower Fennel", "Port Example", "Sampleford")


def draw_premises(options: ClinicOptions) -> Clinic:
    rng = options.rng("premises")
    opened = options.as_of - 9 * YEAR
    clinic = Clinic(
        account_id=_account_id(options),
        name=options.name,
        country=options.country,
        time_zone=options.time_zone,
        seed=options.seed,
        as_of=options.as_of,
        next_id=FIRST_ID + 10**15 + rng.randrange(10**9),
        next_invoice_number=1,
        has_individual_attendees=options.sizes.individual_attendees,
        forbidden=list(options.forbidden),
        businesses=[],
        practitioners=[],
        appointment_types=[],
        classes=[],
    )
    _open_businesses(clinic, options, opened)
    _offer_types(clinic, opened)
    _hire(clinic, rng, opened, max(4, min(24, options.sizes.patients // 300)))
    _timetable(clinic, rng, options)
    return clinic


def _account_id(options: ClinicOptions) -> str:
    """Its own, and the same at every drawing; below all other ids but patients'."""
    return str(FIRST_ID + 10**14 + options.rng("account", options.name).randrange(10**14) * 2)


def _open_businesses(clinic: Clinic, options: ClinicOptions, opened: int) -> None:
    """Where there are two, a third was closed long ago in another zone: it must not decide the days."""
    for number in range(options.businesses):
        start = opened + number * YEAR
        clinic.businesses.append(
            Business(
                clinic.new_id(3), options.name, CITIES[number % 2], options.time_zone, start, start + DAY
            )
        )
    if options.businesses > 1:
        closed = opened + 30 * DAY
        clinic.businesses.append(
            Business(
                clinic.new_id(3), options.name, CITIES[2], "Pacific/Auckland", opened - DAY, closed, closed
            )
        )


def _offer_types(clinic: Clinic, opened: int) -> None:
    for name, category, minutes, cents, seats in TYPES:
        clinic.appointment_types.append(
            AppointmentType(clinic.new_id(3), name, category, minutes, cents, seats, opened, opened + HOUR)
        )
    clinic.appointment_types[4].removed_at = opened + 5 * YEAR
    clinic.appointment_types[4].updated_at = opened + 5 * YEAR


def _hire(clinic: Clinic, rng: Random, opened: int, count: int) -> None:
    for number in range(count):
        hired = opened + rng.randrange(4 * YEAR)
        clinic.practitioners.append(
            Practitioner(
                id=clinic.new_id(3),
                user_id=clinic.new_id(3),
                title=rng.choice(("Dr", "Ms", "Mr", "")),
                first_name=rng.choice(GIVEN),
                last_name=rng.choice(FIRST_HALVES) + rng.choice(SECOND_HALVES),
                active=number % 4 != 3,
                created_at=hired,
                updated_at=hired + DAY,
            )
        )


def _timetable(clinic: Clinic, rng: Random, options: ClinicOptions) -> None:
    """Classes three weeks ahead and as far back as the seats ordered need."""
    seats = options.sizes.group_attendees
    count = max(-(-seats // SEATS_TAKEN), min(seats, 2 * SEATS_EACH))
    calendar = Calendar(options.time_zone)
    today = calendar.day(options.as_of)
    a_day = max(1, count // 200)
    active = [one for one in clinic.practitioners if one.active]
    kinds = [one for one in clinic.appointment_types if one.max_attendees > 1]
    for number in range(count):
        kind = rng.choice(kinds)
        starts_at = calendar.at(today + 21 - number // a_day, rng.choice((6, 9, 12, 18, 22)) * HOUR)
        created_at = min(starts_at - 60 * DAY, options.as_of - DAY)
        clinic.classes.append(
            GroupClass(
                id=clinic.new_id(rng.randint(1, 9)),
                starts_at=starts_at,
                ends_at=starts_at + kind.minutes * MINUTE,
                created_at=created_at,
                updated_at=created_at,
                appointment_type_id=kind.id,
                practitioner_id=rng.choice(active).id,
                business_id=clinic.businesses[0].id,
                max_attendees=kind.max_attendees,
            )
        )
    for group_class in clinic.classes:
        if rng.random() < 0.02:
            group_class.removed_at = rng.randint(group_class.created_at, options.as_of)
            group_class.updated_at = group_class.removed_at
