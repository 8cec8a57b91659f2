"""An incident on its way to an agency.

gather         what they are made of, from the signed records
dossier        what the papers of one say, and what lacks
papers         how they are drawn, as PDF
sheet          sizes, letters, tables and margins of their pages
formal         whether papers are a report, or informasi awal
holding        who else is taking it there, or did
overview       what is on its way, for those who decide it
handed         whether an agency has it from us
answered       that an agency has answered it, under which number
outbox         its way there, as people decide it
sending        the same, as a node does it
saying         what our log says of it
row            one row of it, changed
note           that two reports at an agency are one
underway       whether anything is, before the log of reports ends
inmail         what can be known of a mail that came in
received       mail of agencies: kept, told, read, dealt with, deleted
mail           papers as an e-mail, handed to a server
hook           papers as a program of an agency takes them
"""
