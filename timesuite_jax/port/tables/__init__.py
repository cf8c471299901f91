"""Port tables of network parts, composed into the table of a model.

Each part is a function that returns its entries for one torch prefix and one parameter path. `width` names the part's
width among the axes of the composed table; names of its other axes begin with it.
"""
