"""Forged and doubtful tokens, one of a kind each. Every one is made from a token that would be taken.

`REFUSED` are 401; `WITHOUT_RIGHT` are genuine and still 403. All are headers of a request for org_a.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.serving.conftest import Clerk

Headers = list[tuple[str, str]]
Forgery = Callable[[Clerk], Headers]
STRANGER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def dump(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def header(clerk: Clerk, **more: Any) -> dict[str, Any]:
    return {"alg": "RS256", "kid": clerk.issuer.store.keys[-1].key_id, "typ": "JWT"} | more


def claims(clerk: Clerk, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    organization = {"id": "org_a", "rol": "admin", "slg": "a", "per": "read", "fpm": "1"}
    return {
        "azp": clerk.issuer.authorized_party,
        "exp": now + 60,
        "iat": now,
        "iss": clerk.url,
        "nbf": now - 10,
        "sid": "sess_1",
        "sub": "user_1",
        "sts": "active",
        "v": 2,
        "o": organization,
    } | more


def old_claims(clerk: Clerk, **more: Any) -> dict[str, Any]:
    shared = without(claims(clerk), "v", "o")
    return shared | {"org_id": "org_a", "org_role": "org:admin", "org_slug": "a"} | more


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def sign(clerk: Clerk, head: Any = None, body: Any = None, key: Any = None, digest: Any = None) -> str:
    """A token with exactly this header and payload, genuinely signed unless another key is given."""
    signed = f"{encode(dump(head or header(clerk)))}.{encode(dump(body or claims(clerk)))}"
    private = key or clerk.issuer.store.keys[-1].private
    return f"{signed}.{encode(private.sign(signed.encode(), padding.PKCS1v15(), digest or hashes.SHA256()))}"


def bearer(token: str) -> Headers:
    return [("Authorization", f"Bearer {token}")]


def with_header(**more: Any) -> Forgery:
    return lambda clerk: bearer(sign(clerk, header(clerk, **more)))


def with_claims(**more: Any) -> Forgery:
    return lambda clerk: bearer(sign(clerk, body=claims(clerk, **more)))


def with_old_claims(**more: Any) -> Forgery:
    return lambda clerk: bearer(sign(clerk, body=old_claims(clerk, **more)))


def without_claim(name: str) -> Forgery:
    return lambda clerk: bearer(sign(clerk, body=without(claims(clerk), name)))


def organization(**more: Any) -> Forgery:
    return with_claims(o={"id": "org_a", "rol": "admin"} | more)


def later(**seconds: int) -> Forgery:
    """Instants relative to now."""
    return lambda clerk: bearer(
        sign(clerk, body=claims(clerk, **{name: int(time.time()) + value for name, value in seconds.items()}))
    )


def by_hmac(secret: Callable[[Clerk], bytes]) -> Forgery:
    def forge(clerk: Clerk) -> Headers:
        signed = f"{encode(dump(header(clerk, alg='HS256')))}.{encode(dump(claims(clerk)))}"
        return bearer(f"{signed}.{encode(hmac.digest(secret(clerk), signed.encode(), hashlib.sha256))}")

    return forge


def public_pem(clerk: Clerk) -> bytes:
    public = clerk.issuer.store.keys[-1].private.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def by_curve(clerk: Clerk) -> Headers:
    signed = f"{encode(dump(header(clerk, alg='ES256')))}.{encode(dump(claims(clerk)))}"
    first, second = decode_dss_signature(CURVE.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return bearer(f"{signed}.{encode(first.to_bytes(32) + second.to_bytes(32))}")


def by_pss(clerk: Clerk) -> Headers:
    signed = f"{encode(dump(header(clerk, alg='PS256')))}.{encode(dump(claims(clerk)))}"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signature = clerk.issuer.store.keys[-1].private.sign(signed.encode(), pss, hashes.SHA256())
    return bearer(f"{signed}.{encode(signature)}")


def of_any_class(body: Callable[[Clerk], dict[str, Any]]) -> Forgery:
    """As instances with `use_ignore_jwt_cat` stamp whatever they sign: sessions, templates and machines."""
    return lambda clerk: bearer(sign(clerk, header(clerk, cat="cl_I7d4PD111III"), body(clerk)))


def public_jwk(key_id: str) -> dict[str, Any]:
    """The stranger's key, as a header would carry it."""
    numbers: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)
    return numbers | {"kid": key_id, "use": "sig", "alg": "RS256"}


def changed(change: Callable[[str, str, str], str]) -> Forgery:
    """A genuine token whose text was changed."""
    return lambda clerk: bearer(change(*sign(clerk).split(".")))


def other_payload(head: str, _payload: str, signature: str) -> str:
    return f"{head}.{encode(b'{}')}.{signature}"


