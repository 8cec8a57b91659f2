"""Commands that show the map: each asks one question of `flows/query` and prints it.

Rule: with `--json` the output is the JSON that the API answers to the same question,
byte for byte. For people the same figures stand in tables; nothing is computed here.
The database is only read, so they work while the node runs.
"""
