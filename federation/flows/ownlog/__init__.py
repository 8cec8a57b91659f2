"""Our own log: what is signed into it, in which order, and how it comes back."""
