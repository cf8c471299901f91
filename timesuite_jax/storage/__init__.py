"""Files: written whole or not at all, checked, on a disk or in a bucket; pickles read without running them."""
