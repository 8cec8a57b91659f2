"""The photographs of the forms: taken in, fetched from partners, handed on, removed.

take     what is handed in: drawn anew, kept, and which copy was made of which original
held     what is held: bytes, then row; and what is to go, in the reverse order
index    which record names which photo, behind a cursor of its own for each log
remove   a photo goes: noted, its bytes deleted, said, in the one order that is right
asked    what the logs say of removed photos, and whom it binds
honour   whose removals are followed here
removallist  the same, for people and programs
retention    what has had its time
"""
