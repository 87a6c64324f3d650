"""What `is0k doctor` looks at. Nothing in here changes anything."""
