"""Multiple-choice questions about videos: readers of the official files of published benchmarks, one file each."""
