"""An incident on its way to an agency.

dossier        what the papers of one say, and what lacks
papers         how they are drawn, as PDF
"""
