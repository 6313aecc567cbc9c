"""Signals of a fixed length, one a row of a CSV file: a column for each sample, and one for the label.

A kind of data for Journeyman, as small as one can be; docs/extensions.md walks through it.
"""
