"""What users took in time: purchases, plays, clicks. An example is one of them, with what the user took before."""
