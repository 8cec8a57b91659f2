"""A federated, signed log of polling-station results; one node per organisation."""
