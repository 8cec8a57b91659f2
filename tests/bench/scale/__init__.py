"""A country and ten organisations, by simulation and arithmetic.

`make bench ARGS=scale`:

asked       what is asked: organisations, stations, contests, photos, readers
measured    what a record, an object, a page and a photo cost: a real run, two sizes
objects     how many objects a site in a bucket has, and how many a turn writes
night       turns of publishing through a night; what the one signer has to do
crowd       requests that reach the bucket behind caches: by formula, and played
money       what a price list (prices.toml) makes of it
breaks      what breaks first
told        all of it as a table and as JSON
"""
