"""An incident on its way to an agency.

gather         what they are made of, from the signed records
dossier        what the papers of one say, and what lacks
papers         how they are drawn, as PDF
"""
