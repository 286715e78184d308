"""Ways of breaking the guard, each a change of the product's own source text, and how a module is changed so.

`Mutant` says where, what becomes what, and which check of `test_mutants.py` must notice. A text that is no
longer in the source is an error: the list stays as true as the code.
"""

import inspect
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel


@dataclass(frozen=True)
class Mutant:
    module: str
    old: str
    new: str
    noticed_by: str


MUTANTS = {
    "the setting outlives its transaction": Mutant(
        "serving.data.database",
        '"set local app.organization_id',
        '"set app.organization_id',
        "nothing_is_carried_over",
    ),
    "the header decides": Mutant(
        "serving.access.guard",
        "        check_agreement(request, caller.organization_id)\n"
        "        request.state.member = self._member(caller, caller.organization_id)\n",
        '        named = request.headers.get("x-organization-id", caller.organization_id)\n'
        "        check_agreement(request, named)\n"
        "        request.state.member = self._member(caller, named)\n",
        "headers_only_agree",
    ),
    "the header is not compared": Mutant(
        "serving.access.guard",
        'named += request.headers.getlist("x-organization-id")',
        "named += []",
        "headers_only_agree",
    ),
    "the path is not compared": Mutant(
        "serving.access.guard", "if name in request.path_params]", "if False]", "paths_only_agree"
    ),
    "the body is not compared": Mutant(
        "serving.features.clerk.router",
        "if order.organization_id != caller.organization_id:",
        "if False:",
        "bodies_only_agree",
    ),
    "the role is not asked": Mutant(
        "serving.access.guard",
        'if self.role == "admin" and caller.role != "admin":',
        "if False:",
        "members_do_not_sync",
    ),
    "everybody is an operator": Mutant(
        "serving.access.tokens",
        "is_operator=claims.sub in rules.operators",
        "is_operator=True",
        "members_see_their_own",
    ),
    "answers are kept for all organizations": Mutant(
        "serving.data.cache",
        "return cls(organization_id, statement,",
        'return cls("", statement,',
        "answers_are_its_own",
    ),
    "a known answer needs no token": Mutant(
        "serving.access.guard",
        "        caller = await authenticate(request.headers, gate.verifier)\n",
        '        if "if-none-match" in request.headers:\n            raise Forbidden\n'
        "        caller = await authenticate(request.headers, gate.verifier)\n",
        "strangers_learn_nothing",
    ),
    "the limit is one for all": Mutant(
        "serving.access.limits",
        "self._buckets.setdefault((organization_id, tier),",
        'self._buckets.setdefault(("", tier),',
        "limits_are_its_own",
    ),
    "the limit is not asked": Mutant(
        "serving.access.guard", "if not standing.admitted:", "if False:", "limits_are_its_own"
    ),
    "nobody writes down who looked": Mutant(
        "serving.data.audit",
        "        await audit.write(member.organization_id, row)\n",
        "        pass\n",
        "views_are_written_down",
    ),
    "only what a handler asks for is written down": Mutant(
        "serving.data.reply",
        "if answer.patient_ids or self.query is not None:",
        "if self.query is not None:",
        "forgetful_routes_are_written_down",
    ),
    "the route sends without writing down": Mutant(
        "serving.data.reply",
        "if answer.patient_ids or self.query is not None:",
        "if False:",
        "views_are_written_down",
    ),
    "an answer that cannot be written down is given": Mutant(
        "serving.data.audit",
        "        raise Unavailable from None\n",
        "        return\n",
        "no_record_no_answer",
    ),
    "the audit names nobody": Mutant(
        "serving.data.audit",
        '"patient_ids": list(patient_ids)',
        '"patient_ids": []',
        "views_are_written_down",
    ),
    "the signature is not checked": Mutant(
        "serving.access.tokens",
        "self._jws.decode_complete(token, key, algorithms=[ALGORITHM])",
        'self._jws.decode_complete(token, options={"verify_signature": False})',
        "forgeries_are_refused",
    ),
    "the header names the algorithm": Mutant(
        "serving.access.tokens",
        'if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT":',
        'if header.get("typ", "JWT") != "JWT":',
        "algorithms_are_not_chosen",
    ),
    "exp is not read": Mutant(
        "serving.access.tokens", "if now >= claims.exp + SKEW_SECONDS:", "if False:", "forgeries_are_refused"
    ),
    "nbf is not read": Mutant(
        "serving.access.tokens",
        "max(claims.nbf, claims.iat) - SKEW_SECONDS",
        "claims.iat - SKEW_SECONDS",
        "forgeries_are_refused",
    ),
    "a token may live for ever": Mutant(
        "serving.access.tokens",
        "0 < claims.exp - claims.iat <= LONGEST_LIFE_SECONDS",
        "True",
        "forgeries_are_refused",
    ),
    "any issuer": Mutant(
        "serving.access.tokens",
        "if bare(claims.iss) != bare(rules.issuer):",
        "if False:",
        "forgeries_are_refused",
    ),
    "any party": Mutant(
        "serving.access.tokens",
        "if claims.azp not in rules.authorized_parties:",
        "if False:",
        "forgeries_are_refused",
    ),
    "other classes of tokens": Mutant(
        "serving.access.tokens",
        "if category not in (SESSION_CATEGORY, ANY_CATEGORY):",
        "if False:",
        "forgeries_are_refused",
    ),
    "a token of any class is one of a session": Mutant(
        "serving.access.tokens",
        "if header.is_of_any_class and claims.sid is None:",
        "if False:",
        "forgeries_are_refused",
    ),
    "what must be understood is passed over": Mutant(
        "serving.access.tokens", 'if "crit" in header:', "if False:", "critical_headers_are_refused"
    ),
    "both versions mixed": Mutant(
        "serving.access.tokens",
        "if content.keys() & (ONLY_V1 if version is ClaimsV2 else ONLY_V2):",
        "if False:",
        "forgeries_are_refused",
    ),
    "pending sessions": Mutant(
        "serving.access.claims",
        'sts: Literal["active"] = "active"',
        "sts: object = None",
        "forgeries_are_refused",
    ),
    "tenant isolation is not looked at": Mutant(
        "serving.data.tenancy", "    if holes:\n", "    if False:\n", "no_answer_through_a_hole"
    ),
}


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """The running product with that text changed, until the block ends.

    Functions keep their identity and get the other code, since routers and callers hold them already.
    """
    module = import_module(mutant.module)
    source = inspect.getsource(module)
    assert source.count(mutant.old) == 1, f"{mutant.module} does not say this once: {mutant.old}"
    changed = {**vars(module)}
    exec(compile(source.replace(mutant.old, mutant.new), f"mutant of {mutant.module}", "exec"), changed)  # noqa: S102
    with pytest.MonkeyPatch.context() as patch:
        for name, old in list(vars(module).items()):
            if getattr(old, "__module__", None) == mutant.module:
                _replace(patch, old, changed[name])
        yield


def _replace(patch: pytest.MonkeyPatch, old: Any, new: Any) -> None:
    if isinstance(old, types.FunctionType):
        patch.setattr(old, "__code__", new.__code__)
    elif isinstance(old, type) and issubclass(old, BaseModel):
        for user in [found for name, found in sys.modules.items() if name.startswith("serving")]:
            if vars(user).get(old.__name__) is old:
                patch.setattr(user, old.__name__, new)
    elif isinstance(old, type):
        for name, attribute in vars(new).items():
            function = getattr(attribute, "__func__", attribute)
            if isinstance(function, types.FunctionType):
                was = vars(old)[name]
                patch.setattr(getattr(was, "__func__", was), "__code__", function.__code__)
