"""Annexes of incidents: what is personal of a report, sealed, kept apart, purged.

contents   what an annex says
sealing    sealed for the coordinator's key, and opened with it
uses       who used which, and why, written down first
keep       kept, purged, purged when its time has come
papers     what was drawn of one for an agency, purged with it
"""
