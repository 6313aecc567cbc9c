"""What is known of a model at work: its quality, what it is asked, and whether it does harm."""
