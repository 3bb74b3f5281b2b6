"""What the press printed about prices, against the tape."""