def last_bits(head: str, payload: str, signature: str) -> str:
    """Another spelling of the same signature: 256 bytes leave four bits of the last character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return f"{head}.{payload}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) + 1]}"


def raw(make: Callable[[str], Headers]) -> Forgery:
    """A genuine token, carried in another way."""
    return lambda clerk: make(sign(clerk))


FORMS: dict[str, Forgery] = {
    "no header": lambda _clerk: [],
    "empty header": lambda _clerk: [("Authorization", "")],
    "scheme only": lambda _clerk: [("Authorization", "Bearer")],
    "not a token": lambda _clerk: bearer("token"),
    "no scheme": raw(lambda token: [("Authorization", token)]),
    "scheme Basic": raw(lambda token: [("Authorization", f"Basic {token}")]),
    "two headers": raw(lambda token: bearer(token) * 2),
    "two tokens": raw(lambda token: bearer(f"{token} {token}")),
    "two spaces": raw(lambda token: bearer(f" {token}")),
    "a list of tokens": raw(lambda token: bearer(f"{token},{token}")),
    "in a cookie": raw(lambda token: [("Cookie", f"__session={token}")]),
    "in another header": raw(lambda token: [("X-Authorization", f"Bearer {token}")]),
    "two parts": changed(lambda head, payload, _signature: f"{head}.{payload}"),
    "four parts": changed(lambda head, payload, signature: f"{head}.{payload}.{signature}.x"),
    "five parts": changed(lambda head, payload, signature: f"{head}.{payload}.{signature}.x.y"),
    "padded": changed(lambda head, payload, signature: f"{head}.{payload}.{signature}=="),
    "no signature": changed(lambda head, payload, _signature: f"{head}.{payload}."),
    "short signature": changed(lambda head, payload, signature: f"{head}.{payload}.{signature[:-4]}"),
    "other signature": changed(lambda head, payload, signature: f"{head}.{payload}.{signature[::-1]}"),
    "other payload": changed(other_payload),
    "other spelling": changed(last_bits),
    "plus for minus": changed(lambda head, payload, signature: f"{head}.{payload}.+{signature[1:]}"),
    "too long": with_claims(custom="x" * 9000),
    "header no JSON": lambda clerk: bearer(sign(clerk, b"header")),
    "header a list": lambda clerk: bearer(sign(clerk, b'["RS256"]')),
    "header with alg twice": lambda clerk: bearer(sign(clerk, b'{"alg":"none",' + dump(header(clerk))[1:])),
    "payload no JSON": lambda clerk: bearer(sign(clerk, body=b"payload")),
    "payload a list": lambda clerk: bearer(sign(clerk, body=b"[1]")),
    "payload with sub twice": lambda clerk: bearer(
        sign(clerk, body=b'{"sub":"user_2",' + dump(claims(clerk))[1:])
    ),
    "payload in UTF-16": lambda clerk: bearer(sign(clerk, body=json.dumps(claims(clerk)).encode("utf-16"))),
    "payload no UTF-8": lambda clerk: bearer(sign(clerk, body=b'{"sub":"\xff"}')),
    "payload very deep": lambda clerk: bearer(sign(clerk, body=b'{"o":' + b"[" * 2800 + b"]" * 2800 + b"}")),
    "NaN": lambda clerk: bearer(sign(clerk, body=b'{"exp":NaN,' + dump(without(claims(clerk), "exp"))[1:])),
    "number of 5000 digits": lambda clerk: bearer(
        sign(clerk, body=b'{"exp":' + b"9" * 5000 + b"," + dump(without(claims(clerk), "exp"))[1:])
    ),
}
KEYS: dict[str, Forgery] = {
    "alg none": lambda clerk: bearer(
        f"{encode(dump(header(clerk, alg='none')))}.{encode(dump(claims(clerk)))}."
    ),
    "alg none, signed": with_header(alg="none"),
    "alg None": with_header(alg="None"),
    "alg missing": lambda clerk: bearer(sign(clerk, without(header(clerk), "alg"))),
    "alg in lower case": with_header(alg="rs256"),
    "alg a list": with_header(alg=["RS256"]),
    "alg HS256 by the public key": by_hmac(public_pem),
    "alg HS256 by the modulus": by_hmac(
        lambda clerk: str(clerk.issuer.store.keys[-1].public()["n"]).encode()
    ),
    "alg HS256 by nothing": by_hmac(lambda _clerk: b""),
    "alg RS384": lambda clerk: bearer(sign(clerk, header(clerk, alg="RS384"), digest=hashes.SHA384())),
    "alg RS512": lambda clerk: bearer(sign(clerk, header(clerk, alg="RS512"), digest=hashes.SHA512())),
    "alg PS256": by_pss,
    "alg ES256": by_curve,
    "signed by a stranger": lambda clerk: bearer(sign(clerk, key=STRANGER)),
    "signed over SHA-512": lambda clerk: bearer(sign(clerk, digest=hashes.SHA512())),
    "kid missing": lambda clerk: bearer(sign(clerk, without(header(clerk), "kid"))),
    "kid empty": with_header(kid=""),
    "kid unknown": with_header(kid="ins_unknown"),
    "kid a number": with_header(kid=1),
    "kid a path": with_header(kid="../../dev/null"),
    "kid SQL": with_header(kid="x' or '1'='1"),
    "kid very long": with_header(kid="k" * 300),
    "typ at+jwt": with_header(typ="at+jwt"),
    "typ a number": with_header(typ=1),
    "typ application/at+jwt": with_header(typ="application/at+jwt"),
    "typ in lower case": with_header(typ="jwt"),
    "crit": with_header(crit=["b64"], b64=False),
    "crit empty": with_header(crit=[]),
    "crit null": with_header(crit=None),
    "crit of what Clerk adds": with_header(crit=["oiat"], oiat=1_800_000_000),
    "b64 false": with_header(b64=False),
    "jwk of a stranger": lambda clerk: bearer(
        sign(clerk, header(clerk, jwk=public_jwk("ins_stranger")), key=STRANGER)
    ),
    "jwk of a stranger, by its id": lambda clerk: bearer(
        sign(clerk, header(clerk, kid="ins_stranger", jwk=public_jwk("ins_stranger")), key=STRANGER)
    ),
    "jwk of a stranger, by our id": lambda clerk: bearer(
        sign(clerk, header(clerk, jwk=public_jwk(header(clerk)["kid"])), key=STRANGER)
    ),
    "x5c of a stranger": lambda clerk: bearer(sign(clerk, header(clerk, x5c=["AAAA"]), key=STRANGER)),
    "cat of a template": with_header(cat="cl_B7d4PD222AAA"),
    "cat of a machine": with_header(cat="cl_B7d4PD333AAA"),
    "cat unknown": with_header(cat="cl_B7d4PD444AAA"),
    "cat in lower case": with_header(cat="cl_b7d4pd111aaa"),
    "cat empty": with_header(cat=""),
    "cat null": with_header(cat=None),
    "cat a number": with_header(cat=1),
    "cat a list": with_header(cat=["cl_B7d4PD111AAA"]),
    "cat that tells nothing, no session": of_any_class(lambda clerk: without(claims(clerk), "sid")),
    "cat that tells nothing, session null": of_any_class(lambda clerk: claims(clerk, sid=None)),
    "cat that tells nothing, a machine": of_any_class(lambda clerk: claims(clerk, sub="mch_1")),
    "cat that tells nothing, at+jwt": with_header(cat="cl_I7d4PD111III", typ="at+jwt"),
}
CLAIMS: dict[str, Forgery] = {
    **{f"{name} missing": without_claim(name) for name in ("exp", "nbf", "iat", "iss", "sub", "azp")},
    **{f"{name} null": with_claims(**{name: None}) for name in ("exp", "nbf", "iat", "iss", "sub", "azp")},
    **{f"{name} in a string": with_claims(**{name: "1900000000"}) for name in ("exp", "nbf", "iat")},
    **{f"{name} true": with_claims(**{name: True}) for name in ("exp", "nbf", "iat")},
    **{f"{name} a fraction": with_claims(**{name: time.time() + 1.5}) for name in ("exp", "nbf", "iat")},
    **{f"{name} a list": with_claims(**{name: ["x"]}) for name in ("iss", "sub", "azp", "sid")},
    "exp of 2**64": with_claims(exp=2**64),
    "exp negative": with_claims(exp=-1),
    "expired": later(exp=-6, iat=-60, nbf=-60),
    "not yet": later(nbf=60),
    "issued in the future": later(iat=60, exp=120, nbf=0),
    "longer than an hour": later(exp=3601, iat=0),
    "exp before iat": later(exp=1, iat=3),
    "nbf after exp": later(nbf=4, iat=0, exp=3),
    "another issuer": with_claims(iss="https://clerk.example.com"),
    "issuer empty": with_claims(iss=""),
    "issuer with two slashes": lambda clerk: bearer(sign(clerk, body=claims(clerk, iss=f"{clerk.url}//"))),
    "issuer with a path": lambda clerk: bearer(sign(clerk, body=claims(clerk, iss=f"{clerk.url}/x"))),
    "another party": with_claims(azp="https://evil.example.com"),
    "party empty": with_claims(azp=""),
    "party a slash": with_claims(azp="/"),
    "party with two slashes": with_claims(azp="https://app.example.com//"),
    "party with a path": with_claims(azp="https://app.example.com/x"),
    "party with a port": with_claims(azp="https://app.example.com:444"),
    "party on this machine": with_claims(azp="http://localhost:3000"),
    "party with a star": with_claims(azp="http://localhost:*"),
    "party as prefix": with_claims(azp="https://app.example.com.evil.example.com"),
    "sub empty": with_claims(sub=""),
    "sub of a machine": with_claims(sub="mch_1"),
    "sub with a line end": with_claims(sub="user_1\n"),
    "sub with a NUL": with_claims(sub="user_1\0"),
    "sub with a lone surrogate": lambda clerk: bearer(
        sign(clerk, body=b'{"sub":"user_\\ud800",' + dump(without(claims(clerk), "sub"))[1:])
    ),
    "pending": with_claims(sts="pending"),
    "status unknown": with_claims(sts="half"),
    "status a list": with_claims(sts=["active"]),
    "for another service": with_claims(aud="https://api.example.com"),
    "impersonated": with_claims(act={"sub": "user_2"}),
    "version 1 said": with_claims(v=1),
    "version 3": with_claims(v=3),
    "version in a string": with_claims(v="2"),
    "version a fraction": with_claims(v=2.0),
    "version null": with_claims(v=None),
    "version 2 with org_id": with_claims(org_id="org_a"),
    "version 2 with org_role": with_claims(org_role="org:admin"),
    "version 1 with o": with_old_claims(o={"id": "org_a", "rol": "admin"}),
    "version 1 with fea": with_old_claims(fea="o:board"),
    "version 1, role without prefix": with_old_claims(org_role="admin"),
    "version 1, role a list": with_old_claims(org_role=["org:admin"]),
    "version 1, org_id a list": with_old_claims(org_id=["org_a"]),
    "o a string": with_claims(o="org_a"),
    "o a list": with_claims(o=[{"id": "org_a", "rol": "admin"}]),
    "o without id": with_claims(o={"rol": "admin"}),
    "o without role": with_claims(o={"id": "org_a"}),
    "o.id a number": organization(id=1),
    "o.id SQL": organization(id="org_a' or true --"),
    "o.id with a line end": organization(id="org_a\n"),
    "o.id empty": organization(id=""),
    "o.rol with prefix": organization(rol="org:admin"),
    "o.rol a list": organization(rol=["admin"]),
}
REFUSED = FORMS | KEYS | CLAIMS
WITHOUT_RIGHT: dict[str, Forgery] = {
    "no organization": lambda clerk: bearer(sign(clerk, body=without(claims(clerk), "o"))),
    "organization null": with_claims(o=None),
    "version 1, no organization": lambda clerk: bearer(
        sign(clerk, body=without(old_claims(clerk), "org_id", "org_role", "org_slug"))
    ),
    "role of another kind": organization(rol="doctor"),
    "role in other case": organization(rol="Admin"),
    "version 1, role of another kind": with_old_claims(org_role="org:doctor"),
    "another organization": organization(id="org_b"),
    "an organization in other case": organization(id="ORG_A"),
    "version 1, another organization": with_old_claims(org_id="org_b"),
}
TAKEN: dict[str, Forgery] = {
    "version 2": lambda clerk: bearer(sign(clerk)),
    "version 1": lambda clerk: bearer(sign(clerk, body=old_claims(clerk))),
    "of the session class": with_header(cat="cl_B7d4PD111AAA"),
    "of any class, naming its session": with_header(cat="cl_I7d4PD111III"),
    "oiat and m": with_header(oiat=1_800_000_000, m="edge"),
    "headers nobody knows": with_header(oiat="x", m=None, new={"a": [1]}, zip="DEF", cty="JWT", nonce="1"),
    "jku, x5u": with_header(jku="https://example.com/jwks.json", x5u="https://example.com/cert"),
    "jwk, x5c": with_header(jwk={"kty": "oct", "k": "AAAA"}, x5c=["AAAA"]),
    "typ missing": lambda clerk: bearer(sign(clerk, without(header(clerk), "typ"))),
    "issuer with a slash": lambda clerk: bearer(sign(clerk, body=claims(clerk, iss=f"{clerk.url}/"))),
    "party with a slash": with_claims(azp="https://app.example.com/"),
    "claims nobody knows": with_claims(cat="cl_B7d4PD333AAA", jti="1", fva=[0, -1], fea="o:a", pla="o:b"),
    "version 1, claims nobody knows": with_old_claims(metadata={"a": [None]}, org_permissions=["org:x:read"]),
    "scheme in lower case": raw(lambda token: [("Authorization", f"bearer {token}")]),
    "an hour long": later(exp=3600, iat=0),
    "expired within the skew": later(exp=-3, iat=-60, nbf=-60),
    "issued within the skew": later(iat=3, nbf=3, exp=60),
}
