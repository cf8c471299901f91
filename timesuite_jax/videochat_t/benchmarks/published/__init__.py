"""Published benchmarks on their official annotation files, as downloaded, and a folder of videos; one file each."""
