"""What kinds share whose examples stand alone: what a source says of each, labels, groups, splits, what is written.

`source_example`    what a raw record says of an example that is a file; what finds a part of that in its path
`labels`            labels from folders or from names, groups, corrections
`splits`            splits that are given, that hold out groups, or that chance draws
`batches`           files -> raw records, few of them in memory at a time
`relabelling`       what examples are called whose labels are put right
"""
