"""The pictures of the README, taken of the real thing so that they stay true."""
