"""Features: from closed bars and known macro values to the columns of a contract."""
