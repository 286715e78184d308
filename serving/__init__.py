"""MARTS -> API: answers the front end's questions from the served relations of the warehouse.

token -> guard (who, which organization, role, limit) -> queries (one statement) -> answer (freshness, ETag)

`python -m serving` runs it. All business meaning lives in the marts; here is only who may see what, and how.
"""
