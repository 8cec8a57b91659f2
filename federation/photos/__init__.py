"""Floor 3, what is done to a photograph: redrawn, made small, compared."""
