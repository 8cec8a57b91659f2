"""Our own log: what is signed into it, in which order, and how it comes back.

ingest      rows in: checked, signed, appended, answered row by row
carried     photographs that stay with a form whose figures come anew
emptied     documents of KPU's that have no figures any more
attach      what stands, with photographs beside it
doubting    what is refused before it is judged against the log
duplicates  what the log already says, and what a row is answered with
signing     rows become leaves: signed by the workers, or handed in signed
sequence    the order of writing: durable, signed, guarded, visible
verdict     the answer to each row
begin       a log begun, or taken up again
bucketguard  what was signed at most, remembered in a bucket
reconcile   whether it may be signed: database, guard, partners' copies
pending     what partners saw signed of it and never got
refill      what it has lost, fetched back from a partner
successor   how much of one that has ended counts
"""
