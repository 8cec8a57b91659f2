"""What an operator sets: settings, partners, key files, and where things lie."""
