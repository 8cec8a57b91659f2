"""A node put together: what `serve` runs, and what a writing command is meanwhile.

resources      lock, database, guard, keys, own logs
guards         the guard that the settings name: a folder, or a bucket
guardwatch     one that cannot be asked, or that somebody else has raised
unfounded      whether the keys of a log of ours were never made, or are lost
rivals         whether two logs of ours would have results of one election
gate           may we sign yet?
peers          peers.toml, as it is now
photographs    all that is done with photographs: by which of the files below, and when
photofetching  those of partners: looked for, asked for, behind the turns
disk           what the disks do not take
diskroom       which disks there are, and whether they have room
annexes        what is personal of incidents: kept sealed, purged when its time has come
descriptors    how many files may be open, and for whom
photocare      photographs that are held: who used one, whether all are whole
photostore     whether the object store that has them answers
heap           memory that goes back to the system
ownlogs        our logs: begun, compared, taken back
node           the duties, and what they share
events         what a node says while it works: codes and facts
turnlog        turns that are said: those that brought something or failed
alarmwatch     alarms that came and went, whoever raised them
opening        a log that waited for a time is for everybody: map and partners hear
notices        alarms leave the machine, and are kept until they can
noticeplan     what is due to be told to whom
noticetext     a message, for people and for programs
noticesending  brought out by mail, to a program, by another service
posting        one POST to a program of somebody's own, and why it failed
backoff        when somebody that could not be reached is tried again
webhooks       programs of ours are told what changed in the map
observing      what goes wrong slowly: partners, clocks, certificates, disks
submitting     our totals brought to witnesses from outside
witnessing     what logs bring to us as their witness
witnesskey     by which key we sign that, and what we signed last
stalecare      confirmations and partners' signs of life that have grown too old
strangers      who asks us as a partner does and is none
ignoring       who of them is told no more
turns          a turn with one partner: pull, reconcile, cosign, compare maps
introductions  how each partner is told who we are
handedfiles    what came on a stick
publishing     the static site that follows what is held
sites          where it is written, and what is in it
takenphotos    photographs handed in, and put beside results
removing       photographs that are to be shown no longer
house          what the node lives in, looked at: `federation doctor`
incidents      reports of violations: found again, taken in, judged
referrals      reports on their way to agencies, by the clock
referalarms    what somebody has to look at of them
referring      what people ask about them
papers         those that wait are looked at
duereports     those that nobody brought to one, while there is time
couriers       one of them, handed over to an agency's server
comingphotos   photographs that come in pieces: what is not gone on with is forgotten
copycare       the copy that was made before an upgrade is forgotten in a month
backups        made by the clock, older ones let go
answers        what a program of an agency answers, signed once
inmail         mail of agencies: sealed, told, deleted when its time has come
sealedreports  what is personal of reports of programs and tables, sealed before them
handedin       a report that another system hands in: sealed, signed, never twice
people         who of ours is let in, and with which sessions
reading        a form to read, and what becomes of the answer
commands       what other commands of this machine may ask
metrics        figures for a monitor
api            what the web asks of the node
about          how the node presents itself
service        all of it behind one address
answering      the web at its address, also of a reader
readonly       a reader: `serve --read-only`, another process beside the node
"""
