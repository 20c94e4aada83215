"""One command line for each rule: arguments, reading, writing; the work is in `collapse`."""
