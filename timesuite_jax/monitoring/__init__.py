"""What a run reports about itself: metric writers, throughput, goodput, profiles."""
