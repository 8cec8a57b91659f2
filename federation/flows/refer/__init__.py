"""An incident on its way to an agency.

gather         what they are made of, from the signed records
dossier        what the papers of one say, and what lacks
papers         how they are drawn, as PDF
formal         whether papers are a report, or informasi awal
holding        who else is taking it there, or did
overview       what is on its way, for those who decide it
handed         whether an agency has it from us
underway       whether anything is, before the log of reports ends
inmail         what can be known of a mail that came in
received       mail of agencies: kept, told, read, dealt with, deleted
outbox         its way there, step by step
mail           papers as an e-mail, handed to a server
hook           papers as a program of an agency takes them
"""
