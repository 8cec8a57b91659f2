"""Audit: what somebody else can prove of the logs, with files and keys alone."""
