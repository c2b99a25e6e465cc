"""Scores extraction against hand-labelled gold; used from the checkout."""
