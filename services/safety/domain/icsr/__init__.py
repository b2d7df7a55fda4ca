"""Individual case safety reports (ICH E2B(R3)): reading, checking and writing, all as pure functions."""
