"""Tables: records in time, each with a label or without one."""
