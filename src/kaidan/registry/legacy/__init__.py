"""What there was before kaidan: old names, old folders."""
