"""`timesuite demo`: a page to ask a model about videos."""
