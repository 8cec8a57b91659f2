"""The parts put together: what `serve` runs, and what a writing command is meanwhile.

parts      lock, database, guard, keys, own logs
gate       may we sign yet?
partners   peers.toml, as it is now
running    the duties: ask partners, merge, cosign, reconcile
commands   what other commands of this machine may ask
metrics    figures for a monitor
desk       work that comes in over HTTP
identity   how the node presents itself
service    all of it behind one address
"""
