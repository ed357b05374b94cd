"""What the bot says of itself over HTTP: whether it lives, whether it is ready, and numbers."""
