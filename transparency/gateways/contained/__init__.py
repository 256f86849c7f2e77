"""What runs inside the sandbox, and how its answers are read outside.

`python -I -m transparency.gateways.contained TASK NAME=DESCRIPTOR …` reads one JSON request from its standard input, sets its limits,
performs the task on the descriptors that it was handed, and writes lines of JSON: `{"progress": …}` while it works, then
`{"answer": …}` or `{"error": …}`.
"""
