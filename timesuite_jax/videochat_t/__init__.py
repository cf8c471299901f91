"""VideoChat-T (TimeSuite, ICLR 2025): a long-video chat model that answers with time stamps."""
