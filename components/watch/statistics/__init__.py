"""The mathematics of watching: plain arrays in, numbers out; no files, no clock, no torch."""
