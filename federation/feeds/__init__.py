"""Floor 3, the way to a peer: one seam (`feed`), and what stands behind it."""
