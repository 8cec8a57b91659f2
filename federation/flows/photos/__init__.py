"""The photographs of the forms: taken in, fetched from partners, handed on, removed.

held     what is held: bytes, then row; and what is to go, in the reverse order
index    which record names which photo, behind a cursor of its own for each log
"""
