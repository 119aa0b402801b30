"""What the staff pages show and understand: pure, from records to what a template reads.

`tasks` says what is whose, `lists` and `sheet` make views, `answers` and `registration` read forms.
"""
