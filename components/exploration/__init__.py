"""Unlabelled data, looked at: grouped by what a network makes of each example, so that labelling begins by the group.

features.py   what the examples are compared by          groups.py    clusters, neighbours, outliers, a map
tables.py     the groups as CSV, JSON and folders        page/        the same for people
"""
