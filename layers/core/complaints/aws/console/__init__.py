"""The staff pages: each a function of a visit, called by `functions/console`."""
