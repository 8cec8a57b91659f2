"""What may be asked of a node that writes, and what it answers: a value for each.

Rule: a request is encoded and decoded from the same struct, whichever way it goes: the
command line makes it and sends it to the node that runs, or does it itself; the web
takes it off the wire; `node/commands.py` does it. It is answered when it is durable.

    POST /v1/records            `Batch`: an organisation's own records
    POST /v1/evidence           `TakePhoto`: a photograph for one of them
    POST /v1/incidents          `AddIncidents`: reports of violations
    POST /v1/agency-answers     `TakeAnswer`: what an agency says of one
    POST /v1/agency-mail        `TakeMail`: a mail of an agency
    POST /add-checkpoint        `WitnessCheckpoint`: a total of a log that we witness
    POST /v1/control/<command>  the others, from this machine only

request    what all of them have, and where one is handed in
records    what our logs are to say
photos     photographs: taken in, fetched, removed
partners   a turn with partners; files that somebody handed over
people     who of ours is let in; sessions of browsers
reading    a form to read, and what was read: of pages only
incidents  reports of violations: to be signed here; what we say of one
handedin   a report of another system, with who reported it: of the web only
annexes    what is personal of incidents: sealed, used, deleted
answers    what an agency says of one, by a program of its own
mail       what agencies wrote: taken in, read, dealt with, deleted
referrals  reports on their way to agencies
papers     such papers, to be looked at: of the web only
witness    a total of a log that we are a witness for: of the web only
upkeep     alarms, tokens
wire       which there are, by name, and their bodies
"""
