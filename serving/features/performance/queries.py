"""The statement behind the performance route; every number is the mart's."""

from serving.data.statements import answering
from serving.features.performance.schemas import Performance

PERFORMANCE = answering("features/performance/performance.sql", Performance)
