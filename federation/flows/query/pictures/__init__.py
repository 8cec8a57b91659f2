"""Pictures of a contest in a region: what is counted for them, and what they show.

Rule: a picture is counted from the same rows as every figure of the map, and the whole
country is never read for a question: what the stations of a kabupaten come to is kept
until one of them changes.

    count     what the stations of a region add to counters
    times     when each entry of a log was signed, its form photographed
    shelf     the counters of each kabupaten, kept; their sum for a province, the nation
    dots      each station by turnout and share; where those of a cell are
    answers   the pictures out of counters, as the API tells them
    tables    the same as rows: what stands behind each picture

Source: docs/explanation/pictures.md
"""
