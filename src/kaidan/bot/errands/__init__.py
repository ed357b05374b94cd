"""What is asked of the outside world: each errand is a short-lived process with a deadline."""
