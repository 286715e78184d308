"""Seats in classes: who goes to which, who cancels, who books the same class again."""

from collections.abc import Iterator
from random import Random

from sandbox.clinics.booking import REASONS
from sandbox.clinics.clock import DAY, HOUR, MINUTE
from sandbox.clinics.story import Clinic, GroupClass, Visit


class Studio:
    """The timetable with the seats still free."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic
        self._free = {one.id: one.max_attendees for one in clinic.classes}

    def draw_seats(self, rng: Random, count: int) -> list[Visit]:
        """Exactly `count` rows; a class cancelled and booked again makes two of them."""
        seats: list[Visit] = []
        classes = self._weekly(rng)
        while len(seats) < count:
            group_class = next(classes)
            booked = min(group_class.starts_at - rng.randint(HOUR, 10 * DAY), self._clinic.as_of - HOUR)
            if count - len(seats) >= 2 and rng.random() < 0.05:
                seats.append(self._given_up(rng, group_class, booked - 2 * DAY))
            seats.append(self._seat(rng, group_class, booked))
        return seats

    def _weekly(self, rng: Random) -> Iterator[GroupClass]:
        """The same class each week for as long as there is one, then whatever has a free seat."""
        classes = self._clinic.classes
        week = 7 * max(1, len(classes) // 200)
        start = rng.randrange(len(classes))
        order = [*range(start, len(classes), week), *range(len(classes))]
        for position in dict.fromkeys(order):
            group_class = classes[position]
            if self._free[group_class.id] > 0:
                self._free[group_class.id] -= 1
                yield group_class
        raise ValueError("the classes have fewer seats than were ordered")

    def _row(self, rng: Random, group_class: GroupClass, created_at: int) -> Visit:
        return Visit(
            booking_id=group_class.id,
            attendee_id=self._clinic.new_id(rng.randint(1, 9)),
            starts_at=group_class.starts_at,
            ends_at=group_class.ends_at,
            created_at=created_at,
            updated_at=created_at,
            appointment_type_id=group_class.appointment_type_id,
            practitioner_id=group_class.practitioner_id,
            business_id=group_class.business_id,
            class_id=group_class.id,
        )

    def _seat(self, rng: Random, group_class: GroupClass, created_at: int) -> Visit:
        seat = self._row(rng, group_class, created_at)
        now = self._clinic.as_of
        luck = rng.random()
        if luck < 0.10:
            cancel_seat(rng, seat, rng.randint(created_at, max(created_at, min(now, seat.starts_at))))
        elif seat.ends_at <= now:
            seat.arrived, seat.did_not_arrive = luck < 0.60, luck > 0.95
            seat.updated_at = seat.ends_at
        if rng.random() < 0.007:
            seat.removed_at = seat.updated_at = rng.randint(seat.updated_at, now)
        return seat

    def _given_up(self, rng: Random, group_class: GroupClass, created_at: int) -> Visit:
        seat = self._row(rng, group_class, created_at)
        cancel_seat(rng, seat, created_at + rng.randint(MINUTE, DAY))
        return seat


def cancel_seat(rng: Random, seat: Visit, at: int) -> None:
    seat.cancelled_at = seat.updated_at = at
    seat.cancellation_reason = rng.choice(REASONS)
