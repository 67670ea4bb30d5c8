"""What was recorded, in the formats of other programs: tables, maps over time, radar displays, robots' logs.

Each format is a module of its own that makes bytes of a :class:`~.story.Story`; nothing here opens a file but ``run``
and ``output``.
"""
