"""Commands that print the figures which the README states."""
