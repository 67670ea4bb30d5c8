"""The examination of a centre: scenes, the examiner who plays them, requirements and verdicts. No I/O."""
