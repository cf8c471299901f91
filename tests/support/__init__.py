"""What tests share: tiny models and corpora, golden numbers, scripts that run in processes of their own."""
