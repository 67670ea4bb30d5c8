"""Airspace Control Orders in USMTF text: read as reserved volumes, and written from agreements. Pure.

The sets and their fields are those that public readers of the format document: ACMID names a measure; POLYGON,
CIRCLE, CORRIDOR or AORBIT say where it is, EFFLEVEL how high, APERIOD when. Nothing that is guessed goes unsaid.
"""
