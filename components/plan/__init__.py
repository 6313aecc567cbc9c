"""What both phases will cost, on which hardware, and when it pays: from what was measured of them."""
