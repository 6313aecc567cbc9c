"""Pages for people: one HTML file that asks no other address and needs no script, and the same as Markdown.

blocks.py        what a page is made of          svg.py            drawings, coloured by the page
charts.py        curves over days, distributions
environment.py   the templates' environments     formatting.py     how numbers, moments and names are said
templates/       the page itself, its style, and a macro for each block
"""
