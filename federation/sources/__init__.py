"""Other people's files, read as drafts of records or as a register.

Rule: what lives here turns bytes that somebody else wrote into rows, one at a time,
and says of each row that it cannot take which one it is and why. It neither signs nor
stores, and never holds a whole file. Nothing in a file is trusted: not its size, its
encoding, its header, nor any cell.

Which file is it?
    recognise    what kind of file it is, by what it holds: begin here
    ownfile      files of our own that hold no results: named, never imported
    folder       which files of a folder are read
    pipe         bytes of a file, or of a pipe
    stream       its lines, plain or gzip, everything bounded
    spread       in which processes its rows are read
Files of other systems
    sirekap      KPU's Sirekap, a document a polling station
    situng       KPU's Situng of 2019
    kawalpemilu  Kawal Pemilu's documents of 2019
    recap        the sums of regions: D.Hasil, as a table or as lines
    rollup       KPU's roll-up documents, a region and those below it
    kelurahan    somebody's own numbers of kelurahan, joined to KPU's codes
    paslon       KPU's candidate lists
    register     which polling stations there should be
    batches      the polling stations of an audit as they were committed to
    incidenttable  which column of somebody's table is which member of a report
    annexcolumns   what of such a table is for the annex alone
    incidentdraft  a report of a violation that is handed in
    redaction      what is personal in one, replaced before it is signed
    ndjson       our own member names, a result a line
    draft        one draft that a program hands in
JSON
    json         decoded strictly, one value at a time
    objects      the values of a file, by number
    arrays       which array of an object holds the results
    jsontable    objects that are not of our form, as a table
Tables
    csv          comma, semicolon, tab or bar
    workbook     Excel workbooks
    sheet        one sheet of one, row by row
    stored       how one stores what a person reads in a cell
    known        what one says once for all its cells
    package      the zip that one is, unpacked with all bounds
    table        every row of a table as draft or refusal
    onetable     where a table ends in its file
    plan         its columns put to work
    rowhead      what stands before the votes of a row: where, when, of what kind
    votes        the votes of a row
    longform     a row for each candidate, joined to one result a station
What a header means
    columns      which column is what
    asked        columns that the operator names
    mapping      what the operator says about a file, written down
    headers      the names that people give them
    numbered     whose votes stand below a number or a name
    names        what a profile calls those who stand
    fitting      whether a column is what its header made us guess
    photonames   which photographs beside the file a row names
What a cell means
    cell         what people write into one
    blank        what people write for "nothing here"
    words        what people call rounds, contests, forms, sources
    place        polling stations as people write them
    moment       times as people write them
    candidate    what a candidate is called in a file, and in the profile
    personal     why free text may not be signed
What comes out
    member       the members that every draft has
    row          a draft, a refusal, or a remark
"""
