"""One verb per file: what a node does. Flows do not know each other.

A flow that needs several files is a folder; `pull`, `merge` and `query` are. What two
flows share is said on a floor below, or in the one that both stand on
(`sequence`: the order of writing).
"""
