"""The pages that tokens may come from (`azp`) and that may read answers: origins, by a list of the settings.

One trailing slash tells nothing. `http://localhost:*` stands for every port. Only this machine's names may
be written so, and `serving.settings` allows it only beside an issuer on this machine.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

ANY_PORT = re.compile(r"http://(localhost|127\.0\.0\.1):\*")


def bare(address: str) -> str:
    return address.removesuffix("/")


@dataclass(frozen=True)
class Parties:
    named: frozenset[str]
    pattern: str | None = None
    """What an origin with any port must match as a whole, as CORS middleware takes it."""

    @classmethod
    def of(cls, written: Iterable[str]) -> "Parties":
        parties = {bare(one) for one in written}
        hosts = sorted(found[1] for one in parties if (found := ANY_PORT.fullmatch(one)))
        names = "|".join(re.escape(host) for host in hosts)
        pattern = rf"http://({names})(:[1-9][0-9]{{0,4}})?" if hosts else None
        return cls(frozenset(one for one in parties if not ANY_PORT.fullmatch(one)), pattern)

    def __contains__(self, party: str) -> bool:
        origin = bare(party)
        return origin in self.named or bool(self.pattern and re.fullmatch(self.pattern, origin))
