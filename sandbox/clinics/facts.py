"""Who and what exists at one instant: later facts left out, merged people gathered under their survivor."""

from collections import Counter
from dataclasses import dataclass, field

from sandbox.clinics.story import Business, Case, GroupClass, Invoice, Message, Patient, Story, Visit

MEMO = 12


def happened(instant: int | None, now: int) -> bool:
    return instant is not None and instant <= now


def zone_of(businesses: list[Business], now: int) -> str:
    """The most common zone of the live businesses; of equally common ones that of the oldest business."""
    live = [one for one in businesses if one.created_at <= now and not happened(one.removed_at, now)]
    if not live:
        return "UTC"
    count = Counter(one.time_zone for one in live)
    most = max(count.values())
    oldest_first = sorted(live, key=lambda one: (one.created_at, int(one.id)))
    return next(one.time_zone for one in oldest_first if count[one.time_zone] == most)


@dataclass(frozen=True, slots=True)
class SeenVisit:
    visit: Visit
    starts_at: int
    status: str


@dataclass(slots=True)
class Person:
    """A patient who was never merged away, with everything of those merged into them."""

    patient: Patient
    visits: list[SeenVisit] = field(default_factory=list)
    inbound: list[int] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    def starts(self, status: str) -> list[int]:
        return [seen.starts_at for seen in self.visits if seen.status == status]


@dataclass(frozen=True, slots=True)
class Known:
    live: list[Person]
    survivor_of: dict[str, str]
    contacts: int
    linked: int


def known_at(story: Story, now: int) -> Known:
    classes = story.class_of()
    survivors = {patient_id: survivor(story.patients, patient_id) for patient_id in story.patients}
    people = {patient_id: Person(story.patients[patient_id]) for patient_id in set(survivors.values())}
    for patient in story.patients.values():
        gather(people[survivors[patient.id]], patient, classes, now)
    for person in people.values():
        person.visits = one_row_a_class(person.visits)
    created = [person.patient for person in people.values() if person.patient.created_at <= now]
    return Known(
        live=[person for person in people.values() if is_live(person.patient, now)],
        survivor_of={lost: kept for lost, kept in survivors.items() if lost != kept},
        contacts=len(created),
        linked=sum(patient.purged_at is None for patient in created),
    )


def survivor(patients: dict[str, Patient], patient_id: str) -> str:
    """Follow the chain of merges to its end; in a loop the smallest id survives."""
    path = [patient_id]
    while (next_id := patients[path[-1]].merged_with) is not None and next_id in patients:
        if next_id in path:
            return min(path[path.index(next_id) :], key=int)
        path.append(next_id)
    return path[-1]


def is_live(patient: Patient, now: int) -> bool:
    """Merges and purges are as known now, archivings as they were at that instant."""
    gone = patient.purged_at is not None or happened(patient.archived_at, now)
    return patient.created_at <= now and not gone


def gather(person: Person, patient: Patient, classes: dict[str, GroupClass], now: int) -> None:
    for visit in patient.visits:
        seen = see(visit, classes, now)
        if seen is not None:
            person.visits.append(seen)
    person.inbound += [
        message.created_at
        for message in patient.messages
        if message.inbound and message.category_code != MEMO and stands(message, now)
    ]
    person.invoices += [invoice for invoice in patient.invoices if stands(invoice, now)]
    person.cases += [case for case in patient.cases if stands(case, now)]


def stands(record: Visit | Message | Invoice | Case, now: int) -> bool:
    return record.created_at <= now and not happened(record.removed_at, now)


def see(visit: Visit, classes: dict[str, GroupClass], now: int) -> SeenVisit | None:
    """The visit as it stands, or nothing where it is not made yet, removed, or removed with its class."""
    starts_at = visit.starts_at
    if visit.class_id is not None:
        group_class = classes[visit.class_id]
        starts_at = group_class.starts_at
        if happened(group_class.removed_at, now):
            return None
    if not stands(visit, now):
        return None
    return SeenVisit(visit, starts_at, status_of(visit, starts_at, now))


def status_of(visit: Visit, starts_at: int, now: int) -> str:
    if happened(visit.cancelled_at, now):
        return "cancelled"
    if starts_at > now:
        return "booked"
    return "missed" if visit.did_not_arrive and visit.class_id is None else "attended"


def one_row_a_class(visits: list[SeenVisit]) -> list[SeenVisit]:
    """A person's several seats in one class count once: a standing one first, then the one made first."""
    seats: dict[str, SeenVisit] = {}
    order = sorted(visits, key=lambda seen: (seen.status == "cancelled", seen.visit.created_at))
    for seen in order:
        seats.setdefault(seen.visit.class_id or f"individual {seen.visit.id}", seen)
    return list(seats.values())
