"""Boosted trees in the place of the network: fitted by scikit-learn, kept as arrays, served as a node of the graph."""
