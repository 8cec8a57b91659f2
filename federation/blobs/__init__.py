"""Where photographs lie: bytes by their SHA-256, in a folder or a store; registers."""
