"""What was recorded, in the formats of other programs: tables, maps over time, radar displays, robots' logs.

Each format is a module of :mod:`.formats` that makes bytes of a :class:`~.formats.story.Story`. Files are opened in
``run`` and ``output``.
"""
