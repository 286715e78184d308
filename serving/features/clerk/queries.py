"""The statements behind the Clerk routes. Each organization has rows of its own in the mirror."""

from serving.data.framing import answering, statement
from serving.features.clerk.schemas import ClerkStatus, DatabaseSummary

BEGIN = statement("features/clerk/begin.sql")
FAIL = statement("features/clerk/fail.sql")
MIRROR = statement("features/clerk/mirror.sql")
STATUS = answering("features/clerk/status.sql", ClerkStatus)
OWN_SUMMARY = answering(
    "features/clerk/summary.sql", DatabaseSummary, scope="organization_id = %(organization_id)s"
)
WHOLE_SUMMARY = answering("features/clerk/summary.sql", DatabaseSummary, scope="true")
