"""Times as people write them: texts in any usual format, or numbers since 1970.

`formats` has the formats as patterns, `reading` reads one value (in service, too), `columns` a whole column,
`candidates` counts which formats read a column, and `deciding` settles which one does, or asks in one line.
"""
