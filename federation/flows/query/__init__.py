"""What the merged map says: the answers behind the API, the pages and the commands.

Rule: every function here is `f(view, …) -> Struct`, synchronous, of one snapshot, and
knows nothing of HTTP or of terminals; so a page, a program and a command can never say
different things. Nothing is averaged and nobody's figure wins: where monitors differ
every group is given, and KPU's figures stand apart (docs/explanation/merging.md).

Every answer names the `cursor` it was read at (`cursor.py`).
"""
