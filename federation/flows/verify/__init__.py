"""What pulling and auditing share: bytes of a feed in, verified leaves out.

Rule: no database, no network of its own, no clock. Whoever takes leaves in and whoever
only judges them runs the same code, so that an audit proves what a node believes.

    bundle      bundles fetched ahead, checked, their leaves verified
    worker      what a process that verifies does with a bundle
    workers     those processes, as many as there are processors
    spread      the rows of a file read by them, too
    prefix      where two checkpoints do not fit: the proof, or nothing
    successor   what continues a log of ours, and began elsewhere
"""
