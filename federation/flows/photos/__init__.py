"""The photographs of the forms: taken in, fetched from partners, handed on, removed.

check     whether it still is what its name says
held      what is held: bytes, then row; and what is to go, in the reverse order
index     which record names which photo, behind a cursor of its own for each log
wants     which are wanted from partners: settings, applied to records and map
sought    one of those, with what must be known to look for it
fetch     a turn with one partner: what it is asked for, what becomes of failures
turns     whom such a turn asks, what it works with, how it went
together  several photos out of one answer, as if each came alone
missing   what is wanted and not held, and who said to have it
photorows  rows of fetched photos, written together
onephoto  one photo from one partner: resumed, verified, held
partial   what has come of one that did not come whole
alike     which look alike, as their records say
alikeanswers  the same as it is answered, a page at a time
alikehere  two of them compared here, where both are held
room      what those of partners may take, and which go for others
admission  which of our own may be kept, of several at a time
ownroom   what our own may take; who is refused, and from when on somebody is told
take      what is handed in: drawn anew, kept, and which copy was made of which original
remove    a photo goes: noted, its bytes deleted, said, in the one order that is right
asked     what the logs say of removed photos, and whom it binds
honour    whose removals are followed here
removallist  the same, for people and programs
retention    what has had its time
thumbnails  a photo made small, for the pages of people of ours; never shared
"""
