"""What a bot's decisions came to: scores, drift, canary, retraining, explanations."""
