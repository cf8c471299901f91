"""Data: corpora and their streams (`corpora`), TimePro annotations (`timepro`), synthetic videos (`synthetic`)."""
