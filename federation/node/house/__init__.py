"""The house that a node lives in, looked at: `federation doctor` beside the data.

Rule: nothing is changed, and nothing called but this machine, unless that is asked for
(`ONLINE`). What is wrong with one thing keeps only those from being looked at that need
it.

    examining   which of these are asked, and in which order
    house       what is looked at, read once
    settings    federation.toml, peers.toml and the other files that people write
    keys        the files of keys: there, whole, named by our identity, for us alone
    owner       whose the files are, and as whom a command is run
    moving      how a folder is moved to another disk
    library     the SQLite that is installed
    folders     the folders of the data and of the guard
    filesystem  what they lie on: a disk, a network, memory, a container
    room        how much is free there
    photoroom   how much of their bound our own photographs take
    photostore  whether what is removed from a bucket is gone (`ONLINE`)
    database    its header and tables, by whom they were made, whether it is there
    running     the node that runs here, or the port that one would have
    callers     whether callers behind a proxy are told apart
    limits      how many files may be open
    early       whether results wait until everybody may read them
    backup      when the last good backup was made
    witness     witnesses from outside, and being one
    upgrading   what the first start of this version would do (`UPGRADE`)
    outside     our clock, our address and what partners say of it (`ONLINE`)
    addresses   whether callers' addresses come through our proxy (`ONLINE`)
    streams     whether events come through our proxy at once (`ONLINE`)
    waiting     whether a question that waits survives our proxy (`ONLINE`)
"""
