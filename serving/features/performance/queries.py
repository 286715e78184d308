"""The statement behind the performance route; every number is the mart's."""

from serving.data.framing import answering
from serving.features.performance.schemas import Performance

PERFORMANCE = answering("features/performance/performance.sql", Performance)
