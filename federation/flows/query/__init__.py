"""What the merged map says: the answers behind the API, the pages and the commands.

Rule: every function here is `f(view, …) -> Struct`, synchronous, of one snapshot, and
knows nothing of HTTP or of terminals; so a page, a program and a command can never say
different things. Nothing is averaged and nobody's figure wins: where monitors differ
every group is given, and KPU's figures stand apart (docs/explanation/merging.md).

Every answer names the `cursor` it was read at.

    answers     what is answered: the values
    scope       what is asked: an election, a contest, a region
    cursor      where an answer was read: a place in what happened
    state       how this node is, its logs, its partners, its alarms
    partners    how it stands with each, and who asks that is none
    region      a region and its parts: coverage, votes
    partorder   in which orders its parts come
    margin      whether the order can still change, what to see first
    margincount  what is known of the stations, by each basis
    sampleplan  which stations to draw for an audit, and how sure they made it
    tps         a polling station, what each says side by side
    waiting     whose results wait for their time, for whoever may read them
    history     what each organisation said of a station over time
    comparison  what each says of a station, figure by figure
    cited       whose record another was read or copied from
    forked      from which record on a log is in dispute that was signed twice
    photos      the photographs behind what is said of a station
    lists       where nobody has been, where monitors differ
    search      a place as people type it
    shortforms  short forms that everybody writes and no list has
    stations    the stations that a figure counts
    station     one station of such a list
    freshness   when the map last changed, and whose news it was
    pictures    what is counted for pictures, and what they show
    forensics   patterns of many stations beside made-up honest counts
    partshelf   what each kabupaten comes to, kept until a station of it changes
    changes     rows that changed since a cursor
    mapnews     the same as messages to a program, with what is new in them
    kpu         what changed in KPU's figures, and what differs since when
    kpuanswers  its values
    kpudays     the same day by day
    kputable    the same as rows of cells, all of them page by page
    table       rows and columns of an answer, for a spreadsheet
    cells       what stands in one cell of it
    geojson     the same rows for a map
    export      all of a table, page by page
    published   the map for whoever makes it again
    mapcache    answers that read every row, kept until the map changes
"""
