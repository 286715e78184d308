"""The statement behind the trends route; every number and every judgement is the marts'."""

from serving.data.framing import answering
from serving.features.trends.schemas import Trends

TRENDS = answering("features/trends/trends.sql", Trends)
