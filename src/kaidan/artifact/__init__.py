"""The trained ensemble as a verified, pickle-free artifact, and what answers from it."""
