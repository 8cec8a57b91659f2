"""What is kept on disk: the only floor that speaks SQL.

Rule: functions here take a `View` or a `Transaction` and give back plain values; no
SQLite type leaves this package, and no position is a database sequence, so that
another database can stand behind the same functions. Nothing here signs or verifies.
"""
