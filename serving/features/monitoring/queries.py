"""The statements behind system health: of an organization for its own eyes, of all for an operator's."""

from typing import LiteralString

from serving.data.framing import answering, statement
from serving.features.monitoring.schemas import SystemHealth

NOBODY = "(select null as organization_id, 0 as total_contacts, 0 as total_active_patients where false)"


def health(scope: str, overall: str) -> LiteralString:
    return answering("features/monitoring/system_health.sql", SystemHealth, scope=scope, overall=overall)


def of_all(counts: str) -> LiteralString:
    return health("true", statement("features/monitoring/whole.sql", counts=counts))


OWN = health("organization_id = %(organization_id)s", statement("features/monitoring/own.sql"))
WHOLE = of_all("operations.organization_counts")
WHOLE_BEFORE_ANY_BUILD = of_all(NOBODY)
