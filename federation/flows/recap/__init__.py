"""Recapitulations: which stands for a region, and whether its figures follow.

index    which record says the sums of which region, behind the logs
compare  each document of a source beside what lies below it
shelf    what was found, kept until the map changes
list     those of a region, as they are asked for
answers  what is answered of that
"""
