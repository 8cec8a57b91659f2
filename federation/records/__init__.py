"""What is stated and merged: the domain's rules, pure (no I/O, no clock)."""
