"""What every client does in the tests of unmodified clients, and the programs that do it."""
