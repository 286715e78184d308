"""What may go wrong in any command that needs the warehouse or Cliniko, as a sentence for a person."""

from collections.abc import Iterator
from contextlib import contextmanager

from operations.errors import CommandError


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the failures that a person can mend into `CommandError`."""
    import psycopg  # noqa: PLC0415 - help must answer at once
    import pydantic  # noqa: PLC0415

    from ingestion.errors import SyncError  # noqa: PLC0415
    from warehouse.accounts import AccountError  # noqa: PLC0415

    try:
        yield
    except (SyncError, AccountError) as error:
        raise CommandError(error.message) from None
    except pydantic.ValidationError as error:
        names = ", ".join(str(fault["loc"][0]) for fault in error.errors())
        raise CommandError(f"settings are missing or wrong: {names}; run `routiq up` first") from None
    except psycopg.OperationalError:
        raise CommandError("the database cannot be reached; run `routiq up` first") from None
    except psycopg.errors.CheckViolation as error:
        raise CommandError(
            f"the database refuses the value ({error.diag.constraint_name}); ids are letters, digits,"
            " - and _, countries two capital letters"
        ) from None
    except psycopg.errors.UndefinedTable:
        raise CommandError("the warehouse is not set up; run `routiq up` first") from None
