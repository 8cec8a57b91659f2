"""Other people's files, read as drafts of records or as a register.

Rule: what lives here turns bytes that somebody else wrote into rows, one at a time,
and says of each row that it cannot take which one it is and why. It neither signs nor
stores, and never holds a whole file. Nothing in a file is trusted: not its size, its
encoding, its header, nor any cell.
"""
