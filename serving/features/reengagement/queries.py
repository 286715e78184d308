"""The statements behind the re-engagement routes. What a level or a priority is, the marts say."""

from serving.data.framing import answering
from serving.features.reengagement.schemas import Dashboard, PrioritizedPatients, RiskMetrics

RISK_METRICS = answering("features/reengagement/risk_metrics.sql", RiskMetrics)
PRIORITIZED = answering("features/reengagement/prioritized.sql", PrioritizedPatients)
DASHBOARD = answering("features/reengagement/dashboard.sql", Dashboard)
