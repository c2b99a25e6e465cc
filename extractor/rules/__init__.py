"""What a sentence says about itself: quotes, tellers, hedges, negation. Pure text, no model."""
