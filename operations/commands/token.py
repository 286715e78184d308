"""`routiq token`: a session token from the sandbox's Clerk, to try the API with. A real Clerk gives none."""

import json
from collections.abc import Sequence
from typing import Literal

import typer

from operations.commands.known import known_organization
from operations.errors import CommandError
from warehouse.loopback import is_loopback_url


def register(app: typer.Typer) -> None:
    app.command("token")(token)


def token(
    organization: str = typer.Option(..., "--org", help="The organization the token speaks for."),
    role: Literal["admin", "member"] = typer.Option("member", help="Members read; admins also sync."),
    operator: bool = typer.Option(False, "--operator", help="Speak as the first of ROUTIQ_OPERATORS."),
    minutes: int = typer.Option(
        60, min=1, max=60, help="How long it is valid; the API takes an hour at most."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Print a session token of the sandbox's Clerk."""
    from operations.commands.readable import readable_errors  # noqa: PLC0415 - help must answer at once
    from operations.settings import PlatformSettings  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors():
        platform = PlatformSettings()
        issuer = platform.clerk_issuer or f"http://127.0.0.1:{platform.clerk_port}"
        require_sandbox(issuer)
        known_organization(Settings.load(), organization)
    order: dict[str, object] = {
        "organization_id": organization,
        "role": role,
        "lifetime_seconds": minutes * 60,
    }
    if party := first(platform.clerk_authorized_parties):
        order["authorized_party"] = party
    if operator:
        order["subject"] = first(platform.operators) or no_operator()
    made = ask(issuer, order)
    typer.echo(json.dumps({"token": made}) if as_json else made)


def first(written: Sequence[str]) -> str:
    """The first that is written out: a party with any port is none to name in a token."""
    return next((part for part in written if "*" not in part), "")


def no_operator() -> str:
    raise CommandError(
        "ROUTIQ_OPERATORS names nobody; set it to a comma list of subjects, as the API has them "
        "(of the demo: user_demo_operator)"
    )


def require_sandbox(issuer: str) -> None:
    """The sandbox's Clerk is always on this machine.

    Raises:
        CommandError: the issuer is elsewhere.
    """
    if not is_loopback_url(issuer):
        raise CommandError(
            "ROUTIQ_CLERK_ISSUER is not the sandbox; a real Clerk gives tokens to browsers only"
        )


def ask(issuer: str, order: dict[str, object]) -> str:
    """Ask the sandbox's Clerk.

    Raises:
        CommandError: the issuer is away, or refuses.
    """
    import httpx  # noqa: PLC0415 - `routiq --help` shall not wait for it

    try:
        answer = httpx.post(f"{issuer}/_sandbox/tokens", json=order, timeout=5, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise CommandError(
            f"the sandbox's Clerk at {issuer} gave no token ({type(error).__name__}); "
            "is it running? Set ROUTIQ_CLERK_ISSUER or ROUTIQ_CLERK_PORT if it is elsewhere"
        ) from None
    return str(answer.json()["token"])
