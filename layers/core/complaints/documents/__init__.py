"""Documents to sign and file (G11, D1, C2, C3): what stands in each, how it looks, how it is made.

content     a record for each kind, filled from a complaint's file, in words
listing     the two that list many complaints: the summary of a month, the register
issue       check codes, and the entry of the history that says what was issued
glyphs      which characters a font has; what none has is printed as its code point
sheet       a template as the office changed it, and what is filled in to try it
typesetter  a program of its own that turns one document into a PDF, and can do nothing else
templates/  the templates, in Typst: one for each kind, what they share in `parts.typ`, and the
            page around them (`page.typ`), which the office does not change
"""
