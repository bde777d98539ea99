"""The verbs of scoring."""
