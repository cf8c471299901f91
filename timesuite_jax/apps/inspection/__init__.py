"""`timesuite data inspect`: statistics of corpora, and a page with samples of them."""
