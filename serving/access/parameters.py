"""Parameters of the query: known ones, each once. A misspelt filter must not answer with everybody."""

from collections import Counter
from collections.abc import Iterable

from serving.http.errors import Unprocessable


def check_parameters(sent: Iterable[str], allowed: Iterable[str], repeatable: Iterable[str] = ()) -> None:
    """Raises Unprocessable with one entry for each unknown or doubled name."""
    names = Counter(sent)
    known = sorted(allowed)
    errors = [
        {
            "in": "query",
            "name": name[:64],
            "reason": "unknown_parameter",
            "message": "There is no such parameter",
            "allowed": known,
        }
        for name in names
        if name not in known
    ]
    errors += [
        {"in": "query", "name": name, "reason": "doubled", "message": "May be given once only"}
        for name, count in names.items()
        if count > 1 and name in known and name not in repeatable
    ]
    if errors:
        raise Unprocessable(errors=errors)
