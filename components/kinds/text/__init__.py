"""Short texts, each with one label: what somebody typed, a review, a subject line."""
