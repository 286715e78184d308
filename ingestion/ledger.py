"""The stamps of the latest requests in `app.request_pace`: what `ingestion.cliniko.pace` begins with."""

from collections.abc import Sequence

import psycopg


class RequestLedger:
    """One organization's row, over a connection of its own in autocommit."""

    def __init__(self, connection: psycopg.Connection, organization_id: str) -> None:
        self._connection = connection
        self._organization_id = organization_id
        # What a crash of the server may lose here is a second of stamps; waiting for the disk costs more.
        connection.execute("set synchronous_commit = off")

    def read(self) -> Sequence[float]:
        rows = self._connection.execute(
            """
            select case when at = 'infinity' then 0 else extract(epoch from now() - at)::float8 end
            from app.request_pace, unnest(answered_at) as at where organization_id = %s
            """,
            [self._organization_id],
        ).fetchall()
        return [max(0.0, row[0]) for row in rows]

    def write(self, ages: Sequence[float | None]) -> None:
        self._connection.execute(
            """
            insert into app.request_pace (organization_id, answered_at, noted_at)
            select %(organization_id)s,
                array(
                    select coalesce(clock_timestamp() - make_interval(secs => age), 'infinity')
                    from unnest(%(ages)s::float8[]) as age
                ),
                clock_timestamp()
            on conflict (organization_id) do update
            set (answered_at, noted_at) = (excluded.answered_at, excluded.noted_at)
            """,
            {"organization_id": self._organization_id, "ages": list(ages)},
        )
