"""Signed notes, Merkle logs and their proofs: pure, without I/O, clock or chance."""
