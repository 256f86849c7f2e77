"""Each module hides one outside thing (a disk, a tool, a process). No Django; settings come as arguments."""
