"""What a node does: one verb per file, or per folder where it needs several.

Which flow may know which is a contract (`flows` in pyproject.toml): what stands on the
order of writing knows what it writes, and neighbours do not know each other. What two
flows share is said on a floor below, or in `verify`, on which pull and audit stand.

    ownlog    our own log: signed into, in which order, and how it comes back
    pull      what one peer has, taken in
    cosign    what we hold of others, said; what others hold of us, collected
    merge     the merged map follows the logs
    query     what the map says
    recap     the sums of regions, level by level
    publish   what a node holds, as files
    dataset   the rows of tables as files for others: Parquet, workbooks, packages
    receipt   one record, as a proof that goes from hand to hand
    audit     what somebody else can prove: `federation verify`
    photos    the photographs of the forms, beside the records that name them
    incidents  reports of violations: taken in, found again, shown to partners
    annex     what is personal of incidents: sealed, used with a line for it, purged
    queue     which photographs of forms wait to be read, and what is read
    refer     an incident on its way to an agency: the papers for it
    doctor    everything recomputed from the leaves: `federation doctor`
    backup    all of a node in one file: made, examined, put back
    move      all rows of a database put into another one: `federation move`
    visit     a call to a partner, step by step: `federation peers test`
    steps     what a step of an examination is, and how they follow each other
    verify    what pull and audit share
    listing   which polling stations an election does not have
    naming    names of places that contradict a code
    submission  our totals brought to witnesses from outside
    witness   what logs bring to us as their witness
    staleness  confirmations, and partners' signs of life, that are too old
    partners  whom we know by their node keys, and what each may be handed
"""
