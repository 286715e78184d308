"""Cliniko's JSON, made from the story: every field of a resource, also those our product does not keep.

A record is a function of the story alone, so that a changed fact can be shown again as a whole record. What
no story tells (streets, card numbers) is invented from the record's own id, always the same.
"""
