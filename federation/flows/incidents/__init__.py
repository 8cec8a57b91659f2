"""Reports of violations: found again, taken in, shown to those who may read them.

index       which record speaks of which incident: written behind the logs
take        a report of ours is signed, once, whatever comes twice or late
state       what we say of an incident is signed
handedin    whose report it is, told by its id
followed    what became of a report, for whoever handed it in
answers     what may be shown of them
merged      the incident that a report is part of, with others of one thing
mergedlist  a page of such
sortedlist  the same in another order, where they are few
due         until when they are to be brought to an agency
digest      one over all of them
counts      how many there are, for everybody
regioncounts  how many there are in each region, for people of ours
places      what these regions are called
days        days and weeks, and the times from when on they last
table       rows and columns of them, for a spreadsheet or a map
export      all that fit, page by page
proposals   reports that may be of one thing, laid side by side
history     all that was said of an incident; where it was taken
desk        what somebody needs who judges them
"""
