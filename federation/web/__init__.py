"""What a node answers over HTTP: files for peers, results for programs and people."""
