"""Many articles, nothing lost, nothing paid for twice."""
