"""A Clerk on loopback: an issuer with its own RS256 key, its key set, and session tokens of both versions.

The key is made on the first start and kept in `--home` (0700), so tokens outlive a restart. It plays only the
outside: the API verifies these tokens exactly as it verifies Clerk's. Who belongs to which organization is
told by `sandbox.clerk.backend`.

The header has what Clerk's has: `oiat`, when the claims were put together, on every token; on some `m`, which
Clerk documents nowhere.

`python -m sandbox clerk --port P --home DIR [--directory FILE]`
"""

import itertools
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import jwt
import typer
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from sandbox.clerk.backend import Backend, RefusedError, backend_router, control_router, refusal
from sandbox.clerk.directory import Organization, slug

SESSION_CATEGORY = "cl_B7d4PD111AAA"
DEFAULT_PARTY = "http://localhost:8000"


@dataclass
class SigningKey:
    key_id: str
    private: rsa.RSAPrivateKey

    def public(self) -> dict[str, Any]:
        """The key as the key set shows it."""
        numbers: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {
            "use": "sig",
            "kty": "RSA",
            "kid": self.key_id,
            "alg": "RS256",
            "n": numbers["n"],
            "e": numbers["e"],
        }


@dataclass
class KeyStore:
    """The newest key signs; the ones before it stay in the set until they are withdrawn."""

    folder: Path
    keys: list[SigningKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        for path in sorted(self.folder.glob("*.pem"), key=lambda found: found.stat().st_mtime_ns):
            private = serialization.load_pem_private_key(path.read_bytes(), None)
            if isinstance(private, rsa.RSAPrivateKey):
                self.keys.append(SigningKey(path.stem, private))
        if not self.keys:
            self.rotate()

    def rotate(self, *, keep_old: bool = True) -> SigningKey:
        if not keep_old:
            for key in self.keys:
                self._path(key).unlink(missing_ok=True)
            self.keys.clear()
        key = SigningKey(f"ins_{secrets.token_hex(13)}", rsa.generate_private_key(65537, 2048))
        self._write(key)
        self.keys.append(key)
        return key

    def _path(self, key: SigningKey) -> Path:
        return self.folder / f"{key.key_id}.pem"

    def _write(self, key: SigningKey) -> None:
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        descriptor = os.open(self._path(key), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private.private_bytes(*form))


class TokenOrder(BaseModel):
    """What a token shall say. `claims` and `header` overrule what would be said (null removes)."""

    model_config = ConfigDict(extra="forbid")

    organization_id: str | None = None
    role: str = "member"
    subject: str = "user_2sandboxSandboxSandboxSand"
    version: Literal[1, 2] = 2
    lifetime_seconds: int = Field(default=60, ge=1)
    authorized_party: str | None = None
    claims: dict[str, Any] = Field(default_factory=dict)
    header: dict[str, Any] = Field(default_factory=dict)


@dataclass
class Issuer:
    """Signs tokens in the shapes Clerk gives them."""

    url: str
    store: KeyStore
    authorized_party: str = DEFAULT_PARTY
    made: Iterator[int] = field(default_factory=itertools.count)

    def token(self, order: TokenOrder) -> str:
        key = self.store.keys[-1]
        header = without_nulls(self._header(key.key_id) | order.header)
        claims = without_nulls(self._claims(order) | order.claims)
        return jwt.encode(claims, key.private, algorithm="RS256", headers=header)

    def _header(self, key_id: str) -> dict[str, Any]:
        header = {
            "alg": "RS256",
            "cat": SESSION_CATEGORY,
            "kid": key_id,
            "oiat": int(time.time()),
            "typ": "JWT",
        }
        return header | ({"m": "edge"} if next(self.made) % 3 == 0 else {})

    def _claims(self, order: TokenOrder) -> dict[str, Any]:
        now = int(time.time())
        shared = {
            "azp": order.authorized_party or self.authorized_party,
            "exp": now + order.lifetime_seconds,
            "fva": [0, -1],
            "iat": now,
            "iss": self.url,
            "nbf": now - 10,
            "sid": f"sess_{secrets.token_hex(13)}",
            "sts": "active",
            "sub": order.subject,
        }
        return shared | (claims_v2(order) if order.version == 2 else claims_v1(order))


def claims_v1(order: TokenOrder) -> dict[str, Any]:
    if order.organization_id is None:
        return {}
    return {
        "org_id": order.organization_id,
        "org_permissions": [],
        "org_role": f"org:{order.role}",
        "org_slug": slug(order.organization_id),
    }


def claims_v2(order: TokenOrder) -> dict[str, Any]:
    if order.organization_id is None:
        return {"v": 2, "fea": "u:board", "pla": "u:free"}
    organization = {
        "fpm": "1",
        "id": order.organization_id,
        "per": "read",
        "rol": order.role,
        "slg": slug(order.organization_id),
    }
    return {"v": 2, "o": organization, "fea": "o:board", "pla": "o:free"}


def without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def create_app(issuer: Issuer, backend: Backend | None = None) -> FastAPI:
    """Clerk's public face (the key set), its Backend API, and beside them the sandbox's own controls."""
    app = FastAPI(title="Sandbox Clerk", docs_url=None, redoc_url=None, openapi_url=None)
    counts = {"key_set": 0}

    @app.get("/.well-known/jwks.json")
    def key_set() -> dict[str, Any]:
        counts["key_set"] += 1
        return {"keys": [key.public() for key in issuer.store.keys]}

    @app.post("/_sandbox/tokens")
    def make_token(order: TokenOrder) -> dict[str, str]:
        return {"token": issuer.token(order)}

    @app.post("/_sandbox/rotate")
    def rotate(keep_old: bool = True) -> dict[str, str]:
        return {"kid": issuer.store.rotate(keep_old=keep_old).key_id}

    @app.get("/_sandbox/requests")
    def requests() -> dict[str, int]:
        return counts

    if backend is not None:
        app.add_exception_handler(RefusedError, refusal)
        app.include_router(backend_router(backend))
        app.include_router(control_router(backend))
    return app


command = typer.Typer(add_completion=False, rich_markup_mode=None)


@command.command()
def serve(
    home: Annotated[Path, typer.Option(help="Folder that keeps the signing keys (0700).")],
    port: Annotated[int, typer.Option(envvar="ROUTIQ_CLERK_PORT", help="Port on 127.0.0.1.")] = 8092,
    authorized_party: Annotated[
        str, typer.Option(help="`azp` of tokens that do not name another.")
    ] = DEFAULT_PARTY,
    directory: Annotated[
        Path | None, typer.Option(help="JSON list of organizations with their members.")
    ] = None,
    secret_key: Annotated[
        str, typer.Option(envvar="ROUTIQ_CLERK_SECRET_KEY", help="Key of the Backend API; none without it.")
    ] = "",
) -> None:
    """Play Clerk: key set at /.well-known/jwks.json, tokens from POST /_sandbox/tokens, members at /v1."""
    listener = listen(port)
    issuer = Issuer(f"http://127.0.0.1:{port}", KeyStore(home), authorized_party)
    backend = Backend(secret_key)
    for organization in json.loads(directory.read_text()) if directory else []:
        backend.directory.put(Organization.model_validate(organization))
    app = create_app(issuer, backend if secret_key else None)
    config = uvicorn.Config(app, log_level="warning", timeout_keep_alive=75)
    uvicorn.Server(config).run(sockets=[listener])


def listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError as error:
        typer.echo(f"sandbox: 127.0.0.1:{port}: {error.strerror}; set ROUTIQ_CLERK_PORT", err=True)
        raise typer.Exit(1) from None
    return listener


def main(argv: list[str]) -> int:
    """Called by `python -m sandbox clerk`; ends the process itself when arguments are wrong."""
    command(args=argv, prog_name="python -m sandbox clerk")
    return 0


if __name__ == "__main__":
    command()
