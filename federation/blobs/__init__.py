"""Floor 3, where photographs lie: bytes by their SHA-256, in a folder or a store."""
